#include "stages/match/match.h"

#include <gtest/gtest.h>

#include "stages/test_world.h"
#include "uri/path.h"

namespace caponier::stages {
namespace {

std::string matched_operation(const World& world, std::string_view line) {
  Request request(world, std::string(line) + " HTTP/1.1\r\n");
  auto verdict = match(request.exchange);
  if (verdict) return verdict->operation->id;
  return verdict.denial() == nullptr ? "?" : std::string(id(verdict.denial()->reason));
}

TEST(Match, what_is_not_declared_does_not_exist) {
  World world;
  struct Case {
    std::string_view line, expected;
  };
  for (const Case& c : {
           Case{"GET /v1/orders", "listOrders"},
           Case{"POST /v1/orders", "createOrder"},
           Case{"HEAD /v1/orders", "listOrders"},
           Case{"GET /v1/orders?limit=1", "listOrders"},
           Case{"GET /orders", "path-undeclared"},
           Case{"GET /v1/orders/", "path-undeclared"},
           Case{"GET /v1/Orders", "path-undeclared"},
           Case{"DELETE /v1/orders", "method-undeclared"},
           Case{"BREW /v1/orders", "method-undeclared"},
           Case{"HEAD /v1/files", "method-undeclared"},
           Case{"GET /v1//orders", "path-ambiguous"},
           Case{"GET /v1/public/../orders", "path-ambiguous"},
           Case{"GET /v1/public/%2e%2e/orders", "path-ambiguous"},
           Case{"GET /v1/customers/a%2Fb/orders/1", "path-ambiguous"},
           Case{"GET /v1/orders;a=b", "path-ambiguous"},
       }) {
    EXPECT_EQ(matched_operation(world, c.line), c.expected) << c.line;
  }
}

TEST(Match, parameters_are_decoded_once_and_the_path_has_one_spelling) {
  World world;
  Request request(world, "GET /v1/customers/%61%20b%2541/orders/7 HTTP/1.1\r\n");
  auto verdict = match(request.exchange);
  ASSERT_TRUE(verdict);
  ASSERT_EQ(verdict->path_parameters.size(), 2U);
  EXPECT_EQ(verdict->path_parameters[0], "a b%41");
  EXPECT_EQ(verdict->path_parameters[1], "7");
  EXPECT_EQ(verdict->canonical_path, "/v1/customers/a%20b%2541/orders/7");
}

TEST(Match, a_refused_method_comes_with_those_that_are_declared) {
  World world;
  Request request(world, "DELETE /v1/orders HTTP/1.1\r\n");
  auto verdict = match(request.exchange);
  ASSERT_NE(verdict.denial(), nullptr);
  const auto bit = [](http::Method method) { return 1U << static_cast<unsigned>(method); };
  EXPECT_EQ(verdict.denial()->allowed_methods,
            bit(http::Method::kGet) | bit(http::Method::kHead) | bit(http::Method::kPost));
}

TEST(Match, the_detail_names_the_rule_and_not_the_path) {
  World world;
  Request request(world, "GET /v1//secret-thing HTTP/1.1\r\n");
  auto verdict = match(request.exchange);
  ASSERT_NE(verdict.denial(), nullptr);
  EXPECT_EQ(verdict.denial()->detail, uri::name(uri::PathError::kEmptySegment));
}

}  // namespace
}  // namespace caponier::stages
