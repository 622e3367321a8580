// The public JSON Schema test suite, each draft by its own rules, through the schema room's interface for
// schemas without a contract. Counts are pinned: one more failure than the exceptions listed here, or one
// less, fails the test.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include "json/document.h"
#include "json/read_tree.h"
#include "schema/program.h"
#include "schema/standalone.h"

namespace caponier::schema {
namespace {

namespace fs = std::filesystem;

// "file: group: test" with the reason why its verdict differs.
using Exceptions = std::map<std::string, std::string>;

struct Counts {
  int passed = 0;
  int excepted = 0;
  int failed = 0;
};

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

fs::path suite() {
  const char* corpora = std::getenv("CAPONIER_CORPORA");
  return corpora == nullptr ? fs::path() : fs::path(corpora) / "json-schema-test-suite";
}

// The suite's remote documents, by the address it gives them.
std::unique_ptr<Tree> load_remote(std::string_view uri, Diagnostics& diagnostics) {
  constexpr std::string_view kHost = "http://localhost:1234/";
  if (!uri.starts_with(kHost)) return nullptr;
  const fs::path path = suite() / "remotes" / uri.substr(kHost.size());
  if (!fs::is_regular_file(path)) return nullptr;
  auto tree = json::read_tree(read_file(path), std::string(uri));
  if (!tree) {
    diagnostics.add(tree.error());
    return nullptr;
  }
  return std::move(*tree);
}

// One past the value that begins at `begin`.
std::size_t end_of_value(std::string_view source, std::size_t begin) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t at = begin; at < source.size(); ++at) {
    const char c = source[at];
    if (in_string) {
      if (c == '\\') ++at;
      in_string = c != '"';
      if (!in_string && depth == 0) return at + 1;
      continue;
    }
    in_string = c == '"';
    if (c == '[' || c == '{') ++depth;
    const bool closes = c == ']' || c == '}';
    if (depth == 0 && (closes || c == ',' || c == '\n' || c == '\r' || c == ' ')) return at;
    if (closes && --depth == 0) return at + 1;
  }
  return source.size();
}

// A value's own text, so that it is read as a schema or a body would be.
std::string_view text_of(std::string_view source, json::Value value) {
  const std::size_t begin = value.is(json::Kind::kString) ? value.offset() - 1 : value.offset();
  return source.substr(begin, end_of_value(source, begin) - begin);
}

class Runner {
 public:
  Runner(Dialect dialect, bool formats, Exceptions exceptions) : exceptions_(std::move(exceptions)) {
    options_.dialect = dialect;
    options_.formats_asserted = formats;
  }

