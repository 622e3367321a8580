#include "plan/password_users.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/test_compile.h"

namespace caponier::plan {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kSalt = "c2FsdHNhbHRzYWx0c2FsdA";
constexpr std::string_view kHash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

std::string hash(std::string_view parameters) {
  return "$argon2id$v=19$" + std::string(parameters) + "$" + std::string(kSalt) + "$" + std::string(kHash);
}

std::string wrong_with(const std::string& text) {
  Diagnostics diagnostics;
  EXPECT_EQ(PasswordUsers::parse(text, "users", diagnostics), nullptr);
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics.all()) out += to_text(diagnostic) + '\n';
  return out;
}

TEST(PasswordUsers, are_found_by_their_names) {
  Diagnostics diagnostics;
  const auto users = PasswordUsers::parse(
      "# a comment\n\nann:" + hash("m=19456,t=2,p=1") + "\r\nbob smith:" + hash("m=7168,t=5,p=1"), "users",
      diagnostics);
  ASSERT_NE(users, nullptr);
  EXPECT_EQ(users->size(), 2U);
  EXPECT_THAT(*users->find("ann"), HasSubstr("t=2"));
  EXPECT_THAT(*users->find("bob smith"), HasSubstr("t=5"));
  EXPECT_EQ(users->find("Ann"), nullptr);
  EXPECT_EQ(users->find(""), nullptr);
  for (std::uint64_t i = 0; i < 5; ++i) EXPECT_THAT(users->decoy(i), HasSubstr("$argon2id$"));
}

TEST(PasswordUsers, what_verifying_costs_is_bounded_at_load) {
  for (const std::string good : {"m=131072,t=2,p=1", "m=19456,t=16,p=1", "m=19456,t=2,p=8", "m=7168,t=1,p=1"})
    EXPECT_TRUE(parse_password_hash(hash(good)).ok()) << good;
  for (const std::string bad :
       {"m=131073,t=2,p=1", "m=19456,t=17,p=1", "m=19456,t=2,p=9", "m=7167,t=1,p=1", "m=19456,t=0,p=1",
        "m=19456,t=2,p=0", "m=99999999999,t=2,p=1", "m=-1,t=2,p=1", "m=19456, t=2,p=1", "t=2,m=19456,p=1"})
    EXPECT_FALSE(parse_password_hash(hash(bad)).ok()) << bad;
}

TEST(PasswordUsers, other_hashes_and_broken_ones_are_refused) {
  for (const std::string& bad :
       {std::string("secret"), std::string("$2y$10$abcdefghijklmnopqrstuv"),
        "$argon2i$v=19$m=19456,t=2,p=1$" + std::string(kSalt) + "$" + std::string(kHash),
        "$argon2id$v=16$m=19456,t=2,p=1$" + std::string(kSalt) + "$" + std::string(kHash),
        hash("m=19456,t=2,p=1") + "$", hash("m=19456,t=2,p=1") + "*",
        "$argon2id$v=19$m=19456,t=2,p=1$" + std::string(kSalt) + "$AAAA",
        "$argon2id$v=19$m=19456,t=2,p=1$AAAA$" + std::string(kHash)})
    EXPECT_FALSE(parse_password_hash(bad).ok()) << bad;
}

TEST(PasswordUsers, whatever_is_wrong_is_told_with_its_line_and_without_the_hash) {
  const std::string good = "ann:" + hash("m=19456,t=2,p=1") + "\n";
  EXPECT_THAT(wrong_with(good + "bob\n"),
              HasSubstr("users:2:1: error: the line is not NAME:HASH [bad-users]"));
  EXPECT_THAT(wrong_with(good + good),
              HasSubstr("users:2:1: error: the line names a user that stands above"));
  EXPECT_THAT(wrong_with(good + "bob:hunter2\n"), HasSubstr("users:2:1"));
  EXPECT_THAT(wrong_with(good + "bob:hunter2\n"), Not(HasSubstr("hunter2")));
  EXPECT_THAT(wrong_with("# nobody\n"), HasSubstr("the file has no users"));
  EXPECT_THAT(wrong_with(std::string(kUserNameBytesMax + 1, 'n') + ":" + hash("m=19456,t=2,p=1")),
              HasSubstr("128 printable characters"));
  EXPECT_THAT(wrong_with("ann:" + hash("m=999999,t=2,p=1")), HasSubstr("999999 is more than 131072"));
}

constexpr std::string_view kLegacy = R"(openapi: 3.0.3
info: {title: a, version: '1'}
components: {securitySchemes: {legacy: {type: http, scheme: basic}, other: {type: http, scheme: basic}}}
paths:
  /old: {get: {security: [{legacy: []}], responses: {'200': {description: ok}}}}
)";

CompileCase legacy(const std::string& schemes, const std::string& paths = {}) {
  return {.contract = std::string(kLegacy) + paths,
          .config = std::string(kUpstream) + "security_schemes: " + schemes,
          .user_files = {{"users", "ann:" + hash("m=19456,t=2,p=1") + "\n"}}};
}

TEST(BasicScheme, loads_only_with_a_reason_and_is_a_finding) {
  EXPECT_THAT(compile({.contract = std::string(kLegacy)}).errors(), HasSubstr("[basic-unasked]"));
  EXPECT_THAT(compile(legacy("{legacy: {basic: {users_file: users}}}")).errors(), HasSubstr("reason"));
  const Compiled good = compile(legacy("{legacy: {basic: {reason: old pumps, users_file: users}}}"));
  ASSERT_NE(good.plan, nullptr) << good.errors();
  EXPECT_THAT(good.findings(), HasSubstr("old pumps [http-basic]"));
}

TEST(BasicScheme, has_users_that_can_be_read_and_no_scopes) {
  const std::string unknown = "{legacy: {basic: {reason: r, users_file: nowhere}}}";
  EXPECT_THAT(compile(legacy(unknown)).errors(), HasSubstr("[bad-users]"));
  const std::string good = "{legacy: {basic: {reason: r, users_file: users}}}";
  EXPECT_THAT(compile(legacy(good,
                             "  /b: {get: {security: [{legacy: [read]}], responses: {'200': "
                             "{description: ok}}}}\n"))
                  .errors(),
              HasSubstr("one of passwords, which carry no scopes"));
}

TEST(BasicScheme, two_of_them_share_their_users) {
  const std::string second =
      "  /b: {get: {security: [{other: []}], responses: {'200': {description: ok}}}}\n";
  const std::string both =
      "{legacy: {basic: {reason: r, users_file: users}}, other: {basic: {reason: r, "
      "users_file: ";
  EXPECT_NE(compile(legacy(both + "users}}}", second)).plan, nullptr);
  EXPECT_THAT(compile(legacy(both + "others}}}", second)).errors(),
              HasSubstr("their users stand in two files"));
}

}  // namespace
}  // namespace caponier::plan
