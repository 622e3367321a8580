#include "plan/overrides.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/test_compile.h"

namespace caponier::plan {
namespace {

using http::Method;
using testing::HasSubstr;

TEST(Pattern, stands_for_methods_segments_and_the_rest) {
  struct Case {
    const char* pattern;
    Method method;
    const char* path;
    bool matches;
  };
  const Case cases[] = {
      {"GET /orders", Method::kGet, "/orders", true},
      {"GET /orders", Method::kPost, "/orders", false},
      {"* /orders", Method::kPost, "/orders", true},
      {"GET /orders", Method::kGet, "/orders/", false},
      {"GET /orders/", Method::kGet, "/orders/", true},
      {"GET /orders", Method::kGet, "/orders/{id}", false},
      {"GET /orders/*", Method::kGet, "/orders/{id}", true},
      {"GET /orders/*", Method::kGet, "/orders/mine", true},
      {"GET /orders/*", Method::kGet, "/orders/{id}/items", false},
      {"GET /orders/{id}", Method::kGet, "/orders/{orderId}", true},
      {"GET /orders/{id}", Method::kGet, "/orders/mine", false},
      {"GET /orders/{id}.json", Method::kGet, "/orders/{id}.json", true},
      {"GET /orders/{id}.json", Method::kGet, "/orders/{id}.xml", false},
      {"GET /*/items", Method::kGet, "/orders/items", true},
      {"* /**", Method::kGet, "/", true},
      {"* /**", Method::kDelete, "/a/b/c", true},
      {"* /admin/**", Method::kGet, "/admin", true},
      {"* /admin/**", Method::kGet, "/admin/users/{id}", true},
      {"* /admin/**", Method::kGet, "/administration", false},
      {"GET", Method::kGet, "/orders", false},
  };
  for (const Case& c : cases)
    EXPECT_EQ(matches_pattern(c.pattern, c.method, c.path), c.matches) << c.pattern << " on " << c.path;
}

const std::string kTwo =
    "  /orders:\n    get: {operationId: listOrders, security: [{bearer: []}], responses: {'200': "
    "{description: ok}}}\n"
    "  /orders/{id}:\n    get:\n      operationId: getOrder\n      security: [{bearer: []}]\n"
    "      parameters: [{name: id, in: path, required: true, schema: {type: string}}]\n"
    "      responses: {'200': {description: ok}}\n";

TEST(Overrides, the_later_entry_wins) {
  const Compiled compiled =
      compile({document(kTwo), std::string(kUpstream) +
                                   "operations:\n"
                                   "- {path: 'GET /**', rate_limit: {per_operation: 9/m}}\n"
                                   "- {operation: getOrder, rate_limit: {per_operation: 5/m}}\n"});
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  EXPECT_EQ(compiled.plan->operations[0].limits[2].requests, 9U);
  EXPECT_EQ(compiled.plan->operations[1].limits[2].requests, 5U);
  EXPECT_EQ(compiled.plan->operations[1].limits[2].where.text, "caponier.yaml:4:53");
}

TEST(Overrides, an_entry_that_chooses_nothing_is_an_error) {
  const Compiled by_id = compile(
      {document(kTwo), std::string(kUpstream) + "operations: [{operation: getOrders, exposed: false}]\n"});
  EXPECT_THAT(by_id.errors(), HasSubstr("no operation of the document is \"getOrders\" [override-unused]"));
  EXPECT_THAT(by_id.errors(), HasSubstr("did you mean \"getOrder\"?"));
  const Compiled by_path = compile(
      {document(kTwo), std::string(kUpstream) + "operations: [{path: 'POST /orders', exposed: false}]\n"});
  EXPECT_THAT(by_path.errors(), HasSubstr("no operation of the document is \"POST /orders\""));
}

TEST(Overrides, a_pattern_sees_the_path_with_and_without_the_base_path) {
  const std::string based = document(kTwo, "", "");
  std::string with_base = based;
  with_base.replace(with_base.find("https://api.example.com"), 23, "https://api.example.com/v1");
  for (const char* pattern : {"GET /orders", "GET /v1/orders"}) {
    const Compiled compiled = compile(
        {with_base, std::string(kUpstream) + "operations: [{path: '" + pattern + "', exposed: false}]\n"});
    ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
    EXPECT_THAT(compiled.plan->not_exposed, testing::ElementsAre("GET /orders"));
    EXPECT_EQ(compiled.plan->operations[0].path, "/v1/orders/{id}");
  }
}

}  // namespace
}  // namespace caponier::plan
