#include "stages/authenticate/authenticate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/key_format.h"
#include "stages/authenticate/revoked.h"
#include "stages/identity_world.h"
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

TEST(Authenticate, what_is_presented_must_be_valid_everywhere) {
  World world;
  const std::string good = world.token();
  const std::string expired = world.token({}, "https://login.example/", -100);
  const std::string partner = world.token({}, "https://partner.example/");
  const std::string stranger = world.token({}, "https://stranger.example/");
  std::string forged = good;
  forged[good.size() - 10] = forged[good.size() - 10] == 'A' ? 'B' : 'A';
  const std::string unknown(plan::make_key("cap_robot001", std::string(32, 'x')).reveal());
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
           Case{"/v1/public",
                "X-API-Key: cap_robot001_cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI_0kykaH\r\n", "robot"},
           Case{"/v1/public", "X-API-Key: wrong\r\n", "credential-malformed"},
           Case{"/v1/mixed", "", "anonymous"},
           Case{"/v1/mixed", bearer(good), "alice"},
           Case{"/v1/mixed", bearer(expired), "token-expired"},
           Case{"/v1/mixed", "X-API-Key: wrong\r\n", "credential-malformed"},
           // Keys.
           Case{"/v1/orders",
                "x-api-key: cap_robot001_cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI_0kykaH\r\n", "robot"},
           Case{"/v1/orders",
                "X-API-Key: cap_robot001_cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI_0kykaH\r\nX-Api-Key: "
                "cap_robot001_cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI_0kykaH\r\n",
                "credential-repeated"},
           Case{"/v1/orders",
                "X-API-Key: cap_old00001_b29vb29vb29vb29vb29vb29vb29vb29vb29vb29vb28_1eFBFd\r\n",
                "api-key-expired"},
           Case{"/v1/orders", "X-API-Key:\r\n", "credential-malformed"},
           Case{"/v1/orders", "X-API-Key: " + std::string(8000, 'k') + "\r\n", "credential-malformed"},
           Case{"/v1/orders", "X-API-Key: " + unknown + "\r\n", "api-key-unknown"},
           Case{"/v1/orders", bearer(good) + "X-API-Key: wrong\r\n", "credential-malformed"},
           Case{"/v1/orders",
                bearer(expired) +
                    "X-API-Key: cap_robot001_cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI_0kykaH\r\n",
                "token-expired"},
           // Both are needed.
           Case{"/v1/both", bearer(good), "credential-missing"},
           Case{"/v1/both", "X-API-Key: cap_robot001_cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI_0kykaH\r\n",
                "credential-missing"},
           Case{"/v1/both",
                bearer(good) +
                    "X-API-Key: cap_robot001_cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI_0kykaH\r\n",
                "alice"},
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
  const auto* asked = std::get_if<NeedKeys>(first.need());
  ASSERT_NE(asked, nullptr);
  EXPECT_EQ(asked->issuer, 0U);
  EXPECT_EQ(asked->key_id, world.signer.id());
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
  EXPECT_TRUE(std::get<NeedKeys>(*first.need()).key_id.empty());
  auto second = caller.ask();
  ASSERT_NE(second.denial(), nullptr);
  EXPECT_EQ(id(second.denial()->reason), "keys-unavailable");
  EXPECT_GT(second.denial()->retry_after_s, 0);
  EXPECT_EQ(second.denial()->challenges, "");
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
  const std::string token = world.token(R"(,"scope":"orders:read")");
  Caller caller(
      world, "/v1/orders",
      bearer(token) + "X-API-Key: cap_robot001_cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI_0kykaH\r\n");
  auto principal = caller.ask();
  ASSERT_TRUE(principal);
  EXPECT_THAT(principal->credential, testing::MatchesRegex("token:[0-9a-f]{16}"));
  Caller keyed(world, "/v1/orders",
               "X-API-Key: cap_robot001_cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI_0kykaH\r\n");
  EXPECT_EQ(keyed.ask()->credential, "key:cap_robot001");
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
  EXPECT_EQ(verdict.denial()->challenges, "WWW-Authenticate: Bearer realm=\"api\"\r\n");
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
)";
  World world(kKeysOnly, kKeysOnlyConfig);
  EXPECT_EQ(outcome(world, "/a",
                    "Authorization: Basic YTpi\r\nX-API-Key: "
                    "cap_robot001_cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI_0kykaH\r\n"),
            "robot");
  Caller caller(world, "/a", "Authorization: Basic YTpi\r\n");
  auto verdict = caller.ask();
  EXPECT_EQ(id(verdict.denial()->reason), "credential-missing");
  EXPECT_EQ(verdict.denial()->challenges, "");
}

