#include "stages/authenticate/authenticate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stages/match/match.h"
#include "stages/test_world.h"

namespace caponier::stages {
namespace {

using testing::HasSubstr;
using testing::Not;

// A request that is matched and asks for authentication, as often as it likes.
struct Caller {
  Caller(const World& world, std::string_view target, std::string_view headers)
      : request(world, "GET " + std::string(target) + " HTTP/1.1\r\n" + std::string(headers)),
        matched(std::move(*match(request.exchange))) {}
  Verdict<Principal> ask() { return authenticate(request.world->state, request.exchange, matched); }

  Request request;
  Matched matched;
};

std::string outcome(const World& world, std::string_view target, std::string_view headers) {
  Caller caller(world, target, headers);
  auto verdict = caller.ask();
  if (verdict) return verdict->anonymous ? "anonymous" : std::string(verdict->subject);
  if (verdict.need() != nullptr) return "need";
  return std::string(id(verdict.denial()->reason));
}

std::string bearer(std::string_view token) {
  return "Authorization: Bearer " + std::string(token) + "\r\n";
}

TEST(Authenticate, what_is_presented_must_be_valid_everywhere) {
  World world;
  const std::string good = world.token();
  const std::string expired = world.token({}, "https://login.example/", -100);
  const std::string partner = world.token({}, "https://partner.example/");
  const std::string stranger = world.token({}, "https://stranger.example/");
  std::string forged = good;
  forged[good.size() - 10] = forged[good.size() - 10] == 'A' ? 'B' : 'A';
  struct Case {
    std::string_view target;
    std::string headers, expected;
  };
  for (const Case& c : {
           Case{"/v1/orders", "", "credential-missing"},
           Case{"/v1/orders", bearer(good), "alice"},
           Case{"/v1/orders", "authorization: bEARER   " + good + "\r\n", "alice"},
           Case{"/v1/orders", bearer(good) + bearer(good), "credential-repeated"},
           Case{"/v1/orders", bearer(good + " x"), "credential-malformed"},
           Case{"/v1/orders", bearer(good + "," + good), "credential-malformed"},
           Case{"/v1/orders", "Authorization: Basic YTpi\r\n", "credential-malformed"},
           Case{"/v1/orders", "Authorization: Bearer\r\n", "credential-malformed"},
           Case{"/v1/orders", "Authorization: " + good + "\r\n", "credential-malformed"},
           Case{"/v1/orders", bearer("abc"), "credential-malformed"},
           Case{"/v1/orders", bearer(std::string(8193, 'a')), "credential-malformed"},
           Case{"/v1/orders", bearer(expired), "token-expired"},
           Case{"/v1/orders", bearer(forged), "token-bad-signature"},
           Case{"/v1/orders", bearer(partner), "token-wrong-issuer"},
           Case{"/v1/orders", bearer(stranger), "token-wrong-issuer"},
           Case{"/v1/partners", bearer(partner), "alice"},
           Case{"/v1/partners", bearer(good), "token-wrong-issuer"},
           // An operation that anyone may call, and one that offers a choice.
           Case{"/v1/public", "", "anonymous"},
           Case{"/v1/public", bearer(good), "alice"},
           Case{"/v1/public", bearer(partner), "alice"},
           Case{"/v1/public", bearer(forged), "token-bad-signature"},
           Case{"/v1/public", bearer(expired), "token-expired"},
           Case{"/v1/public", "X-API-Key: secret-1\r\n", "robot"},
           Case{"/v1/public", "X-API-Key: wrong\r\n", "api-key-unknown"},
           Case{"/v1/mixed", "", "anonymous"},
           Case{"/v1/mixed", bearer(good), "alice"},
           Case{"/v1/mixed", bearer(expired), "token-expired"},
           Case{"/v1/mixed", "X-API-Key: wrong\r\n", "api-key-unknown"},
           // Keys.
           Case{"/v1/orders", "x-api-key: secret-1\r\n", "robot"},
           Case{"/v1/orders", "X-API-Key: secret-1\r\nX-Api-Key: secret-1\r\n", "credential-repeated"},
           Case{"/v1/orders", "X-API-Key: secret-3\r\n", "api-key-expired"},
           Case{"/v1/orders", "X-API-Key:\r\n", "credential-malformed"},
           Case{"/v1/orders", "X-API-Key: " + std::string(513, 'k') + "\r\n", "credential-malformed"},
           Case{"/v1/orders", "X-API-Key: " + std::string(512, 'k') + "\r\n", "api-key-unknown"},
           Case{"/v1/orders", bearer(good) + "X-API-Key: wrong\r\n", "api-key-unknown"},
           Case{"/v1/orders", bearer(expired) + "X-API-Key: secret-1\r\n", "token-expired"},
           // Both are needed.
           Case{"/v1/both", bearer(good), "credential-missing"},
           Case{"/v1/both", "X-API-Key: secret-1\r\n", "credential-missing"},
           Case{"/v1/both", bearer(good) + "X-API-Key: secret-1\r\n", "alice"},
       }) {
    EXPECT_EQ(outcome(world, c.target, c.headers), c.expected) << c.target << "\n" << c.headers;
  }
}

TEST(Authenticate, expired_token_is_refused_even_if_cached) {
  World world;
  const std::string token = world.token({}, "https://login.example/", 60);
  Caller first(world, "/v1/orders", bearer(token));
  ASSERT_TRUE(first.ask());
  ASSERT_EQ(world.tokens.size(), 1U);
  for (const auto& [later_s, allowed] : {std::pair(59, true), std::pair(60 + 31, false)}) {
    Caller later(world, "/v1/orders", bearer(token));
    later.request.exchange.now.wall_ms += later_s * 1000;
    auto verdict = later.ask();
    EXPECT_EQ(static_cast<bool>(verdict), allowed) << later_s;
    if (!allowed) {
      EXPECT_EQ(id(verdict.denial()->reason), "token-expired");
    }
  }
}

TEST(Authenticate, a_cached_token_is_refused_once_its_key_is_gone) {
  World world;
  const std::string token = world.token();
  Caller first(world, "/v1/orders", bearer(token));
  ASSERT_TRUE(first.ask());
  world.install_keys(jose::SigningKey::generate().value());
  EXPECT_EQ(outcome(world, "/v1/orders", bearer(token)), "need");
}

TEST(Authenticate, a_token_cached_for_one_operation_does_not_open_another) {
  World world;
  const std::string token = world.token({}, "https://partner.example/");
  EXPECT_EQ(outcome(world, "/v1/partners", bearer(token)), "alice");
  EXPECT_EQ(outcome(world, "/v1/orders", bearer(token)), "token-wrong-issuer");
}

TEST(Authenticate, a_wrong_audience_is_refused_cached_or_not) {
  World world;
  std::string claims = R"({"iss":"https://login.example/","aud":"billing","sub":"a","exp":)" +
                       std::to_string(kNowS + 60) + R"(,"iat":)" + std::to_string(kNowS) + "}";
  const std::string token = world.signer.sign(claims).value();
  EXPECT_EQ(outcome(world, "/v1/orders", bearer(token)), "token-wrong-audience");
  EXPECT_EQ(outcome(world, "/v1/orders", bearer(token)), "token-wrong-audience");
}

TEST(Authenticate, an_unknown_key_is_asked_for_once_and_then_refused) {
  World world;
  world.install_keys(jose::SigningKey::generate().value());
  Caller caller(world, "/v1/orders", bearer(world.token()));
  auto first = caller.ask();
  ASSERT_NE(first.need(), nullptr);
  EXPECT_EQ(first.need()->issuer, 0U);
  EXPECT_EQ(first.need()->key_id, world.signer.id());
  auto second = caller.ask();
  ASSERT_NE(second.denial(), nullptr);
  EXPECT_EQ(id(second.denial()->reason), "token-unknown-key");
}

TEST(Authenticate, the_request_resumes_when_the_key_has_come) {
  World world;
  world.install_keys(jose::SigningKey::generate().value());
  Caller caller(world, "/v1/orders", bearer(world.token()));
  ASSERT_NE(caller.ask().need(), nullptr);
  world.install_keys(world.signer);
  EXPECT_TRUE(caller.ask());
}

TEST(Authenticate, without_any_keys_nobody_is_let_in) {
  World world;
  KeyRing empty(world.plan->issuers.size());
  world.state.keys = &empty;
  Caller caller(world, "/v1/orders", bearer(world.token()));
  auto first = caller.ask();
  ASSERT_NE(first.need(), nullptr);
  EXPECT_TRUE(first.need()->key_id.empty());
  auto second = caller.ask();
  ASSERT_NE(second.denial(), nullptr);
  EXPECT_EQ(id(second.denial()->reason), "keys-unavailable");
  EXPECT_GT(second.denial()->retry_after_s, 0);
  EXPECT_FALSE(second.denial()->challenge);
}

TEST(Authenticate, a_foreign_algorithm_buys_no_key_fetch) {
  World world;
  KeyRing empty(world.plan->issuers.size());
  world.state.keys = &empty;
  // {"alg":"RS256","kid":"x"} . {"iss":"https://login.example/"} . "AAAA"
  const std::string token =
      "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUvIn0.QUFBQQ";
  EXPECT_EQ(outcome(world, "/v1/orders", bearer(token)), "token-algorithm");
}

TEST(Authenticate, algorithm_none_and_hmac_are_refused) {
  World world;
  const std::string payload = ".eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUvIn0.";
  EXPECT_EQ(outcome(world, "/v1/orders", bearer("eyJhbGciOiJub25lIn0" + payload + "QUFBQQ")),
            "token-algorithm");
  EXPECT_EQ(outcome(world, "/v1/orders", bearer("eyJhbGciOiJIUzI1NiJ9" + payload + "QUFBQQ")),
            "token-algorithm");
}

TEST(Authenticate, credentials_are_named_by_digest_and_never_shown) {
  World world;
  const std::string token = world.token();
  Caller caller(world, "/v1/orders", bearer(token) + "X-API-Key: secret-1\r\n");
  auto principal = caller.ask();
  ASSERT_TRUE(principal);
  EXPECT_THAT(principal->credential, testing::MatchesRegex("token:[0-9a-f]{16}"));
  Caller keyed(world, "/v1/orders", "X-API-Key: secret-1\r\n");
  EXPECT_EQ(keyed.ask()->credential, "key:cap_1");
  Caller refused(world, "/v1/orders", "X-API-Key: secret-9\r\n");
  EXPECT_THAT(refused.ask().denial()->detail, Not(HasSubstr("secret")));
}

TEST(Authenticate, a_fresh_token_of_the_same_subject_is_the_same_caller_for_limits) {
  World world;
  const auto hash = [&world](const std::string& token) {
    Caller caller(world, "/v1/orders", bearer(token));
    return caller.ask()->credential_hash;
  };
  EXPECT_EQ(hash(world.token(R"(,"jti":"1")")), hash(world.token(R"(,"jti":"2")")));
  EXPECT_NE(hash(world.token(R"(,"sub":"bob")")), hash(world.token()));
  EXPECT_NE(hash(world.token(R"(,"sub":"","client_id":"alice")")), hash(world.token()));
}

TEST(Authenticate, only_operations_that_know_bearer_tokens_challenge_for_one) {
  World world;
  Caller caller(world, "/v1/orders", "");
  auto verdict = caller.ask();
  ASSERT_NE(verdict.denial(), nullptr);
  EXPECT_TRUE(verdict.denial()->challenge);
  EXPECT_EQ(verdict.denial()->where.substr(0, 13), "openapi.yaml:");
}

TEST(Authenticate, a_contract_without_bearer_schemes_ignores_authorization) {
  constexpr std::string_view kKeysOnly = R"(openapi: 3.0.3
info: {title: T, version: '1'}
components: {securitySchemes: {key: {type: apiKey, in: header, name: X-API-Key}}}
security: [{key: []}]
paths:
  /a: {get: {operationId: a, responses: {'204': {description: ok}}}}
)";
  constexpr std::string_view kKeysOnlyConfig = R"(contract: openapi.yaml
upstream: {url: 'http://orders.internal:9000'}
security_schemes: {key: {keys_file: keys.ndjson}}
)";
  World world(kKeysOnly, kKeysOnlyConfig);
  EXPECT_EQ(outcome(world, "/a", "Authorization: Basic YTpi\r\nX-API-Key: secret-1\r\n"), "robot");
  Caller caller(world, "/a", "Authorization: Basic YTpi\r\n");
  auto verdict = caller.ask();
  EXPECT_EQ(id(verdict.denial()->reason), "credential-missing");
  EXPECT_FALSE(verdict.denial()->challenge);
}

}  // namespace
}  // namespace caponier::stages
