#include "stages/validate/parameters.h"

#include <gtest/gtest.h>

#include "stages/match/match.h"
#include "stages/test_world.h"

namespace caponier::stages {
namespace {

struct Judged {
  std::string reason;
  std::string query;
  Denial denial;
};

Judged judged(const World& world, std::string_view target, std::string_view headers = {}) {
  Request request(world, get(target, {}, headers));
  const Matched matched = *match(request.exchange);
  auto verdict = validate_parameters(request.exchange, matched);
  if (verdict) return {"none", std::string(verdict->canonical_query), {}};
  Judged result{std::string(id(verdict.denial()->reason)), {}, std::move(*verdict.denial())};
  result.denial.where = {};
  return result;
}

TEST(ValidateParameters, are_what_the_document_says_and_nothing_else) {
  World world;
  struct Case {
    std::string_view query, expected;
  };
  for (const Case& c : {
           Case{"", "none"},
           Case{"?", "none"},
           Case{"?limit=1", "none"},
           Case{"?limit=100", "none"},
           Case{"?limit=101", "parameter-invalid"},
           Case{"?limit=0", "parameter-invalid"},
           Case{"?limit=", "parameter-invalid"},
           Case{"?limit", "parameter-invalid"},
           Case{"?limit=01", "parameter-invalid"},
           Case{"?limit=%2B1", "parameter-invalid"},
           Case{"?limit=0x1", "parameter-invalid"},
           Case{"?limit=1e1", "none"},  // JSON says that this is ten
           Case{"?limit=1.5", "parameter-invalid"},
           Case{"?limit=+1", "parameter-invalid"},
           Case{"?limit=1&limit=1", "parameter-repeated"},
           Case{"?limit=1&%6Cimit=1", "parameter-repeated"},
           Case{"?Limit=1", "parameter-undeclared"},
           Case{"?admin=true", "parameter-undeclared"},
           Case{"?limit[]=1", "parameter-undeclared"},
           Case{"?limit%5B%5D=1", "parameter-undeclared"},
           Case{"?open=true", "none"},
           Case{"?open=True", "parameter-invalid"},
           Case{"?open=1", "parameter-invalid"},
           Case{"?state=new", "none"},
           Case{"?state=on+hold", "none"},
           Case{"?state=on%20hold", "none"},
           Case{"?state=a%2Bb", "none"},
           Case{"?state=a+b", "parameter-invalid"},
           Case{"?state=gone", "parameter-invalid"},
           Case{"?id=1", "none"},
           Case{"?id=1&id=2&id=3", "none"},
           Case{"?id=1&id=2&id=3&id=4", "parameter-invalid"},
           Case{"?id=1,2", "parameter-invalid"},
           Case{"?id=1&id=x", "parameter-invalid"},
           Case{"?tag=a,b", "none"},
           Case{"?tag=a,long", "parameter-invalid"},
           Case{"?tag=a%2Cb", "none"},
           Case{"?tag=a%2Cbb", "parameter-invalid"},
           Case{"?tag=a&tag=b", "parameter-repeated"},
           Case{"?filter=%7B%22a%22:1%7D", "none"},
           Case{"?filter=%7B%22a%22:%22x%22%7D", "parameter-invalid"},
           Case{"?filter=%7B%22b%22:1%7D", "parameter-invalid"},
           Case{"?filter=%7B", "parameter-invalid"},
           Case{"?flag=", "none"},
           Case{"?flag=x", "parameter-invalid"},
           Case{"?limit=%zz", "query-malformed"},
           Case{"?limit=%00", "query-malformed"},
           Case{"?limit=%ff", "query-malformed"},
       }) {
    EXPECT_EQ(judged(world, "/v1/orders" + std::string(c.query)).reason, c.expected) << c.query;
  }
}

TEST(ValidateParameters, the_upstream_gets_one_spelling_of_what_was_judged) {
  World world;
  struct Case {
    std::string_view query, canonical;
  };
  for (const Case& c : {
           Case{"", ""},
           Case{"?", ""},
           Case{"?&&limit=5&", "limit=5"},
           Case{"?%6cimit=%35", "limit=5"},
           Case{"?state=on+hold", "state=on%20hold"},
           Case{"?state=a%2bb", "state=a%2Bb"},
           Case{"?tag=a,b%2Cc,%64", "tag=a,b%2Cc,d"},
           Case{"?id=1&limit=2&id=3", "id=1&limit=2&id=3"},
           Case{"?flag=&open=true", "flag=&open=true"},
       }) {
    const Judged result = judged(world, "/v1/orders" + std::string(c.query));
    EXPECT_EQ(result.reason, "none") << c.query;
    EXPECT_EQ(result.query, c.canonical) << c.query;
  }
}

TEST(ValidateParameters, path_and_required_ones) {
  World world;
  EXPECT_EQ(judged(world, "/v1/customers/a/orders/7?must=1").reason, "none");
  EXPECT_EQ(judged(world, "/v1/customers/a/orders/0?must=1").reason, "parameter-invalid");
  EXPECT_EQ(judged(world, "/v1/customers/a/orders/x?must=1").reason, "parameter-invalid");
  EXPECT_EQ(judged(world, "/v1/customers/a/orders/7").reason, "parameter-missing");
}

TEST(ValidateParameters, declared_headers_are_judged_and_others_are_not) {
  World world;
  EXPECT_EQ(judged(world, "/v1/orders", "X-Tenant: red\r\n").reason, "none");
  EXPECT_EQ(judged(world, "/v1/orders", "x-tenant: green\r\n").reason, "parameter-invalid");
  EXPECT_EQ(judged(world, "/v1/orders", "X-Tenant: red\r\nX-TENANT: blue\r\n").reason, "parameter-repeated");
  EXPECT_EQ(judged(world, "/v1/orders", "X-Tenant: \xff\r\n").reason, "parameter-invalid");
  EXPECT_EQ(judged(world, "/v1/orders", "X-Anything: goes\r\n").reason, "none");
}

TEST(ValidateParameters, refusals_tell_pointer_and_rule_and_never_the_value) {
  World world;
  const Judged result = judged(world, "/v1/orders?id=1&id=31337x");
  EXPECT_EQ(result.denial.public_pointer.substr(0, 9), "/query/id");
  EXPECT_FALSE(result.denial.public_rule.empty());
  EXPECT_EQ(result.denial.detail.find("31337"), std::string::npos);
  EXPECT_EQ(result.denial.public_rule.find("31337"), std::string::npos);
  const Judged undeclared = judged(world, "/v1/orders?s3cret=1");
  EXPECT_EQ(undeclared.denial.detail.find("s3cret"), std::string::npos);
}

TEST(ValidateParameters, the_number_of_pairs_is_bounded) {
  World world;
  const std::uint32_t most = world.plan->limits.parameters_max;
  std::string query = "/v1/orders?limit=1";
  for (std::uint32_t i = 1; i < most; ++i) query += "&limit=1";
  EXPECT_EQ(judged(world, query).reason, "parameter-repeated");
  EXPECT_EQ(judged(world, query + "&limit=1").reason, "query-malformed");
}

}  // namespace
}  // namespace caponier::stages
