#include "cli/source_columns.h"

#include <gtest/gtest.h>

namespace caponier::cli {
namespace {

TEST(SourceColumns, count_code_points_where_diagnostics_count_bytes) {
  int reads = 0;
  SourceColumns columns([&reads](const std::string& file) -> std::optional<std::string> {
    ++reads;
    if (file != "a.yaml") return std::nullopt;
    return "ascii: 1\ncaf\xC3\xA9: \xF0\x9F\x98\x80 x\n";
  });
  EXPECT_EQ(columns.code_points("a.yaml", {1, 1}), 1U);
  EXPECT_EQ(columns.code_points("a.yaml", {1, 8}), 8U);
  EXPECT_EQ(columns.code_points("a.yaml", {2, 8}), 7U);    // behind the accent
  EXPECT_EQ(columns.code_points("a.yaml", {2, 13}), 9U);   // behind what UTF-16 counts twice
  EXPECT_EQ(columns.code_points("a.yaml", {2, 14}), 10U);  // the end of the line
  EXPECT_EQ(reads, 1);
}

TEST(SourceColumns, are_unknown_where_the_source_has_no_such_place) {
  SourceColumns columns([](const std::string& file) -> std::optional<std::string> {
    if (file != "a.yaml") return std::nullopt;
    return "x: 1\n";
  });
  EXPECT_EQ(columns.code_points("a.yaml", {1, 6}), std::nullopt);
  EXPECT_EQ(columns.code_points("a.yaml", {3, 1}), std::nullopt);
  EXPECT_EQ(columns.code_points("a.yaml", {1, 0}), std::nullopt);
  EXPECT_EQ(columns.code_points("none.yaml", {1, 1}), std::nullopt);
}

}  // namespace
}  // namespace caponier::cli
