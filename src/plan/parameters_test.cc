#include "plan/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/test_compile.h"

namespace caponier::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Compiled with_parameters(std::string_view parameters, std::string_view path = "/a") {
  return compile(
      {document("  " + std::string(path) + ":\n    get:\n      security: [{bearer: []}]\n      parameters: " +
                std::string(parameters) + "\n      responses: {'200': {description: ok}}\n")});
}

TEST(TemplateNames, stand_in_the_order_of_the_path) {
  EXPECT_THAT(template_names("/v1/{a}/x/{b}-{c}.json"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(template_names("/v1"), ElementsAre());
}

TEST(Parameters, of_the_enforced_forms_are_compiled) {
  const Compiled compiled = with_parameters(
      "[{name: b, in: path, required: true, schema: {type: integer}}, {name: a, in: path, required: true, "
      "schema: {type: string}},"
      " {name: q, in: query, schema: {type: array, items: {type: string}}, explode: false},"
      " {name: X-H, in: header, schema: {type: boolean}}, {name: c, in: query, content: {application/json: "
      "{schema: {type: object, properties: {z: {type: string}}}}}}]",
      "/{a}/{b}");
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  const auto& parameters = compiled.plan->operations[0].parameters;
  ASSERT_EQ(parameters.size(), 5U);
  EXPECT_EQ(parameters[0].path_index, 1U);
  EXPECT_EQ(parameters[1].path_index, 0U);
  EXPECT_FALSE(parameters[2].explode);
  EXPECT_EQ(parameters[3].name, "X-H");
  EXPECT_TRUE(parameters[4].content_json);
  EXPECT_TRUE(parameters[2].list_delimited);
  EXPECT_FALSE(compiled.plan->operations[0].path_delimiters);
  for (const Parameter& parameter : parameters) EXPECT_NE(parameter.program, nullptr) << parameter.name;
}

TEST(Parameters, of_other_forms_are_refused_where_they_stand) {
  const std::pair<const char*, const char*> cases[] = {
      {"{name: p, in: query, style: deepObject, schema: {type: string}}",
       "api.yaml:8:20: error: parameter \"p\" has the style deepObject and is no object"},
      {"{name: p, in: query, style: pipeDelimited, explode: true, schema: {type: object, properties: {a: "
       "{type: "
       "string}}}}",
       "parameter \"p\" is an object that is exploded, for which its style has no form"},
      {"{name: p, in: query, schema: {type: object, properties: {a: {type: array, items: {type: string}}}}}",
       "parameter \"p\" holds lists or objects within its value"},
      {"{name: p, in: query, schema: {type: array, items: {type: array, items: {type: string}}}}",
       "parameter \"p\" holds lists or objects within its value"},
      {"{name: p, in: query, schema: {type: object, properties: {q: {type: string}}}}, {name: q, in: query, "
       "schema: "
       "{type: string}}",
       "the members of parameter \"p\" and the parameter \"q\" are written alike"},
      {"{name: p, in: query, content: {application/xml: {schema: {type: string}}}}",
       "parameter \"p\" is declared as application/xml, which is not enforced yet"},
      {"{name: p, in: query, schema: {type: string}, x-caponier: {classification: pii}}",
       "\"classification\" is not enforced by this version"},
      {"{name: p, in: query, schema: {type: string}, x-caponier: {zebra: 1}}",
       "\"zebra\" is not a member of x-caponier"},
  };
  for (const auto& [parameter, error] : cases) {
    const Compiled compiled = with_parameters('[' + std::string(parameter) + ']');
    EXPECT_EQ(compiled.plan, nullptr);
    EXPECT_THAT(compiled.errors(), HasSubstr(error)) << parameter;
  }
}

TEST(Parameters, keep_a_default_that_their_schema_allows) {
  const Compiled whole = compile({document(
      "  /a:\n    get:\n      security: [{bearer: []}]\n      parameters:\n"
      "        - {name: a, in: query, schema: {type: integer, maximum: 9, default: 9}}\n"
      "        - {name: b, in: header, schema: {allOf: [{type: array, items: {type: string}, default: [x, 'y "
      "z']}]}}\n"
      "        - {name: c, in: cookie, schema: {$ref: '#/components/schemas/C'}}\n"
      "        - {name: d, in: query, schema: {type: integer, default: ''}, allowEmptyValue: true}\n"
      "        - {name: e, in: query, content: {application/json: {schema: {type: object, properties: {z: "
      "{type: integer}}, default: {z: 0x10}}}}}\n"
      "      responses: {'200': {description: ok}}\n",
      "  schemas: {C: {type: boolean, default: true}}\n")});
  ASSERT_NE(whole.plan, nullptr) << whole.errors();
  EXPECT_EQ(whole.findings(), "");
  std::vector<std::string> defaults;
  for (const Parameter& parameter : whole.plan->operations[0].parameters)
    defaults.push_back(parameter.default_text);
  EXPECT_THAT(defaults, ElementsAre("9", "[\"x\",\"y z\"]", "true", "\"\"", "{\"z\":16}"));
}

TEST(Parameters, whose_default_their_schema_refuses_are_found_where_it_stands) {
  const std::pair<const char*, const char*> cases[] = {
      {"{name: p, in: query, schema: {type: integer, maximum: 9, default: 10}}",
       "api.yaml:8:86: finding: the default of parameter \"p\" is no value that its schema allows: must be "
       "at "
       "most 9 (maximum) [default-invalid]"},
      {"{name: p, in: query, schema: {type: integer, default: '10'}}", "(type)"},
      {"{name: p, in: header, schema: {type: string, enum: [a, b], default: c}}", "(enum)"},
      {"{name: p, in: cookie, schema: {type: string, default: null}}", "(type)"},
      {"{name: p, in: query, schema: {type: array, items: {type: integer}, default: [1, x]}}", "/1 must be"},
      {"{name: p, in: query, schema: {type: integer, default: ''}}", "(type)"},
  };
  for (const auto& [parameter, finding] : cases) {
    const Compiled compiled = with_parameters('[' + std::string(parameter) + ']');
    ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
    EXPECT_THAT(compiled.findings(), HasSubstr(finding)) << parameter;
  }
}

TEST(Parameters, say_how_they_are_written) {
  const Compiled compiled = with_parameters(
      "[{name: m, in: path, required: true, style: matrix, schema: {type: string}},"
      " {name: o, in: query, schema: {type: object, properties: {a: {type: string}}}},"
      " {name: d, in: query, style: deepObject, schema: {type: object, properties: {a: {type: string}}}},"
      " {name: c, in: cookie, schema: {type: string}}]",
      "/{m}");
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  const Operation& operation = compiled.plan->operations[0];
  EXPECT_TRUE(compiled.plan->path_semicolons);
  EXPECT_TRUE(operation.path_delimiters);
  EXPECT_TRUE(operation.cookies_declared);
  EXPECT_TRUE(operation.parameters[1].spreads);
  EXPECT_FALSE(operation.parameters[2].spreads);
  EXPECT_TRUE(operation.parameters[2].deep_object);
}

TEST(Parameters, that_openapi_describes_elsewhere_are_left_out) {
  const Compiled compiled = with_parameters(
      "[{name: Accept, in: header, schema: {type: string}}, {name: content-type, in: header, schema: {type: "
      "string}},"
      " {name: AUTHORIZATION, in: header, schema: {type: string}}, {name: Accept-Language, in: header, "
      "schema: {type: string}}]");
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  ASSERT_EQ(compiled.plan->operations[0].parameters.size(), 1U);
  EXPECT_EQ(compiled.plan->operations[0].parameters[0].name, "Accept-Language");
}

TEST(Parameters, share_the_program_of_a_schema_that_they_share) {
  const Compiled compiled = compile(
      {document("  /a:\n    parameters: [{$ref: '#/components/parameters/page'}]\n"
                "    get: {security: [{bearer: []}], responses: {'200': {description: ok}}}\n"
                "    put: {security: [{bearer: []}], responses: {'200': {description: ok}}}\n",
                "  parameters:\n    page: {name: page, in: query, schema: {type: integer, minimum: 1}}\n")});
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  EXPECT_EQ(compiled.plan->operations[0].parameters[0].program,
            compiled.plan->operations[1].parameters[0].program);
}

}  // namespace
}  // namespace caponier::plan