// The robot's key with other rights, in the place of the one that all tests have.
void give_rights(World& world, plan::KeyRights rights, bool revoked = false) {
  auto key = plan::test_key(plan::kRobotKey, "robot");
  key->rights = std::make_shared<const plan::KeyRights>(std::move(rights));
  key->revoked = revoked;
  world.source->install(plan::test_facts(kNowS, {key}));
}

std::string with_robot_key() {
  return "X-API-Key: " + std::string(plan::kRobotKey) + "\r\n";
}

TEST(AuthenticateApiKey, is_refused_where_it_may_not_be_used) {
  World world;
  give_rights(world, {.operations = {"listOrders"}});
  EXPECT_EQ(outcome(world, "/v1/orders", with_robot_key()), "robot");
  EXPECT_EQ(outcome(world, "/v1/public", with_robot_key()), "api-key-wrong-operation");
  give_rights(world, {.operations = {"GET /public"}});
  EXPECT_EQ(outcome(world, "/v1/public", with_robot_key()), "robot");
  give_rights(world, {.addresses = {*parse_address_range("192.0.2.0/24")}});
  EXPECT_EQ(outcome(world, "/v1/orders", with_robot_key()), "robot");
  give_rights(world, {.addresses = {*parse_address_range("198.51.100.0/24")}});
  EXPECT_EQ(outcome(world, "/v1/orders", with_robot_key()), "api-key-wrong-address");
  give_rights(world, {.schemes = {"another"}});
  EXPECT_EQ(outcome(world, "/v1/orders", with_robot_key()), "api-key-unknown");
  give_rights(world, {}, true);
  EXPECT_EQ(outcome(world, "/v1/orders", with_robot_key()), "api-key-revoked");
}

TEST(AuthenticateApiKey, is_judged_by_what_is_known_now_and_what_it_proved_stays_readable) {
  World world;
  Caller caller(world, "/v1/orders", with_robot_key());
  auto principal = caller.ask();
  ASSERT_TRUE(principal);
  give_rights(world, {}, true);
  EXPECT_EQ(outcome(world, "/v1/orders", with_robot_key()), "api-key-revoked");
  EXPECT_EQ(principal->subject, "robot");
  EXPECT_EQ(principal->scopes, "orders:read");
}

TEST(AuthenticateApiKey, of_a_scheme_that_is_not_demanded_names_nobody) {
  const World world(R"(openapi: 3.0.3
info: {title: Orders, version: '1'}
servers: [{url: /v1}]
components:
  securitySchemes:
    app: {type: apiKey, in: header, name: X-App-Key}
    user: {type: apiKey, in: header, name: X-User-Key}
paths:
  /app: {get: {security: [{app: []}], responses: {'204': {description: ok}}}}
  /user: {get: {security: [{user: []}], responses: {'204': {description: ok}}}}
  /both: {get: {security: [{app: [], user: []}], responses: {'204': {description: ok}}}}
)",
                    "contract: a\nupstream: {url: 'http://a'}\nhosts: [api.example.com]\n");
  const std::string app = "X-App-Key: " + std::string(plan::kRobotKey) + "\r\n";
  const std::string user = "X-User-Key: " + std::string(plan::kPoorKey) + "\r\n";
  EXPECT_EQ(outcome(world, "/v1/app", app + user), "robot");
  EXPECT_EQ(outcome(world, "/v1/user", app + user), "poor");
  EXPECT_EQ(outcome(world, "/v1/user", user + app), "poor");
  EXPECT_EQ(outcome(world, "/v1/user", app), "credential-missing");
  EXPECT_EQ(outcome(world, "/v1/both", app + user), "robot");
}

