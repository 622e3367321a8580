#include "plan/bodies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/test_compile.h"

namespace caponier::plan {
namespace {

using testing::HasSubstr;

Compiled with_content(std::string_view content, std::string_view policy = {}, std::string_view config = {}) {
  return compile({document("  /a:\n    post:\n      operationId: postA\n      security: [{bearer: []}]\n" +
                           std::string(policy) + "      requestBody: {required: true, content: {" +
                           std::string(content) +
                           "}}\n      responses: {'200': {description: ok}, default: {description: e, "
                           "content: {application/problem+json: {}}}}\n"),
                  std::string(kUpstream) + std::string(config)});
}

const Body& body_of(const Compiled& compiled, std::size_t index = 0) {
  static const Body none;
  return compiled.plan == nullptr ? none : compiled.plan->operations.at(0).bodies.at(index);
}

TEST(Bodies, json_is_judged_by_its_schema_and_buffered) {
  for (const char* type :
       {"application/json", "application/merge-patch+json", "'application/json; charset=utf-8'"}) {
    const Compiled compiled =
        with_content(std::string(type) + ": {schema: {type: object, properties: {a: {type: string}}}}");
    ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
    EXPECT_EQ(body_of(compiled).form, BodyForm::kJson);
    EXPECT_TRUE(body_of(compiled).closed);
    EXPECT_NE(body_of(compiled).program, nullptr);
    EXPECT_EQ(body_of(compiled).bytes_max, 1024U * 1024U);
    EXPECT_TRUE(compiled.plan->operations[0].body_required);
    EXPECT_EQ(compiled.findings(), "");
  }
}

TEST(Bodies, parsed_media_types_view_the_plans_own_text) {
  const Compiled compiled = with_content("a/b: {}, application/json: {schema: {type: string}}");
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  for (const Body& body : compiled.plan->operations[0].bodies) {
    EXPECT_GE(body.parsed.type.data(), body.media_type.data());
    EXPECT_LE(body.parsed.subtype.data() + body.parsed.subtype.size(),
              body.media_type.data() + body.media_type.size());
  }
}

TEST(Bodies, bytes_are_streamed_and_bounded) {
  const char* const contents[] = {
      "application/octet-stream: {schema: {type: string, format: binary}}",
      "application/octet-stream: {}",
      "image/png: {schema: {type: string, format: binary, description: a picture}}",
      "application/zip: {schema: {}}",
      "'*/*': {schema: {type: string, format: binary}}",
      "application/pdf: {schema: {$ref: '#/components/schemas/Bytes'}}"};
  for (const char* content : contents) {
    const Compiled compiled =
        compile({document("  /a:\n    post:\n      security: [{bearer: []}]\n      requestBody: {content: {" +
                              std::string(content) + "}}\n      responses: {'200': {description: ok}}\n",
                          "  schemas:\n    Bytes: {type: string, format: binary}\n")});
    ASSERT_NE(compiled.plan, nullptr) << content << compiled.errors();
    EXPECT_EQ(body_of(compiled).form, BodyForm::kOpaque) << content;
    EXPECT_EQ(body_of(compiled).bytes_max, MemoryLimits().streamed_body_bytes_max);
  }
  EXPECT_EQ(
      body_of(with_content("image/png: {schema: {type: string, format: binary, maxLength: 100}}")).bytes_max,
      100U);
  EXPECT_EQ(body_of(with_content("image/png: {}", "      x-caponier: {body_bytes_max: 5MiB}\n")).bytes_max,
            5U * 1024 * 1024);
}

TEST(Bodies, a_streamed_bound_holds_at_the_limit_and_is_refused_past_it) {
  const char* const config = "limits: {memory: {streamed_body_bytes_max: 1MiB}}\n";
  EXPECT_EQ(body_of(with_content("image/png: {}", "      x-caponier: {body_bytes_max: 1048576}\n", config))
                .bytes_max,
            1048576U);
  const Compiled past =
      with_content("image/png: {}", "      x-caponier: {body_bytes_max: 1048577}\n", config);
  EXPECT_THAT(
      past.errors(),
      HasSubstr("the bound of 1048577 bytes is above 1048576, the most that a streamed body may have"));
}

TEST(Bodies, that_cannot_be_judged_load_only_where_that_is_said) {
  const char* const contents[] = {"application/xml: {schema: {type: object}}",
                                  "text/xml: {}",
                                  "application/soap+xml: {}",
                                  "application/yaml: {}",
                                  "text/*: {}",
                                  "multipart/mixed: {}",
                                  "application/octet-stream: {schema: {type: object}}",
                                  "application/pdf: {schema: {type: string}}",
                                  "image/png: {schema: {type: string, format: binary, pattern: a}}",
                                  "'*/*': {schema: {type: object}}"};
  for (const char* content : contents) {
    const Compiled compiled = with_content(content);
    EXPECT_EQ(compiled.plan, nullptr) << content;
    EXPECT_THAT(compiled.errors(), HasSubstr("api.yaml:9:")) << content;
    EXPECT_THAT(compiled.errors(), HasSubstr("[not-enforced-yet]")) << content;
    const Compiled said =
        with_content(content, "      x-caponier: {opaque: {reason: the backend judges it}}\n");
    ASSERT_NE(said.plan, nullptr) << content << said.errors();
    EXPECT_EQ(body_of(said).form, BodyForm::kOpaque) << content;
    EXPECT_THAT(said.findings(), HasSubstr("only: the backend judges it [body-opaque]")) << content;
  }
  EXPECT_THAT(with_content("text/xml: {}", "      x-caponier: {opaque: true}\n").errors(),
              HasSubstr("\"opaque\" needs a reason"));
}

TEST(Bodies, text_is_judged_as_one_string) {
  for (const char* content : {"text/plain: {schema: {type: string, maxLength: 5}}", "text/csv: {}"}) {
    const Compiled compiled = with_content(content);
    ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
    EXPECT_EQ(body_of(compiled).form, BodyForm::kText);
    EXPECT_EQ(body_of(compiled).bytes_max, 1024U * 1024U);
  }
  EXPECT_THAT(with_content("text/csv: {schema: {type: object}}").errors(),
              HasSubstr("its schema allows none"));
}

TEST(Bodies, the_most_precise_media_type_comes_first_and_none_comes_twice) {
  const Compiled compiled = with_content("'*/*': {}, image/*: {}, image/png: {}");
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  EXPECT_EQ(body_of(compiled, 0).media_type, "image/png");
  EXPECT_EQ(body_of(compiled, 1).media_type, "image/*");
  EXPECT_EQ(body_of(compiled, 2).media_type, "*/*");
  const Compiled twice = with_content(
      "application/json: {schema: {type: string}}, 'application/json;v=2': {schema: {type: number}}");
  EXPECT_THAT(twice.errors(), HasSubstr("are the same media type once parameters are set aside"));
}

TEST(Bodies, what_nothing_judges_is_a_finding) {
  struct Case {
    const char* schema;
    const char* finding;
    bool closed;
  };
  const Case cases[] = {
      {"{schema: {type: object}}",
       "api.yaml:9:66: finding: this object accepts members that nothing judges [schema-open]", false},
      {"{schema: {type: object, properties: {a: {type: object, additionalProperties: true}}}}",
       "[schema-open]", false},
      {"{schema: {type: array, items: {type: object, additionalProperties: {}}}}", "[schema-open]", false},
      {"{}", "the JSON body has no schema, so that any well-formed JSON passes [body-unjudged]", false},
      {"{schema: {type: object, additionalProperties: {type: string}}}", "", true},
      {"{schema: {type: object, additionalProperties: false}}", "", true},
      {"{schema: {allOf: [{type: object, properties: {a: {type: string}}}, {type: object, required: [a]}]}}",
       "", true},
  };
  for (const Case& c : cases) {
    const Compiled compiled = with_content("application/json: " + std::string(c.schema));
    ASSERT_NE(compiled.plan, nullptr) << c.schema << compiled.errors();
    EXPECT_EQ(body_of(compiled).closed, c.closed) << c.schema;
    EXPECT_THAT(compiled.findings(), HasSubstr(c.finding));
    if (*c.finding == '\0') {
      EXPECT_EQ(compiled.findings(), "") << c.schema;
    }
  }
}

TEST(Bodies, a_circular_schema_is_looked_through_once) {
  const Compiled compiled =
      compile({document("  /a:\n    post:\n      security: [{bearer: []}]\n      requestBody: {content: "
                        "{application/json: {schema: {$ref: '#/components/schemas/Tree'}}}}\n"
                        "      responses: {'200': {description: ok}}\n",
                        "  schemas:\n    Tree: {type: object, properties: {children: {type: array, items: "
                        "{$ref: '#/components/schemas/Tree'}}}}\n")});
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  EXPECT_TRUE(body_of(compiled).closed);
}

TEST(Responses, keep_statuses_and_media_types) {
  const Compiled compiled = with_content("application/json: {schema: {type: string}}");
  ASSERT_NE(compiled.plan, nullptr) << compiled.errors();
  const auto& responses = compiled.plan->operations[0].responses;
  ASSERT_EQ(responses.size(), 2U);
  EXPECT_EQ(responses[0].status, "200");
  EXPECT_TRUE(responses[0].bodies.empty());
  EXPECT_EQ(responses[1].status, "default");
  ASSERT_EQ(responses[1].bodies.size(), 1U);
  EXPECT_EQ(responses[1].bodies[0].media_type, "application/problem+json");
}

}  // namespace
}  // namespace caponier::plan
