#include "cli/coverage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/load_plan.h"

namespace caponier::cli {
namespace {

constexpr const char* kContract = R"(
openapi: 3.0.3
info: {title: Orders, version: "1"}
servers: [{url: "https://orders.example"}]
paths:
  /status:
    get:
      x-caponier: {public: {reason: monitoring}}
      responses: {"200": {description: ok}}
  /customers/{customer}/orders:
    parameters: [{name: customer, in: path, required: true, schema: {type: string}}]
    get:
      security: [{bearer: ["orders:read"]}]
      x-caponier: {owner: {claim: sub, parameter: customer}}
      responses: {"200": {description: ok}}
    post:
      security: [{bearer: ["orders:write"]}]
      x-caponier: {owner: {claim: sub, parameter: customer}, rate_limit: {per_operation: 20/s}}
      requestBody: {content: {application/json: {schema: {type: object, properties: {sku: {type: string}}}}}}
      responses: {"201": {description: made}}
  /internal:
    get:
      x-caponier: {exposed: false}
      responses: {"200": {description: ok}}
components:
  securitySchemes:
    bearer: {type: http, scheme: bearer, x-caponier: {issuer: "https://issuer.example", audiences: [orders]}}
)";

Loaded load_contract_text(const char* text) {
  LoadRequest request;
  request.contract_text = text;
  request.upstream = "http://127.0.0.1:9000";
  request.listen = "http://127.0.0.1:0";
  return load(request);
}

TEST(Coverage, has_one_row_per_operation) {
  const Loaded loaded = load_contract_text(kContract);
  ASSERT_NE(loaded.plan, nullptr);
  std::string out;
  append_coverage_table(out, *loaded.plan);
  EXPECT_EQ(
      out,
      "OPERATION                     AUTHENTICATION  SCOPES        OWNER         VALIDATION    LIMITS\n"
      "GET /status                   public:         -             -             no input      1200/m/addr\n"
      "                              monitoring\n"
      "GET /customers/{customer}/    bearer          orders:read   sub=          1 param       1200/m/addr,\n"
      "orders                                                      {customer}                  600/m/cred\n"
      "POST /customers/{customer}/   bearer          orders:write  sub=          1 param,      1200/m/addr,\n"
      "orders                                                      {customer}    body closed   600/m/cred,\n"
      "                                                                                        20/s/all\n");
}

TEST(Coverage, is_at_most_a_hundred_columns_wide) {
  const Loaded loaded = load_contract_text(kContract);
  ASSERT_NE(loaded.plan, nullptr);
  std::string out;
  append_coverage_table(out, *loaded.plan);
  for (std::size_t at = 0; at < out.size();) {
    const std::size_t end = out.find('\n', at);
    EXPECT_LE(end - at, 100U) << out.substr(at, end - at);
    at = end + 1;
  }
}

TEST(Coverage, details_name_issuers_what_is_hidden_and_where_policy_comes_from) {
  const Loaded loaded = load_contract_text(kContract);
  ASSERT_NE(loaded.plan, nullptr);
  std::string out;
  append_coverage_details(out, *loaded.plan);
  EXPECT_EQ(
      out,
      "\nauthentication\n"
      "  bearer: token of https://issuer.example for orders\n"
      "\nguessing\n"
      "  of an address: 30 failed authentications at once, 30 a minute; then a wait that doubles up to 15 "
      "minutes\n"
      "  for an identity, wherever from: 10 failed authentications at once, 10 a minute; then a wait that "
      "doubles up to 15 minutes; a valid credential never waits\n"
      "\nupstreams\n"
      "  default: plain http to 127.0.0.1:9000; ejected after 5 failures; at most 1 retry; "
      "10000 requests at once\n"
      "\nnot exposed\n"
      "  GET /internal\n"
      "\npolicy, and which source won\n"
      "  GET /customers/{customer}/orders: owner sub = {customer}: openapi.yaml:14:20\n"
      "  POST /customers/{customer}/orders: rate_limit.per_operation 20/s: openapi.yaml:18:90\n"
      "  POST /customers/{customer}/orders: owner sub = {customer}: openapi.yaml:18:20\n");
}

TEST(Findings, are_listed_with_their_place_or_not_at_all) {
  Diagnostics diagnostics;
  diagnostics.add({.severity = Severity::kNote, .code = "c", .message = "a note"});
  std::string out;
  append_findings(out, diagnostics);
  EXPECT_EQ(out, "");
  diagnostics.add({.severity = Severity::kFinding, .code = "a-code", .message = "first"});
  diagnostics.add({.severity = Severity::kFinding,
                   .code = "b-code",
                   .file = "b.yaml",
                   .position = {1, 2},
                   .message = "second"});
  append_findings(out, diagnostics);
  EXPECT_EQ(out, "\nfindings\n  first [a-code]\n  b.yaml:1:2: second [b-code]\n");
}

}  // namespace
}  // namespace caponier::cli
