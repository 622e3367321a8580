#include "plan/forms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/test_compile.h"

namespace caponier::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Compiled with_form(std::string_view type, std::string_view content, std::string_view version = "3.0.3") {
  std::string text = document(
      "  /a:\n    post:\n      security: [{bearer: []}]\n      requestBody: {content: {" + std::string(type) +
      ": " + std::string(content) + "}}\n      responses: {'200': {description: ok}}\n");
  return compile({text.replace(text.find("3.0.3"), 5, version)});
}
constexpr std::string_view kForm = "application/x-www-form-urlencoded";
constexpr std::string_view kMultipart = "multipart/form-data";

const Body& body_of(const Compiled& compiled) {
  static const Body none;
  return compiled.plan == nullptr ? none : compiled.plan->operations.at(0).bodies.at(0);
}

const FormField& field_of(const Compiled& compiled, std::string_view name) {
  static const FormField none;
  for (const FormField& field : body_of(compiled).fields) {
    if (field.name == name) return field;
  }
  ADD_FAILURE() << "no field " << name << compiled.errors();
  return none;
}

TEST(Forms, take_their_fields_from_the_schema_and_how_they_are_written_from_the_encoding) {
  const Compiled compiled =
      with_form(kForm,
                "{schema: {type: object, properties: {a: {type: string}, l: {type: array, items: {type: "
                "integer}}, d: {type: object, "
                "properties: {x: {type: string}}}, j: {type: object, properties: {y: {type: string}}}}}, "
                "encoding: {l: {style: "
                "spaceDelimited}, d: {style: deepObject}, j: {contentType: application/json}}}");
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  EXPECT_EQ(body_of(compiled).form, BodyForm::kForm);
  EXPECT_TRUE(body_of(compiled).closed);
  EXPECT_TRUE(field_of(compiled, "a").explode);
  EXPECT_EQ(field_of(compiled, "l").style, uri::Style::kSpace);
  EXPECT_FALSE(field_of(compiled, "l").explode);
  EXPECT_TRUE(field_of(compiled, "d").deep_object);
  EXPECT_TRUE(field_of(compiled, "j").json);
}

TEST(Forms, of_several_parts_know_bytes_json_types_and_headers) {
  const Compiled compiled = with_form(
      kMultipart,
      "{schema: {type: object, properties: {f: {type: string, format: binary, maxLength: 9}, fs: {type: "
      "array, items: {type: "
      "string, format: binary}}, o: {type: object, properties: {x: {type: string}}}, t: {type: string}}}, "
      "encoding: {f: "
      "{contentType: 'image/png, image/*', headers: {X-Note: {required: true, schema: {type: integer}}}}}}");
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  const FormField& file = field_of(compiled, "f");
  EXPECT_TRUE(file.binary);
  EXPECT_EQ(file.bytes_max, 9U);
  EXPECT_THAT(file.content_types, ElementsAre("image/png", "image/*"));
  ASSERT_EQ(file.parsed.size(), 2U);
  EXPECT_EQ(file.parsed[0].type.data(), file.content_types[0].data());
  ASSERT_EQ(file.headers.size(), 1U);
  EXPECT_TRUE(file.headers[0].required);
  EXPECT_TRUE(field_of(compiled, "fs").binary);
  EXPECT_TRUE(field_of(compiled, "o").json);
  EXPECT_FALSE(field_of(compiled, "t").binary);
}

TEST(Forms, of_openapi_3_1_say_bytes_by_media_type_or_by_saying_nothing) {
  const Compiled compiled = with_form(kMultipart,
                                      "{schema: {type: object, properties: {f: {type: string, "
                                      "contentMediaType: application/octet-stream}, g: {}, h: {type: "
                                      "string, contentMediaType: image/png, contentEncoding: base64}}}}",
                                      "3.1.0");
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  EXPECT_TRUE(field_of(compiled, "f").binary);
  EXPECT_TRUE(field_of(compiled, "g").binary);
  EXPECT_FALSE(field_of(compiled, "h").binary);
}

TEST(Forms, that_are_not_defined_are_errors_where_they_stand) {
  struct Case {
    std::string_view type, content, error;
  };
  for (const Case& c : {
           Case{kForm, "{}", "the form has no schema"},
           Case{kForm, "{schema: {type: string}}", "a form is an object, and its schema allows none"},
           Case{kForm,
                "{schema: {type: object, properties: {a: {type: object, properties: {b: {type: string}}}}}}",
                "field \"a\" holds more than one text, and no encoding says how it is written"},
           Case{kForm, "{schema: {type: object, properties: {a: {type: string, format: binary}}}}",
                "field \"a\" is binary, which this media type cannot carry"},
           Case{kMultipart,
                "{schema: {type: object, properties: {a: {type: string, format: binary, pattern: x}}}}",
                "field \"a\" is binary and its schema says more than that"},
           Case{kForm,
                "{schema: {type: object, properties: {a: {type: string}}}, encoding: {b: {style: form}}}",
                "the schema has no property \"b\" to be encoded"},
           Case{kForm,
                "{schema: {type: object, properties: {a: {type: string}}}, encoding: {a: {style: matrix}}}",
                "has the style \"matrix\", which forms do not know"},
           Case{kMultipart,
                "{schema: {type: object, properties: {a: {type: string}}}, encoding: {a: {contentType: "
                "nonsense}}}",
                "has the content type \"nonsense\", which is none"},
           Case{kMultipart,
                "{schema: {type: object, properties: {a: {type: string}}}, encoding: {a: {contentType: "
                "'text/plain, "
                "application/json'}}}",
                "is JSON or something else"},
       }) {
    const Compiled compiled = with_form(c.type, c.content);
    EXPECT_EQ(compiled.plan, nullptr) << c.content;
    EXPECT_THAT(compiled.errors(), HasSubstr(c.error)) << c.content;
    EXPECT_THAT(compiled.errors(), HasSubstr("api.yaml:8:")) << c.content;
  }
}

TEST(Shapes, see_through_references_and_compositions_and_end) {
  const Compiled compiled = compile({document(
      "  /a:\n    get:\n      security: [{bearer: []}]\n      parameters: [{name: p, in: query, style: "
      "deepObject, "
      "schema: {$ref: '#/components/schemas/Tree'}}]\n      responses: {'200': {description: ok}}\n",
      "  schemas:\n"
      "    Base: {type: object, properties: {id: {type: integer}, secret: {type: string, writeOnly: true}}}\n"
      "    Tree:\n"
      "      allOf:\n"
      "        - {$ref: '#/components/schemas/Base'}\n"
      "        - {oneOf: [{properties: {v: {type: integer}}}, {properties: {v: {type: string}}}]}\n"
      "        - {properties: {children: {type: array, items: {$ref: '#/components/schemas/Tree'}}}}\n")});
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  const Shape& shape = *compiled.plan->operations[0].parameters[0].shape;
  EXPECT_TRUE(shape.names(json::Kind::kObject));
  EXPECT_TRUE(shape.closed);
  ASSERT_NE(shape.property("v"), nullptr);
  EXPECT_TRUE(shape.property("v")->allows(json::Kind::kNumber));
  EXPECT_TRUE(shape.property("v")->allows(json::Kind::kString));
  EXPECT_FALSE(shape.property("v")->allows(json::Kind::kBoolean));
  EXPECT_TRUE(shape.property("secret")->write_only);
  EXPECT_EQ(shape.property("none"), nullptr);
  const Shape* child = shape.property("children")->items;
  ASSERT_NE(child, nullptr);
  EXPECT_EQ(child->property("children")->items, child);
}

}  // namespace
}  // namespace caponier::plan
