#include "stages/limit/limit.h"

#include <gtest/gtest.h>

#include "stages/match/match.h"
#include "stages/test_world.h"

namespace caponier::stages {
namespace {

struct Caller {
  explicit Caller(const World& world)
      : request(world, "GET /v1/orders HTTP/1.1\r\n"), matched(std::move(*match(request.exchange))) {}
  Verdict<Limited> take() { return limit(request.world->state, request.exchange, matched, principal); }

  Request request;
  Matched matched;
  Principal principal;
};

TEST(Limit, a_credential_has_its_tokens_and_not_one_more) {
  World world;
  Caller caller(world);
  caller.principal.anonymous = false;
  caller.principal.credential_hash = 77;
  for (std::uint32_t left : {2U, 1U, 0U}) {
    auto limited = caller.take();
    ASSERT_TRUE(limited);
    EXPECT_EQ(limited->remaining, left);
    EXPECT_EQ(limited->capacity, 3U);
    EXPECT_EQ(limited->policy_headers,
              "RateLimit-Policy: \"per_credential\";q=3;w=60\r\nX-RateLimit-Limit: 3\r\n");
    EXPECT_EQ(limited->name, "per_credential");
  }
  auto refused = caller.take();
  ASSERT_NE(refused.denial(), nullptr);
  EXPECT_EQ(refused.denial()->reason, Reason::kRateLimited);
  EXPECT_GE(refused.denial()->retry_after_s, 20);
  EXPECT_LE(refused.denial()->retry_after_s, 24);
  EXPECT_EQ(refused.denial()->where.substr(0, 13), "openapi.yaml:");
  ASSERT_TRUE(caller.request.exchange.limit_refused);
  EXPECT_EQ(caller.request.exchange.limit_refused->remaining, 0U);
  caller.principal.credential_hash = 78;
  EXPECT_TRUE(caller.take());
}

TEST(Limit, a_refusal_by_one_limit_takes_nothing_from_the_other) {
  World world;
  Caller caller(world);
  caller.principal.anonymous = false;
  caller.principal.credential_hash = 77;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(caller.take());
  for (int i = 0; i < 10; ++i) ASSERT_FALSE(caller.take());
  // The address gave three of its five.
  caller.principal.credential_hash = 78;
  EXPECT_TRUE(caller.take());
  EXPECT_TRUE(caller.take());
  auto refused = caller.take();
  ASSERT_NE(refused.denial(), nullptr);
  EXPECT_EQ(refused.denial()->detail, "the limit per_address is used up");
}

TEST(Limit, without_a_credential_the_address_is_counted) {
  World world;
  Caller caller(world);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(caller.take());
  EXPECT_FALSE(caller.take());
  caller.request.peer.address[15] = 9;
  EXPECT_TRUE(caller.take());
}

TEST(Limit, an_invented_forwarding_header_changes_no_bucket) {
  World world;
  int allowed = 0;
  for (int i = 0; i < 10; ++i) {
    Caller caller(world);
    Request forged(world, "GET /v1/orders HTTP/1.1\r\nX-Forwarded-For: 10.0.0." + std::to_string(i) + "\r\n");
    caller.request.exchange.head = &forged.decoder.head();
    allowed += caller.take() ? 1 : 0;
  }
  EXPECT_EQ(allowed, 3);
}

TEST(Limit, the_same_request_is_told_the_same_time) {
  World world;
  Caller caller(world);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(caller.take());
  const std::int64_t first = caller.take().denial()->retry_after_s;
  EXPECT_EQ(caller.take().denial()->retry_after_s, first);
}

TEST(Limit, an_operation_without_limits_has_no_headers) {
  World world;
  Caller caller(world);
  caller.matched.operation = nullptr;
  for (const plan::Operation& operation : world.plan->operations) {
    if (operation.id == "status") caller.matched.operation = &operation;
  }
  ASSERT_NE(caller.matched.operation, nullptr);
  auto limited = caller.take();
  ASSERT_TRUE(limited);
  EXPECT_EQ(limited->capacity, 0U);
}

}  // namespace
}  // namespace caponier::stages
