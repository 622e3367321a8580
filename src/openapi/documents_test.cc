#include "openapi/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/limits.h"
#include "openapi/test_document.h"

namespace caponier::openapi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Files = std::map<std::string, std::string>;

struct Read {
  Loaded loaded;
  std::vector<std::string> asked;  // in order
};

// Loads `text` as folder/openapi.yaml, with `files` beside it.
std::unique_ptr<Read> load_with(std::string_view text, const Files& files) {
  auto out = std::make_unique<Read>();
  LoadInput input;
  input.text = text;
  input.file = "folder/openapi.yaml";
  input.read_file = [&files,
                     asked = &out->asked](const std::string& path) -> Result<std::string, std::string> {
    asked->push_back(path);
    const auto found = files.find(path);
    if (found == files.end()) return Err("there is no " + path);
    return found->second;
  };
  out->loaded.contract = load_contract(std::move(input), out->loaded.diagnostics);
  return out;
}

std::string one_response(std::string_view reference) {
  return document("  /a:\n    get:\n      responses:\n        default: {$ref: '" + std::string(reference) +
                  "'}\n");
}

TEST(Documents, parts_may_stand_in_other_files) {
  const Files files = {
      {"parts/responses.yaml",
       "missing: {description: There is none., headers: {X: {$ref: 'h.json#/X'}}}\n"
       "again: {$ref: '../openapi.yaml#/components/responses/own'}\n"},
      {"parts/h.json", R"({"X": {"schema": {"type": "string"}}})"},
      {"items/a.yaml",
       "get: {parameters: [{$ref: p%20q.yaml}], responses: {'404': {$ref: "
       "'../parts/responses.yaml#/missing'}, default: {$ref: './../parts/responses.yaml#/again'}}}\n"},
      {"items/p q.yaml", "{name: q, in: query, schema: {type: string}}\n"}};
  const auto read = load_with(
      document("  /a: {$ref: items/a.yaml}\n", "components: {responses: {own: {description: Own.}}}\n"),
      files);
  Loaded& loaded = read->loaded;
  EXPECT_THAT(loaded.places(), IsEmpty()) << loaded.text();
  EXPECT_THAT(read->asked,
              ElementsAre("items/a.yaml", "items/p q.yaml", "parts/responses.yaml", "parts/h.json"));
  const Operation& operation = loaded.contract->operations.at(0);
  EXPECT_EQ(operation.parameters.at(0).name, "q");
  ASSERT_EQ(operation.responses.size(), 2U);
  EXPECT_EQ(loaded.contract->file_of(*operation.node), "folder/items/a.yaml");
  EXPECT_EQ(loaded.contract->file_of(*operation.responses[0].node), "folder/parts/responses.yaml");
  EXPECT_EQ(loaded.contract->file_of(*operation.responses[1].node), "folder/openapi.yaml");
}

TEST(Documents, what_is_wrong_in_another_file_is_told_there) {
  const auto read = load_with(one_response("r.yaml#/a"), {{"r.yaml", "a:\n  descripton: d\n"}});
  EXPECT_THAT(read->loaded.text(), HasSubstr("folder/r.yaml:2:3: error: \"descripton\" is not a member"));
  EXPECT_THAT(read->loaded.text(), HasSubstr("(at /a/descripton, GET /a)"));
}

TEST(Documents, references_that_lead_out_or_nowhere_are_refused_where_they_are_written) {
  struct Case {
    std::string_view reference;
    std::string_view code;
    std::string_view says;
  };
  const Files files = {{"bad.yaml", "a: [\n"},
                       {"old.yaml", "swagger: '2.0'\n"},
                       {"other.yaml", "openapi: 3.0.0\na: {description: d}\n"},
                       {"same.yaml", "openapi: 3.1.1\na: {description: d}\n"},
                       {"list.yaml", "- {description: d}\n"}};
  const Case cases[] = {
      {"https://example.com/r.yaml#/a", "network-ref", "never asked"},
      {"http://127.0.0.1/r.yaml", "network-ref", "never asked"},
      {"//example.com/r.yaml", "network-ref", "never asked"},
      {"file:///etc/passwd", "network-ref", "never asked"},
      {"urn:x:y", "network-ref", "never asked"},
      {"/etc/passwd", "outside-ref", "out of the folder"},
      {"../r.yaml", "outside-ref", "out of the folder"},
      {"a/../../r.yaml", "outside-ref", "out of the folder"},
      {"%2e%2e/r.yaml", "outside-ref", "out of the folder"},
      {"a%2f..%2f..%2fr.yaml", "outside-ref", "out of the folder"},
      {".", "outside-ref", "out of the folder"},
      {"r.yaml?x=1", "unresolved-ref", "not the name of a file"},
      {"r%zz.yaml", "unresolved-ref", "not the name of a file"},
      {"r%00.yaml", "unresolved-ref", "not the name of a file"},
      {"none.yaml", "unreadable-ref", "there is no none.yaml"},
      {"same.yaml#/b", "unresolved-ref", "leads nowhere"},
      {"same.yaml#a", "anchor-ref", "names an anchor, which only schemas have"},
      {"old.yaml#/a", "unreadable-ref", "OpenAPI \"2\""},
      {"other.yaml#/a", "unreadable-ref", "OpenAPI \"3.0\""},
      {"bad.yaml#/a", "unreadable-ref", "cannot be read"},
  };
  for (const Case& c : cases) {
    const auto read = load_with(one_response(c.reference), files);
    EXPECT_TRUE(read->loaded.says(c.code, c.says)) << c.reference << '\n' << read->loaded.text();
    EXPECT_THAT(read->loaded.text(), HasSubstr("folder/openapi.yaml:7:25: error: the reference"))
        << c.reference;
  }
  for (const std::string_view reference : {"same.yaml#/a", "list.yaml#/0", "./x/../same.yaml#/a"}) {
    const auto read = load_with(one_response(reference), files);
    EXPECT_THAT(read->loaded.places(), IsEmpty()) << reference << '\n' << read->loaded.text();
  }
}