TEST(AuthenticateApiKey, its_use_is_noted_and_a_refused_one_is_none) {
  World world;
  const auto keys = world.source->get()->keys;
  const auto& key = **keys->find_id("cap_robot001");
  EXPECT_EQ(outcome(world, "/v1/orders", "X-API-Key: " + std::string(plan::kOldKey) + "\r\n"),
            "api-key-expired");
  EXPECT_EQ(key.last_used_s.load(), 0);
  EXPECT_EQ(outcome(world, "/v1/orders", with_robot_key()), "robot");
  EXPECT_EQ(key.last_used_s.load(), kNowS);
}

constexpr std::string_view kPlaces = R"(openapi: 3.0.3
info: {title: T, version: '1'}
components:
  securitySchemes:
    cookie: {type: apiKey, in: cookie, name: Key}
    query: {type: apiKey, in: query, name: key, x-caponier: {allow_in_query: {reason: devices}}}
paths:
  /c: {get: {operationId: c, security: [{cookie: []}], responses: {'204': {description: ok}}}}
  /q: {get: {operationId: q, security: [{query: []}], responses: {'204': {description: ok}}}}
)";

TEST(AuthenticateApiKey, stands_in_a_cookie_or_in_the_query) {
  World world(kPlaces, "contract: openapi.yaml\nupstream: {url: 'http://orders.internal:9000'}\n");
  const std::string key(plan::kRobotKey);
  struct Case {
    std::string target, headers, expected;
  };
  for (const Case& c : {
           Case{"/c", "Cookie: Key=" + key + "\r\n", "robot"},
           Case{"/c", "Cookie: a=b;Key=" + key + " ; c=d\r\n", "robot"},
           Case{"/c", "Cookie: a=b\r\nCookie: Key=" + key + "\r\n", "robot"},
           Case{"/c", "Cookie: key=" + key + "\r\n", "credential-missing"},
           Case{"/c", "Cookie: XKey=" + key + "\r\n", "credential-missing"},
           Case{"/c", "Cookie: Key=" + key + "; Key=" + key + "\r\n", "credential-repeated"},
           Case{"/c", "Cookie: Key=\r\n", "credential-malformed"},
           Case{"/c", "Key: " + key + "\r\n", "credential-missing"},
           Case{"/q?key=" + key, "", "robot"},
           Case{"/q?a=b&key=" + key, "", "robot"},
           Case{"/q?%6Bey=" + key, "", "robot"},
           Case{"/q?key", "", "credential-malformed"},
           Case{"/q?key=" + key + "&key=" + key, "", "credential-repeated"},
           Case{"/q?Key=" + key, "", "credential-missing"},
           Case{"/q", "Cookie: key=" + key + "\r\n", "credential-missing"},
       }) {
    EXPECT_EQ(outcome(world, c.target, c.headers), c.expected) << c.target << " " << c.headers;
  }
}

TEST(AuthenticateRevoked, a_token_is_refused_also_if_it_is_cached_and_the_others_hold) {
  World world;
  const std::string token = world.token(R"(,"jti":"7")");
  EXPECT_EQ(outcome(world, "/v1/orders", bearer(token)), "alice");
  const plan::Revocation revocation{plan::RevocationKind::kTokenId, "https://login.example/", "7", 0, 0};
  auto facts = std::make_shared<plan::IdentityFacts>(*world.source->get());
  facts->revocations = std::make_shared<const plan::Revocations>(std::span(&revocation, 1));
  world.source->install(facts);
  EXPECT_EQ(outcome(world, "/v1/orders", bearer(token)), "token-revoked");
  EXPECT_EQ(outcome(world, "/v1/orders", bearer(world.token(R"(,"jti":"8")"))), "alice");
}

