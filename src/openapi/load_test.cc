#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/limits.h"
#include "openapi/test_document.h"

namespace caponier::openapi {
namespace {

using testing::ElementsAre;

constexpr std::string_view kOrders = R"(openapi: 3.0.3
info:
  title: Orders
  version: 1.2.0
servers:
  - url: https://API.example.com/v1/
x-caponier: {owner: team}
security:
  - token: [orders:read]
paths:
  /orders/{id}:
    x-caponier: {audit: true}
    parameters:
      - {name: id, in: path, required: true, schema: {type: string}}
      - {name: X-Trace, in: header, schema: {type: string}}
    get:
      operationId: getOrder
      x-caponier: {exposed: true}
      parameters:
        - {name: x-trace, in: header, required: true, schema: {type: integer}}
        - {$ref: '#/components/parameters/Fields'}
      responses:
        '200': {$ref: '#/components/responses/Order'}
        4XX: {description: no}
        default: {description: error}
    delete:
      deprecated: true
      security: []
      responses: {'204': {description: gone}}
  /orders:
    post:
      security:
        - token: [orders:write]
          key: []
        - {}
      requestBody: {$ref: '#/components/requestBodies/Order'}
      responses: {'201': {description: made}}
components:
  parameters:
    Fields: {name: fields, in: query, schema: {type: array, items: {type: string}}}
  requestBodies:
    Order:
      required: true
      content:
        application/json: {schema: {$ref: '#/components/schemas/Order'}}
  responses:
    Order:
      description: an order
      content:
        application/json: {schema: {$ref: '#/components/schemas/Order'}}
  schemas:
    Order: {type: object}
  securitySchemes:
    token: {type: http, scheme: Bearer}
    key: {type: apiKey, in: header, name: X-Key}
)";

TEST(Load, a_document_becomes_operations_with_everything_they_inherit) {
  Loaded loaded = load(kOrders);
  ASSERT_TRUE(loaded.contract != nullptr);
  EXPECT_THAT(loaded.places(), ElementsAre()) << loaded.text();
  const Contract& contract = *loaded.contract;
  EXPECT_EQ(contract.version, Version::k30);
  EXPECT_EQ(contract.title, "Orders");
  EXPECT_EQ(contract.api_version, "1.2.0");
  EXPECT_NE(contract.x_caponier, nullptr);
  EXPECT_THAT(contract.server_hosts, ElementsAre("api.example.com"));
  ASSERT_EQ(contract.operations.size(), 3U);

  const Operation& get = contract.operations[0];
  EXPECT_EQ(get.label(), "GET /orders/{id}");
  EXPECT_EQ(get.id, "getOrder");
  EXPECT_TRUE(get.has_operation_id);
  EXPECT_THAT(get.base_paths, ElementsAre("/v1"));
  EXPECT_NE(get.x_caponier, nullptr);
  EXPECT_NE(get.path_x_caponier, nullptr);
  ASSERT_EQ(get.parameters.size(), 3U);
  EXPECT_EQ(get.parameters[1].name, "x-trace");  // the operation's, by a header's name
  EXPECT_TRUE(get.parameters[1].required);
  EXPECT_EQ(get.parameters[2].name, "fields");
  EXPECT_EQ(get.parameters[2].style, Style::kForm);
  EXPECT_TRUE(get.parameters[2].explode);
  EXPECT_FALSE(get.parameters[0].explode);
  ASSERT_EQ(get.responses.size(), 3U);
  EXPECT_EQ(get.responses[0].status, "200");
  EXPECT_EQ(get.responses[0].content.at(0).media_type, "application/json");
  EXPECT_NE(get.responses[0].content.at(0).schema, nullptr);
  EXPECT_EQ(get.responses[2].status, "default");
  ASSERT_EQ(get.security.size(), 1U);
  EXPECT_THAT(get.security[0].all.at(0).scopes, ElementsAre("orders:read"));
  EXPECT_TRUE(get.security_declared);

  const Operation& remove = contract.operations[1];
  EXPECT_EQ(remove.id, "DELETE /orders/{id}");
  EXPECT_FALSE(remove.has_operation_id);
  EXPECT_TRUE(remove.deprecated);
  EXPECT_TRUE(remove.security_declared);
  EXPECT_TRUE(remove.security.empty());

  const Operation& post = contract.operations[2];
  ASSERT_TRUE(post.request_body.has_value());
  EXPECT_TRUE(post.request_body->required);
  EXPECT_EQ(post.request_body->content.at(0).media_type, "application/json");
  ASSERT_EQ(post.security.size(), 2U);
  EXPECT_EQ(post.security[0].all.size(), 2U);
  EXPECT_TRUE(post.security[1].all.empty());
}

TEST(Load, json_and_yaml_give_the_same_contract) {
  Loaded loaded = load(R"( {"openapi": "3.1.1", "info": {"title": "T", "version": "1"},
    "paths": {"/a": {"get": {"responses": {"200": {"description": "ok"}}}}}})");
  ASSERT_TRUE(loaded.contract != nullptr);
  EXPECT_THAT(loaded.places(), ElementsAre());
  ASSERT_EQ(loaded.contract->operations.size(), 1U);
  EXPECT_FALSE(loaded.contract->operations[0].security_declared);
  EXPECT_THAT(loaded.contract->operations[0].base_paths, ElementsAre(""));
}

