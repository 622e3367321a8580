// `check --format sarif` held against SARIF 2.1.0 (OASIS Standard, 2020), whose sections are named. The facts
// are those of the standard: what is required, which values exist, and how places and texts are written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include "base/tree.h"
#include "e2e/process.h"
#include "json/read_tree.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;

// Not a character too many: 3.4.3 takes RFC 3986's references.
bool is_uri_reference(std::string_view text) {
  constexpr std::string_view kAllowed = "-._~:/?#[]@!$&'()*+,;=";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || kAllowed.find(c) != std::string_view::npos)
      continue;
    const auto is_hex = [&](std::size_t at) {
      return at < text.size() && std::isxdigit(static_cast<unsigned char>(text[at])) != 0;
    };
    if (c != '%' || !is_hex(i + 1) || !is_hex(i + 2)) return false;
  }
  return !text.empty();
}

void expect_positive(const Node* number, const std::string& what) {
  ASSERT_NE(number, nullptr) << what;
  EXPECT_GE(number->integer().value_or(0), 1) << what;
}

// 3.11.5: every brace is one of two.
bool has_lone_brace(std::string_view text) {
  for (const char brace : {'{', '}'}) {
    for (std::size_t at = text.find(brace); at != std::string_view::npos; at = text.find(brace, at)) {
      const std::size_t end = std::min(text.find_first_not_of(brace, at), text.size());
      if ((end - at) % 2 != 0) return true;
      at = end;
    }
  }
  return false;
}

void expect_location(const Node& location, const std::string& text) {
  // 3.28.2: at least one of the two.
  const Node* physical = location.find("physicalLocation");
  const Node* logical = location.find("logicalLocations");
  EXPECT_TRUE(physical != nullptr || logical != nullptr) << text;
  if (logical != nullptr) {
    EXPECT_GE(logical->child_count, 1U);
    for (const Node& one : *logical) EXPECT_NE(one.find("fullyQualifiedName"), nullptr);
  }
  if (physical == nullptr) return;
  const Node* artifact = physical->find("artifactLocation");
  ASSERT_NE(artifact, nullptr) << text;  // 3.29.2
  const std::string uri(artifact->find("uri")->text);
  EXPECT_TRUE(is_uri_reference(uri)) << uri;
  EXPECT_EQ(uri.find("/../"), std::string::npos) << uri;
  EXPECT_FALSE(uri.starts_with("../")) << uri;
  if (const Node* region = physical->find("region")) {
    expect_positive(region->find("startLine"), text);  // 3.30.1, 3.30.5
    if (const Node* column = region->find("startColumn")) expect_positive(column, text);
  }
}

void expect_result(const Node& result, const Node& rules, const std::string& text) {
  const Node* message = result.find("message");
  ASSERT_NE(message, nullptr) << text;  // 3.27.11
  const std::string_view sentence = message->find("text")->text;
  EXPECT_FALSE(sentence.empty());
  EXPECT_FALSE(has_lone_brace(sentence)) << sentence;
  const std::set<std::string_view> levels = {"none", "note", "warning", "error"};  // 3.27.10
  EXPECT_TRUE(levels.contains(result.find("level")->text)) << text;
  // 3.27.6: an index into the list of rules, whose entry has the same identifier.
  const auto index = result.find("ruleIndex")->integer();
  ASSERT_TRUE(index && *index >= 0 && *index < rules.child_count) << text;
  const Node* rule = rules.first_child;
  for (auto i = *index; i > 0; --i) rule = rule->next;
  EXPECT_EQ(rule->find("id")->text, result.find("ruleId")->text);
  if (const Node* locations = result.find("locations")) {
    for (const Node& location : *locations) expect_location(location, text);
  }
}

// Returns the one run.
const Node* expect_sarif(const Tree& tree, const std::string& text) {
  const Node& root = *tree.root();
  EXPECT_EQ(root.find("version")->text, "2.1.0");  // 3.13.2
  const Node* runs = root.find("runs");            // 3.13.4
  if (runs == nullptr || runs->child_count != 1) return nullptr;
  const Node& run = *runs->first_child;
  const Node& driver = *run.find("tool")->find("driver");  // 3.14.6, 3.18.2
  EXPECT_EQ(driver.find("name")->text, "caponier");        // 3.19.8
  const Node& rules = *driver.find("rules");
  std::set<std::string_view> identifiers;
  for (const Node& rule : rules) {
    EXPECT_TRUE(identifiers.insert(rule.find("id")->text).second) << "3.19.23: one entry for each rule";
  }
  EXPECT_EQ(run.find("columnKind")->text, "unicodeCodePoints");  // 3.14.17
  for (const Node& invocation : *run.find("invocations")) {
    EXPECT_TRUE(invocation.find("executionSuccessful")->is_boolean());  // 3.20.14
    EXPECT_TRUE(invocation.find("exitCode")->integer().has_value());
  }
  EXPECT_TRUE(run.find("results")->is_array());  // 3.14.23
  for (const Node& result : *run.find("results")) expect_result(result, rules, text);
  return &run;
}

