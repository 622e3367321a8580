// ReadMe's example documents, each as `caponier check --contract FILE` takes it, alone and with a
// configuration of four lines: what tests/real/readme-oas-examples.txt says of each of them is what happens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "json/read_tree.h"

namespace caponier {
namespace {

namespace fs = std::filesystem;

fs::path suite() {
  const char* const corpora = std::getenv("CAPONIER_CORPORA");
  return corpora == nullptr ? fs::path() : fs::path(corpora) / "openapi-documents" / "readme-oas-examples";
}

// Its standard output.
std::string check(const fs::path& file, const std::string& more, int& status) {
  // Names of the suite have no quotes.
  const std::string command =
      "'" CAPONIER_BINARY "' check --format json --contract '" + file.string() + "' " + more + " 2>/dev/null";
  std::FILE* const stream = popen(command.c_str(), "r");
  std::string out;
  char block[4096];
  while (const std::size_t count = std::fread(block, 1, sizeof block, stream)) out.append(block, count);
  status = pclose(stream) / 256;
  return out;
}

// "loads 12", or "refused code code": the operations that are served, or the codes of the errors.
std::string outcome_of(const fs::path& file, const std::string& more = {}) {
  int status = -1;
  const std::string out = check(file, more, status);
  const auto tree = json::read_tree(out, "check.json");
  if (!tree.ok()) return "neither: " + out;
  const Node& root = *(*tree)->root();
  const bool loads = root.find("loads")->boolean;
  EXPECT_EQ(status == 2, !loads) << file;
  if (loads) return "loads " + std::to_string(root.find("operations")->integer().value_or(0));
  std::set<std::string> codes;
  for (const Node& diagnostic : *root.find("diagnostics")) {
    if (diagnostic.find("severity")->text != "error") continue;
    codes.emplace(diagnostic.find("code")->text);
    EXPECT_NE(diagnostic.find("line"), nullptr) << file << ' ' << diagnostic.find("message")->text;
    EXPECT_NE(diagnostic.find("file"), nullptr) << file;
    EXPECT_NE(diagnostic.find("fix"), nullptr) << file << ' ' << diagnostic.find("message")->text;
  }
  std::string line = "refused";
  for (const std::string& code : codes) line += ' ' + code;
  return line;
}

// "3.0/json/callbacks.json: refused public-unsaid | loads 3"
std::map<std::string, std::string> table() {
  std::map<std::string, std::string> rows;
  std::ifstream stream(fs::path(CAPONIER_SOURCE_DIR) / "tests" / "real" / "readme-oas-examples.txt");
  for (std::string line; std::getline(stream, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with('#') || colon == std::string::npos) continue;
    rows[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return rows;
}

TEST(ReadmeDocuments, load_or_are_refused_as_the_table_says) {
  if (suite().empty()) GTEST_SKIP() << "CAPONIER_CORPORA is not set: ReadMe's documents skipped";
  const std::map<std::string, std::string> expected = table();
  const std::string configured =
      "--listen http://127.0.0.1:0 --upstream http://127.0.0.1:9000 --config '" CAPONIER_SOURCE_DIR
      "/tests/real/readme-oas-examples.yaml'";
  std::map<std::string, std::string> seen;
  for (const auto& entry : fs::recursive_directory_iterator(suite())) {
    const std::string extension = entry.path().extension();
    if (extension != ".yaml" && extension != ".json") continue;
    const std::string name = fs::relative(entry.path(), suite());
    seen[name] = outcome_of(entry.path()) + " | " + outcome_of(entry.path(), configured);
  }
  EXPECT_EQ(seen.size(), 114U);
  EXPECT_EQ(seen.size(), expected.size());
  for (const auto& [name, outcome] : seen) {
    const auto row = expected.find(name);
    EXPECT_EQ(outcome, row == expected.end() ? "nothing" : row->second) << name;
  }
}

// One says JSON, the other YAML: the same document.
TEST(ReadmeDocuments, are_judged_alike_in_both_languages) {
  const std::map<std::string, std::string> rows = table();
  std::size_t twins = 0;
  for (const auto& [name, outcome] : rows) {
    const std::size_t json = name.find("/json/");
    if (json == std::string::npos) continue;
    std::string twin = name;
    twin.replace(json, 6, "/yaml/").replace(twin.size() - 4, 4, "yaml");
    const auto found = rows.find(twin);
    if (found == rows.end()) continue;
    ++twins;
    EXPECT_EQ(found->second, outcome) << name;
  }
  EXPECT_GT(twins, 40U);
}

}  // namespace
}  // namespace caponier
