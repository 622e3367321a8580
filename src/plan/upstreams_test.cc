#include "plan/upstreams.h"

#include <gtest/gtest.h>

#include "plan/test_compile.h"

namespace caponier::plan {
namespace {

Compiled compile_with(const std::string& member, const std::string& config = {}) {
  CompileCase c;
  c.contract = document(
      "  /v1/orders:\n    get:\n      operationId: listOrders\n      security: [{bearer: []}]\n"
      "      x-caponier: {upstream: " +
      member + "}\n      responses: {'200': {description: ok}}\n");
  c.config +=
      "upstreams: {billing: 'http://127.0.0.1:9100', search: ['http://127.0.0.1:1', "
      "'http://127.0.0.1:2']}\n" +
      config;
  return compile(c);
}

TEST(Upstreams, an_operation_goes_where_it_says) {
  const Compiled compiled = compile_with("{name: search, rewrite: {prefix: /v1, with: /}, timeout: 5s}");
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  const Plan& plan = *compiled.plan;
  ASSERT_EQ(plan.upstreams.size(), 3U);
  EXPECT_EQ(plan.upstreams[2].name, "search");
  EXPECT_EQ(plan.upstreams[2].endpoints.size(), 2U);
  EXPECT_EQ(plan.upstreams[2].authority, "127.0.0.1:1");
  const Operation& operation = plan.operations.at(0);
  EXPECT_EQ(operation.upstream, 2U);
  EXPECT_TRUE(operation.rewrite.active);
  EXPECT_EQ(operation.rewrite.prefix, "/v1");
  EXPECT_EQ(operation.rewrite.with, "");
  EXPECT_EQ(operation.first_byte_ms, 5000);
  ASSERT_EQ(operation.provenance.size(), 1U);
  EXPECT_EQ(operation.provenance[0], "upstream search, /v1 becomes /, answers within 5000ms: api.yaml:9:20");
}

TEST(Upstreams, a_websocket_needs_one_that_takes_http_1) {
  const auto compile_feed = [](const std::string& protocol, const std::string& name) {
    CompileCase c;
    c.contract = document(
        "  /feed:\n    get:\n      operationId: openFeed\n      security: [{bearer: []}]\n"
        "      x-caponier: {upstream: " +
        name + "}\n      responses: {'101': {description: a feed}}\n");
    c.config += "upstreams: {feeds: {url: 'http://127.0.0.1:9100', protocol: " + protocol + "}}\n";
    return compile(c);
  };
  EXPECT_NE(compile_feed("auto", "feeds").plan, nullptr);
  EXPECT_NE(compile_feed("http2", "default").plan, nullptr);
  const std::string errors = compile_feed("http2", "feeds").errors();
  EXPECT_NE(errors.find("api.yaml:9:30: error: "), std::string::npos) << errors;
  EXPECT_NE(errors.find("[websocket-upstream]"), std::string::npos) << errors;
}

TEST(Upstreams, the_closest_word_wins_for_each_part) {
  const Compiled compiled =
      compile_with("{timeout: 5s}", "defaults: {upstream: {name: billing, timeout: 9s}}\n");
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  EXPECT_EQ(compiled.plan->operations.at(0).upstream, 1U);
  EXPECT_EQ(compiled.plan->operations.at(0).first_byte_ms, 5000);
  EXPECT_EQ(compile_with("billing").plan->operations.at(0).upstream, 1U) << "a name alone";
  EXPECT_EQ(compile_with("default", "defaults: {upstream: billing}\n").plan->operations.at(0).upstream, 0U)
      << "back from what others say";
}

TEST(Upstreams, what_cannot_be_done_is_an_error_in_its_place) {
  const struct {
    const char* member;
    const char* says;
  } kCases[] = {
      {"biling", "did you mean \"billing\"?"},
      {"{name: nobody}", "[unknown-upstream]"},
      {"{nam: billing}", "did you mean \"name\"?"},
      {"{rewrite: {prefix: /v2, with: /}}", "[rewrite-unused]"},
      {"{rewrite: {prefix: /v1/ord, with: /}}", "[rewrite-unused]"},
      {"{rewrite: {prefix: /v1}}", "[bad-rewrite]"},
      {"{rewrite: {prefix: /v1, with: /../x}}", "[bad-rewrite]"},
      {"{rewrite: {prefix: /v1, with: '/a%2fb'}}", "[bad-rewrite]"},
      {"{rewrite: {prefix: /v1, with: '//evil'}}", "[bad-rewrite]"},
      {"{timeout: 5}", "[bad-duration]"},
      {"{timeout: 121s}", "[bad-timeout]"},
      {"7", "[wrong-type]"},
  };
  for (const auto& c : kCases) {
    const Compiled compiled = compile_with(c.member);
    EXPECT_EQ(compiled.plan, nullptr) << c.member;
    EXPECT_NE(compiled.errors().find(c.says), std::string::npos) << c.member << '\n' << compiled.errors();
    EXPECT_NE(compiled.errors().find("api.yaml:9:"), std::string::npos) << compiled.errors();
  }
}

TEST(Upstreams, an_endpoint_named_twice_is_an_error) {
  CompileCase c;
  c.contract =
      document("  /a:\n    get: {security: [{bearer: []}], responses: {'200': {description: ok}}}\n");
  c.config = "upstream: ['http://127.0.0.1:1', 'http://127.0.0.1:1']\n";
  EXPECT_NE(compile(c).errors().find("[duplicate-endpoint]"), std::string::npos);
}

}  // namespace
}  // namespace caponier::plan