TEST(Load, what_is_not_a_document_of_these_versions_is_refused_by_name) {
  struct Case {
    std::string_view text;
    std::string_view code;
    std::string_view says;
  };
  const Case cases[] = {
      {"swagger: '2.0'\n", "unsupported-version", "Swagger 2.0"},
      {"openapi: 3.2.0\ninfo: {}\n", "unsupported-version", "\"3.2.0\""},
      {"openapi: 3.10.0\ninfo: {}\n", "unsupported-version", "\"3.10.0\""},
      {"openapi: '3.0'\ninfo: {}\n", "unsupported-version", "\"3.0\""},
      {"openapi: 3.0\ninfo: {}\n", "wrong-type", "in quotes"},
      {"info: {}\n", "missing-member", "no `openapi`"},
      {"- a\n", "wrong-type", "an array"},
  };
  for (const Case& c : cases) {
    const Loaded loaded = load(c.text);
    EXPECT_EQ(loaded.contract, nullptr) << c.text;
    EXPECT_EQ(loaded.diagnostics.error_count(), 1U) << loaded.text();
    EXPECT_TRUE(loaded.says(c.code, c.says)) << loaded.text();
  }
  EXPECT_EQ(load("{\"openapi\": ").contract, nullptr);
  EXPECT_EQ(load("a: [").contract, nullptr);
  EXPECT_EQ(load("").contract, nullptr);
}

TEST(Load, a_document_over_the_size_limit_is_refused_unread) {
  std::string text = document("  {}\n");
  text.append(kDocumentBytesMax + 1 - text.size(), '\n');
  EXPECT_TRUE(load(text).says("too-large", "larger than"));
}

struct Fault {
  std::string_view name;
  std::string_view paths;
  std::string_view rest;
  std::string_view place;  // "line:column code"
  std::string_view says;
};
void PrintTo(const Fault& fault, std::ostream* out) {
  *out << fault.name;
}

class Faults : public testing::TestWithParam<Fault> {};

TEST_P(Faults, is_reported_where_it_stands) {
  const Fault& fault = GetParam();
  Loaded loaded = load(document(fault.paths, fault.rest));
  ASSERT_TRUE(loaded.contract != nullptr);
  EXPECT_THAT(loaded.places(), ElementsAre(std::string(fault.place))) << loaded.text();
  const std::string_view code = fault.place.substr(fault.place.find(' ') + 1);
  EXPECT_TRUE(loaded.says(code, fault.says)) << loaded.text();
}

#define RESPONSES "responses: {default: {description: d}}"

