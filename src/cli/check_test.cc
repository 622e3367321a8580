#include "cli/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/test_folder.h"
#include "base/tree.h"
#include "json/read_tree.h"

namespace caponier::cli {
namespace {

using testing::HasSubstr;

struct Answer {
  int status;
  std::string out;
  std::string err;
};

Answer run_check(const std::string& contract, const std::vector<std::string_view>& more) {
  const TestFolder folder;
  const std::string file = folder.write("openapi.yaml", contract);
  std::vector<std::string_view> words{"--contract", file, "--listen", "http://127.0.0.1:0"};
  words.insert(words.end(), more.begin(), more.end());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Answer answer{check(words), {}, {}};
  answer.out = testing::internal::GetCapturedStdout();
  answer.err = testing::internal::GetCapturedStderr();
  return answer;
}

std::string contract(std::string_view operation) {
  return "openapi: 3.0.3\ninfo: {title: Shop, version: '1'}\nservers: [{url: 'https://a.example'}]\npaths:\n "
         " /a:\n"
         "    get: {" +
         std::string(operation) + "responses: {'200': {description: ok}}}\n";
}

constexpr const char* kPublic = "x-caponier: {public: {reason: r}}, ";

TEST(Check, reports_what_is_enforced_and_ends_with_zero) {
  const Answer answer = run_check(contract(kPublic), {"--upstream", "http://127.0.0.1:9"});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("GET /a"));
  EXPECT_THAT(answer.out, HasSubstr("1 operation, 0 not exposed, 0 findings\n"));
  EXPECT_EQ(answer.err, "");
}

TEST(Check, a_document_alone_needs_neither_listener_nor_upstream) {
  const TestFolder folder;
  const std::string file = folder.write("openapi.yaml", contract(kPublic));
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  EXPECT_EQ(check(std::vector<std::string_view>{"--contract", file}), 0);
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("GET /a"));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Check, findings_end_with_one) {
  const Answer answer = run_check(contract(kPublic), {"--upstream", "http://127.0.0.1:9", "--dev"});
  EXPECT_EQ(answer.status, 1) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("[dev-mode]"));
  EXPECT_THAT(answer.out, HasSubstr("1 finding\n"));
}

TEST(Check, what_cannot_be_loaded_ends_with_two_and_says_where) {
  const Answer answer = run_check(contract(""), {"--upstream", "http://127.0.0.1:9"});
  EXPECT_EQ(answer.status, 2);
  EXPECT_THAT(answer.err, HasSubstr("openapi.yaml:6:5: error: anyone may call this operation"));
  EXPECT_THAT(answer.err, HasSubstr("caponier: 1 error; it cannot be served\n"));
  EXPECT_EQ(answer.out, "");
}

TEST(Check, a_certificate_that_cannot_be_used_is_told_before_anything_is_served) {
  const Answer answer = run_check(contract(kPublic), {"--upstream", "http://127.0.0.1:9", "--cert",
                                                      "/nonexistent/c.pem", "--key", "/nonexistent/k.pem"});
  EXPECT_EQ(answer.status, 2);
  EXPECT_THAT(answer.err, HasSubstr("cannot read /nonexistent/c.pem"));
}

const std::string kTwoFaults =
    "openapi: 3.0.3\ninfo: {title: Shop}\nservers: [{url: 'https://a.example'}]\npaths:\n  /a b:\n"
    "    get: {x-caponier: {public: {reason: r}}, responses: {'200': {description: ok}, '20': {description: "
    "ok}}}\n";

std::unique_ptr<Tree> read_json(const std::string& text) {
  auto tree = json::read_tree(text, "out.json");
  EXPECT_TRUE(tree.ok()) << text;
  return tree.ok() ? std::move(tree).value() : nullptr;
}

