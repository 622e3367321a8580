// What an issuer said of an opaque token is used again for as long as it may be, and no longer.
#include <gtest/gtest.h>

#include "stages/test_world.h"

namespace caponier::stages {
namespace {

constexpr std::string_view kOpaqueContract = R"(openapi: 3.0.3
info: {title: Opaque, version: '1'}
components: {securitySchemes: {token: {type: http, scheme: bearer}}}
paths:
  /a: {get: {security: [{token: []}], responses: {'200': {description: ok}}}}
)";
constexpr std::string_view kOpaqueConfig = R"(contract: openapi.yaml
upstream: {url: 'http://a.internal:9000'}
hosts: [api.example.com]
issuers:
  - issuer: 'https://login.example/'
    audiences: [orders]
    client: {id: gateway, secret: 'env://SECRET'}
    introspection: {url: 'https://login.example/ask', cache: 60s, negative_cache: 10s}
defaults:
  rate_limit: {per_address: {off: tests}, per_credential: {off: tests}}
)";

std::shared_ptr<const Introspection> active(std::int64_t until_s, std::int64_t expires_at_s) {
  auto said = std::make_shared<Introspection>();
  auto claims = std::make_shared<jose::Claims>();
  std::string audiences;
  Texts::append(audiences, "orders");
  claims->set(jose::Claims::Text::kIssuer, "https://login.example/");
  claims->set(jose::Claims::Text::kSubject, "alice");
  claims->set(jose::Claims::Text::kAudiences, audiences);
  claims->expires_at_s = expires_at_s;
  claims->introspected = true;
  said->outcome = Introspection::Outcome::kActive;
  said->claims = std::move(claims);
  said->until_s = until_s;
  return said;
}

std::shared_ptr<const Introspection> inactive_until(std::int64_t until_s) {
  auto said = std::make_shared<Introspection>();
  said->outcome = Introspection::Outcome::kInactive;
  said->until_s = until_s;
  return said;
}

// Whether the issuer would have to be asked, at that time.
bool asks(const World& world, std::int64_t at_s) {
  Request request(world, get("/a", "opaque"));
  request.exchange.now.wall_ms = at_s * 1000;
  return request.judge().need() != nullptr;
}

void answer(const World& world, const std::shared_ptr<const Introspection>& said, std::int64_t at_s = kNowS) {
  Request request(world, get("/a", "opaque"));
  request.exchange.now.wall_ms = at_s * 1000;
  ASSERT_NE(request.judge().need(), nullptr);
  request.exchange.introspection = said;
  static_cast<void>(request.judge());
}

TEST(OpaqueToken, an_answer_lapses_with_the_cache_and_the_issuer_is_asked_again) {
  const World world(kOpaqueContract, kOpaqueConfig);
  EXPECT_TRUE(asks(world, kNowS));
  answer(world, active(kNowS + 60, kNowS + 600));
  EXPECT_FALSE(asks(world, kNowS + 59));
  EXPECT_TRUE(asks(world, kNowS + 60));
  answer(world, active(kNowS + 120, kNowS + 600), kNowS + 60);
  EXPECT_FALSE(asks(world, kNowS + 119));
  EXPECT_TRUE(asks(world, kNowS + 120));
}

TEST(OpaqueToken, that_it_is_not_active_lapses_too_and_then_it_may_be) {
  const World world(kOpaqueContract, kOpaqueConfig);
  answer(world, inactive_until(kNowS + 10));
  Request refused(world, get("/a", "opaque"));
  EXPECT_EQ(id(refused.reason()), "token-inactive");
  EXPECT_FALSE(asks(world, kNowS + 9));
  EXPECT_TRUE(asks(world, kNowS + 10));
  answer(world, active(kNowS + 70, kNowS + 600), kNowS + 10);
  Request allowed(world, get("/a", "opaque"));
  allowed.exchange.now.wall_ms = (kNowS + 11) * 1000;
  EXPECT_TRUE(allowed.judge());
}

TEST(OpaqueToken, a_flood_of_them_is_remembered_within_bounds) {
  World world(kOpaqueContract, kOpaqueConfig);
  for (int i = 0; i < 1000; ++i) {
    Request request(world, get("/a", "opaque-" + std::to_string(i)));
    ASSERT_NE(request.judge().need(), nullptr);
    request.exchange.introspection = active(kNowS + 60, kNowS + 600);
    ASSERT_TRUE(request.judge()) << i;
  }
  EXPECT_LE(world.tokens.size(), 64U);
}

}  // namespace
}  // namespace caponier::stages
