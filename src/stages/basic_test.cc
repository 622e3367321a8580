// HTTP basic: a password is verified elsewhere, known for a while, and guessed by nobody for long.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "stages/scrub/scrub.h"
#include "stages/test_world.h"

namespace caponier::stages {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kBasicContract = R"(openapi: 3.0.3
info: {title: Legacy, version: '1'}
components:
  securitySchemes:
    legacy: {type: http, scheme: basic}
    token: {type: http, scheme: bearer}
paths:
  /old: {get: {security: [{legacy: []}], responses: {'200': {description: ok}}}}
  /either: {get: {security: [{legacy: []}, {token: []}], responses: {'200': {description: ok}}}}
)";
constexpr std::string_view kBasicConfig = R"(contract: openapi.yaml
upstream: {url: 'http://old.internal:9000'}
hosts: [api.example.com]
issuers: [{issuer: 'https://login.example/', audiences: [orders], jwks_file: keys.json}]
security_schemes:
  legacy: {basic: {reason: devices in the field, users_file: users}}
  token: {issuer: 'https://login.example/'}
defaults:
  rate_limit: {per_address: {off: tests}, per_credential: {off: tests}}
)";
constexpr std::string_view kUsers =
    "# old devices\n"
    "pump:$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
    "valve:$argon2id$v=19$m=19456,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$"
    "BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";

struct BasicWorld : World {
  BasicWorld() : World(kBasicContract, kBasicConfig, {{"users", std::string(kUsers)}}) {
    state.passwords = &passwords;
  }
  VerifiedPasswords passwords{{3, 4}};
};

std::string basic(std::string_view pair) {
  return "GET /old HTTP/1.1\r\nAuthorization: Basic " + base64_encode(pair) + "\r\n";
}

// As the driver does: what is needed is `found`.
Verdict<HeadDecision> judged(Request& request, PasswordCheck found) {
  auto verdict = request.judge();
  if (verdict.need() == nullptr) return verdict;
  request.exchange.password_check = found;
  return request.judge();
}

void from(Request& request, std::uint32_t place) {
  request.peer.address_hash = place + 1;
}

TEST(Basic, a_password_is_asked_about_and_then_known_for_a_while) {
  BasicWorld world;
  Request first(world, basic("pump:open sesame"));
  auto asked = first.judge();
  ASSERT_NE(asked.need(), nullptr);
  const auto& need = std::get<NeedPassword>(*asked.need());
  EXPECT_THAT(need.hash, HasSubstr("t=2"));
  EXPECT_EQ(need.password, "open sesame");
  first.exchange.password_check = PasswordCheck::kRight;
  ASSERT_TRUE(first.judge());
  EXPECT_EQ(first.exchange.principal->subject, "pump");
  EXPECT_THAT(first.exchange.principal->credential, testing::StartsWith("user:"));

  Request second(world, basic("pump:open sesame"));
  EXPECT_TRUE(second.judge()) << "known";
  Request late(world, basic("pump:open sesame"));
  late.exchange.now.wall_ms += kPasswordKnownS * 1000;
  EXPECT_NE(late.judge().need(), nullptr);
  Request other(world, basic("valve:open sesame"));
  EXPECT_NE(other.judge().need(), nullptr) << "of another user nothing is known";
}

TEST(Basic, somebody_who_does_not_exist_costs_the_same_and_never_comes_in) {
  BasicWorld world;
  Request request(world, basic("nobody:open sesame"));
  auto asked = request.judge();
  ASSERT_NE(asked.need(), nullptr) << "a hash of somebody else is computed";
  EXPECT_THAT(std::get<NeedPassword>(*asked.need()).hash, testing::StartsWith("$argon2id$"));
  // Even if it were that one's password.
  request.exchange.password_check = PasswordCheck::kRight;
  EXPECT_EQ(id(request.reason()), "password-wrong");
}

