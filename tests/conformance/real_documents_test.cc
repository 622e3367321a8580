// The 24 documents of real APIs, each with its configuration in tests/real: what docs/real-documents.md says
// of each of them is what happens.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "config/config.h"
#include "openapi/contract.h"
#include "plan/plan.h"

namespace caponier {
namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

struct Row {
  bool loads = false;
  std::string served;  // "102 of 102"
};

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  for (std::size_t begin = 1; begin < line.size();) {
    const std::size_t end = std::min(line.find('|', begin), line.size());
    std::string cell = line.substr(begin, end - begin);
    cell.erase(0, cell.find_first_not_of(' '));
    cell.erase(cell.find_last_not_of(' ') + 1);
    cells.push_back(std::move(cell));
    begin = end + 1;
  }
  return cells;
}

// "| `name` | loads | 102 of 102 | ... |"
std::map<std::string, Row> table() {
  std::map<std::string, Row> rows;
  std::ifstream stream(std::filesystem::path(CAPONIER_SOURCE_DIR) / "docs" / "real-documents.md");
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with("| `")) continue;
    const std::vector<std::string> cells = cells_of(line);
    if (cells.size() < 4) continue;
    rows[cells[0].substr(1, cells[0].size() - 2)] = {cells[1] == "loads", cells[2]};
  }
  return rows;
}

struct Outcome {
  std::unique_ptr<openapi::Contract> contract;
  std::unique_ptr<config::Config> config;
  std::shared_ptr<const plan::Plan> plan;
  Diagnostics diagnostics;
};

Outcome load(const std::filesystem::path& document, const std::filesystem::path& configuration) {
  Outcome out;
  out.config = config::read_config(read_file(configuration), configuration.filename(), out.diagnostics);
  const std::string text = read_file(document);
  openapi::LoadInput contract{.text = text, .file = document.filename()};
  for (const config::OverlayFile& overlay : out.config->overlays) {
    contract.overlays.push_back({overlay.file, read_file(configuration.parent_path() / overlay.file)});
  }
  out.contract = openapi::load_contract(std::move(contract), out.diagnostics);
  if (out.contract == nullptr) return out;
  out.config->upstream.url = "http://127.0.0.1:9000";
  plan::CompileInput input;
  input.contract = out.contract.get();
  input.config = out.config.get();
  out.plan = plan::compile_plan(input, out.diagnostics);
  return out;
}

void expect_located(const Diagnostics& diagnostics, const std::string& name) {
  EXPECT_TRUE(diagnostics.has_errors()) << name;
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    if (diagnostic.severity != Severity::kError) continue;
    EXPECT_GT(diagnostic.position.line, 0U) << to_text(diagnostic);
    EXPECT_FALSE(diagnostic.file.empty()) << to_text(diagnostic);
    EXPECT_FALSE(diagnostic.fix.empty()) << to_text(diagnostic);
  }
}

TEST(RealDocuments, load_or_are_refused_as_the_table_in_the_docs_says) {
  const char* const corpora = std::getenv("CAPONIER_CORPORA");
  if (corpora == nullptr) GTEST_SKIP() << "CAPONIER_CORPORA is not set: real documents skipped";
  const std::filesystem::path folder = std::filesystem::path(corpora) / "openapi-documents" / "real";
  std::map<std::string, Row> rows = table();
  std::size_t loaded = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().stem();
    const auto row = rows.find(name);
    ASSERT_NE(row, rows.end()) << name << " is not in docs/real-documents.md";
    const Outcome outcome =
        load(entry.path(), std::filesystem::path(CAPONIER_SOURCE_DIR) / "tests" / "real" / (name + ".yaml"));
    std::string errors;
    for (const Diagnostic& diagnostic : outcome.diagnostics.all()) {
      if (diagnostic.severity == Severity::kError) errors += to_text(diagnostic) + '\n';
    }
    EXPECT_EQ(outcome.plan != nullptr, row->second.loads) << name << '\n' << errors;
    if (outcome.plan == nullptr) {
      expect_located(outcome.diagnostics, name);
    } else {
      ++loaded;
      EXPECT_EQ(std::to_string(outcome.plan->operations.size()) + " of " +
                    std::to_string(outcome.contract->operations.size()),
                row->second.served)
          << name;
    }
    rows.erase(row);
  }
  EXPECT_TRUE(rows.empty()) << rows.begin()->first << " is in the table and not in the suite";
  EXPECT_EQ(loaded, 24U);
}

}  // namespace
}  // namespace caponier
