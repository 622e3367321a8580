#include "stages/authorize/authorize.h"

#include <gtest/gtest.h>

#include "stages/test_world.h"

namespace caponier::stages {
namespace {

const plan::Operation& operation(const World& world, std::string_view id) {
  for (const plan::Operation& candidate : world.plan->operations) {
    if (candidate.id == id) return candidate;
  }
  ADD_FAILURE() << "no operation " << id;
  return world.plan->operations.front();
}

Principal with_token(std::vector<std::string> scopes, std::uint64_t alternatives = 1) {
  auto claims = std::make_shared<jose::Claims>();
  claims->subject = "alice";
  claims->scopes = std::move(scopes);
  Principal principal;
  principal.anonymous = false;
  principal.claims = std::move(claims);
  principal.subject = principal.claims->subject;
  principal.alternatives = alternatives;
  return principal;
}

Reason judged(const World& world, std::string_view id, const Principal& principal,
              std::vector<std::string_view> path = {}) {
  const Matched matched{&operation(world, id), path, ""};
  auto verdict = authorize(*world.plan, matched, principal);
  return verdict ? Reason::kNone : verdict.denial()->reason;
}

TEST(Authorize, every_scope_of_one_alternative_is_needed) {
  World world;
  EXPECT_EQ(judged(world, "listOrders", with_token({"orders:read"})), Reason::kNone);
  EXPECT_EQ(judged(world, "listOrders", with_token({"orders:write"})), Reason::kScopeMissing);
  EXPECT_EQ(judged(world, "listOrders", with_token({"orders:rea"})), Reason::kScopeMissing);
  EXPECT_EQ(judged(world, "listOrders", with_token({})), Reason::kScopeMissing);
}

TEST(Authorize, an_alternative_that_does_not_hold_lends_no_scopes) {
  World world;
  EXPECT_EQ(judged(world, "listOrders", with_token({"orders:read"}, 0)), Reason::kScopeMissing);
}

TEST(Authorize, a_keys_scopes_do_not_stand_in_for_a_tokens) {
  World world;
  const plan::ApiKey key{"cap_1", "robot", {"a", "orders:read"}, 0, {}};
  const std::vector<const plan::ApiKey*> keys(world.plan->schemes.size(), &key);
  Principal principal = with_token({"orders:read"});
  principal.keys = keys;
  principal.key = &key;
  EXPECT_EQ(judged(world, "both", principal), Reason::kScopeMissing);
  Principal able = with_token({"a"});
  able.keys = keys;
  able.key = &key;
  EXPECT_EQ(judged(world, "both", able), Reason::kNone);
}

TEST(Authorize, where_anyone_may_call_a_token_without_scopes_may_too) {
  World world;
  EXPECT_EQ(judged(world, "mixed", with_token({}, 0b11)), Reason::kNone);
  EXPECT_EQ(judged(world, "mixed", with_token({}, 0b01)), Reason::kScopeMissing);
}

TEST(Authorize, another_customers_order_does_not_exist) {
  World world;
  const Principal alice = with_token({});
  EXPECT_EQ(judged(world, "getOrder", alice, {"alice", "1"}), Reason::kNone);
  for (const std::string_view other : {"bob", "", "Alice", "alic", "alicee", "alice "}) {
    EXPECT_EQ(judged(world, "getOrder", alice, {other, "1"}), Reason::kNotOwner) << other;
  }
  EXPECT_EQ(judged(world, "getOrder", alice, {}), Reason::kNotOwner);
}

TEST(Authorize, without_the_claim_nobody_owns_anything) {
  World world;
  auto claims = std::make_shared<jose::Claims>();
  Principal principal;
  principal.anonymous = false;
  principal.claims = claims;
  principal.alternatives = 1;
  EXPECT_EQ(judged(world, "getOrder", principal, {"", "1"}), Reason::kOwnerClaimMissing);
}

TEST(Authorize, refusals_name_the_scope_and_its_line) {
  World world;
  const Matched matched{&operation(world, "listOrders"), {}, ""};
  auto verdict = authorize(*world.plan, matched, with_token({}));
  ASSERT_NE(verdict.denial(), nullptr);
  EXPECT_EQ(verdict.denial()->detail, "the scope orders:read is missing");
  EXPECT_EQ(verdict.denial()->where.substr(0, 13), "openapi.yaml:");
  EXPECT_TRUE(verdict.denial()->public_rule.empty());
}

}  // namespace
}  // namespace caponier::stages
