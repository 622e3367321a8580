// `caponier match`: which operation a request means, its decoded parameters, and what would be refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2e/process.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kApi = R"(openapi: 3.1.0
info: {title: Orders, version: '1'}
servers: [{url: 'https://api.example/v1'}]
components:
  securitySchemes:
    login: {type: http, scheme: bearer}
security: [{login: ['orders:read']}]
paths:
  /orders:
    get:
      operationId: listOrders
      parameters:
        - {name: limit, in: query, schema: {type: integer, maximum: 100}}
        - {name: tag, in: query, explode: false, schema: {type: array, items: {type: string}}}
        - {name: X-Tenant, in: header, schema: {type: string, enum: [red, blue]}}
      responses: {'200': {description: ok}}
    post:
      operationId: createOrder
      requestBody:
        required: true
        content: {application/json: {schema: {type: object, properties: {qty: {type: integer, maximum: 9}}}}}
      responses: {'201': {description: made}}
  /orders/{id}:
    get:
      operationId: getOrder
      parameters: [{name: id, in: path, required: true, schema: {type: string, pattern: '^(?=(a+)+$)|^[^a]'}}]
      responses: {'200': {description: ok}}
)";

class Match : public testing::Test {
 protected:
  Finished match(Words words) {
    words.insert(words.begin(), "match");
    words.insert(words.end(), {"--contract", folder_.write("api.yaml", kApi)});
    return run_caponier(words);
  }
  TestFolder folder_;
};

TEST_F(Match, an_operation_is_shown_with_its_place_and_decoded_parameters) {
  const Finished done = match({"GET", "/v1/orders/caf%C3%A9%20noir"});
  EXPECT_EQ(done.status, 0) << done.out << done.err;
  EXPECT_THAT(done.out, HasSubstr("operation   GET /orders/{id}\n            getOrder\n"));
  EXPECT_THAT(done.out, HasSubstr("api.yaml:24:"));
  EXPECT_THAT(done.out, HasSubstr("path        /v1/orders/caf%C3%A9%20noir\n"));
  EXPECT_THAT(done.out, HasSubstr("credential  login with orders:read (not judged here)\n"));
  EXPECT_THAT(done.out, testing::ContainsRegex("id +path +caf\xC3\xA9 noir +.*api.yaml:26:"));
  EXPECT_THAT(done.out, HasSubstr("allowed "));
}

TEST_F(Match, a_whole_url_and_headers_are_taken) {
  const Finished done =
      match({"GET", "https://api.example/v1/orders?limit=5&tag=a,b%2Cc", "--header", "x-tenant: red"});
  EXPECT_EQ(done.status, 0) << done.out << done.err;
  EXPECT_THAT(done.out, testing::ContainsRegex("limit +query +5 "));
  EXPECT_THAT(done.out, testing::ContainsRegex("tag +query +a,b,c "));
  EXPECT_THAT(done.out, testing::ContainsRegex("X-Tenant +header +red "));
}

TEST_F(Match, what_would_be_refused_is_told_with_its_reason_and_place) {
  struct Case {
    Words words;
    const char* reason;
    const char* detail;
  };
  for (const Case& c : {
           Case{{"GET", "/v1/nothing"}, "404 path-undeclared", "no path"},
           Case{{"GET", "/orders"}, "404 path-undeclared", "no path"},
           Case{{"DELETE", "/v1/orders"}, "405 method-undeclared", "declared for this path: GET, HEAD, POST"},
           Case{{"GET", "/v1/../orders"}, "400 path-ambiguous", "dot"},
           Case{{"GET", "/v1/orders?limit=500"}, "400 parameter-invalid", "maximum: must be at most 100"},
           Case{{"GET", "/v1/orders?limit=1&limit=2"}, "400 parameter-repeated", "limit"},
           Case{{"GET", "/v1/orders?sort=up"}, "400 parameter-undeclared", "not declared"},
           Case{{"GET", "/v1/orders", "--header", "X-Tenant: green"}, "400 parameter-invalid", "enum"},
           Case{{"GET", "/v1/orders/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"},
                "400 pattern-limit",
                "could not be judged"},
           Case{{"GET", "/v1/or ders"}, "400", "no request that HTTP allows"},
       }) {
    const Finished done = match(c.words);
    EXPECT_EQ(done.status, 1) << c.words[1] << done.out << done.err;
    EXPECT_THAT(done.out, HasSubstr("refused     " + std::string(c.reason))) << c.words[1];
    EXPECT_THAT(done.out, HasSubstr(c.detail)) << c.words[1];
    EXPECT_THAT(done.out, Not(HasSubstr("allowed "))) << c.words[1];
  }
}

TEST_F(Match, a_body_is_judged_where_one_is_given) {
  const std::string good = folder_.write("good.json", R"({"qty": 3})");
  const std::string bad = folder_.write("bad.json", R"({"qty": 30})");
  const Words post = {"POST", "/v1/orders", "--header", "Content-Type: application/json"};
  const auto with = [&](const std::string& file) {
    Words words = post;
    words.insert(words.end(), {"--body", file});
    return match(words);
  };
  EXPECT_EQ(with(good).status, 0) << with(good).out;
  EXPECT_EQ(with(bad).status, 1);
  EXPECT_THAT(with(bad).out, HasSubstr("400 body-invalid\n            /qty: maximum: must be at most 9"));
  EXPECT_THAT(match(post).out, HasSubstr("--body FILE judges a body"));
  EXPECT_THAT(match({"POST", "/v1/orders", "--body", good}).out, HasSubstr("415 media-type-undeclared"));
}

TEST_F(Match, a_document_that_cannot_be_served_is_told) {
  const Finished done =
      run_caponier({"match", "GET", "/", "--contract", folder_.write("broken.yaml", "openapi: 3.1.0\n")});
  EXPECT_EQ(done.status, 2);
  EXPECT_THAT(done.err, HasSubstr("broken.yaml:"));
  EXPECT_EQ(match({"GET"}).status, 2);
}

TEST_F(Match, a_pattern_that_backtracks_is_a_finding) {
  const Finished done = run_caponier(
      {"check", "--dev", "--contract", folder_.write("api.yaml", kApi), "--upstream", "http://127.0.0.1:1"});
  EXPECT_EQ(done.status, 1) << done.err;
  EXPECT_THAT(done.out, HasSubstr("backtracking-pattern"));
  EXPECT_THAT(done.out, HasSubstr("api.yaml:26:"));
}

}  // namespace
}  // namespace caponier::e2e