TEST(Documents, a_file_that_cannot_be_read_is_asked_for_once_and_told_at_every_reference) {
  const auto read = load_with(document("  /a:\n    get:\n      responses:\n        '200': {$ref: "
                                       "'bad.yaml#/a'}\n        '404': {$ref: 'bad.yaml#/b'}\n"),
                              {{"bad.yaml", "a: [\n"}});
  EXPECT_THAT(read->asked, ElementsAre("bad.yaml"));
  EXPECT_THAT(read->loaded.places(),
              ElementsAre("2:1 invalid-yaml", "7:23 unreadable-ref", "8:23 unreadable-ref"));
}

TEST(Documents, references_in_a_circle_over_files_end) {
  const auto circle = load_with(one_response("a.yaml#/r"), {{"a.yaml", "r: {$ref: 'b.yaml#/r'}\n"},
                                                            {"b.yaml", "r: {$ref: 'a.yaml#/r'}\n"}});
  EXPECT_TRUE(circle->loaded.says("circular-ref", "back to itself")) << circle->loaded.text();
  // Types that refer to each other are no circle.
  const auto types =
      load_with(one_response("a.yaml#/r"),
                {{"a.yaml", "r: {description: d, content: {application/json: {schema: {$ref: b.json}}}}\n"},
                 {"b.json", R"({"properties": {"next": {"$ref": "b.json"}}})"}});
  EXPECT_THAT(types->loaded.places(), IsEmpty()) << types->loaded.text();
}

TEST(Documents, so_many_files_are_read_and_not_one_more) {
  const auto chain = [](std::size_t count) {
    Files files;
    std::string responses;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string number = std::to_string(i);
      files["r" + number + ".yaml"] =
          "{description: d, headers: {X: {$ref: 'r" + std::to_string(i + 1) + ".yaml#/headers/X'}}}\n";
      responses += "  /p" + number + ": {get: {responses: {default: {$ref: r" + number + ".yaml}}}}\n";
    }
    for (auto& [name, text] : files) text = "{description: d}\n";
    return load_with(document(responses), files)->loaded.diagnostics.error_count();
  };
  EXPECT_EQ(chain(kReferredFilesMax), 0U);
  EXPECT_EQ(chain(kReferredFilesMax + 1), 1U);
}

TEST(Documents, so_many_bytes_are_read_in_all_files_together_and_not_one_more) {
  const auto with_bytes = [](std::size_t bytes) {
    const Files files = {{"a.yaml", "{description: d} #" + std::string(bytes - 100, 'x')},
                         {"b.yaml", "{description: d} #" + std::string(100 - 2 * 18, 'x')}};
    return load_with(document("  /a: {get: {responses: {'200': {$ref: a.yaml}, '404': {$ref: b.yaml}}}}\n"),
                     files)
        ->loaded.diagnostics.error_count();
  };
  EXPECT_EQ(with_bytes(kDocumentBytesMax), 0U);
  EXPECT_EQ(with_bytes(kDocumentBytesMax + 1), 1U);
}

TEST(Documents, a_component_in_the_network_hurts_only_those_who_use_it) {
  const std::string components =
      "components: {responses: {R: {$ref: 'https://example.com/r.yaml#/R'}}, securitySchemes: {s: {$ref: "
      "'https://example.com/s.yaml'}}}\n";
  const auto unused = load_with(document("  {}\n", components), {});
  EXPECT_THAT(unused->loaded.places(), ElementsAre("3:36 network-ref", "3:99 network-ref"));
  EXPECT_FALSE(unused->loaded.diagnostics.has_errors());
  const std::string_view used = "  /a: {get: {responses: {default: {$ref: '#/components/responses/R'}}}}\n";
  EXPECT_TRUE(load_with(document(used, components), {})->loaded.diagnostics.has_errors());
  const std::string_view secured =
      "  /a: {get: {security: [{s: []}], responses: {default: {description: d}}}}\n";
  EXPECT_TRUE(load_with(document(secured, components), {})->loaded.diagnostics.has_errors());
  EXPECT_TRUE(unused->asked.empty());
}

}  // namespace
}  // namespace caponier::openapi