INSTANTIATE_TEST_SUITE_P(
    Structure, Faults,
    testing::Values(
        Fault{"unknown_root_member", "  {}\n", "server: []\n", "3:1 unknown-member",
              "Did you mean \"servers\""},
        Fault{"wrong_type", "  {}\n", "tags: {}\n", "3:7 wrong-type",
              "\"tags\" must be an array, not an object"},
        Fault{"unknown_method", "  /a:\n    gett: {}\n", "", "5:5 unknown-member", "Did you mean \"get\""},
        Fault{"unknown_operation_member", "  /a:\n    get: {operation: x, " RESPONSES "}\n", "",
              "5:11 unknown-member", "\"operation\""},
        Fault{"empty_responses", "  /a:\n    get: {responses: {}}\n", "", "5:22 missing-response",
              "no response"},
        Fault{"bad_status", "  /a:\n    get: {responses: {2xx: {description: d}, '200': {description: d}}}\n",
              "", "5:23 invalid-value", "\"2xx\""},
        Fault{"status_out_of_range",
              "  /a:\n    get: {responses: {'600': {description: d}, 2XX: {description: d}}}\n", "",
              "5:23 invalid-value", "\"600\""},
        Fault{"response_without_description", "  /a:\n    get: {responses: {default: {}}}\n", "",
              "5:32 missing-member", "\"description\""},
        Fault{"bad_media_type",
              "  /a:\n    get: {responses: {default: {description: d, content: {json: {}}}}}\n", "",
              "5:59 invalid-value", "\"json\" is not a media type"},
        Fault{"path_without_slash", "  a:\n    get: {" RESPONSES "}\n", "", "4:3 path-template", "slash"},
        Fault{"duplicate_operation_id",
              "  /a:\n    get: {operationId: x, " RESPONSES "}\n    put: {operationId: x, " RESPONSES "}\n",
              "", "6:24 duplicate-operation-id", "line 5"},
        Fault{"empty_operation_id", "  /a:\n    get: {operationId: '', " RESPONSES "}\n", "",
              "5:24 invalid-value", "must not be empty"},
        Fault{"misspelt_policy", "  /a:\n    get:\n      x-caponeir: {}\n      " RESPONSES "\n", "",
              "6:7 unknown-member", "Did you mean \"x-caponier\""},
        Fault{"policy_where_nothing_reads_it", "  x-caponier: {}\n", "", "4:3 unknown-member",
              "means nothing"},
        Fault{"policy_of_wrong_type", "  {}\n", "x-caponier: []\n", "3:13 wrong-type", "must be an object"},
        Fault{"empty_body", "  /a:\n    post:\n      requestBody: {content: {}}\n      " RESPONSES "\n", "",
              "6:30 invalid-value", "no media type"},
        Fault{"policy_beside_ref", "  /a: {$ref: '#/x-item', x-caponier: {}}\n", "x-item: {}\n",
              "5:26 beside-ref", "no effect"},
        Fault{"webhook_of_wrong_type", "  {}\n", "webhooks: {a: 1}\n", "3:15 wrong-type", "a path item"},
        Fault{"license_without_name", "  {}\n", "externalDocs: {}\n", "3:15 missing-member", "\"url\""},
        Fault{"unused_component", "  {}\n", "components: {headers: {A: {in: header}}}\n",
              "3:28 unknown-member", "\"in\""}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Load, what_openapi_30_demands_and_31_does_not) {
  const std::string_view paths = "  /a:\n    get: {}\n";
  EXPECT_TRUE(load(document(paths, "", "3.0.0")).says("missing-member", "\"responses\""));
  EXPECT_FALSE(load(document(paths)).diagnostics.has_errors());  // whoever serves it asks for responses
  const std::string_view rest = "info: {title: T, version: '1'}\ncomponents: {}\n";
  EXPECT_TRUE(load("openapi: 3.0.0\n" + std::string(rest)).says("missing-member", "\"paths\""));
  EXPECT_FALSE(load("openapi: 3.1.0\n" + std::string(rest)).diagnostics.has_errors());
  EXPECT_TRUE(load("openapi: 3.1.0\ninfo: {title: T, version: '1'}\n").says("missing-member", "\"paths\""));
}

TEST(Load, members_of_a_later_version_say_so) {
  const Loaded loaded = load(document("  {}\n", "webhooks: {}\n", "3.0.0"));
  EXPECT_TRUE(loaded.says("unknown-member", "belongs to OpenAPI 3.1")) << loaded.text();
}

TEST(Load, all_problems_are_reported_in_one_go_with_the_operation_concerned) {
  Loaded loaded =
      load(document("  /a/{id}:\n    get:\n      parameter: []\n      security: [{nobody: []}]\n"));
  EXPECT_THAT(loaded.places(),
              ElementsAre("5:5 path-parameter", "6:7 unknown-member", "7:19 undefined-scheme"))
      << loaded.text();
  for (const Diagnostic& d : loaded.diagnostics.all()) EXPECT_EQ(d.operation, "GET /a/{id}");
  EXPECT_EQ(loaded.diagnostics.all().front().file, "openapi.yaml");
}

TEST(Load, a_shared_part_is_complained_about_once) {
  Loaded loaded =
      load(document("  /a:\n    get: {responses: {default: {$ref: '#/components/responses/R'}}}\n"
                    "    put: {responses: {default: {$ref: '#/components/responses/R'}}}\n",
                    "components: {responses: {R: {}}}\n"));
  EXPECT_THAT(loaded.places(), ElementsAre("3:29 missing-member"));
}

TEST(Load, other_vendors_extensions_callbacks_links_and_webhooks_are_understood_and_not_served) {
  Loaded loaded =
      load(document("  /a:\n    x-internal: true\n    get:\n      x-google-quota: {}\n"
                    "      callbacks: {done: {'{$request.body#/url}': {}}}\n"
                    "      responses: {'200': {description: d, x-a: 1, links: {next: {operationId: x}}}}\n",
                    "webhooks: {made: {}}\ntags: [{name: a, x-order: 1}]\nx-amazon-apigateway: {}\n"));
  EXPECT_THAT(loaded.places(), ElementsAre("3:18 not-served", "11:25 not-served", "12:65 not-served"));
  EXPECT_TRUE(loaded.says("not-served", "1 webhook is understood and not served")) << loaded.text();
  EXPECT_FALSE(loaded.diagnostics.has_errors());
  EXPECT_EQ(loaded.contract->operations.size(), 1U);
}

TEST(Load, a_path_item_may_be_referred_to) {
  Loaded loaded = load(document("  /a: {$ref: '#/components/pathItems/A'}\n",
                                "components: {pathItems: {A: {get: {" RESPONSES "}}}}\n"));
  EXPECT_THAT(loaded.places(), ElementsAre()) << loaded.text();
  ASSERT_EQ(loaded.contract->operations.size(), 1U);
  EXPECT_EQ(loaded.contract->operations[0].label(), "GET /a");
}

}  // namespace
}  // namespace caponier::openapi