  Counts run(const fs::path& folder) {
    std::set<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == ".json") files.insert(entry.path());
    }
    for (const fs::path& file : files) run_file(file);
    for (const auto& [name, reason] : exceptions_) {
      if (!met_.contains(name))
        ADD_FAILURE() << "an exception that is none: " << name << " (" << reason << ")";
    }
    std::cout << folder.parent_path().filename().string() << "/" << folder.filename().string() << ": "
              << counts_.passed << " of " << counts_.passed + counts_.excepted + counts_.failed << "\n";
    return counts_;
  }

 private:
  void run_file(const fs::path& file) {
    const std::string source = read_file(file);
    json::Document document;
    const auto groups = document.read(source, {.depth_max = 128});
    ASSERT_TRUE(groups) << file << ": " << json::name(groups.error().error);
    json::Value group = groups->first_child();
    for (std::uint32_t n = 0; n < groups->size(); ++n, group = group.next_sibling())
      run_group(file.filename().string(), source, group);
  }

  void run_group(const std::string& file, std::string_view source, json::Value group) {
    const std::string name = file + ": " + std::string(group.find("description")->string());
    Diagnostics diagnostics;
    const ProgramPtr program = compile_text(text_of(source, *group.find("schema")), "schema.json", options_,
                                            load_remote, diagnostics);
    std::string why;
    if (program == nullptr) {
      for (const Diagnostic& d : diagnostics.all()) {
        if (d.severity == Severity::kError) why += " " + to_text(d);
      }
    }
    const json::Value tests = *group.find("tests");
    json::Value test = tests.first_child();
    for (std::uint32_t n = 0; n < tests.size(); ++n, test = test.next_sibling()) {
      const std::string label = name + ": " + std::string(test.find("description")->string());
      note(label, program == nullptr ? why : judge(*program, source, test));
    }
  }

  // What is wrong with our verdict, or nothing.
  static std::string judge(const Entry& program, std::string_view source, json::Value test) {
    json::Document document;
    const auto instance = document.read(text_of(source, *test.find("data")), JsonLimits{});
    if (!instance) return "not read: " + std::string(json::name(instance.error().error));
    const bool valid = evaluate(program, *instance) == Outcome::kValid;
    if (explain(program, *instance).empty() != valid) return "the two modes disagree";
    if (valid == test.find("valid")->boolean()) return {};
    return valid ? "accepted" : "refused: " + explain(program, *instance)[0].sentence;
  }

  void note(const std::string& label, const std::string& wrong) {
    if (wrong.empty()) {
      ++counts_.passed;
    } else if (exceptions_.contains(label)) {
      ++counts_.excepted;
      met_.insert(label);
    } else {
      ++counts_.failed;
      ADD_FAILURE() << label << ": " << wrong;
    }
  }

  StandaloneOptions options_;
  Exceptions exceptions_;
  std::set<std::string> met_;
  Counts counts_;
};

void expect(const char* folder, Dialect dialect, bool formats, int passed,
            const Exceptions& exceptions = {}) {
  if (suite().empty()) GTEST_SKIP() << "CAPONIER_CORPORA is not set";
  const Counts counts = Runner(dialect, formats, exceptions).run(suite() / "tests" / folder);
  EXPECT_EQ(counts.passed, passed);
}

TEST(JsonSchemaSuite, required_tests_of_2020_12) {
  expect("draft2020-12", Dialect::kDraft202012, false, 1299);
}

TEST(JsonSchemaSuite, required_tests_of_draft_7) {
  expect("draft7", Dialect::kDraft07, false, 927);
}

TEST(JsonSchemaSuite, required_tests_of_draft_4) {
  expect("draft4", Dialect::kDraft04, false, 618);
}

TEST(JsonSchemaSuite, optional_tests_of_2020_12) {
  expect("draft2020-12/optional", Dialect::kDraft202012, false, 162);
}

TEST(JsonSchemaSuite, optional_tests_of_draft_7) {
  const char* const kReason = "content is an annotation, as in every later draft";
  const std::string base64 = "content.json: validation of binary-encoded media type documents: ";
  expect(
      "draft7/optional", Dialect::kDraft07, false, 114,
      {
          {"content.json: validation of string-encoded content based on media type: an invalid JSON document",
           kReason},
          {"content.json: validation of binary string-encoding: an invalid base64 string (% is not a valid "
           "character)",
           kReason},
          {base64 + "a validly-encoded invalid JSON document", kReason},
          {base64 + "an invalid base64 string that is valid JSON", kReason},
      });
}

TEST(JsonSchemaSuite, optional_tests_of_draft_4) {
  expect("draft4/optional", Dialect::kDraft04, false, 99,
         {{"zeroTerminatedFloats.json: some languages do not distinguish between different types of numeric "
           "value: "
           "a float is not an integer even without fractional part",
           "1.0 is an integer, as in every later draft"}});
}

TEST(JsonSchemaSuite, formats_of_2020_12_are_asserted) {
  expect("draft2020-12/optional/format", Dialect::kDraft202012, true, 764);
}

TEST(JsonSchemaSuite, formats_of_draft_7_are_asserted) {
  expect("draft7/optional/format", Dialect::kDraft07, true, 676);
}

TEST(JsonSchemaSuite, formats_of_draft_4_are_asserted) {
  expect("draft4/optional/format", Dialect::kDraft04, true, 219);
}

}  // namespace
}  // namespace caponier::schema
