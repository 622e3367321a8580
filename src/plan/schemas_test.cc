// What a contract's schemas may use of JSON Schema, and what is said where they go wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/test_compile.h"
#include "schema/program_data.h"

namespace caponier::plan {
namespace {

using testing::HasSubstr;

Compiled with_schemas(std::string_view body, std::string_view schemas, std::string_view root = {}) {
  std::string text = document(
      "  /a:\n    post:\n      operationId: postA\n      security: [{bearer: []}]\n"
      "      requestBody: {required: true, content: {application/json: {schema: " +
          std::string(body) + "}}}\n      responses: {'200': {description: ok}}\n",
      "  schemas:\n" + std::string(schemas), root);
  return compile({text.replace(0, std::string_view("openapi: 3.0.3").size(), "openapi: 3.1.0")});
}

bool accepts(const Compiled& compiled, std::string_view instance) {
  json::Document document;
  const auto value = document.read(instance, JsonLimits{});
  return schema::evaluate(*compiled.plan->operations.at(0).bodies.at(0).program, *value) ==
         schema::Outcome::kValid;
}

TEST(Schemas, references_lead_to_identifiers_and_anchors) {
  const char* const references[] = {"{$ref: 'https://example.com/item'}",
                                    "{$ref: 'https://example.com/list#one'}", "{$ref: '#here'}",
                                    "{$ref: '#/components/schemas/Here'}"};
  for (const char* reference : references) {
    const Compiled compiled =
        with_schemas(reference,
                     "    Item: {$id: 'https://example.com/item', $ref: 'list#one'}\n"
                     "    List:\n      $id: https://example.com/list\n"
                     "      $defs: {One: {$anchor: one, $ref: '#/$defs/Two'}, Two: {type: integer}}\n"
                     "    Here: {$anchor: here, type: integer}\n");
    ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
    EXPECT_TRUE(accepts(compiled, "1")) << reference;
    EXPECT_FALSE(accepts(compiled, "\"a\"")) << reference;
  }
}

TEST(Schemas, a_reference_to_nowhere_is_told_with_its_place) {
  for (const char* reference :
       {"{$ref: '#nowhere'}", "{$ref: 'https://example.com/none'}", "{$dynamicRef: '#x'}"}) {
    const Compiled compiled = with_schemas(reference, "    A: {$anchor: here}\n");
    EXPECT_EQ(compiled.plan, nullptr);
    EXPECT_THAT(compiled.errors(), HasSubstr("api.yaml:")) << reference;
  }
}

TEST(Schemas, json_schema_dialect_is_that_of_schemas_that_name_none) {
  const std::string list = "    A: {type: array, items: [{type: string}], additionalItems: false}\n";
  const Compiled draft_7 = with_schemas("{$ref: '#/components/schemas/A'}", list,
                                        "jsonSchemaDialect: http://json-schema.org/draft-07/schema#\n");
  ASSERT_NE(draft_7.plan, nullptr) << draft_7.errors();
  EXPECT_TRUE(accepts(draft_7, "[\"a\"]"));
  EXPECT_FALSE(accepts(draft_7, "[\"a\",1]"));
  const Compiled own = with_schemas("{$ref: '#/components/schemas/A'}", list);
  EXPECT_THAT(own.errors(), HasSubstr("prefixItems"));
  const Compiled unknown = with_schemas("{$ref: '#/components/schemas/A'}", "    A: {type: string}\n",
                                        "jsonSchemaDialect: https://example.com/dialect\n");
  EXPECT_EQ(unknown.plan, nullptr);
  EXPECT_THAT(unknown.errors(), HasSubstr("api.yaml:4:1: error: this schema dialect is not known"));
  const Compiled nearly = with_schemas("{$ref: '#/components/schemas/A'}", "    A: {type: string}\n",
                                       "jsonSchemaDialect: https://json-schema.org/draft-07/schema#\n");
  EXPECT_THAT(nearly.errors(), HasSubstr("Did you mean \"http://json-schema.org/draft-07/schema#\"?"));
}

constexpr const char* kDraft7 = "http://json-schema.org/draft-07/schema#";

// A document whose body's schema is `reference`, with files beside it.
Compiled with_files(std::string_view reference, std::map<std::string, std::string> files,
                    std::string_view root = {}) {
  std::string text = document(
      "  /a:\n    post:\n      operationId: postA\n      security: [{bearer: []}]\n"
      "      requestBody: {required: true, content: {application/json: {schema: {$ref: '" +
          std::string(reference) + "'}}}}\n      responses: {'200': {description: ok}}\n",
      {}, root);
  text.replace(0, std::string_view("openapi: 3.0.3").size(), "openapi: 3.1.0");
  return compile({.contract = text, .files = std::move(files)});
}

// A tuple as draft 7 writes it, which 2020-12 refuses.
const std::string kTuple = "type: array\nitems: [{type: string}]\nadditionalItems: false\n";
const std::string kOtherDocument = "openapi: 3.1.0\ninfo: {title: O, version: '1'}\npaths: {}\n";

TEST(Schemas, of_a_file_without_a_dialect_are_read_as_those_who_refer_to_it) {
  const std::string dialect = "jsonSchemaDialect: " + std::string(kDraft7) + "\n";
  const Compiled own = with_files("tuple.yaml", {{"tuple.yaml", kTuple}}, dialect);
  ASSERT_NE(own.plan, nullptr) << own.errors();
  EXPECT_TRUE(accepts(own, "[\"a\"]"));
  EXPECT_FALSE(accepts(own, "[\"a\",1]"));
  // Over one more file, and from an OpenAPI document that says so while the first one does not.
  const std::map<std::string, std::string> chain = {
      {"between.yaml", "T: {$ref: tuple.yaml}\n"},
      {"other.yaml", kOtherDocument + dialect + "components: {schemas: {T: {$ref: 'between.yaml#/T'}}}\n"},
      {"tuple.yaml", kTuple}};
  const Compiled far = with_files("other.yaml#/components/schemas/T", chain);
  ASSERT_NE(far.plan, nullptr) << far.errors();
  EXPECT_FALSE(accepts(far, "[\"a\",1]"));
  EXPECT_THAT(with_files("tuple.yaml", {{"tuple.yaml", kTuple}}).errors(), HasSubstr("prefixItems"));
}

TEST(Schemas, of_an_openapi_document_have_its_own_dialect) {
  const std::string dialect = "jsonSchemaDialect: " + std::string(kDraft7) + "\n";
  const std::string schemas = "components: {schemas: {T: {type: array, items: [{type: string}]}}}\n";
  const Compiled silent =
      with_files("other.yaml#/components/schemas/T", {{"other.yaml", kOtherDocument + schemas}}, dialect);
  EXPECT_EQ(silent.plan, nullptr);
  EXPECT_THAT(silent.errors(), HasSubstr("prefixItems"));
}

TEST(Schemas, of_a_file_that_names_its_dialect_are_read_in_it) {
  const Compiled compiled =
      with_files("tuple.yaml", {{"tuple.yaml", "$schema: " + std::string(kDraft7) + "\n" + kTuple}});
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  EXPECT_FALSE(accepts(compiled, "[\"a\",1]"));
}

TEST(Schemas, of_a_file_that_two_dialects_refer_to_are_refused) {
  const std::string dialect = "jsonSchemaDialect: " + std::string(kDraft7) + "\n";
  const std::string both = "components: {schemas: {T: {type: object, properties: {a: {$ref: text.yaml}}}}}\n";
  const std::map<std::string, std::string> files = {
      {"mine.yaml",
       "type: object\nproperties: {a: {$ref: text.yaml}, b: {$ref: 'other.yaml#/components/schemas/T'}}\n"},
      {"other.yaml", kOtherDocument + dialect + both},
      {"text.yaml", "type: string\n"}};
  const Compiled compiled = with_files("mine.yaml", files);
  EXPECT_EQ(compiled.plan, nullptr);
  EXPECT_THAT(compiled.errors(), HasSubstr("[ambiguous-dialect]"));
  EXPECT_THAT(compiled.errors(), HasSubstr("documents of different dialects refer to it"));
  std::map<std::string, std::string> said = files;
  said["text.yaml"] = "$schema: https://json-schema.org/draft/2020-12/schema\ntype: string\n";
  const Compiled explicit_one = with_files("mine.yaml", said);
  EXPECT_NE(explicit_one.plan, nullptr) << explicit_one.errors();
}

TEST(Schemas, references_lead_to_anchors_in_other_files) {
  const std::map<std::string, std::string> files = {
      {"my types.yaml",
       "$defs:\n  N: {$anchor: number, type: integer}\n  L: {type: array, items: {$ref: '#number'}}\n"},
      {"list.yaml", "type: array\nitems: {$ref: 'my%20types.yaml#number'}\n"}};
  const Compiled one = with_files("my%20types.yaml#number", files);
  ASSERT_NE(one.plan, nullptr) << one.errors();
  EXPECT_TRUE(accepts(one, "1"));
  EXPECT_FALSE(accepts(one, "\"a\""));
  for (const char* const reference : {"list.yaml", "my%20types.yaml#/$defs/L"}) {
    const Compiled list = with_files(reference, files);
    ASSERT_NE(list.plan, nullptr) << reference << list.errors();
    EXPECT_TRUE(accepts(list, "[1]"));
    EXPECT_FALSE(accepts(list, "[\"a\"]"));
  }
  const Compiled none = with_files("my%20types.yaml#text", files);
  EXPECT_EQ(none.plan, nullptr);
  EXPECT_THAT(none.errors(), HasSubstr("names an anchor that no schema has there"));
  EXPECT_THAT(none.errors(), HasSubstr("api.yaml:9:81: error"));
}

TEST(Schemas, the_shape_of_a_value_is_known_behind_an_anchor) {
  const Compiled query = [] {
    std::string text = document(
        "  /a:\n    get:\n      security: [{bearer: []}]\n      parameters: [{name: l, in: query, explode: "
        "false, "
        "schema: {$ref: '#list'}}]\n      responses: {'200': {description: ok}}\n",
        "  schemas: {L: {$anchor: list, type: array, items: {type: integer}}}\n");
    return compile({text.replace(0, std::string_view("openapi: 3.0.3").size(), "openapi: 3.1.0")});
  }();
  ASSERT_NE(query.plan, nullptr) << query.errors();
  EXPECT_TRUE(query.plan->operations[0].parameters[0].shape->names(json::Kind::kArray));
}

TEST(Schemas, one_that_many_operations_use_is_compiled_once) {
  const auto with_operations = [](int count) {
    std::string paths;
    for (int i = 0; i < count; ++i) {
      paths +=
          "  /a" + std::to_string(i) +
          ":\n    post:\n      security: [{bearer: []}]\n"
          "      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}\n"
          "      responses:\n        '200':\n          description: ok\n"
          "          content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}\n";
    }
    return compile({document(paths,
                             "  schemas:\n    A:\n      type: object\n      properties:\n"
                             "        id: {type: integer, readOnly: true}\n        kind: {enum: [x, y]}\n"
                             "        next: {$ref: '#/components/schemas/A'}\n")});
  };
  const Compiled one = with_operations(1);
  const Compiled many = with_operations(40);
  ASSERT_TRUE(one.plan != nullptr && many.plan != nullptr) << one.errors() << many.errors();
  const auto program = [](const Compiled& compiled, std::size_t operation) {
    return compiled.plan->operations.at(operation).bodies.at(0).program->program;
  };
  EXPECT_EQ(program(many, 0)->blocks.size(), program(one, 0)->blocks.size());
  EXPECT_EQ(program(many, 0)->instructions.size(), program(one, 0)->instructions.size());
  EXPECT_EQ(program(many, 0)->origins.size(), program(one, 0)->origins.size());
  EXPECT_EQ(program(many, 39), program(many, 0));
  EXPECT_EQ(many.plan->operations[39].responses[0].bodies[0].program->program, program(many, 0));
  EXPECT_TRUE(accepts(many, R"({"kind":"x","next":{"kind":"y"}})"));
  EXPECT_FALSE(accepts(many, R"({"next":{"id":1}})"));
}

TEST(Schemas, what_is_wrong_with_a_shared_one_is_said_once_and_stops_the_plan) {
  std::string paths;
  for (const char* const path : {"/a", "/b", "/c"}) {
    paths += std::string("  ") + path +
             ":\n    post:\n      security: [{bearer: []}]\n"
             "      requestBody: {content: {application/json: {schema: {items: {$ref: "
             "'#/components/schemas/A'}}}}}\n"
             "      responses: {'200': {description: ok}}\n";
  }
  const Compiled compiled = compile({document(paths, "  schemas:\n    A: {type: string, pattern: '('}\n")});
  EXPECT_EQ(compiled.plan, nullptr);
  EXPECT_EQ(compiled.diagnostics.error_count(), 1U) << compiled.errors();
  EXPECT_THAT(compiled.errors(), HasSubstr("POST /a"));
}

TEST(Schemas, words_of_a_file_that_a_reference_leads_to_mean_what_they_mean_there) {
  Compiled out;
  out.config = config::read_config(kUpstream, "caponier.yaml", out.diagnostics);
  std::string text = document(
      "  /a:\n    post:\n      security: [{bearer: []}]\n"
      "      requestBody: {content: {application/json: {schema: {$ref: 'list.yaml'}}}}\n"
      "      responses: {'200': {description: ok}}\n");
  text.replace(0, std::string_view("openapi: 3.0.3").size(), "openapi: 3.1.0");
  openapi::LoadInput input{.text = text, .file = "api.yaml"};
  input.read_file = [](const std::string&) -> Result<std::string, std::string> {
    return std::string(
        "$schema: http://json-schema.org/draft-07/schema#\n"
        "type: array\nitems: [{type: string}]\nadditionalItems: false\n");
  };
  out.contract = openapi::load_contract(std::move(input), out.diagnostics);
  CompileInput compiling;
  compiling.contract = out.contract.get();
  compiling.config = out.config.get();
  out.plan = compile_plan(compiling, out.diagnostics);
  ASSERT_NE(out.plan, nullptr) << out.errors();
  EXPECT_TRUE(accepts(out, "[\"a\"]"));
  EXPECT_FALSE(accepts(out, "[\"a\",1]"));
}

TEST(Schemas, data_that_looks_like_identifiers_is_none) {
  const Compiled compiled = with_schemas(
      "{type: object, example: {schema: {$anchor: a}}, properties: {schema: {$anchor: a, type: string}, $id: "
      "{type: "
      "string}}}",
      "    A: {const: {$anchor: a}}\n");
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  EXPECT_TRUE(accepts(compiled, R"({"schema":"x","$id":"y"})"));
}

}  // namespace
}  // namespace caponier::plan
