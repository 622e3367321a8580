// The pages are held against the code: lists of rooms, stages and reasons, and every command that a page says
// can be run.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/test_folder.h"
#include "reasons/reasons.h"

namespace caponier {
namespace {

namespace fs = std::filesystem;

const fs::path kTop = CAPONIER_SOURCE_DIR;

std::string read(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// First cells of the table whose heading line is `heading`, without backticks.
std::vector<std::string> first_column(const std::string& page, const std::string& heading) {
  std::vector<std::string> cells;
  std::istringstream lines(page.substr(page.find(heading)));
  std::string line;
  std::getline(lines, line);
  std::getline(lines, line);  // | --- |
  while (std::getline(lines, line) && line.starts_with("| ")) {
    const std::string cell = line.substr(2, line.find(" |", 2) - 2);
    cells.push_back(cell.substr(1, cell.size() - 2));
  }
  return cells;
}

std::set<std::string> folders_of(const fs::path& path) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(path)) {
    if (entry.is_directory()) names.insert(entry.path().filename().string());
  }
  return names;
}

TEST(Docs, the_architecture_lists_every_room) {
  const auto listed = first_column(read(kTop / "ARCHITECTURE.md"), "| room | rank |");
  EXPECT_EQ(std::set<std::string>(listed.begin(), listed.end()), folders_of(kTop / "src"));
}

TEST(Docs, the_architecture_lists_every_stage_in_the_order_of_the_pipeline) {
  const auto listed = first_column(read(kTop / "ARCHITECTURE.md"), "| stage | judges |");
  EXPECT_EQ(std::set<std::string>(listed.begin(), listed.end()), folders_of(kTop / "src/stages"));
  const std::string pipeline = read(kTop / "src/stages/pipeline.cc");
  std::size_t at = 0;
  for (const char* judged :
       {"admit(", "match(", "authenticate(", "limit(", "authorize(", "validate", "check("}) {
    const std::size_t found = pipeline.find(judged, pipeline.find("judge_head"));
    ASSERT_NE(found, std::string::npos) << judged;
    EXPECT_GT(found, at) << judged;
    at = found;
  }
}

std::string reasons_page() {
  std::string page =
      "# Reasons\n\nWhy a request was refused. The client is told the status and the public sentence; the "
      "decision log has the id, the "
      "detail and the place. Made from `src/reasons/reasons.def`.\n\n| id | status | what the client is told "
      "| what it means | what "
      "would make it pass |\n| --- | --- | --- | --- | --- |\n";
  for (const ReasonEntry& entry : all_reasons()) {
    if (entry.reason == Reason::kNone) continue;
    page += "| `" + std::string(entry.id) + "` | " +
            (entry.status == 0 ? "-" : std::to_string(entry.status)) + " | " +
            std::string(entry.public_text) + " | " + std::string(entry.meaning) + " | " +
            std::string(entry.remedy) + " |\n";
  }
  return page;
}

TEST(Docs, the_page_of_reasons_is_the_list_of_reasons) {
  const fs::path page = kTop / "docs/reasons.md";
  if (std::getenv("CAPONIER_DOCS_UPDATE") != nullptr) std::ofstream(page) << reasons_page();
  EXPECT_EQ(read(page), reasons_page()) << "CAPONIER_DOCS_UPDATE=1 writes it anew";
}

struct Block {
  std::string head;  // behind the fence
  std::string text;
};

std::vector<Block> blocks_of(const std::string& page) {
  std::vector<Block> blocks;
  std::istringstream lines(page);
  std::string line;
  bool inside = false;
  while (std::getline(lines, line)) {
    if (line.starts_with("```")) {
      inside = !inside;
      if (inside) blocks.push_back({line.substr(3), {}});
    } else if (inside) {
      blocks.back().text += line + "\n";
    }
  }
  return blocks;
}

// ```yaml file=NAME is written to a folder; ```sh run [status=N] is run there, with caponier on the path.
TEST(Docs, every_command_that_a_page_says_can_be_run_runs) {
  const std::regex file_rule("file=(\\S+)");
  const std::regex status_rule("status=(\\d+)");
  int ran = 0;
  for (const auto& entry : fs::recursive_directory_iterator(kTop / "docs")) {
    if (entry.path().extension() != ".md") continue;
    const TestFolder folder;
    const std::string path = fs::path(CAPONIER_BINARY).parent_path().string() + ":" + std::getenv("PATH");
    for (const Block& block : blocks_of(read(entry.path()))) {
      std::smatch found;
      if (std::regex_search(block.head, found, file_rule)) folder.write(found[1].str(), block.text);
      if (!block.head.starts_with("sh run")) continue;
      const int wanted = std::regex_search(block.head, found, status_rule) ? std::stoi(found[1].str()) : 0;
      const std::string command = "cd " + folder.path() + " && export CAPONIER_STATE_DIR=" + folder.path() +
                                  "/dev-state PATH='" + path + "' && { " + block.text +
                                  "} >out 2>&1 </dev/null";
      const int status = std::system(command.c_str());
      EXPECT_EQ(WEXITSTATUS(status), wanted)
          << entry.path() << ": " << block.text << read(folder.file("out"));
      ++ran;
    }
  }
  EXPECT_GE(ran, 10);
}

TEST(Docs, every_link_between_pages_leads_somewhere) {
  const std::regex link(R"(\]\(([^)#:]+)(#[^)]*)?\))");
  std::vector<fs::path> pages{kTop / "README.md", kTop / "ARCHITECTURE.md", kTop / "CONTRIBUTING.md",
                              kTop / "SECURITY.md"};
  for (const auto& entry : fs::recursive_directory_iterator(kTop / "docs")) {
    if (entry.path().extension() == ".md") pages.push_back(entry.path());
  }
  for (const fs::path& page : pages) {
    const std::string text = read(page);
    for (auto at = std::sregex_iterator(text.begin(), text.end(), link); at != std::sregex_iterator(); ++at) {
      EXPECT_TRUE(fs::exists(page.parent_path() / (*at)[1].str())) << page << ": " << (*at)[1];
    }
  }
}

}  // namespace
}  // namespace caponier
