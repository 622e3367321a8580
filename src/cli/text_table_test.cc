#include "cli/text_table.h"

#include <gtest/gtest.h>

namespace caponier::cli {
namespace {

std::string table(std::vector<std::vector<std::string>> rows, std::size_t width) {
  TextTable table({"NAME", "WHAT"});
  for (auto& row : rows) table.add(std::move(row));
  std::string out;
  table.append(out, width);
  return out;
}

TEST(TextTable, columns_are_aligned_and_lines_end_with_their_text) {
  EXPECT_EQ(table({{"a", "first"}, {"longer", ""}}, 100), "NAME    WHAT\na       first\nlonger\n");
}

TEST(TextTable, what_does_not_fit_continues_in_its_column) {
  EXPECT_EQ(table({{"name", "one two three four"}}, 20), "NAME  WHAT\nname  one two three\n      four\n");
  EXPECT_EQ(table({{"name", "/orders/{customer}/items"}}, 20),
            "NAME  WHAT\nname  /orders/\n      {customer}/\n      items\n");
  EXPECT_EQ(table({{"name", "abcdefghijklmnopqrst"}}, 20),
            "NAME  WHAT\nname  abcdefghijklmn\n      opqrst\n");
}

TEST(TextTable, width_counts_characters_and_never_cuts_one) {
  EXPECT_EQ(table({{"n\xC3\xA4me", "x"}}, 100), "NAME  WHAT\nn\xC3\xA4me  x\n");
  const std::string umlauts =
      "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4";
  EXPECT_EQ(table({{"name", umlauts}}, 14),
            "NAME  WHAT\nname  " + umlauts.substr(0, 16) + "\n      " + umlauts.substr(16) + "\n");
}

TEST(TextTable, texts_of_documents_do_not_drive_the_terminal) {
  EXPECT_EQ(visible("a\x1b[31m\nb\x7f\xC2\x9b"), "a?[31m?b??");
  EXPECT_EQ(table({{"a\x1b[2J", "b\r"}}, 100), "NAME   WHAT\na?[2J  b?\n");
}

}  // namespace
}  // namespace caponier::cli
