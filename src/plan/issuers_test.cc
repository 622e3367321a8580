#include "plan/issuers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/test_compile.h"

namespace caponier::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string with_scheme(std::string_view scheme) {
  return "openapi: 3.0.3\ninfo: {title: T, version: '1'}\nservers: [{url: 'https://a.example'}]\n"
         "paths:\n  /a:\n    get: {security: [{s: []}], responses: {'200': {description: ok}}}\n"
         "components:\n  securitySchemes:\n    s: " +
         std::string(scheme) + "\n";
}

const Issuer* issuer_of(const Compiled& compiled) {
  return compiled.plan == nullptr || compiled.plan->issuers.empty() ? nullptr : &compiled.plan->issuers[0];
}

TEST(Issuers, come_from_scheme_alias_discovery_binding_or_the_only_one_configured) {
  struct Case {
    const char* scheme;
    const char* config;
    const char* issuer;
    KeySource source;
    const char* keys;
  };
  const Case cases[] = {
      {"{type: http, scheme: bearer, x-caponier: {issuer: 'https://i.example/', audiences: [api]}}", "",
       "https://i.example/", KeySource::kDiscovery, "https://i.example/.well-known/openid-configuration"},
      {"{type: http, scheme: bearer, x-caponier: {issuer: 'https://i.example', jwks_uri: "
       "'https://k.example/keys', audiences: api}}",
       "", "https://i.example", KeySource::kUrl, "https://k.example/keys"},
      {"{type: http, scheme: bearer, x-caponier: {issuer: me, jwks_file: keys.json, audiences: [api]}}", "",
       "me", KeySource::kFile, "keys.json"},
      {"{type: oauth2, flows: {}, x-google-issuer: 'https://g.example', x-google-jwks_uri: "
       "'https://g.example/k', x-google-audiences: 'api, other'}",
       "", "https://g.example", KeySource::kUrl, "https://g.example/k"},
      {"{type: openIdConnect, openIdConnectUrl: 'https://o.example/r/.well-known/openid-configuration', "
       "x-caponier: {audiences: [api]}}",
       "", "https://o.example/r", KeySource::kDiscovery,
       "https://o.example/r/.well-known/openid-configuration"},
      {"{type: http, scheme: bearer}",
       "issuers: [{issuer: 'https://c.example', audiences: [api], jwks_file: k.json}]\n", "https://c.example",
       KeySource::kFile, "k.json"},
      {"{type: http, scheme: bearer, x-caponier: {issuer: 'https://i.example', audiences: [api]}}",
       "issuers: [{issuer: 'https://c.example', audiences: [api]}, {issuer: 'https://d.example', audiences: "
       "[api]}]\n"
       "security_schemes: {s: {issuer: 'https://d.example'}}\n",
       "https://d.example", KeySource::kDiscovery, "https://d.example/.well-known/openid-configuration"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.issuer);
    const Compiled compiled = compile({with_scheme(c.scheme), std::string(kUpstream) + c.config});
    const Issuer* issuer = issuer_of(compiled);
    ASSERT_NE(issuer, nullptr) << compiled.errors();
    EXPECT_EQ(issuer->rules.issuer, c.issuer);
    EXPECT_EQ(issuer->source, c.source);
    EXPECT_EQ(issuer->source == KeySource::kFile ? issuer->keys_file : issuer->keys_url.text(), c.keys);
    EXPECT_EQ(issuer->rules.audiences.front(), "api");
  }
}

TEST(Issuers, an_unknown_issuer_stops_the_load_and_says_which_lines_to_add) {
  const Compiled none = compile({with_scheme("{type: http, scheme: bearer}")});
  EXPECT_EQ(none.plan, nullptr);
  EXPECT_EQ(none.errors(),
            "api.yaml:9:5: error: no issuer is known for security scheme \"s\", so that no token could be "
            "verified; needed by "
            "GET /a [issuer-unknown] (at /components/securitySchemes/s)\n"
            "  fix: add to caponier.yaml: issuers: [{issuer: \"https://your-issuer\", audiences: "
            "[\"https://your-api\"]}]; or to "
            "the security scheme: \"x-caponier\": {\"issuer\": \"https://your-issuer\", \"audiences\": "
            "[\"https://your-api\"]}; or "
            "run with --dev to accept tokens of the local development issuer\n");
  const Compiled two =
      compile({with_scheme("{type: http, scheme: bearer}"),
               std::string(kUpstream) + "issuers: [{issuer: 'https://a.example', audiences: [x]}, {issuer: "
                                        "'https://b.example', audiences: [x]}]\n"});
  EXPECT_THAT(two.errors(), HasSubstr("security_schemes: {s: {issuer: \"https://a.example\"}}"));
  const Compiled odd =
      compile({with_scheme("{type: openIdConnect, openIdConnectUrl: 'https://o.example/configuration'}")});
  EXPECT_THAT(odd.errors(), HasSubstr("[issuer-unknown]"));
}

