#include "base/diagnostic.h"

#include <gtest/gtest.h>

namespace caponier {
namespace {

Diagnostic sample() {
  Diagnostic d;
  d.code = "unknown-member";
  d.file = "openapi.yaml";
  d.position = {12, 7};
  d.pointer = "/paths/~1orders/get";
  d.operation = "GET /orders";
  d.message = "unknown member `ownr`";
  d.fix = "did you mean `owner`?";
  return d;
}

TEST(Diagnostic, text_says_where_what_and_what_to_do) {
  EXPECT_EQ(to_text(sample()),
            "openapi.yaml:12:7: error: unknown member `ownr` [unknown-member] (at /paths/~1orders/get, GET "
            "/orders)\n"
            "  fix: did you mean `owner`?");
}

TEST(Diagnostic, parts_that_are_unknown_are_left_out) {
  Diagnostic d;
  d.severity = Severity::kFinding;
  d.message = "nothing listens";
  EXPECT_EQ(to_text(d), "finding: nothing listens");
  d.severity = Severity::kNote;
  d.file = "a.yaml";
  EXPECT_EQ(to_text(d), "a.yaml: note: nothing listens");
  d.position = {3, 0};
  d.operation = "GET /a";
  EXPECT_EQ(to_text(d), "a.yaml:3: note: nothing listens (at GET /a)");
}

TEST(Diagnostic, a_document_cannot_drive_the_terminal_that_shows_the_problem) {
  Diagnostic d;
  d.message =
      "member \x1b[2J \xc2\x9b"
      "31m \r\n forged \x7f \xc3\xa9";
  EXPECT_EQ(to_text(d), "error: member ?[2J ?31m ?? forged ? \xc3\xa9");
}

TEST(Diagnostics, they_sort_by_place_and_equal_ones_show_once) {
  Diagnostics all;
  Diagnostic late = sample();
  late.position.line = 100;
  Diagnostic other = sample();
  other.file = "another.yaml";
  other.severity = Severity::kNote;
  all.add(late);
  all.add(sample());
  all.add(sample());
  all.add(other);
  EXPECT_EQ(all.error_count(), 3U);
  all.sort();
  ASSERT_EQ(all.all().size(), 3U);
  EXPECT_EQ(all.error_count(), 2U);
  EXPECT_EQ(all.all()[0].file, "another.yaml");
  EXPECT_EQ(all.all()[1].position.line, 12U);
  EXPECT_EQ(all.all()[2].position.line, 100U);
}

TEST(Diagnostics, notes_and_findings_are_no_errors) {
  Diagnostics all;
  Diagnostic d;
  d.severity = Severity::kNote;
  all.add(d);
  d.severity = Severity::kFinding;
  all.add(d);
  EXPECT_FALSE(all.has_errors());
}

struct MeantCase {
  std::string name;
  std::string_view expected;
};

TEST(DidYouMean, typos_find_their_name_and_strangers_find_none) {
  const std::vector<std::string_view> candidates = {"owner", "public", "rate_limit", "exposed", "cel"};
  const MeantCase cases[] = {
      {"ownr", "owner"},
      {"onwer", "owner"},
      {"publik", "public"},
      {"rate_limits", "rate_limit"},
      {"ratelimit", "rate_limit"},
      {"exopsde", "exposed"},
      {"ce", ""},
      {"sel", "cel"},
      {"xyz", ""},
      {"", ""},
      {"policy", ""},
      {std::string(65, 'o'), ""},
  };
  for (const MeantCase& c : cases) EXPECT_EQ(did_you_mean(c.name, candidates), c.expected) << c.name;
}

TEST(DidYouMean, the_nearest_wins_and_the_view_is_one_of_the_candidates) {
  const std::vector<std::string_view> candidates = {"scopes", "scope"};
  const std::string_view found = did_you_mean("scop", candidates);
  EXPECT_EQ(found.data(), candidates[1].data());
  EXPECT_EQ(did_you_mean("anything", {}), "");
}

}  // namespace
}  // namespace caponier
