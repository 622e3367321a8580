#include "plan/schemes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/test_compile.h"

namespace caponier::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A document of OpenAPI 3.1 with one operation, GET /a, that demands `security`, and the scheme `s`.
std::string demanding(std::string_view security, std::string_view scheme, std::string_view members = "") {
  return "openapi: 3.1.0\ninfo: {title: Test, version: '1'}\n"
         "paths:\n  /a:\n    get:\n      security: " +
         std::string(security) + "\n" +
         (members.empty() ? "" : "      x-caponier: " + std::string(members) + "\n") +
         "      responses: {'200': {description: ok}}\n"
         "components:\n  securitySchemes:\n    s: " +
         std::string(scheme) +
         "\n    token: {type: http, scheme: bearer, x-caponier: {issuer: 'https://i.example', audiences: "
         "[a]}}\n"
         "    key: {type: http, scheme: dpop, x-caponier: {issuer: 'https://i.example', audiences: [a]}}\n";
}

constexpr std::string_view kAsking =
    "listeners: [{listen: 'https://127.0.0.1:1', client_certificates: {mode: optional, ca: c.pem}}]\n";
const std::string kCertificates = std::string(kUpstream) + std::string(kAsking);

TEST(ClientCertificates, need_a_listener_that_asks_for_them) {
  const std::string contract = demanding("[{s: []}]", "{type: mutualTLS}");
  EXPECT_THAT(compile({contract}).errors(), HasSubstr("and no listener asks for one; needed by GET /a "
                                                      "[client-certificates-unasked]"));
  const Compiled asked = compile({contract, kCertificates});
  ASSERT_NE(asked.plan, nullptr) << asked.errors();
  ASSERT_NE(asked.plan->schemes[0].as<ClientCertificateRule>(), nullptr);
  EXPECT_EQ(asked.plan->schemes[0].place.in, CredentialIn::kConnection);
}

TEST(ClientCertificates, are_bound_by_their_names) {
  const Compiled bound = compile(
      {demanding("[{s: []}]", "{type: mutualTLS}"),
       kCertificates + "security_schemes: {s: {client_certificate: {identity: dns, allow: [a.b]}}}\n"});
  ASSERT_NE(bound.plan, nullptr) << bound.errors();
  const auto& rule = *bound.plan->schemes[0].as<ClientCertificateRule>();
  EXPECT_EQ(rule.identity, CertificateName::kDns);
  EXPECT_THAT(rule.allow, ElementsAre("a.b"));
}

TEST(ClientCertificates, can_be_a_scheme_of_the_configuration_alone) {
  const Compiled compiled = compile(
      {"openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths: {/a: {get: {responses: {'200': {description: "
       "ok}}}}}\n",
       kCertificates +
           "security_schemes: {peers: {client_certificate: {}}}\ndefaults: {security: [{peers: []}]}\n"});
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  EXPECT_NE(compiled.plan->schemes[0].as<ClientCertificateRule>(), nullptr);
}

TEST(Scopes, that_nobody_can_be_granted_do_not_load) {
  EXPECT_THAT(
      compile({demanding("[{s: ['two words']}]", "{type: apiKey, in: header, name: X-Key}"), kCertificates})
          .errors(),
      HasSubstr("is no scope (RFC 6749, section 3.3), so that nobody could ever call [scope-malformed]"));
}

TEST(ClientCertificates, carry_no_scopes_and_have_no_issuer) {
  EXPECT_THAT(compile({demanding("[{s: [read]}]", "{type: mutualTLS}"), kCertificates}).errors(),
              HasSubstr("which carry no scopes, so that nobody could ever call [scopes-without-credential]"));
  EXPECT_THAT(compile({demanding("[{s: []}]", "{type: mutualTLS}"),
                       kCertificates + "security_schemes: {s: {issuer: me}}\n"})
                  .errors(),
              HasSubstr("which have neither issuer nor file here"));
  EXPECT_THAT(compile({demanding("[{s: []}]", "{type: http, scheme: bearer}"),
                       kCertificates + "security_schemes: {s: {client_certificate: {}}}\n"})
                  .errors(),
              HasSubstr("is not one of client certificates"));
}