TEST(Issuers, an_audience_is_demanded_unless_any_is_meant) {
  const Compiled none =
      compile({with_scheme("{type: http, scheme: bearer, x-caponier: {issuer: 'https://i.example'}}")});
  EXPECT_EQ(none.plan, nullptr);
  EXPECT_THAT(none.errors(), HasSubstr("no audience is known for issuer \"https://i.example\""));
  EXPECT_THAT(
      none.errors(),
      HasSubstr(
          "\"x-caponier\": {\"issuer\": \"https://i.example\", \"audiences\": [\"https://your-api\"]}"));
  for (const CompileCase& c :
       {CompileCase{with_scheme(
            "{type: http, scheme: bearer, x-caponier: {issuer: 'https://i.example', audiences: any}}")},
        CompileCase{with_scheme("{type: http, scheme: bearer}"),
                    std::string(kUpstream) + "issuers: [{issuer: 'https://i.example', audiences: any}]\n"}}) {
    const Compiled any = compile(c);
    ASSERT_NE(any.plan, nullptr) << any.errors();
    EXPECT_TRUE(any.plan->issuers[0].rules.audiences.empty());
    EXPECT_THAT(any.findings(), HasSubstr("[audience-any]"));
  }
}

TEST(Issuers, the_development_issuer_comes_in_addition_and_only_with_dev) {
  const Compiled alone = compile({with_scheme("{type: http, scheme: bearer}"), std::string(kUpstream), true});
  ASSERT_NE(alone.plan, nullptr) << alone.errors();
  ASSERT_EQ(alone.plan->issuers.size(), 1U);
  EXPECT_EQ(alone.plan->issuers[0].source, KeySource::kDevelopment);
  EXPECT_EQ(alone.plan->issuers[0].rules.issuer, "urn:caponier:dev:test");
  EXPECT_THAT(alone.plan->issuers[0].rules.audiences, ElementsAre("caponier-dev"));
  EXPECT_THAT(alone.findings(), HasSubstr("[dev-mode]"));
  EXPECT_FALSE(alone.plan->hsts);

  const Compiled both = compile(
      {with_scheme("{type: http, scheme: bearer, x-caponier: {issuer: 'https://i.example', audiences: [a]}}"),
       std::string(kUpstream), true});
  ASSERT_NE(both.plan, nullptr) << both.errors();
  EXPECT_THAT(both.plan->schemes[0].as<BearerRule>()->issuers, ElementsAre(0U, 1U));

  const Compiled without_audience =
      compile({with_scheme("{type: http, scheme: bearer, x-caponier: {issuer: 'https://i.example'}}"),
               std::string(kUpstream), true});
  ASSERT_NE(without_audience.plan, nullptr) << without_audience.errors();
  EXPECT_EQ(without_audience.plan->issuers.size(), 1U);
  EXPECT_THAT(without_audience.findings(),
              HasSubstr("issuer \"https://i.example\" is not accepted, because no audience is known for it"));
}

TEST(Issuers, keys_do_not_come_over_plain_http_from_elsewhere) {
  const auto errors = [](const char* uri) {
    return compile({with_scheme(
                       "{type: http, scheme: bearer, x-caponier: {issuer: me, audiences: [a], jwks_uri: '" +
                       std::string(uri) + "'}}")})
        .errors();
  };
  EXPECT_THAT(errors("http://k.example/keys"), HasSubstr("keys fetched over plain HTTP"));
  EXPECT_THAT(errors("http://127.0.0.1.example/keys"), HasSubstr("keys fetched over plain HTTP"));
  EXPECT_THAT(errors("ftp://k.example/keys"), HasSubstr("[bad-key-location]"));
  EXPECT_EQ(errors("http://127.0.0.1:8080/keys"), "");
  EXPECT_EQ(errors("https://k.example/keys"), "");
}

TEST(Issuers, an_issuer_that_cannot_be_discovered_is_told_so) {
  const Compiled compiled =
      compile({with_scheme("{type: http, scheme: bearer, x-caponier: {issuer: me, audiences: [a]}}")});
  EXPECT_THAT(compiled.errors(), HasSubstr("give the issuer a jwks_uri (https) or a jwks_file"));
}