TEST(Check, reports_all_problems_as_json) {
  const Answer answer = run_check(kTwoFaults, {"--upstream", "http://127.0.0.1:9", "--format", "json"});
  EXPECT_EQ(answer.status, 2);
  EXPECT_EQ(answer.err, "");
  const auto tree = read_json(answer.out);
  const Node& root = *tree->root();
  EXPECT_FALSE(root.find("loads")->boolean);
  EXPECT_EQ(root.find("errors")->integer(), 3) << answer.out;
  const Node& first = *root.find("diagnostics")->first_child;
  EXPECT_EQ(first.find("severity")->text, "error");
  EXPECT_EQ(first.find("code")->text, "missing-member");
  EXPECT_TRUE(first.find("file")->text.ends_with("/openapi.yaml"));
  EXPECT_EQ(first.find("line")->integer(), 2);
  EXPECT_EQ(first.find("column")->integer(), 7);
  EXPECT_EQ(first.find("pointer")->text, "/info");
  EXPECT_EQ(first.find("fix")->text, "Add it.");
  EXPECT_EQ(first.next->find("operation")->text, "GET /a b");
}

TEST(Check, reports_what_loads_as_json_with_its_findings) {
  const Answer answer =
      run_check(contract(kPublic), {"--upstream", "http://127.0.0.1:9", "--dev", "--format=json"});
  EXPECT_EQ(answer.status, 1);
  const auto tree = read_json(answer.out);
  EXPECT_TRUE(tree->root()->find("loads")->boolean);
  EXPECT_EQ(tree->root()->find("operations")->integer(), 1);
  EXPECT_EQ(tree->root()->find("findings")->integer(), 1);
}

TEST(Check, reports_all_problems_as_sarif) {
  const Answer answer = run_check(kTwoFaults, {"--upstream", "http://127.0.0.1:9", "--format", "sarif"});
  EXPECT_EQ(answer.status, 2);
  EXPECT_EQ(answer.err, "");
  const auto tree = read_json(answer.out);
  EXPECT_EQ(tree->root()->find("version")->text, "2.1.0");
  const Node& run = *tree->root()->find("runs")->first_child;
  EXPECT_EQ(run.find("invocations")->first_child->find("exitCode")->integer(), 2);
  const Node& rules = *run.find("tool")->find("driver")->find("rules");
  const Node& results = *run.find("results");
  EXPECT_EQ(results.child_count, 3U);
  for (const Node& result : results) {
    const Node* rule = rules.first_child;
    for (auto i = result.find("ruleIndex")->integer().value(); i > 0; --i) rule = rule->next;
    EXPECT_EQ(rule->find("id")->text, result.find("ruleId")->text);
    EXPECT_EQ(result.find("level")->text, "error");
    EXPECT_FALSE(result.find("message")->find("text")->text.empty());
    const Node& place = *result.find("locations")->first_child->find("physicalLocation");
    EXPECT_TRUE(place.find("artifactLocation")->find("uri")->text.starts_with("file:///"));
    EXPECT_GE(place.find("region")->find("startLine")->integer(), 2);
    EXPECT_GE(place.find("region")->find("startColumn")->integer(), 1);
  }
}

TEST(Check, knows_three_formats) {
  const Answer answer = run_check(contract(kPublic), {"--format", "xml"});
  EXPECT_EQ(answer.status, 2);
  EXPECT_THAT(answer.err, HasSubstr("--format takes text, json or sarif, not 'xml'"));
}

TEST(Check, puts_overlays_over_the_document_in_order) {
  const TestFolder folder;
  const auto write = [&folder](const std::string& name, const std::string& action) {
    return folder.write(name, "overlay: 1.0.0\ninfo: {title: O, version: '1'}\nactions: [" + action + "]\n");
  };
  const std::string first =
      write("check_one.yaml", "{target: $.paths, update: {/b: {get: {responses: {}}}}}");
  const std::string second =
      write("check_two.yaml",
            "{target: \"$.paths['/b'].get\", update: {x-caponier: {public: {reason: ours}}, "
            "responses: {'204': {description: d}}}}");
  Answer answer = run_check(contract(kPublic),
                            {"--upstream", "http://127.0.0.1:9", "--overlay", first, "--overlay", second});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("GET /b"));
  EXPECT_THAT(answer.out, HasSubstr("public: ours"));
  answer = run_check(contract(kPublic),
                     {"--upstream", "http://127.0.0.1:9", "--overlay", second, "--overlay", first});
  EXPECT_EQ(answer.status, 2);
  EXPECT_THAT(answer.err, HasSubstr("check_two.yaml:3:20: error: nothing in the document is selected"));
}

}  // namespace
}  // namespace caponier::cli