// Whoever stole the key writes the headers, too.
TEST(AuthenticateRevoked, an_issuers_key_is_revoked_also_for_tokens_that_do_not_name_it) {
  World world;
  const jose::KeyHandle stolen = jose::test::make_ec("P-256");
  auto set = jose::parse_key_set(R"({"keys":[)" + jose::test::jwk(stolen.get(), R"(,"kid":"stolen")") + "]}",
                                 world.plan->limits.tokens);
  const auto keys = std::make_shared<const jose::KeySet>(std::move(*set));
  for (std::uint32_t i = 0; i < world.keys->size(); ++i) world.keys->install(i, keys);
  const std::string claims = R"({"iss":"https://login.example/","aud":"orders","sub":"alice","exp":)" +
                             std::to_string(kNowS + 300) + "}";
  const std::string nameless = jose::test::make_token(stolen.get(), "ES256", R"({"alg":"ES256"})", claims);
  EXPECT_EQ(outcome(world, "/v1/orders", bearer(nameless)), "alice");
  const plan::Revocation revocation{plan::RevocationKind::kIssuerKey, "https://login.example/", "stolen", 0,
                                    0};
  auto facts = std::make_shared<plan::IdentityFacts>(*world.source->get());
  facts->revocations = std::make_shared<const plan::Revocations>(std::span(&revocation, 1));
  world.source->install(facts);
  EXPECT_EQ(outcome(world, "/v1/orders", bearer(nameless)), "token-revoked");
}

TEST(AuthenticateRevoked, an_open_stream_ends_when_the_secret_that_opened_it_is_replaced) {
  World world;
  Caller caller(world, "/v1/orders", with_robot_key());
  auto principal = caller.ask();
  ASSERT_TRUE(principal);
  auto rotated = plan::test_key(plan::kPoorKey, "robot");
  rotated->id = "cap_robot001";
  rotated->previous = plan::test_key(plan::kRobotKey, "robot")->digest;
  rotated->previous_until_s = kNowS + 5;
  const auto facts = plan::test_facts(kNowS, {rotated});
  EXPECT_EQ(revoked_since(*principal, *facts, kNowS + 4), std::nullopt);
  EXPECT_EQ(revoked_since(*principal, *facts, kNowS + 5), Reason::kKeyExpired);
}

TEST(AuthenticateRevoked, an_open_stream_is_asked_again) {
  World world;
  Caller caller(world, "/v1/both", bearer(world.token()) + with_robot_key());
  auto principal = caller.ask();
  ASSERT_TRUE(principal);
  EXPECT_EQ(revoked_since(*principal, *world.source->get(), kNowS), std::nullopt);
  give_rights(world, {}, true);
  // The token says who calls, and the key is still there to be asked about when nobody else has it.
  EXPECT_EQ(principal->subject, "alice");
  EXPECT_EQ(outcome(world, "/v1/orders", with_robot_key()), "api-key-revoked");
  EXPECT_EQ(revoked_since(*principal, *world.source->get(), kNowS), Reason::kKeyRevoked);
  const plan::Revocation revocation{plan::RevocationKind::kSubject, "", "alice", kNowS, 0};
  auto facts = std::make_shared<plan::IdentityFacts>(*plan::test_facts(kNowS));
  facts->revocations = std::make_shared<const plan::Revocations>(std::span(&revocation, 1));
  EXPECT_EQ(revoked_since(*principal, *facts, kNowS), Reason::kTokenRevoked);
}

}  // namespace
}  // namespace caponier::stages
