// Rules that differ by issuer: how far clocks may be apart, and whether an ID token passes for an access
// token.
#include <gtest/gtest.h>

#include <ctime>

#include "e2e/gateway.h"
#include "e2e/upstream.h"
#include "jose/private_key.h"

namespace caponier::e2e {
namespace {

constexpr const char* kDocument = R"(openapi: 3.1.0
info: {title: Two, version: "1"}
components:
  securitySchemes:
    exact: {type: http, scheme: bearer}
    lenient: {type: http, scheme: bearer}
paths:
  /exact: {get: {security: [{exact: []}], responses: {"200": {description: ok, content: {text/plain: {}}}}}}
  /lenient: {get: {security: [{lenient: []}], responses: {"200": {description: ok, content: {text/plain: {}}}}}}
  /either:
    get:
      security: [{exact: []}, {lenient: []}]
      responses: {"200": {description: ok, content: {text/plain: {}}}}
)";

Options options(const std::string& upstream, const Issuer& exact, const Issuer& lenient,
                const std::string& exact_rules) {
  return {
      .contract = kDocument,
      .upstream = upstream,
      .config = "issuers:\n  - {issuer: 'https://exact.example', audiences: [api], jwks_file: exact.json, " +
                exact_rules +
                "}\n"
                "  - {issuer: 'https://lenient.example', audiences: [api], jwks_file: lenient.json, leeway: "
                "5m}\nsecurity_schemes:\n  exact: {issuer: 'https://exact.example'}\n  lenient: {issuer: "
                "'https://lenient.example'}\n",
      .dev = false,
      .files = {{"exact.json", exact.key_set()}, {"lenient.json", lenient.key_set()}}};
}

TEST(IssuerRules, each_issuers_clock_may_be_off_by_its_own_leeway) {
  Upstream upstream(answering(answer_text(200, "text/plain", "x")));
  const Issuer exact("https://exact.example");
  const Issuer lenient("https://lenient.example");
  Gateway gateway(options(upstream.url(), exact, lenient, "leeway: 0s"));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const auto ask = [&gateway](const char* path, const std::string& token) {
    return gateway.ask(request_text("GET", path, bearer(token)));
  };
  // Expired a minute ago.
  EXPECT_EQ(ask("/lenient", lenient.token("alice", "", -60)).status(), 200);
  EXPECT_EQ(ask("/either", lenient.token("alice", "", -60)).status(), 200);
  for (const char* path : {"/exact", "/either"}) {
    const Message refused = ask(path, exact.token("alice", "", -60));
    EXPECT_EQ(refused.status(), 401) << path;
    EXPECT_EQ(gateway.record_of(refused)["reason"], "token-expired") << path;
  }
  EXPECT_EQ(ask("/exact", exact.token("alice", "")).status(), 200);
  EXPECT_EQ(gateway.record_of(ask("/lenient", lenient.token("alice", "", -400)))["reason"], "token-expired");
}

TEST(IssuerRules, an_access_token_may_have_to_say_that_it_is_one) {
  Upstream upstream(answering(answer_text(200, "text/plain", "x")));
  const auto own = jose::SigningKey::generate();
  ASSERT_TRUE(own);
  const auto key = jose::PrivateKey::from_pem(own->to_pem().reveal());
  ASSERT_TRUE(key);
  Options strict = options(upstream.url(), Issuer("https://exact.example"), Issuer("https://lenient.example"),
                           "access_tokens_only: true");
  strict.files["exact.json"] = own->public_key_set();
  strict.files["lenient.json"] = own->public_key_set();
  Gateway gateway(strict);
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const auto ask = [&](const char* path, const std::string& type, const std::string& issuer) {
    const std::string claims = R"({"iss":")" + issuer + R"(","aud":"api","sub":"alice","exp":)" +
                               std::to_string(std::time(nullptr) + 600) + "}";
    const auto token = key->sign(type, own->id(), claims);
    EXPECT_TRUE(token);
    return gateway.ask(request_text("GET", path, bearer(*token)));
  };
  const std::string exact = "https://exact.example";
  for (const char* type : {"JWT", ""}) {
    const Message refused = ask("/exact", type, exact);
    EXPECT_EQ(refused.status(), 401) << type;
    EXPECT_EQ(gateway.record_of(refused)["reason"], "token-type") << type;
    EXPECT_EQ(ask("/lenient", type, "https://lenient.example").status(), 200) << type;
  }
  EXPECT_EQ(ask("/exact", "at+jwt", exact).status(), 200);
}

}  // namespace
}  // namespace caponier::e2e
