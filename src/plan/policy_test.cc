#include "plan/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/test_compile.h"

namespace caponier::plan {
namespace {

using testing::HasSubstr;

// One operation with policy at every level that the case names.
struct Levels {
  std::string root;
  std::string defaults;
  std::string path;
  std::string operation;
  std::string config_operation;
};

Compiled compile_levels(const Levels& levels) {
  const auto x = [](std::string_view indent, const std::string& members) {
    return members.empty() ? std::string() : std::string(indent) + "x-caponier: {" + members + "}\n";
  };
  CompileCase c;
  c.contract =
      document("  /orders:\n" + x("    ", levels.path) +
                   "    post:\n      operationId: createOrder\n      security: [{bearer: []}]\n" +
                   x("      ", levels.operation) +
                   "      requestBody: {content: {application/json: {schema: {type: object, properties: {a: "
                   "{type: string}}}}}}\n"
                   "      responses: {'200': {description: ok}}\n",
               "", x("", levels.root));
  if (!levels.defaults.empty()) c.config += "defaults: {" + levels.defaults + "}\n";
  if (!levels.config_operation.empty()) {
    c.config += "operations: [{operation: createOrder, " + levels.config_operation + "}]\n";
  }
  return compile(c);
}

std::string limits_of(const Compiled& compiled) {
  std::string out;
  if (compiled.plan == nullptr) return compiled.errors();
  for (const RateLimit& limit : compiled.plan->operations.at(0).limits) {
    out += limit.name + ' ' + to_text(RateRule{limit.requests, limit.window_us, false, {}}) + '\n';
  }
  return out;
}

TEST(RateLimits, inheritance_only_tightens_and_the_operation_has_the_last_word) {
  struct Case {
    Levels levels;
    const char* limits;
    const char* finding;
  };
  const Case cases[] = {
      {{}, "per_address 1200/m\nper_credential 600/m\n", ""},
      {{.root = "rate_limit: {per_address: 2000/m}"}, "per_address 2000/m\nper_credential 600/m\n", ""},
      {{.root = "rate_limit: {per_address: 100/m}", .defaults = "rate_limit: {per_address: 200/m}"},
       "per_address 100/m\nper_credential 600/m\n",
       ""},
      {{.root = "rate_limit: {per_address: 100/m}", .defaults = "rate_limit: {per_address: 50/m}"},
       "per_address 50/m\nper_credential 600/m\n",
       ""},
      {{.root = "rate_limit: {per_address: 100/m}",
        .path = "rate_limit: {per_address: 300/m, per_operation: 5/s}"},
       "per_address 100/m\nper_credential 600/m\nper_operation 5/s\n",
       ""},
      {{.root = "rate_limit: {per_address: 100/m}", .operation = "rate_limit: {per_address: 300/m}"},
       "per_address 300/m\nper_credential 600/m\n",
       "rate_limit.per_address 300/m is looser than the inherited 100/m (api.yaml:4:40)"},
      {{.operation = "rate_limit: {per_address: 300/m}",
        .config_operation = "rate_limit: {per_address: {requests: 20, window: 90s}}"},
       "per_address 20/90s\nper_credential 600/m\n",
       ""},
      {{.operation = "rate_limit: {per_credential: {off: 'measured elsewhere'}}"},
       "per_address 1200/m\n",
       "there is no rate limit per_credential: measured elsewhere"},
      {{.root = "rate_limit: {per_address: 10/m}", .defaults = "rate_limit: {per_address: {off: r}}"},
       "per_address 10/m\nper_credential 600/m\n",
       ""},
  };
  for (const Case& c : cases) {
    const Compiled compiled = compile_levels(c.levels);
    EXPECT_EQ(limits_of(compiled), c.limits);
    EXPECT_THAT(compiled.findings(), HasSubstr(c.finding));
    if (*c.finding == '\0') {
      EXPECT_EQ(compiled.findings(), "");
    }
  }
}

TEST(RateLimits, ids_are_stable_and_differ_between_operations_and_kinds) {
  const Compiled first = compile_levels({});
  const Compiled second = compile_levels({.operation = "rate_limit: {per_address: 3/m}"});
  ASSERT_NE(second.plan, nullptr) << second.errors();
  EXPECT_EQ(first.plan->operations[0].limits[0].id, second.plan->operations[0].limits[0].id);
  EXPECT_NE(first.plan->operations[0].limits[0].id, first.plan->operations[0].limits[1].id);
  EXPECT_EQ(first.plan->operations[0].limits[0].id, 7841767562900644053ULL);  // the same in every build
}

TEST(Provenance, says_which_source_won_over_which) {
  const Compiled compiled = compile_levels({.root = "rate_limit: {per_address: 100/m}",
                                            .path = "body_bytes_max: 4KiB",
                                            .config_operation = "rate_limit: {per_address: 50/m}"});
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  EXPECT_THAT(
      compiled.plan->operations[0].provenance,
      testing::ElementsAre("rate_limit.per_address 50/m: caponier.yaml:2:65, over 100/m api.yaml:4:40",
                           "body_bytes_max 4096: api.yaml:7:34"));
}

TEST(Exposed, false_is_inherited_and_only_the_operation_takes_it_back) {
  const std::string other =
      "  /other:\n    get: {security: [{bearer: []}], x-caponier: {exposed: true}, responses: {'200': "
      "{description: ok}}}\n";
  const auto not_exposed = [&other](const char* path, const char* operation, const char* config) {
    const Compiled compiled =
        compile({document("  /a:\n" + std::string(path) +
                          "    get:\n      operationId: getA\n      security: [{bearer: []}]\n" + operation +
                          "      responses: {'200': {description: ok}}\n" + other),
                 std::string(kUpstream) + config});
    EXPECT_NE(compiled.plan, nullptr) << compiled.errors();
    return compiled.plan == nullptr ? 99U : compiled.plan->not_exposed.size();
  };
  EXPECT_EQ(not_exposed("", "", ""), 0U);
  EXPECT_EQ(not_exposed("", "      x-caponier: {exposed: false}\n", ""), 1U);
  EXPECT_EQ(not_exposed("    x-caponier: {exposed: false}\n", "", ""), 1U);
  EXPECT_EQ(not_exposed("    x-caponier: {exposed: false}\n", "      x-caponier: {exposed: true}\n", ""), 0U);
  EXPECT_EQ(not_exposed("", "", "defaults: {exposed: false}\n"), 1U);
  EXPECT_EQ(not_exposed("    x-caponier: {exposed: true}\n", "", "defaults: {exposed: false}\n"), 1U);
  EXPECT_EQ(not_exposed("", "", "operations: [{operation: getA, exposed: false}]\n"), 1U);
  EXPECT_EQ(not_exposed("", "", "operations: [{path: '* /a', exposed: false}]\n"), 1U);
}

TEST(Exposed, what_is_not_exposed_is_not_compiled) {
  const std::string broken =
      "  /broken:\n    get:\n      operationId: getBroken\n      parameters: [{name: f, in: query, style: "
      "deepObject, schema: {type: object}}]\n"
      "      responses: {'200': {description: ok}}\n"
      "  /a:\n    get: {security: [{bearer: []}], responses: {'200': {description: ok}}}\n";
  EXPECT_EQ(compile({document(broken)}).plan, nullptr);
  const Compiled hidden = compile(
      {document(broken), std::string(kUpstream) + "operations: [{operation: getBroken, exposed: false}]\n"});
  ASSERT_NE(hidden.plan, nullptr) << hidden.errors();
  EXPECT_EQ(hidden.plan->operations.size(), 1U);
  const std::string_view segments[] = {"broken"};
  EXPECT_FALSE(hidden.plan->router.match(segments, http::Method::kGet).path_found);
}

TEST(Exposed, what_is_taken_out_is_not_reached_through_a_wider_path) {
  const std::string rest = "security: [{bearer: []}], responses: {'200': {description: ok}}}\n";
  const Compiled compiled =
      compile({document("  /orders/{id}:\n    parameters: [{name: id, in: path, required: true, schema: "
                        "{type: string}}]\n    get: {" +
                        rest + "  /orders/export:\n    get: {x-caponier: {exposed: false}, " + rest)});
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  const std::string_view order[] = {"orders", "7"};
  const std::string_view hidden[] = {"orders", "export"};
  EXPECT_TRUE(compiled.plan->router.match(order, http::Method::kGet).path_found);
  EXPECT_FALSE(compiled.plan->router.match(hidden, http::Method::kGet).path_found);
}

TEST(BodyBound, inheritance_only_tightens_up_to_what_may_be_held) {
  struct Case {
    Levels levels;
    std::uint64_t bytes;
  };
  const Case cases[] = {
      {{}, 1024 * 1024},
      {{.root = "body_bytes_max: 2KiB"}, 2048},
      {{.root = "body_bytes_max: 8MiB"}, 1024 * 1024},  // inherited: no reason to hold more
      {{.root = "body_bytes_max: 2KiB", .path = "body_bytes_max: 3KiB"}, 2048},
      {{.root = "body_bytes_max: 2KiB", .operation = "body_bytes_max: 8MiB"}, 8 * 1024 * 1024},
      {{.operation = "body_bytes_max: 64MiB"}, kJudgedBodyBytesMax},
  };
  for (const Case& c : cases) {
    const Compiled compiled = compile_levels(c.levels);
    ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
    EXPECT_EQ(compiled.plan->operations[0].bodies.at(0).bytes_max, c.bytes);
    EXPECT_GE(compiled.plan->limits.json.bytes_max, c.bytes);
  }
  EXPECT_THAT(
      compile_levels({.operation = "body_bytes_max: 67108865"}).errors(),
      HasSubstr("the bound of 67108865 bytes is above 67108864, the most that a judged body may have"));
}

}  // namespace
}  // namespace caponier::plan
