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

// Of the World's schemes, in the order in which its operations name them.
constexpr std::uint32_t kBearerScheme = 0;
constexpr std::uint32_t kKeyScheme = 1;

// Whose token carries `scopes`.
struct Caller {
  explicit Caller(std::string scopes, std::uint64_t alternatives = 1)
      : token_scopes(std::move(scopes)), proofs(3) {
    proofs[kBearerScheme] = {true, token_scopes};
    auto claims = std::make_shared<jose::Claims>();
    claims->set(jose::Claims::Text::kSubject, "alice");
    principal.anonymous = false;
    principal.claims = std::move(claims);
    principal.subject = principal.claims->subject();
    principal.alternatives = alternatives;
    principal.proofs = proofs;
  }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  std::string token_scopes;  // as words
  std::vector<Proof> proofs;
  Principal principal;
};

Reason judged(const World& world, std::string_view id, const Principal& principal,
              std::vector<std::string_view> path = {}) {
  const Matched matched{&operation(world, id), path, ""};
  auto verdict = authorize(matched, principal);
  return verdict ? Reason::kNone : verdict.denial()->reason;
}

Reason judged(const World& world, std::string_view id, const Caller& caller,
              std::vector<std::string_view> path = {}) {
  return judged(world, id, caller.principal, std::move(path));
}

TEST(Authorize, every_scope_of_one_alternative_is_needed) {
  World world;
  EXPECT_EQ(judged(world, "listOrders", Caller("orders:read")), Reason::kNone);
  EXPECT_EQ(judged(world, "listOrders", Caller("orders:write")), Reason::kScopeMissing);
  EXPECT_EQ(judged(world, "listOrders", Caller("orders:rea")), Reason::kScopeMissing);
  EXPECT_EQ(judged(world, "listOrders", Caller("")), Reason::kScopeMissing);
}

TEST(Authorize, an_alternative_that_does_not_hold_lends_no_scopes) {
  World world;
  EXPECT_EQ(judged(world, "listOrders", Caller("orders:read", 0)), Reason::kScopeMissing);
}

TEST(Authorize, a_keys_scopes_do_not_stand_in_for_a_tokens) {
  World world;
  constexpr std::string_view kKeyScopes = "a orders:read";
  Caller poor("orders:read");
  poor.proofs[kKeyScheme] = {true, kKeyScopes};
  EXPECT_EQ(judged(world, "both", poor), Reason::kScopeMissing);
  Caller able("a");
  able.proofs[kKeyScheme] = {true, kKeyScopes};
  EXPECT_EQ(judged(world, "both", able), Reason::kNone);
}

TEST(Authorize, where_anyone_may_call_a_token_without_scopes_may_too) {
  World world;
  EXPECT_EQ(judged(world, "mixed", Caller("", 0b11)), Reason::kNone);
  EXPECT_EQ(judged(world, "mixed", Caller("", 0b01)), Reason::kScopeMissing);
}

TEST(Authorize, another_customers_order_does_not_exist) {
  World world;
  const Caller alice({});
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
  auto verdict = authorize(matched, Caller("").principal);
  ASSERT_NE(verdict.denial(), nullptr);
  EXPECT_EQ(verdict.denial()->detail, "the scope orders:read is missing");
  EXPECT_EQ(verdict.denial()->where.substr(0, 13), "openapi.yaml:");
  EXPECT_TRUE(verdict.denial()->public_rule.empty());
}

}  // namespace
}  // namespace caponier::stages