TEST(Tokens, are_sent_with_the_word_that_the_document_declares) {
  const Compiled compiled = compile({demanding("[{token: []}, {key: []}]", "{type: http, scheme: bearer}")});
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  EXPECT_THAT(compiled.plan->schemes[0].place.words, ElementsAre("dpop", "bearer"));
  EXPECT_THAT(compiled.plan->schemes[1].place.words, ElementsAre("dpop"));
  EXPECT_TRUE(compiled.plan->schemes[0].place.meets(compiled.plan->schemes[1].place));
}

TEST(Tokens, binding_is_the_issuers_and_a_nonce_needs_proofs) {
  const auto with = [](std::string_view members) {
    return compile({demanding("[{s: []}]", "{type: http, scheme: bearer}"),
                    std::string(kUpstream) +
                        "issuers: [{issuer: 'https://i.example', audiences: [a], jwks_file: k, " +
                        std::string(members) + "}]\n"});
  };
  const Compiled bound = with("bound_tokens: dpop, dpop_nonce: true");
  ASSERT_NE(bound.plan, nullptr) << bound.errors();
  EXPECT_EQ(bound.plan->issuers[0].binding, TokenBinding::kDpop);
  EXPECT_TRUE(bound.plan->issuers[0].dpop_nonce);
  EXPECT_THAT(with("bound_tokens: certificate, dpop_nonce: true").errors(),
              HasSubstr("[contradictory-binding]"));
  EXPECT_THAT(with("bound_tokens: dpopp").errors(), HasSubstr("Did you mean \"dpop\"?"));
}

TEST(StepUp, needs_tokens_in_every_alternative) {
  const auto with = [](std::string_view security, std::string_view members, std::string_view config = "") {
    return compile({demanding(security, "{type: mutualTLS}", members), kCertificates + std::string(config)});
  };
  const Compiled good = with("[{token: []}]", "{step_up: {acr: [gold], amr: mfa, max_age: 15m}}");
  ASSERT_NE(good.plan, nullptr) << good.errors();
  const auto& step_up = good.plan->operations[0].step_up;
  ASSERT_TRUE(step_up);
  EXPECT_THAT(step_up->classes, ElementsAre("gold"));
  EXPECT_THAT(step_up->methods, ElementsAre("mfa"));
  EXPECT_EQ(step_up->age_max_s, 900);
  EXPECT_THAT(with("[{token: []}, {s: []}]", "{step_up: {amr: mfa}}").errors(),
              HasSubstr("[step-up-without-token]"));
  EXPECT_THAT(with("[{token: []}]", "{step_up: {amr: [sms]}}").findings(), HasSubstr("[telephone-factor]"));
  // Inherited, it holds where somebody logs in, and says nothing of others.
  const Compiled inherited = with("[{s: []}]", "", "defaults: {step_up: {amr: mfa}}\n");
  ASSERT_NE(inherited.plan, nullptr) << inherited.errors();
  EXPECT_FALSE(inherited.plan->operations[0].step_up);
}

TEST(StepUp, parts_are_inherited_and_an_age_only_shortens) {
  const Compiled compiled =
      compile({demanding("[{token: []}]", "{type: mutualTLS}", "{step_up: {acr: [gold]}}"),
               kCertificates + "defaults: {step_up: {acr: [silver], max_age: 1h}}\n"});
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  const auto& step_up = compiled.plan->operations[0].step_up;
  ASSERT_TRUE(step_up);
  EXPECT_THAT(step_up->classes, ElementsAre("gold"));
  EXPECT_EQ(step_up->age_max_s, 3600);
}

}  // namespace
}  // namespace caponier::plan
