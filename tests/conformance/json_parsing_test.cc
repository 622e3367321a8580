// github.com/nst/JSONTestSuite: y_ must be accepted, n_ refused. Where the suite leaves it open (i_),
// docs/json.md lists what was decided.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "json/document.h"
#include "json/read_tree.h"

namespace caponier::json {
namespace {

namespace fs = std::filesystem;

// RFC 8259 lets a reader refuse repeated names; this one does.
const std::set<std::string> kStricter = {"y_object_duplicated_key.json",
                                         "y_object_duplicated_key_and_value.json"};

std::string read_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// "accepted", or the reason why not.
std::string verdict(std::string_view text) {
  Document document;
  const auto root = document.read(text, {});
  return root ? "accepted" : std::string(name(root.error().error));
}

// | `i_file.json` | verdict | because |
std::map<std::string, std::string> decisions() {
  std::map<std::string, std::string> out;
  std::istringstream page(read_file(fs::path(CAPONIER_SOURCE_DIR) / "docs/json.md"));
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("| `i_")) continue;
    const std::size_t end = line.find('`', 3);
    const std::size_t from = end + 4;
    out[line.substr(3, end - 3)] = line.substr(from, line.find(" |", from) - from);
  }
  return out;
}

TEST(JsonParsingSuite, verdicts_are_those_of_the_suite) {
  const char* const corpora = std::getenv("CAPONIER_CORPORA");
  if (corpora == nullptr) GTEST_SKIP() << "CAPONIER_CORPORA is not set: JSONTestSuite skipped";
  const auto decided = decisions();
  std::map<char, int> counts;
  int stricter = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(corpora) / "json-parsing" / "test_parsing")) {
    const std::string file = entry.path().filename();
    const std::string text = read_file(entry.path());
    const std::string found = verdict(text);
    EXPECT_EQ(read_tree(text, file).ok(), found == "accepted") << file;
    ++counts[file[0]];
    if (file[0] == 'i') {
      ASSERT_TRUE(decided.contains(file)) << file << " is not in docs/json.md: " << found;
      EXPECT_EQ(found, decided.at(file)) << file;
    } else if (kStricter.contains(file)) {
      EXPECT_EQ(found, "duplicate-key") << file;
      ++stricter;
    } else {
      EXPECT_EQ(found == "accepted", file[0] == 'y') << file << ": " << found;
    }
  }
  std::cout << "JSONTestSuite: " << counts['y'] - stricter << " of " << counts['y'] << " y_ accepted ("
            << stricter << " refused for repeated names), " << counts['n'] << " n_ refused, " << counts['i']
            << " i_ as decided\n";
  EXPECT_EQ(counts['y'], 95);
  EXPECT_EQ(counts['n'], 188);
  EXPECT_EQ(counts['i'], static_cast<int>(decided.size()));
}

}  // namespace
}  // namespace caponier::json
