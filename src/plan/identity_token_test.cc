#include "plan/identity_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/test_compile.h"

namespace caponier::plan {
namespace {

using testing::HasSubstr;

constexpr const char* kPaths =
    "  /orders/{id}:\n    get:\n      operationId: getOrder\n      security: [{bearer: []}]\n      "
    "parameters: "
    "[{name: id, in: path, required: true, schema: {type: string}}]\n      responses: {'200': {description: "
    "ok}}\n";

Compiled compiled(const std::string& config, const std::string& paths = kPaths) {
  return compile({document(paths), config});
}

TEST(IdentityTokenPlan, holds_who_says_what_to_whom) {
  const Compiled out = compiled(
      "identity_token: {issuer: 'https://gateway.internal'}\n"
      "upstream: {url: 'http://127.0.0.1:9000', identity_token: true}\n"
      "upstreams:\n"
      "  billing: {url: 'http://127.0.0.1:9001', identity_token: {audience: \"b\\\"x\", authorization: "
      "replace}}\n"
      "  other: {url: 'http://127.0.0.1:9002'}\n"
      "  named: {url: 'http://127.0.0.1:9003', identity_token: true}\n");
  ASSERT_NE(out.plan, nullptr) << out.errors();
  EXPECT_EQ(out.plan->upstreams[0].identity.claims, R"({"iss":"https://gateway.internal","aud":"default")");
  EXPECT_EQ(out.plan->upstreams[1].identity.claims, R"({"iss":"https://gateway.internal","aud":"b\"x")");
  EXPECT_EQ(out.plan->upstreams[1].identity.authorization, config::AuthorizationHeader::kReplace);
  EXPECT_FALSE(out.plan->upstreams[2].identity.told);
  EXPECT_EQ(out.plan->upstreams[3].identity.audience, "named");
  EXPECT_EQ(out.plan->identity_token->lifetime_s, 60);
  EXPECT_EQ(out.plan->identity_token->where.text, "caponier.yaml:1:17");
}

struct Refusal {
  const char* token;  // more of `identity_token`, behind the issuer; null: none at all
  const char* upstream;
  const char* says;
};

class IdentityTokenRefusals : public testing::TestWithParam<Refusal> {};

TEST_P(IdentityTokenRefusals, are_told_with_their_place) {
  const Refusal& refusal = GetParam();
  std::string config = "upstream: {url: 'http://127.0.0.1:9000'" + std::string(refusal.upstream) + "}\n";
  config +=
      "listeners: [{listen: 'http://127.0.0.1:8080'}, {listen: 'http://127.0.0.1:9901', surface: admin}]\n";
  if (refusal.token != nullptr)
    config += "identity_token: {issuer: 'https://gateway.internal'" + std::string(refusal.token) + "}\n";
  const Compiled out = compiled(config);
  EXPECT_EQ(out.plan, nullptr);
  EXPECT_THAT(out.errors(), HasSubstr(refusal.says));
  EXPECT_THAT(out.errors(), testing::StartsWith("caponier.yaml:"));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, IdentityTokenRefusals,
    testing::Values(
        Refusal{nullptr, ", identity_token: true", "[identity-token-unknown]"},
        Refusal{", jwks_path: /orders/7", ", identity_token: true", "GET /orders/{id}, api.yaml:"},
        Refusal{", jwks_path: '/a/../b'", "", "[bad-jwks-path]"},
        Refusal{", jwks_path: 'keys'", "", "[bad-jwks-path]"},
        Refusal{", jwks_path: '/a?b'", "", "[bad-jwks-path]"},
        Refusal{", published_on: [publik]", "", "did you mean \"public\"?"},
        Refusal{", published_on: [admin]", "", "[listener-serves-nothing]"},
        Refusal{", published_on: []", "", "[invalid-value]"},
        Refusal{", lifetime: 61s", "", "[out-of-range]"}, Refusal{", lifetime: 4s", "", "[out-of-range]"},
        Refusal{", algorithm: HS256", "", "by which the gateway signs"},
        Refusal{", key: 'env://K', algorithm: ES256", "", "`key` names one"},
        Refusal{", key: 'env://K', rotate_every: 1d", "", "`key` names one"},
        Refusal{", next_key: 'env://K'", "", "[missing-key]"},
        Refusal{", key: 'MIIEvQIBADANBg'", "", "[literal-secret]"},
        Refusal{"", ", identity_token: {authorization: remove}", "keep, replace or replace_opaque"},
        Refusal{"", ", identity_token: {audiences: x}", "\"audience\""},
        Refusal{"", ", identity_token: 'yes'", "[wrong-type]"}));

TEST(IdentityTokenPlan, an_issuer_of_callers_tokens_cannot_be_the_gateway) {
  const Compiled out = compiled(
      "upstream: {url: 'http://127.0.0.1:9000', identity_token: true}\n"
      "identity_token: {issuer: 'https://issuer.example'}\n");
  EXPECT_THAT(out.errors(), HasSubstr("[identity-token-issuer]"));
}

TEST(IdentityTokenPlan, what_is_slow_or_for_nobody_is_found) {
  const Compiled out = compiled(
      "upstream: 'http://127.0.0.1:9000'\nidentity_token: {issuer: 'https://g.internal', algorithm: "
      "RS256}\n");
  ASSERT_NE(out.plan, nullptr) << out.errors();
  EXPECT_THAT(out.findings(), HasSubstr("[identity-token-slow]"));
  EXPECT_THAT(out.findings(), HasSubstr("[identity-token-unused]"));
}

}  // namespace
}  // namespace caponier::plan