TEST(Basic, what_cannot_be_a_name_and_a_password_is_refused_before_anything_is_computed) {
  BasicWorld world;
  const std::string long_name(129, 'n');
  const std::string long_password(257, 'p');
  for (const std::string& pair : {std::string("no colon"), std::string(":password"), std::string("name:"),
                                  long_name + ":p", "pump:" + long_password, std::string("pu\tmp:x"),
                                  std::string("pump:a\nb"), std::string("pump:a\0b", 8)}) {
    Request request(world, basic(pair));
    EXPECT_EQ(id(request.reason()), "credential-malformed") << pair;
  }
  Request limit(world, basic("pump:" + std::string(256, 'p')));
  EXPECT_NE(limit.judge().need(), nullptr);
  Request broken(world, "GET /old HTTP/1.1\r\nAuthorization: Basic @@@@\r\n");
  EXPECT_EQ(id(broken.reason()), "credential-malformed");
  Request silent(world, "GET /old HTTP/1.1\r\n");
  auto denied = silent.judge();
  ASSERT_NE(denied.denial(), nullptr);
  EXPECT_EQ(denied.denial()->challenges, "WWW-Authenticate: Basic realm=\"api\", charset=\"UTF-8\"\r\n");
}

TEST(Basic, who_guesses_waits_before_anything_is_computed_and_the_owner_elsewhere_does_not) {
  BasicWorld world;
  const std::uint32_t burst = world.plan->limits.connections.failed_authentications_per_identity_burst;
  for (std::uint32_t i = 0; i < burst; ++i) {
    Request guess(world, basic("pump:guess" + std::to_string(i)));
    from(guess, 1);
    EXPECT_EQ(id(judged(guess, PasswordCheck::kWrong).denial()->reason), "password-wrong") << i;
  }
  Request guess(world, basic("pump:another"));
  from(guess, 1);
  auto refused = guess.judge();
  ASSERT_NE(refused.denial(), nullptr) << "no hash is computed for it";
  EXPECT_EQ(id(refused.denial()->reason), "too-many-failed-authentications-identity");
  EXPECT_GT(refused.denial()->retry_after_s, 0);
  Request other_user(world, basic("valve:x"));
  from(other_user, 1);
  EXPECT_NE(other_user.judge().need(), nullptr);

  Request owner(world, basic("pump:open sesame"));
  from(owner, 2);
  EXPECT_TRUE(judged(owner, PasswordCheck::kRight));
  // Wrong from there as well: it is told to wait, after it was judged like any other.
  Request elsewhere(world, basic("pump:guess"));
  from(elsewhere, 3);
  EXPECT_EQ(id(judged(elsewhere, PasswordCheck::kWrong).denial()->reason),
            "too-many-failed-authentications-identity");
  // What is known passes even from where somebody guesses.
  Request known(world, basic("pump:open sesame"));
  from(known, 1);
  EXPECT_TRUE(known.judge());
}

TEST(Basic, without_an_answer_nobody_comes_in_and_nobody_is_blamed) {
  BasicWorld world;
  for (std::uint32_t i = 0; i < 50; ++i) {
    Request request(world, basic("pump:open sesame"));
    auto refused = judged(request, PasswordCheck::kUnavailable);
    ASSERT_NE(refused.denial(), nullptr);
    EXPECT_EQ(id(refused.denial()->reason), "password-unverified");
    EXPECT_GT(refused.denial()->retry_after_s, 0);
  }
}

TEST(Basic, the_password_never_goes_upstream) {
  BasicWorld world;
  Request request(world, basic("pump:open sesame"));
  ASSERT_TRUE(judged(request, PasswordCheck::kRight));
  std::string head;
  ASSERT_TRUE(append_upstream_head(head, request.exchange));
  EXPECT_THAT(head, Not(HasSubstr("Authorization")));
  EXPECT_THAT(head, HasSubstr("Caponier-Subject: pump\r\n"));
}

TEST(Basic, a_token_serves_where_the_document_says_either) {
  BasicWorld world;
  Request request(world, get("/either", world.token()));
  EXPECT_TRUE(request.judge());
  Request wrong(world, get("/old", world.token()));
  EXPECT_EQ(id(wrong.reason()), "credential-missing");
}

TEST(VerifiedPasswords, hold_no_more_than_they_may_and_forget_the_oldest) {
  VerifiedPasswords known({1, 2}, 8);
  for (std::int64_t i = 1; i <= 9; ++i) known.add(known.name(std::to_string(i)), 100 + i);
  EXPECT_FALSE(known.knows(known.name("1"), 50));
  for (std::int64_t i = 2; i <= 9; ++i) EXPECT_TRUE(known.knows(known.name(std::to_string(i)), 50)) << i;
  EXPECT_FALSE(known.knows(known.name("9"), 109));
}

}  // namespace
}  // namespace caponier::stages
