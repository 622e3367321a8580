#include "openapi/overlay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/limits.h"
#include "openapi/test_document.h"

namespace caponier::openapi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kPaths =
    "  /a:\n    get: {operationId: getA, tags: [one], responses: {default: {description: d}}}\n"
    "    put: {operationId: putA, responses: {default: {description: d}}}\n"
    "  /internal:\n    get: {operationId: hidden, responses: {default: {description: d}}}\n";

std::string overlay(std::string_view actions) {
  return "overlay: 1.0.0\ninfo: {title: Ours, version: '1'}\nactions:\n" + std::string(actions);
}

Loaded with(std::vector<std::string> overlays, std::string_view paths = kPaths) {
  Loaded out;
  LoadInput input;
  const std::string text = document(paths, "servers: [{url: 'https://a.example'}]\n");
  input.text = text;
  input.file = "openapi.yaml";
  for (std::size_t i = 0; i < overlays.size(); ++i) {
    input.overlays.push_back({"overlay" + std::to_string(i + 1) + ".yaml", overlays[i]});
  }
  out.contract = load_contract(std::move(input), out.diagnostics);
  return out;
}

const Node* at(const Loaded& loaded, std::string_view pointer) {
  Diagnostics ignored;
  return loaded.contract->resolve(*loaded.contract->main_tree().root(), "#" + std::string(pointer), ignored);
}

TEST(Overlay, merges_objects_appends_to_arrays_and_replaces_the_rest) {
  Loaded loaded = with({overlay(
      "  - target: $.paths['/a'].get\n"
      "    update: {summary: New, tags: [two], operationId: other, x-caponier: {public: {reason: r}}}\n"
      "  - target: $.servers\n    update: {url: 'https://b.example'}\n"
      "  - target: $.info\n    update: {title: Changed, contact: {name: n}}\n")});
  EXPECT_THAT(loaded.places(), IsEmpty()) << loaded.text();
  EXPECT_EQ(loaded.contract->title, "Changed");
  EXPECT_THAT(loaded.contract->server_hosts, ElementsAre("a.example", "b.example"));
  const Operation& operation = loaded.contract->operations.at(0);
  EXPECT_EQ(operation.id, "other");
  ASSERT_NE(operation.x_caponier, nullptr);
  EXPECT_EQ(loaded.contract->file_of(*operation.x_caponier), "overlay1.yaml");
  EXPECT_EQ(loaded.contract->file_of(*operation.node), "openapi.yaml");
  EXPECT_EQ(at(loaded, "/paths/~1a/get/tags/1")->text, "two");
  EXPECT_EQ(at(loaded, "/paths/~1a/get/tags")->child_count, 2U);
  EXPECT_EQ(at(loaded, "/paths/~1a/get/tags/1")->pointer(), "/paths/~1a/get/tags/1");
}

TEST(Overlay, removes_what_a_target_selects) {
  Loaded loaded =
      with({overlay("  - {target: \"$.paths['/internal']\", remove: true}\n"
                    "  - {target: \"$.paths.*[?@.operationId == 'putA']\", remove: true}\n"
                    "  - {target: \"$.paths['/a'].get.tags[0]\", remove: true}\n")});
  EXPECT_THAT(loaded.places(), IsEmpty()) << loaded.text();
  ASSERT_EQ(loaded.contract->operations.size(), 1U);
  EXPECT_EQ(loaded.contract->operations[0].id, "getA");
  EXPECT_EQ(at(loaded, "/paths/~1a/get/tags")->child_count, 0U);
}

TEST(Overlay, several_are_applied_in_order_each_on_what_the_ones_before_made) {
  const std::string first = overlay("  - {target: $.paths, update: {/new: {get: {responses: {}}}}}\n");
  const std::string second =
      overlay("  - {target: \"$.paths['/new'].get.responses\", update: {'200': {description: ok}}}\n");
  Loaded loaded = with({first, second});
  EXPECT_THAT(loaded.places(), IsEmpty()) << loaded.text();
  EXPECT_EQ(loaded.contract->operations.size(), 4U);
  EXPECT_THAT(with({second, first}).text(), HasSubstr("overlay1.yaml:4:14: error: nothing in the document"));
}

TEST(Overlay, what_it_adds_is_complained_about_in_the_overlay) {
  Loaded loaded =
      with({overlay("  - target: $.paths['/a'].get\n"
                    "    update:\n"
                    "      deprecated: soon\n"
                    "      security: [{nobody: []}]\n"
                    "      requestBody: {$ref: '#/components/requestBodies/none'}\n")});
  loaded.diagnostics.sort();
  std::string errors;
  for (const Diagnostic& d : loaded.diagnostics.all()) {
    if (d.severity == Severity::kError) errors += to_text(d) + '\n';
  }
  EXPECT_THAT(errors, HasSubstr("overlay1.yaml:6:19: error: \"deprecated\" must be true or false"));
  EXPECT_THAT(errors, HasSubstr("overlay1.yaml:7:19: error: the security scheme \"nobody\" is not defined"));
  EXPECT_THAT(errors, HasSubstr("overlay1.yaml:8:27: error: the reference"));
  EXPECT_THAT(errors, HasSubstr("at /paths/~1a/get/deprecated, GET /a"));
}

TEST(Overlay, references_that_it_adds_are_read_from_the_document) {
  Loaded loaded = with({overlay(
      "  - target: $\n    update: {components: {responses: {R: {description: added}}}}\n"
      "  - target: $.paths['/a'].get.responses\n    update: {'404': {$ref: '#/components/responses/R'}}\n")});
  EXPECT_THAT(loaded.places(), IsEmpty()) << loaded.text();
  EXPECT_EQ(loaded.contract->operations.at(0).responses.at(1).status, "404");
}

