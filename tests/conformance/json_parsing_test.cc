// github.com/nst/JSONTestSuite: y_ must be accepted, n_ refused, i_ may go either way.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "json/document.h"
#include "json/read_tree.h"

namespace caponier::json {
namespace {

// RFC 8259 lets a reader refuse repeated names; this one does.
const std::set<std::string> kStricter = {"y_object_duplicated_key.json",
                                         "y_object_duplicated_key_and_value.json"};

TEST(JsonParsingSuite, verdicts_are_those_of_the_suite) {
  const char* const corpora = std::getenv("CAPONIER_CORPORA");
  if (corpora == nullptr) GTEST_SKIP() << "CAPONIER_CORPORA is not set: JSONTestSuite skipped";
  std::size_t judged = 0;
  Document document;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(corpora) /
                                                               "json-parsing" / "test_parsing")) {
    const std::string file = entry.path().filename();
    std::ifstream stream(entry.path(), std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    const auto root = document.read(text, {});
    EXPECT_EQ(read_tree(text, file).ok(), root.ok()) << file;
    ++judged;
    if (file.starts_with("i_")) continue;
    const bool expected = file.starts_with("y_") && !kStricter.contains(file);
    EXPECT_EQ(root.ok(), expected) << file << (root ? "" : ": " + std::string(name(root.error().error)));
  }
  EXPECT_GE(judged, 318U);
}

}  // namespace
}  // namespace caponier::json
