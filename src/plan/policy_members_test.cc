#include "plan/policy_members.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/test_compile.h"
#include "yaml/read_tree.h"

namespace caponier::plan {
namespace {

using testing::HasSubstr;

struct Reading {
  std::unique_ptr<Tree> tree;
  Members members;
  Diagnostics diagnostics;
  [[nodiscard]] std::string errors() const {
    std::string out;
    for (const Diagnostic& diagnostic : diagnostics.all()) out += to_text(diagnostic) + '\n';
    return out;
  }
};

Reading read(const std::string& text, Level level = Level::kOperation) {
  Reading out;
  auto tree = yaml::read_tree(text, "policy.yaml");
  if (!tree.ok()) return out;
  out.tree = std::move(*tree);
  Report report(out.diagnostics);
  out.members = read_members({out.tree->file(), out.tree->root()}, level, {"path"}, report);
  return out;
}

TEST(Members, every_word_that_is_enforced_is_read) {
  const Reading reading = read(
      "path: ignored\npublic: {reason: why}\nexposed: false\nowner: {claim: sub, parameter: id}\n"
      "rate_limit: {per_address: 20/m, per_credential: {requests: 5, window: 10s}, per_operation: {off: none "
      "needed}}\n"
      "body_bytes_max: 64KiB\nsecurity: [{bearer: []}]\n");
  EXPECT_EQ(reading.errors(), "");
  EXPECT_EQ(reading.members.public_reason->value, "why");
  EXPECT_FALSE(reading.members.exposed->value);
  EXPECT_EQ(reading.members.owner->value.claim, "sub");
  EXPECT_EQ(reading.members.owner->value.parameter, "id");
  EXPECT_EQ(to_text(reading.members.rate_limits[0]->value), "20/m");
  EXPECT_EQ(to_text(reading.members.rate_limits[1]->value), "5/10s");
  EXPECT_EQ(to_text(reading.members.rate_limits[2]->value), "off");
  EXPECT_EQ(reading.members.rate_limits[2]->value.off_reason, "none needed");
  EXPECT_EQ(reading.members.body_bytes_max->value, 65536U);
  EXPECT_TRUE(reading.members.security.has_value());
}

TEST(Members, what_is_unknown_misplaced_or_of_a_later_version_is_an_error_where_it_stands) {
  const std::pair<const char*, const char*> cases[] = {
      {"rate_limits: {}",
       "policy.yaml:1:1: error: \"rate_limits\" is not a member of x-caponier [unknown-member] (at "
       "/rate_limits)\n"
       "  fix: did you mean \"rate_limit\"?\n"},
      {"zebra: 1",
       "  fix: known here: public exposed internal owner rate_limit body_bytes_max security response "
       "opaque report_only upstream step_up\n"},
      {"roles: [admin]",
       "policy.yaml:1:1: error: \"roles\" is not enforced by this version [not-enforced-yet] (at /roles)\n"},
      {"step_up: {}", "\"step_up\" asks for nothing"},
      {"step_up: {acr: ['gold silver']}", "cannot be told to a client"},
      {"step_up: {max_age: 31d}", "this is no duration between 1s and 30d"},
      {"step_up: {max_age: 0s}", "this is no duration between 1s and 30d"},
      {"step_up: {arc: [gold]}", "did you mean \"acr\"?"},
      {"issuer: x", "\"issuer\" belongs to a security scheme"},
      {"public: true", "\"public\" needs a reason"},
      {"public: {}", "\"public\" needs a reason"},
      {"public: {reason: ''}", "the text is empty"},
      {"public: {reason: 1}", "a text is expected here, not a number"},
      {"public: {reason: r, until: x}", "\"until\" is no member of \"public\""},
      {"exposed: 'no'", "\"exposed\" is true or false"},
      {"owner: sub", "an object is expected here, not a string"},
      {"owner: {claim: sub}", "\"owner\" needs a claim and a path parameter"},
      {"owner: {claim: sub, parameter: id, claims: x}", "did you mean \"claim\"?"},
      {"body_bytes_max: lots", "this is no size"},
      {"body_bytes_max: -1", "this is no size"},
      {"rate_limit: 20/m", "an object is expected here"},
      {"rate_limit: {per_adress: 20/m}", "did you mean \"per_address\"?"},
  };
  for (const auto& [text, error] : cases) EXPECT_THAT(read(text).errors(), HasSubstr(error)) << text;
}

TEST(Members, rates_are_read_up_to_their_bounds) {
  const char* const good[] = {"1/s",
                              "20/m",
                              "5/h",
                              "7/d",
                              "100/90s",
                              "1000000/31d",
                              "1000/1ms",
                              "{requests: 1, window: 1s}",
                              "{requests: 1000000, window: 31d}"};
  for (const char* rate : good) {
    const Reading reading = read("rate_limit: {per_operation: " + std::string(rate) + "}");
    EXPECT_EQ(reading.errors(), "") << rate;
    EXPECT_TRUE(reading.members.rate_limits[2].has_value()) << rate;
  }
  const char* const bad[] = {"'20'",
                             "20",
                             "0/m",
                             "-1/m",
                             "1000001/m",
                             "20/",
                             "/m",
                             "20/x",
                             "20/32d",
                             "20/0s",
                             "1001/1ms",
                             "'off'",
                             "{requests: 1}",
                             "{window: 1s}",
                             "{requests: 0, window: 1s}",
                             "{requests: 1.5, window: 1s}",
                             "{requests: 1000001, window: 31d}",
                             "{requests: 1, window: 32d}",
                             "{off: ''}",
                             "{off: true}",
                             "{off: why, requests: 1}",
                             "{}",
                             "[]"};
  for (const char* rate : bad)
    EXPECT_NE(read("rate_limit: {per_operation: " + std::string(rate) + "}").errors(), "") << rate;
}

TEST(Members, public_is_said_at_a_path_or_an_operation) {
  for (const Level level : {Level::kPath, Level::kOperation, Level::kConfigOperation}) {
    EXPECT_EQ(read("public: {reason: r}", level).errors(), "");
  }
  for (const Level level : {Level::kRoot, Level::kConfigDefaults}) {
    EXPECT_THAT(read("public: {reason: r}", level).errors(), HasSubstr("[misplaced-member]"));
  }
}

TEST(RateRules, are_looser_by_rate_then_by_burst) {
  const RateRule ten_per_second{10, 1'000'000, false, {}};
  const RateRule six_hundred_per_minute{600, 60'000'000, false, {}};
  const RateRule off{0, 0, true, "r"};
  EXPECT_TRUE(looser(six_hundred_per_minute, ten_per_second));
  EXPECT_FALSE(looser(ten_per_second, six_hundred_per_minute));
  EXPECT_TRUE(looser({11, 1'000'000, false, {}}, six_hundred_per_minute));
  EXPECT_TRUE(looser(off, six_hundred_per_minute));
  EXPECT_FALSE(looser(ten_per_second, off));
  EXPECT_FALSE(looser(off, off));
}

}  // namespace
}  // namespace caponier::plan