struct Fault {
  const char* name;
  std::string text;
  const char* place;
  const char* says;
};
class OverlayFault : public testing::TestWithParam<Fault> {};

TEST_P(OverlayFault, is_refused_where_it_stands) {
  Loaded loaded = with({GetParam().text});
  EXPECT_THAT(loaded.places(), ElementsAre(GetParam().place)) << loaded.text();
  for (const Diagnostic& d : loaded.diagnostics.all()) EXPECT_EQ(d.file, "overlay1.yaml");
  EXPECT_THAT(loaded.text(), HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Faults, OverlayFault,
    testing::Values(
        Fault{"no_overlay", "openapi: 3.1.0\n", "1:1 missing-member", "this is no overlay"},
        Fault{"later_version", "overlay: 1.1.0\n", "1:10 unsupported-version", "1.0.x is"},
        Fault{"not_yaml", "overlay: [\n", "2:1 invalid-yaml", "not YAML"},
        Fault{"no_actions", overlay("  []\n"), "4:3 overlay-actions", "1 to 10000"},
        Fault{"unknown_member", overlay("  - {target: $.info, updates: {}, remove: false, update: {}}\n"),
              "4:22 unknown-member", "Did you mean \"update\""},
        Fault{"no_target", overlay("  - {remove: true}\n"), "4:5 missing-member", "\"target\""},
        Fault{"bad_path", overlay("  - {target: $.paths./a, remove: true}\n"), "4:14 overlay-target",
              "(at character 9)"},
        Fault{"nothing_selected", overlay("  - {target: $.nothing, remove: true}\n"), "4:14 overlay-no-match",
              "nothing in the document is selected"},
        Fault{"nothing_to_do", overlay("  - {target: $.info}\n"), "4:5 overlay-action", "neither"},
        Fault{"root_removed", overlay("  - {target: $, remove: true}\n"), "4:14 overlay-target",
              "as a whole"},
        Fault{"scalar_updated", overlay("  - {target: $.info.title, update: x}\n"), "4:14 overlay-target",
              "selects a string at /info/title"},
        Fault{"object_replaced", overlay("  - {target: $.info, update: [x]}\n"), "4:30 wrong-type",
              "must be one, not an array"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Overlay, a_query_that_may_select_nothing_is_a_finding_where_it_does) {
  Loaded loaded = with({overlay("  - {target: '$.paths[?@.x-none]', remove: true}\n")});
  EXPECT_TRUE(loaded.diagnostics.has_errors());  // "-" stands in quotes
  loaded = with({overlay("  - {target: \"$.paths[?@['x-none']]\", remove: true}\n")});
  EXPECT_THAT(loaded.places(), ElementsAre("4:14 overlay-no-match"));
  EXPECT_FALSE(loaded.diagnostics.has_errors());
}

TEST(Overlay, says_when_it_was_written_for_another_document) {
  const auto extending = [](std::string_view name) {
    return "overlay: 1.0.0\nextends: " + std::string(name) +
           "\ninfo: {title: Ours, version: '1'}\nactions: [{target: $.info, update: {title: T}}]\n";
  };
  EXPECT_THAT(with({extending("./openapi.yaml")}).places(), IsEmpty());
  EXPECT_THAT(with({extending("https://example.com/other.yaml")}).places(), IsEmpty());
  EXPECT_THAT(with({extending("other.yaml")}).places(), ElementsAre("2:10 overlay-extends"));
}

std::string nested(std::size_t depth) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += "{a: ";
  return text + "1" + std::string(depth, '}');
}

TEST(Overlay, cannot_nest_the_document_deeper_than_a_document_may_be) {
  // The update's innermost value stands five above the actions' depth in the overlay itself.
  const auto loaded_with = [](std::size_t depth) {
    return with({overlay("  - {target: $.info, update: {x-a: " + nested(120) + "}}\n" +
                         "  - {target: \"$.info['x-a']" +
                         [] {
                           std::string path;
                           for (int i = 0; i < 119; ++i) path += ".a";
                           return path;
                         }() +
                         "\", update: {b: " + nested(depth) + "}}\n")});
  };
  EXPECT_FALSE(loaded_with(133).diagnostics.has_errors()) << loaded_with(133).text();
  Loaded beyond = loaded_with(134);
  EXPECT_THAT(beyond.text(), HasSubstr("nested more than 256 deep"));
}

TEST(Overlay, adds_so_many_values_and_not_one_more) {
  const auto ones = [](std::size_t count) {
    std::string list;
    for (std::size_t i = 0; i < count; ++i) list += i == 0 ? "1" : ",1";
    return '[' + list + ']';
  };
  std::string objects;
  for (int i = 0; i < 1'000; ++i) objects += i == 0 ? "{}" : ",{}";
  const std::string first =
      overlay("  - {target: $.info, update: {x-many: [" + objects + "]}}\n");  // 1,001 values
  const std::string many =
      overlay("  - {target: \"$.info['x-many'][*]\", update: {a: " + ones(997) + "}}\n");  // 998,000
  const auto last = [&](std::size_t count) {
    return overlay("  - {target: $.info, update: {x-last: " + ones(count) + "}}\n");
  };
  EXPECT_FALSE(with({first, many, last(998)}).diagnostics.has_errors());
  EXPECT_THAT(with({first, many, last(999)}).text(), HasSubstr("add more than 1000000 values"));
}

}  // namespace
}  // namespace caponier::openapi
