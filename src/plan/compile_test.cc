#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/test_compile.h"

namespace caponier::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kOne =
    "  /a:\n    get: {operationId: getA, security: [{bearer: []}], responses: {'200': {description: ok}}}\n";

RouteMatch match(const Compiled& compiled, std::vector<std::string_view> segments) {
  return compiled.plan->router.match(segments, http::Method::kGet);
}

TEST(Plan, holds_what_the_document_and_the_configuration_say) {
  const Compiled compiled =
      compile({document(kOne),
               "upstream: {url: 'https://backend.example:9443', ca_file: ca.pem, server_name: inner}\n"});
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  const Plan& plan = *compiled.plan;
  EXPECT_EQ(plan.title, "Test");
  EXPECT_EQ(plan.source, "api.yaml");
  EXPECT_EQ(plan.operations[0].id, "getA");
  EXPECT_EQ(plan.operations[0].label, "GET /a");
  EXPECT_EQ(plan.operations[0].where.text, "api.yaml:6:5");
  EXPECT_EQ(plan.upstreams[0].url.text(), "https://backend.example:9443/");
  EXPECT_EQ(plan.upstreams[0].authority, "backend.example:9443");
  EXPECT_EQ(plan.upstreams[0].ca_file, "ca.pem");
  EXPECT_EQ(plan.upstreams[0].server_name, "inner");
  EXPECT_THAT(plan.hosts, ElementsAre("api.example.com"));
  EXPECT_TRUE(plan.hsts);
  EXPECT_FALSE(plan.dev);
  EXPECT_EQ(compiled.findings(), "");
}

TEST(Plan, an_operation_is_reached_under_every_base_path) {
  std::string text = document(kOne);
  text.replace(text.find("[{url"), text.find("}]") + 2 - text.find("[{url"),
               "[{url: 'https://api.example.com/v1'}, {url: /v2}]");
  const Compiled compiled = compile({text});
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  EXPECT_EQ(match(compiled, {"v1", "a"}).operation, 0U);
  EXPECT_EQ(match(compiled, {"v2", "a"}).operation, 0U);
  EXPECT_FALSE(match(compiled, {"a"}).path_found);
}

TEST(Plan, two_operations_of_one_shape_are_an_error_that_names_both) {
  const std::string get = "    get: {security: [{bearer: []}], responses: {'200': {description: ok}}}\n";
  const Compiled compiled = compile({document(
      "  /a/{x}:\n    parameters: [{name: x, in: path, required: true, schema: {type: string}}]\n" + get +
      "  /a/{y}:\n    parameters: [{name: y, in: path, required: true, schema: {type: string}}]\n" + get)});
  EXPECT_THAT(compiled.errors(),
              HasSubstr("api.yaml:10:5: error: \"/a/{y}\" cannot be served: another operation has the same "
                        "method and a path of the same shape: GET /a/{x} (api.yaml:7:5) [bad-path]"));
}

TEST(Plan, accepted_hosts_are_those_of_configuration_loopback_or_document) {
  const std::string hosts = std::string(kUpstream) + "hosts: [API.Example.org, '[::1]']\n";
  EXPECT_THAT(compile({document(kOne), hosts}).plan->hosts, ElementsAre("api.example.org", "::1"));
  EXPECT_THAT(compile({document(kOne), std::string(kUpstream), true}).plan->hosts,
              ElementsAre("localhost", "127.0.0.1", "[::1]"));
  std::string text = document(kOne);
  text.replace(text.find("servers"), text.find("}]") + 3 - text.find("servers"), "");
  const Compiled any = compile({text});
  ASSERT_NE(any.plan, nullptr) << any.errors();
  EXPECT_TRUE(any.plan->hosts.empty());
  EXPECT_THAT(any.findings(), HasSubstr("[hosts-any]"));
}

