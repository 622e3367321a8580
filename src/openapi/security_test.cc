#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "openapi/test_document.h"

namespace caponier::openapi {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Loaded with_scheme(std::string_view scheme, std::string_view version = "3.1.0") {
  return load(
      document("  {}\n", "components: {securitySchemes: {s: {" + std::string(scheme) + "}}}\n", version));
}

TEST(Security, schemes_of_all_types_are_read) {
  struct Case {
    std::string_view text;
    SchemeType type;
  };
  const Case cases[] = {
      {"type: http, scheme: bearer, bearerFormat: JWT", SchemeType::kHttpBearer},
      {"type: http, scheme: BASIC", SchemeType::kHttpBasic},
      {"type: http, scheme: negotiate", SchemeType::kHttpOther},
      {"type: apiKey, in: header, name: X-Key", SchemeType::kApiKey},
      {"type: oauth2, flows: {clientCredentials: {tokenUrl: /t, scopes: {}}}", SchemeType::kOAuth2},
      {"type: openIdConnect, openIdConnectUrl: 'https://a.com/.well-known'", SchemeType::kOpenIdConnect},
      {"type: mutualTLS", SchemeType::kMutualTls},
  };
  for (const Case& c : cases) {
    Loaded loaded = with_scheme(c.text);
    EXPECT_THAT(loaded.places(), IsEmpty()) << loaded.text();
    ASSERT_EQ(loaded.contract->schemes.size(), 1U);
    EXPECT_EQ(loaded.contract->schemes[0].type, c.type) << c.text;
    EXPECT_EQ(loaded.contract->schemes[0].name, "s");
  }
  EXPECT_EQ(with_scheme(cases[5].text).contract->schemes[0].openid_connect_url, "https://a.com/.well-known");
  const auto cookie = with_scheme("type: apiKey, in: cookie, name: sid");
  EXPECT_EQ(cookie.contract->schemes[0].api_key_in, ParameterIn::kCookie);
  EXPECT_EQ(cookie.contract->schemes[0].api_key_name, "sid");
}

TEST(Security, incomplete_schemes_are_refused) {
  struct Case {
    std::string_view text;
    std::string_view code;
    std::string_view says;
  };
  const Case cases[] = {
      {"description: x", "missing-member", "\"type\""},
      {"type: https", "invalid-value", "Did you mean \"http\""},
      {"type: http", "missing-member", "\"scheme\""},
      {"type: apiKey, in: header", "missing-member", "\"name\""},
      {"type: apiKey, name: k", "missing-member", "\"in\""},
      {"type: apiKey, name: k, in: path", "invalid-value", "header, query or cookie"},
      {"type: apiKey, name: '', in: query", "invalid-value", "must not be empty"},
      {"type: oauth2", "missing-member", "\"flows\""},
      {"type: oauth2, flows: {implicit: {scopes: {}}}", "missing-member", "\"authorizationUrl\""},
      {"type: oauth2, flows: {password: {scopes: {}}}", "missing-member", "\"tokenUrl\""},
      {"type: oauth2, flows: {password: {tokenUrl: /t}}", "missing-member", "\"scopes\""},
      {"type: oauth2, flows: {pasword: {}}", "unknown-member", "Did you mean \"password\""},
      {"type: openIdConnect", "missing-member", "\"openIdConnectUrl\""},
      {"type: http, schema: bearer, scheme: bearer", "unknown-member", "Did you mean \"scheme\""},
  };
  for (const Case& c : cases) {
    const Loaded loaded = with_scheme(c.text);
    EXPECT_EQ(loaded.diagnostics.error_count(), 1U) << c.text << '\n' << loaded.text();
    EXPECT_TRUE(loaded.says(c.code, c.says)) << c.text << '\n' << loaded.text();
  }
  EXPECT_TRUE(with_scheme("type: mutualTLS", "3.0.0").says("invalid-value", "belongs to OpenAPI 3.1"));
}

constexpr std::string_view kSchemes =
    "components: {securitySchemes: {bearer: {type: http, scheme: bearer}, key: {type: apiKey, in: header, "
    "name: k}, "
    "oauth: {type: oauth2, flows: {password: {tokenUrl: /t, scopes: {read: r}}}}}}\n";

Loaded with_security(std::string_view security, std::string_view root = "") {
  const std::string member = security.empty() ? "" : "security: " + std::string(security) + ", ";
  return load(document("  /a:\n    get: {" + member + "responses: {default: {description: d}}}\n",
                       std::string(kSchemes) + std::string(root)));
}

// "bearer[read]&key|" for [{bearer: [read], key: []}, {}].
std::string shape_of(const Contract& contract) {
  std::string out;
  for (const SecurityAlternative& alternative : contract.operations.at(0).security) {
    if (&alternative != &contract.operations.at(0).security.front()) out += '|';
    for (const SecurityRequirement& one : alternative.all) {
      if (&one != &alternative.all.front()) out += '&';
      out += contract.schemes.at(one.scheme).name;
      for (const std::string& scope : one.scopes) out += '[' + scope + ']';
    }
  }
  return out;
}

TEST(Security, requirements_keep_and_or_and_nothing) {
  struct Case {
    std::string_view security;
    std::string_view root;
    std::string_view shape;
    std::size_t alternatives;
    bool declared;
  };
  const Case cases[] = {
      {"", "", "", 0, false},
      {"", "security: [{bearer: []}]\n", "bearer", 1, true},
      {"", "security: []\n", "", 0, true},
      {"[]", "security: [{bearer: []}]\n", "", 0, true},
      {"[{}]", "", "", 1, true},
      {"[{bearer: [a, b], key: []}, {}]", "", "bearer[a][b]&key|", 2, true},
      {"[{bearer: []}, {key: []}]", "", "bearer|key", 2, true},
      {"[{oauth: [read]}]", "security: [{key: []}]\n", "oauth[read]", 1, true},
  };
  for (const Case& c : cases) {
    Loaded loaded = with_security(c.security, c.root);
    EXPECT_THAT(loaded.places(), IsEmpty()) << loaded.text();
    EXPECT_EQ(shape_of(*loaded.contract), c.shape) << c.security;
    EXPECT_EQ(loaded.contract->operations.at(0).security.size(), c.alternatives) << c.security;
    EXPECT_EQ(loaded.contract->operations.at(0).security_declared, c.declared) << c.security;
  }
}

TEST(Security, a_requirement_that_cannot_be_read_never_becomes_one_that_asks_for_nothing) {
  struct Case {
    std::string_view security;
    std::string_view code;
    std::string_view says;
  };
  const Case cases[] = {
      {"[{barer: []}]", "undefined-scheme", "Did you mean \"bearer\""},
      {"[{nobody: []}]", "undefined-scheme", "securitySchemes"},
      {"[bearer]", "wrong-type", "a security requirement"},
      {"[{bearer: read}]", "wrong-type", "must be an array"},
      {"[{bearer: [1]}]", "wrong-type", "a scope"},
      {"{bearer: []}", "wrong-type", "\"security\" must be an array"},
  };
  for (const Case& c : cases) {
    const Loaded loaded = with_security(c.security);
    EXPECT_EQ(loaded.diagnostics.error_count(), 1U) << loaded.text();
    EXPECT_TRUE(loaded.says(c.code, c.says)) << loaded.text();
    for (const SecurityAlternative& alternative : loaded.contract->operations.at(0).security) {
      EXPECT_FALSE(alternative.all.empty()) << c.security;
    }
  }
}

TEST(Security, a_scope_that_the_scheme_does_not_list_is_a_finding) {
  const Loaded loaded = with_security("[{oauth: [raed]}]");
  EXPECT_FALSE(loaded.diagnostics.has_errors());
  EXPECT_TRUE(loaded.says("undeclared-scope", "\"raed\"")) << loaded.text();
  EXPECT_EQ(shape_of(*loaded.contract), "oauth[raed]");
}

}  // namespace
}  // namespace caponier::openapi
