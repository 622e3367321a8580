#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "openapi/test_document.h"

namespace caponier::openapi {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string with_parameter(std::string_view parameter, std::string_view path = "/a") {
  return document("  " + std::string(path) + ":\n    get:\n      parameters:\n        - {" +
                  std::string(parameter) + "}\n      responses: {default: {description: d}}\n");
}

TEST(Parameters, take_style_and_explode_from_where_they_are) {
  struct Case {
    std::string_view text;
    std::string_view path;
    ParameterIn in;
    Style style;
    bool explode;
  };
  const Case cases[] = {
      {"name: p, in: path, required: true, schema: {}", "/a/{p}", ParameterIn::kPath, Style::kSimple, false},
      {"name: p, in: path, required: true, explode: true, schema: {}", "/a/{p}", ParameterIn::kPath,
       Style::kSimple, true},
      {"name: p, in: query, schema: {}", "/a", ParameterIn::kQuery, Style::kForm, true},
      {"name: p, in: query, style: form, explode: false, schema: {}", "/a", ParameterIn::kQuery, Style::kForm,
       false},
      {"name: p, in: header, schema: {}", "/a", ParameterIn::kHeader, Style::kSimple, false},
      {"name: p, in: query, style: deepObject, schema: {}", "/a", ParameterIn::kQuery, Style::kDeepObject,
       false},
      {"name: p, in: path, required: true, style: label, schema: {}", "/a/{p}", ParameterIn::kPath,
       Style::kLabel, false},
      {"name: p, in: cookie, schema: {}", "/a", ParameterIn::kCookie, Style::kForm, true},
  };
  for (const Case& c : cases) {
    Loaded loaded = load(with_parameter(c.text, c.path));
    EXPECT_THAT(loaded.places(), IsEmpty()) << loaded.text();
    const Parameter& parameter = loaded.contract->operations.at(0).parameters.at(0);
    EXPECT_EQ(parameter.in, c.in) << c.text;
    EXPECT_EQ(parameter.style, c.style) << c.text;
    EXPECT_EQ(parameter.explode, c.explode) << c.text;
    EXPECT_NE(parameter.schema, nullptr);
  }
}

TEST(Parameters, with_content_hand_on_its_one_media_type) {
  Loaded loaded =
      load(with_parameter("name: f, in: query, content: {application/json: {schema: {type: object}}}"));
  EXPECT_THAT(loaded.places(), IsEmpty()) << loaded.text();
  const Parameter& parameter = loaded.contract->operations.at(0).parameters.at(0);
  EXPECT_EQ(parameter.content_type, "application/json");
  EXPECT_NE(parameter.content_schema, nullptr);
  EXPECT_EQ(parameter.schema, nullptr);
}

TEST(Parameters, that_cannot_be_enforced_as_written_are_refused) {
  struct Case {
    std::string_view text;
    std::string_view path;
    std::string_view code;
    std::string_view says;
  };
  const Case cases[] = {
      {"in: query, schema: {}", "/a", "missing-member", "\"name\""},
      {"name: '', in: query, schema: {}", "/a", "invalid-value", "must not be empty"},
      {"name: a, schema: {}", "/a", "missing-member", "\"in\""},
      {"name: a, in: body, schema: {}", "/a", "invalid-value", "requestBody"},
      {"name: a, in: qeury, schema: {}", "/a", "invalid-value", "Did you mean \"query\""},
      {"name: a, in: query", "/a", "missing-member", "no `schema`"},
      {"name: a, in: query, schema: 1", "/a", "wrong-type", "\"schema\" must be"},
      {"name: a, in: query, schema: {}, content: {text/plain: {}}", "/a", "invalid-value", "both"},
      {"name: a, in: query, content: {}", "/a", "invalid-value", "exactly one"},
      {"name: a, in: query, content: {text/plain: {}, text/html: {}}", "/a", "invalid-value", "exactly one"},
      {"name: a, in: query, style: form, content: {text/plain: {}}", "/a", "invalid-value", "no meaning"},
      {"name: a, in: query, style: fancy, schema: {}", "/a", "invalid-value", "not a style"},
      {"name: a, in: header, style: form, schema: {}", "/a", "invalid-value", "cannot have"},
      {"name: a, in: header, allowReserved: true, schema: {}", "/a", "invalid-value", "allowReserved"},
      {"name: a, in: header, allowEmptyValue: true, schema: {}", "/a", "invalid-value", "allowEmptyValue"},
  };
  for (const Case& c : cases) {
    const Loaded loaded = load(with_parameter(c.text, c.path));
    EXPECT_EQ(loaded.diagnostics.error_count(), 1U) << c.text << '\n' << loaded.text();
    EXPECT_TRUE(loaded.says(c.code, c.says)) << c.text << '\n' << loaded.text();
    EXPECT_GE(loaded.diagnostics.all().at(0).position.line, 4U);
  }
}

TEST(Parameters, of_a_path_that_do_not_agree_with_it_are_findings_because_no_request_gets_around_them) {
  struct Case {
    std::string_view text;
    std::string_view path;
    std::string_view says;
    std::size_t parameters;
  };
  const Case cases[] = {{"name: a, in: path, schema: {}", "/a/{a}", "does not say that it is required", 1},
                        {"name: a, in: path, required: true, schema: {}", "/a", "does not occur", 1},
                        {"name: a, in: query, schema: {}", "/a/{b}", "\"b\" is not declared", 1}};
  for (const Case& c : cases) {
    const Loaded loaded = load(with_parameter(c.text, c.path));
    EXPECT_FALSE(loaded.diagnostics.has_errors()) << loaded.text();
    ASSERT_EQ(loaded.diagnostics.all().size(), 1U) << loaded.text();
    EXPECT_EQ(loaded.diagnostics.all()[0].severity, Severity::kFinding);
    EXPECT_TRUE(loaded.says("path-parameter", c.says)) << loaded.text();
    const std::vector<Parameter>& read = loaded.contract->operations.at(0).parameters;
    ASSERT_EQ(read.size(), c.parameters);
    EXPECT_EQ(read[0].required, read[0].in == ParameterIn::kPath);
  }
}

TEST(Parameters, declared_twice_are_refused_headers_in_any_case) {
  Loaded loaded = load(document(
      "  /a:\n    get:\n      parameters:\n        - {name: X-A, in: header, schema: {}}\n"
      "        - {name: x-a, in: header, schema: {}}\n        - {name: x-a, in: query, schema: {}}\n"
      "        - {name: X-A, in: query, schema: {}}\n      responses: {default: {description: d}}\n"));
  EXPECT_THAT(loaded.places(), ElementsAre("8:11 duplicate-parameter")) << loaded.text();
}

TEST(Parameters, that_openapi_describes_elsewhere_are_left_out_with_a_note) {
  Loaded loaded = load(with_parameter("name: authorization, in: header, required: true, schema: {}"));
  EXPECT_FALSE(loaded.diagnostics.has_errors());
  EXPECT_TRUE(loaded.says("ignored-parameter", "security")) << loaded.text();
  EXPECT_THAT(loaded.contract->operations.at(0).parameters, IsEmpty());
}

TEST(Parameters, a_path_that_no_request_can_have_is_for_whoever_serves_it_to_refuse) {
  for (const std::string_view path : {"/a?b=c", "/a#b"}) {
    Loaded loaded =
        load(document("  '" + std::string(path) + "':\n    get: {responses: {default: {description: d}}}\n"));
    EXPECT_THAT(loaded.places(), IsEmpty()) << loaded.text();
    EXPECT_EQ(loaded.contract->operations.at(0).path, path);
  }
}

TEST(Parameters, malformed_templates_are_refused_at_the_path) {
  for (const std::string_view path : {"/a/{", "/a/}", "/a/{}", "/{a/b}", "/{{a}}"}) {
    const Loaded loaded =
        load(document("  '" + std::string(path) + "':\n    get: {responses: {default: {description: d}}}\n"));
    EXPECT_TRUE(loaded.says("path-template", "Write each parameter")) << path << loaded.text();
    EXPECT_EQ(loaded.diagnostics.all().at(0).position, (SourcePosition{4, 3}));
  }
  const Loaded twice = load(with_parameter("name: a, in: path, required: true, schema: {}", "/{a}/{a}"));
  EXPECT_TRUE(twice.says("path-template", "twice")) << twice.text();
  Loaded within = load(with_parameter("name: a, in: path, required: true, schema: {}", "/x/{a}.json"));
  EXPECT_THAT(within.places(), IsEmpty()) << within.text();
}

}  // namespace
}  // namespace caponier::openapi
