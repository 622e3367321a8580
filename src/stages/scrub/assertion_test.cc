#include "stages/scrub/assertion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "stages/scrub/scrub.h"
#include "stages/test_world.h"

namespace caponier::stages {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string config_with(const std::string& authorization) {
  std::string config(kConfig);
  const std::string plain = "upstream: {url: 'http://orders.internal:9000'}";
  config.replace(
      config.find(plain), plain.size(),
      "upstream: {url: 'http://orders.internal:9000', identity_token: {audience: orders, authorization: " +
          authorization + "}}\nidentity_token: {issuer: 'https://gateway.internal'}");
  return config;
}

struct Vouching : World {
  explicit Vouching(const std::string& authorization = "keep")
      : World(kContract, config_with(authorization)) {
    auto key = jose::AssertionKey::generate(jose::Algorithm::kES256);
    plan::AssertionKeys made;
    made.signing = std::make_shared<const jose::AssertionKey>(std::move(key.value()));
    made.key_set = "{\"keys\":[" + made.signing->public_jwk() + "]}";
    source_of_keys->install(std::make_shared<const plan::AssertionKeys>(std::move(made)));
    state.assertions = &view;
  }
  std::shared_ptr<plan::AssertionKeySource> source_of_keys = std::make_shared<plan::AssertionKeySource>();
  plan::AssertionKeyView view{source_of_keys};
};

std::string claims_of(const std::string& token) {
  const std::size_t first = token.find('.') + 1;
  return base64url_decode(token.substr(first, token.rfind('.') - first)).value_or("");
}

// What an upstream would be told; empty: nothing.
std::string told(const Vouching& world, Request& request, std::int64_t now_s = kNowS) {
  EXPECT_EQ(request.reason(), Reason::kNone);
  EXPECT_TRUE(vouch(world.state, request.exchange, now_s));
  return request.exchange.assertion.empty() ? "" : claims_of(request.exchange.assertion);
}

TEST(Assertion, tells_how_the_caller_logged_in_and_who_acts_for_them) {
  const Vouching world;
  Request request(
      world, get("/v1/orders",
                 world.token(
                     R"(,"sub":"alice","scope":"orders:read b","azp":"web","acr":"gold","amr":["pwd","otp"],)"
                     R"("auth_time":1699999000,"act":{"sub":"agent","act":{"client_id":"app"}})")));
  const std::string claims = told(world, request);
  EXPECT_THAT(claims, HasSubstr(R"("sub":"alice","caller_iss":"https://login.example/")"));
  EXPECT_THAT(
      claims,
      HasSubstr(
          R"("scope":"orders:read b","client_id":"web","acr":"gold","amr":["pwd","otp"],"auth_time":1699999000,)"
          R"("act":{"sub":"agent","act":{"client_id":"app"}},"operation":"listOrders")"));
  EXPECT_THAT(claims, HasSubstr(R"("iat":1700000000,"exp":1700000060})"));
}

TEST(Assertion, is_json_whatever_a_subject_is_called) {
  const Vouching world;
  Request request(world,
                  get("/v1/orders",
                      world.token(R"(,"scope":"orders:read","sub":"a\",\"aud\":\"x\u0000\n\ud83d\ude00")")));
  const std::string claims = told(world, request);
  json::Document document;
  const auto root = document.read(claims, JsonLimits());
  ASSERT_TRUE(root.ok()) << claims;
  EXPECT_EQ(root->find("sub")->string(), std::string_view("a\",\"aud\":\"x\0\n\xf0\x9f\x98\x80", 17));
  EXPECT_EQ(root->find("aud")->string(), "orders");
}

TEST(Assertion, ends_with_the_callers_token_but_lives_for_a_moment) {
  for (const auto& [lifetime_s, ends_s] : {std::pair(300, 60), {30, 30}, {2, 5}, {-5, 5}}) {
    const Vouching world;
    Request request(world, get("/v1/orders", world.token(R"(,"scope":"orders:read")",
                                                         "https://login.example/", lifetime_s)));
    EXPECT_THAT(told(world, request), HasSubstr("\"exp\":" + std::to_string(kNowS + ends_s) + "}"))
        << lifetime_s;
  }
}

TEST(Assertion, is_dated_when_it_is_made) {
  const Vouching world;
  Request request(world, get("/v1/orders", world.token(R"(,"scope":"orders:read")")));
  EXPECT_THAT(told(world, request, kNowS + 40), HasSubstr("\"iat\":1700000040,"));
}

TEST(Assertion, vouches_for_nobody_unknown) {
  const Vouching world("replace");
  Request request(world, get("/v1/public"));
  EXPECT_EQ(told(world, request), "");
  EXPECT_FALSE(replaces_authorization(request.exchange));
}

TEST(Assertion, without_a_key_is_not_left_out) {
  Vouching world;
  world.source_of_keys->install(std::make_shared<const plan::AssertionKeys>());
  Request request(world, get("/v1/orders", world.token(R"(,"scope":"orders:read")")));
  ASSERT_EQ(request.reason(), Reason::kNone);
  EXPECT_FALSE(vouch(world.state, request.exchange, kNowS));
  world.state.assertions = nullptr;
  EXPECT_FALSE(vouch(world.state, request.exchange, kNowS));
}

TEST(Assertion, stands_where_the_configuration_says) {
  for (const auto& [word, replaced] :
       {std::pair("keep", false), {"replace_opaque", false}, {"replace", true}}) {
    const Vouching world(word);
    const std::string token = world.token(R"(,"scope":"orders:read")");
    Request request(world, get("/v1/orders", token));
    ASSERT_NE(told(world, request), "");
    std::string head;
    ASSERT_TRUE(append_upstream_head(head, request.exchange));
    const std::string& ours = request.exchange.assertion;
    EXPECT_THAT(head, HasSubstr("Caponier-Identity: " + ours + "\r\n"));
    EXPECT_EQ(head.find("Authorization: Bearer " + ours) != std::string::npos, replaced) << word;
    EXPECT_EQ(head.find("Authorization: Bearer " + token) != std::string::npos, !replaced) << word;
  }
}

TEST(Assertion, the_token_of_an_issuer_stands_in_the_place_of_the_callers) {
  const World world;
  const std::string token = world.token(R"(,"scope":"orders:read")");
  Request request(world, get("/v1/orders", token));
  ASSERT_EQ(request.reason(), Reason::kNone);
  request.exchange.upstream_token = std::make_shared<const Secret>("service-token");
  std::string head;
  ASSERT_TRUE(append_upstream_head(head, request.exchange));
  EXPECT_THAT(head, HasSubstr("Authorization: Bearer service-token\r\n"));
  EXPECT_THAT(head, Not(HasSubstr(token)));
}

TEST(Assertion, published_keys_are_read_and_nothing_else) {
  const Vouching world;
  const std::string path = "/.well-known/jwks.json";
  Request read(world, "GET " + path + " HTTP/1.1\r\n");
  auto verdict = read.judge();
  ASSERT_NE(verdict.answer(), nullptr);
  EXPECT_EQ(verdict.answer()->body, world.source_of_keys->get()->key_set);
  Request written(world, "PUT " + path + " HTTP/1.1\r\n");
  EXPECT_EQ(written.reason(), Reason::kMethodUndeclared);
  Request beside(world, "GET " + path + "/ HTTP/1.1\r\n");
  EXPECT_EQ(beside.reason(), Reason::kPathUndeclared);
}

}  // namespace
}  // namespace caponier::stages