TEST(Plan, the_upstream_is_named_without_a_path_and_on_this_machine_in_development) {
  struct Case {
    const char* config;
    bool dev;
    const char* error;
    const char* finding;
  };
  const Case cases[] = {
      {"workers: 1\n", false, "[upstream-missing]", ""},
      {"upstream: http://127.0.0.1:9000/base\n", false, "[upstream-path]", ""},
      {"upstream: http://backend.example\n", true,
       "--dev proxies to this machine only, and the upstream is backend.example [dev-upstream]", ""},
      {"upstream: http://[::1]:9000\n", true, "", "[dev-mode]"},
      {"upstream: http://localhost:9000\n", false, "", ""},
      {"upstream: http://backend.example\n", false, "",
       "requests and their tokens go to backend.example over plain HTTP [upstream-plain]"},
      {"upstream: https://backend.example\n", false, "", ""},
  };
  for (const Case& c : cases) {
    const Compiled compiled = compile({document(kOne), c.config, c.dev});
    EXPECT_EQ(compiled.plan == nullptr, *c.error != '\0') << c.config << compiled.errors();
    EXPECT_THAT(compiled.errors(), HasSubstr(c.error)) << c.config;
    EXPECT_THAT(compiled.findings(), HasSubstr(c.finding)) << c.config;
  }
}

TEST(Plan, extensions_of_other_vendors_are_one_finding_per_name) {
  const std::string paths =
      "  /a:\n    get: {security: [{bearer: []}], x-amazon-apigateway-auth: {type: NONE}, x-logo: {a: 1}, "
      "responses: {'200': {description: ok}}}\n"
      "    put: {security: [{bearer: []}], x-amazon-apigateway-auth: {type: NONE}, x-google-quota: {}, "
      "responses: {'200': {description: ok}}}\n";
  const Compiled compiled = compile(
      {document(paths, "    g: {type: http, scheme: bearer, x-google-issuer: 'https://i.example'}\n")});
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  std::vector<std::string> texts;
  for (const Finding& finding : compiled.plan->findings)
    texts.push_back(finding.where.text + ' ' + finding.text);
  EXPECT_THAT(
      texts,
      ElementsAre(
          "api.yaml:6:37 \"x-amazon-apigateway-auth\" is seen and not enforced: it speaks to another product",
          "api.yaml:7:77 \"x-google-quota\" is seen and not enforced: it speaks to another product"));
}

TEST(Plan, nothing_exposed_is_an_error) {
  EXPECT_THAT(compile({document(kOne), std::string(kUpstream) + "defaults: {exposed: false}\n"}).errors(),
              HasSubstr("[nothing-to-serve]"));
}

TEST(Plan, a_schema_that_cannot_be_enforced_is_told_with_the_operation_that_needs_it) {
  const Compiled compiled =
      compile({document("  /a:\n    get:\n      security: [{bearer: []}]\n      parameters: [{name: p, in: "
                        "query, schema: {type: string, zebra: 1}}]\n"
                        "      responses: {'200': {description: ok}}\n")});
  EXPECT_EQ(compiled.plan, nullptr);
  EXPECT_THAT(compiled.errors(), HasSubstr("api.yaml:8:"));
  EXPECT_THAT(compiled.errors(), HasSubstr("GET /a)"));
}

TEST(Plan, unknown_policy_at_every_level_is_an_error_of_its_file) {
  const Compiled compiled = compile(
      {document("  /a:\n    x-caponier: {expose: true}\n    get: {security: [{bearer: []}], x-caponier: "
                "{ownr: 1}, responses: {'200': {description: ok}}}\n",
                "", "x-caponier: {rate_limt: {}}\n"),
       std::string(kUpstream) + "defaults: {body_bytes: 1}\noperations: [{path: '* /**', publik: 1}]\n"});
  for (const char* expected :
       {"api.yaml:4:14: error: \"rate_limt\"", "api.yaml:7:18: error: \"expose\"", "\"ownr\" is not a member",
        "caponier.yaml:2:12: error: \"body_bytes\"", "caponier.yaml:3:30: error: \"publik\""}) {
    EXPECT_THAT(compiled.errors(), HasSubstr(expected));
  }
}

}  // namespace
}  // namespace caponier::plan