// What follows a name of non-ASCII letters on one line: two faults, one of them with a path in its message.
constexpr const char* kFaulty =
    "openapi: 3.1.0\n"
    "info: {title: \"Caf\xC3\xA9 \xF0\x9F\x98\x80\", version: '1', nonsense: 1}\n"
    "servers: [{url: /}]\n"
    "paths:\n"
    "  /orders/{id}:\n"
    "    get: {parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: "
    "{'200': "
    "{description: ok}}}\n";

class Sarif : public testing::Test {
 protected:
  // Checked from within the folder, by the file's name alone.
  std::unique_ptr<Tree> check(const std::string& file, int status) {
    const Finished done = run({"/bin/sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh", folder_.path(),
                               CAPONIER_BINARY, "check", "--contract", file, "--format", "sarif"});
    EXPECT_EQ(done.status, status) << done.err;
    EXPECT_EQ(done.err, "");
    auto tree = json::read_tree(done.out, "out.sarif");
    EXPECT_TRUE(tree.ok()) << done.out;
    if (!tree.ok()) return nullptr;
    run_ = expect_sarif(**tree, done.out);
    EXPECT_NE(run_, nullptr) << done.out;
    return std::move(*tree);
  }
  // The first result of the rule.
  const Node& result(std::string_view rule) {
    for (const Node& one : *run_->find("results")) {
      if (one.find("ruleId")->text == rule) return one;
    }
    ADD_FAILURE() << "no result of " << rule;
    return *run_->find("results")->first_child;
  }
  static const Node& place(const Node& result) {
    return *result.find("locations")->first_child->find("physicalLocation");
  }
  TestFolder folder_;
  const Node* run_ = nullptr;
};

TEST_F(Sarif, of_a_faulty_document_keeps_the_rules_of_the_standard) {
  (void)folder_.write("my caf\xC3\xA9 #1: api.yaml", kFaulty);
  const auto tree = check("my caf\xC3\xA9 #1: api.yaml", 2);
  ASSERT_NE(run_, nullptr);
  EXPECT_EQ(run_->find("invocations")->first_child->find("exitCode")->integer(), 2);
  EXPECT_GE(run_->find("results")->child_count, 2U);
  const Node& unknown = result("unknown-member");
  EXPECT_EQ(unknown.find("level")->text, "error");
  EXPECT_EQ(place(unknown).find("artifactLocation")->find("uri")->text,
            "my%20caf%C3%A9%20%231%3A%20api.yaml");
  // Byte 43 of its line: two bytes for one letter, four for another.
  EXPECT_EQ(place(unknown).find("region")->find("startLine")->integer(), 2);
  EXPECT_EQ(place(unknown).find("region")->find("startColumn")->integer(), 39);
}

TEST_F(Sarif, of_a_document_above_the_folder_names_it_absolutely) {
  std::filesystem::create_directory(folder_.file("below"));
  (void)folder_.write("api.yaml", kFaulty);
  const auto tree = check("below/../api.yaml", 2);
  ASSERT_NE(run_, nullptr);
  EXPECT_EQ(place(result("unknown-member")).find("artifactLocation")->find("uri")->text, "api.yaml");
  const std::string name = std::filesystem::path(folder_.path()).filename();
  const auto above = check("../" + name + "/api.yaml", 2);
  ASSERT_NE(run_, nullptr);
  EXPECT_EQ(place(result("unknown-member")).find("artifactLocation")->find("uri")->text,
            "file://" + std::filesystem::canonical(folder_.path()).string() + "/api.yaml");
}

TEST_F(Sarif, writes_findings_as_warnings_and_braces_twice) {
  std::string text = kFaulty;
  text.replace(text.find(", nonsense: 1"), 13, "");
  text.replace(text.find("get: {"), 6, "get: {x-caponier: {public: {reason: r}}, ");
  text.replace(text.find("schema: {type: string}"), 22, "schema: {type: string, default: 1}");
  (void)folder_.write("api.yaml", text);
  const auto tree = check("api.yaml", 1);
  ASSERT_NE(run_, nullptr);
  EXPECT_EQ(result("default-invalid").find("level")->text, "warning");
  EXPECT_EQ(run_->find("invocations")->first_child->find("exitCode")->integer(), 1);
  (void)folder_.write("broken.yaml", std::string(kFaulty) + "  /orders/{id}/{id}: {}\n");
  const auto broken = check("broken.yaml", 2);
  ASSERT_NE(run_, nullptr);
  EXPECT_THAT(std::string(result("path-template").find("message")->find("text")->text),
              HasSubstr("{{name}}"));
}

}  // namespace
}  // namespace caponier::e2e
