#include "json/source_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace caponier::json {
namespace {

TEST(SourceText, every_kind_of_value_is_found_whole) {
  const std::vector<std::string> values = {"null",
                                           "true",
                                           "false",
                                           "-1.50e+2",
                                           "\"\"",
                                           R"("a\"b\\")",
                                           "\"\xC3\xA9 ]}\"",
                                           "[]",
                                           "{ }",
                                           R"([1, "]", {"a": "\"}"}])",
                                           R"({"x": {"y": [[]]}, "}": "{"})"};
  std::string text = "[ ";
  for (const std::string& value : values) text += (text.size() > 2 ? " , " : "") + value;
  text += " ]";
  Document document;
  const auto root = document.read(text, {});
  ASSERT_TRUE(root.ok());
  EXPECT_EQ(source_text(*root), text);
  Value value = root->first_child();
  for (std::uint32_t i = 0; i < root->size(); ++i, value = value.next_sibling()) {
    EXPECT_EQ(source_text(value), values[i]);
  }
}

TEST(SourceText, a_value_that_is_the_whole_text_ends_where_the_text_does) {
  Document document;
  for (const char* text : {"0", "\"a\"", "[1]", "{\"a\":[]}"}) {
    const auto root = document.read(text, {});
    ASSERT_TRUE(root.ok());
    EXPECT_EQ(source_text(*root), text);
  }
}

}  // namespace
}  // namespace caponier::json