TEST(Issuers, rules_of_the_scheme_hold) {
  const Compiled compiled =
      compile({with_scheme("{type: http, scheme: bearer, x-caponier: {issuer: 'https://i.example', "
                           "audiences: [a], algorithms: [ES256], leeway: 5s, token_lifetime_max: 1h}}")});
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  const jose::TokenRules& rules = compiled.plan->issuers[0].rules;
  EXPECT_TRUE(rules.algorithms.has(jose::Algorithm::kES256));
  EXPECT_FALSE(rules.algorithms.has(jose::Algorithm::kRS256));
  EXPECT_EQ(rules.leeway_s, 5);
  EXPECT_EQ(rules.lifetime_max_s, 3600);
  struct Case {
    const char* member;
    const char* error;
  };
  const Case cases[] = {
      {"algorithms: [HS256]", "\"HS256\" is no algorithm that is accepted"},
      {"algorithms: [none]", "\"none\" is no algorithm that is accepted"},
      {"leeway: 300s", ""},
      {"leeway: 301s", "[bad-duration]"},
      {"token_lifetime_max: 366d", ""},
      {"token_lifetime_max: 367d", "[bad-duration]"},
      {"audience: [a]", "did you mean \"audiences\"?"},
      {"owner: {claim: sub, parameter: id}", "\"owner\" belongs to an operation"},
  };
  for (const Case& c : cases) {
    const std::string errors =
        compile(
            {with_scheme(
                "{type: http, scheme: bearer, x-caponier: {issuer: 'https://i.example', audiences: [a], " +
                std::string(c.member) + "}}")})
            .errors();
    EXPECT_THAT(errors, *c.error == '\0' ? testing::Matcher<std::string>(testing::IsEmpty())
                                         : testing::Matcher<std::string>(HasSubstr(c.error)))
        << c.member;
  }
}

TEST(ApiKeys, stand_in_a_header_or_a_cookie_and_need_no_configuration) {
  const Compiled header = compile({with_scheme("{type: apiKey, in: header, name: X-Key}")});
  ASSERT_NE(header.plan, nullptr) << header.errors();
  ASSERT_NE(header.plan->schemes[0].as<ApiKeyRule>(), nullptr);
  EXPECT_EQ(header.plan->schemes[0].place.in, CredentialIn::kHeader);
  EXPECT_EQ(header.plan->schemes[0].place.name, "x-key");
  EXPECT_TRUE(header.plan->has_credential(CredentialIn::kHeader, "X-KEY"));
  EXPECT_FALSE(header.plan->has_credential(CredentialIn::kCookie, "x-key"));
  const Compiled cookie = compile({with_scheme("{type: apiKey, in: cookie, name: Key}")});
  ASSERT_NE(cookie.plan, nullptr) << cookie.errors();
  EXPECT_EQ(cookie.plan->schemes[0].place.in, CredentialIn::kCookie);
  EXPECT_TRUE(cookie.plan->has_credential(CredentialIn::kCookie, "Key"));
  EXPECT_FALSE(cookie.plan->has_credential(CredentialIn::kCookie, "key"));
  const Compiled issuer = compile({with_scheme("{type: apiKey, in: header, name: X-Key}"),
                                   std::string(kUpstream) + "security_schemes: {s: {issuer: me}}\n"});
  EXPECT_THAT(issuer.errors(), HasSubstr("is an API key and has neither issuer nor certificate"));
}

TEST(ApiKeys, stand_in_the_query_only_where_the_document_insists) {
  const Compiled refused = compile({with_scheme("{type: apiKey, in: query, name: key}")});
  EXPECT_EQ(refused.plan, nullptr);
  EXPECT_THAT(refused.errors(), HasSubstr("[key-in-query]"));
  const Compiled unfounded =
      compile({with_scheme("{type: apiKey, in: query, name: key, x-caponier: {allow_in_query: {}}}")});
  EXPECT_THAT(unfounded.errors(), HasSubstr("\"allow_in_query\" needs a reason"));
  const Compiled allowed = compile({with_scheme(
      "{type: apiKey, in: query, name: key, x-caponier: {allow_in_query: {reason: old devices}}}")});
  ASSERT_NE(allowed.plan, nullptr) << allowed.errors();
  EXPECT_THAT(allowed.findings(),
              HasSubstr("come in the query, where whoever logs a URL keeps them: old devices"));
  EXPECT_TRUE(allowed.plan->has_credential(CredentialIn::kQuery, "key"));
  const Compiled elsewhere = compile({with_scheme(
      "{type: apiKey, in: header, name: key, x-caponier: {allow_in_query: {reason: old devices}}}")});
  EXPECT_THAT(elsewhere.errors(), HasSubstr("has allow_in_query, and its key is not in the query"));
}

TEST(Loopback, is_judged_by_every_octet) {
  for (const char* host : {"localhost", "127.0.0.1", "127.255.255.255", "::1", "[::1]"})
    EXPECT_TRUE(is_loopback(host)) << host;
  for (const char* host : {"", "127.0.0", "127.0.0.1.example", "127.0.0.256", "127..0.1", "128.0.0.1",
                           "localhost.example", "::2", "127.0.0.1."}) {
    EXPECT_FALSE(is_loopback(host)) << host;
  }
}

TEST(Beside, names_are_taken_from_the_folder_of_the_file_that_holds_them) {
  EXPECT_EQ(beside("dir/api.yaml", "keys.json"), "dir/keys.json");
  EXPECT_EQ(beside("api.yaml", "keys.json"), "keys.json");
  EXPECT_EQ(beside("dir/api.yaml", "/etc/keys.json"), "/etc/keys.json");
}

}  // namespace
}  // namespace caponier::plan
