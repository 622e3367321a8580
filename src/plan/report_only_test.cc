#include "plan/report_only.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/test_compile.h"

namespace caponier::plan {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kDocument = R"(openapi: 3.1.0
info: {title: T, version: '1'}
ROOT
paths:
  /a:
    get:
      operationId: one
      x-caponier: {public: {reason: test}OWN}
      responses: {'200': {description: ok, content: {application/json: {schema: {type: object}}}}}
)";

Compiled compiled(std::string_view root, std::string_view own, std::string config = {}) {
  CompileCase c;
  c.contract = kDocument;
  c.contract.replace(c.contract.find("ROOT"), 4,
                     root.empty() ? "" : "x-caponier: {" + std::string(root) + "}");
  c.contract.replace(c.contract.find("OWN"), 3, own.empty() ? "" : ", " + std::string(own));
  c.config += config;
  return compile(c);
}

std::string stages(const Operation& operation) {
  std::string out;
  if (operation.report_only.authentication) out += "authentication ";
  if (operation.report_only.limit) out += "limit ";
  if (operation.report_only.authorize) out += "authorize ";
  if (operation.report_only.validate) out += "validate ";
  if (operation.response_mode == ResponseMode::kReport) out += "check ";
  return out;
}

TEST(ReportOnly, whoever_is_closest_to_the_operation_says_it) {
  struct Case {
    const char *root, *own, *config, *stages;
  };
  for (const Case& c : {
           Case{"", "", "", ""},
           Case{"report_only: {reason: week one}", "", "", "limit authorize validate check "},
           Case{"report_only: {reason: week one}", "report_only: false", "", ""},
           Case{"report_only: {reason: week one}", "report_only: {reason: two, stages: [validate]}", "",
                "validate "},
           Case{"", "report_only: {reason: two, stages: check}", "", "check "},
           Case{"", "report_only: {authentication: {reason: legacy}}", "", "authentication "},
           Case{"", "report_only: {reason: a}", "defaults: {report_only: false}\n",
                "limit authorize validate check "},
           Case{"", "report_only: {reason: a}", "operations: [{operation: one, report_only: false}]\n", ""},
           Case{"", "",
                "defaults: {report_only: {reason: a, stages: [limit], authentication: {reason: b}}}\n",
                "authentication limit "},
       }) {
    const Compiled result = compiled(c.root, c.own, c.config);
    ASSERT_NE(result.plan, nullptr) << result.errors();
    EXPECT_EQ(stages(result.plan->operations.at(0)), c.stages) << c.root << c.own << c.config;
  }
}

TEST(ReportOnly, a_stricter_word_about_answers_is_loosened_and_a_looser_one_stays) {
  const Compiled strict = compiled("", "response: strip, report_only: {reason: a}");
  EXPECT_EQ(strict.plan->operations.at(0).response_mode, ResponseMode::kReport);
  const Compiled streams = compiled("", "response: stream, report_only: {reason: a}");
  EXPECT_EQ(streams.plan->operations.at(0).response_mode, ResponseMode::kStream);
}

TEST(ReportOnly, each_place_is_found_once) {
  const Compiled result = compiled("report_only: {reason: week one, authentication: {reason: legacy}}", "");
  EXPECT_THAT(result.findings(),
              HasSubstr("judged and recorded, not refused: limit, authorize, validate, check: week one"));
  EXPECT_THAT(result.findings(), HasSubstr("pass, without identity: legacy"));
  EXPECT_THAT(compiled("", "").findings(), Not(HasSubstr("report-only")));
}

TEST(ReportOnly, undeclared_paths_are_an_operation_that_no_route_leads_to) {
  const Compiled result = compiled("", "", "defaults: {report_only: {undeclared: {reason: old clients}}}\n");
  ASSERT_NE(result.plan, nullptr) << result.errors();
  ASSERT_EQ(result.plan->undeclared, 1U);
  EXPECT_TRUE(result.plan->operations[1].undeclared);
  EXPECT_EQ(result.plan->operations[1].limits.size(), 1U);
  EXPECT_THAT(result.findings(), HasSubstr("does not declare are forwarded, unjudged: old clients"));
  EXPECT_EQ(compiled("", "").plan->undeclared, kNoOperation);
  // The configuration takes it back.
  const char* const root = "report_only: {undeclared: {reason: old clients}}";
  EXPECT_EQ(compiled(root, "").plan->undeclared, 1U);
  EXPECT_EQ(compiled(root, "", "defaults: {report_only: false}\n").plan->undeclared, kNoOperation);
}

TEST(ReportOnly, undeclared_paths_go_where_all_go_and_cannot_be_rewritten) {
  const std::string config =
      "upstreams: {other: {url: 'http://127.0.0.1:9001'}}\n"
      "defaults: {report_only: {undeclared: {reason: old}}, upstream: {name: otherMORE}}\n";
  const auto with = [&config](std::string_view more) {
    std::string text = config;
    return compiled("", "", text.replace(text.find("MORE"), 4, more));
  };
  const Compiled plain = with("");
  ASSERT_NE(plain.plan, nullptr) << plain.errors();
  EXPECT_EQ(plain.plan->operations[1].upstream, 1U);
  EXPECT_GT(plain.plan->operations[1].first_byte_ms, 0);
  EXPECT_THAT(with(", rewrite: {prefix: /a, with: /b}").errors(), HasSubstr("rewrite-undeclared"));
}

TEST(ReportOnly, what_cannot_be_meant_is_an_error_with_its_place) {
  for (const auto& [own, error] : {
           std::pair("report_only: true", "does not say what is only reported"),
           std::pair("report_only: {}", "needs a reason"),
           std::pair("report_only: {stages: [limit]}", "needs a reason"),
           std::pair("report_only: {reason: ''}", "report_only"),
           std::pair("report_only: {reason: a, stages: [admit]}",
                     "\"admit\" is no stage that can be only reported"),
           std::pair("report_only: {reason: a, stages: [authenticate]}", "only reported by name"),
           std::pair("report_only: {reason: a, stages: []}", "report_only"),
           std::pair("report_only: {authentication: true}", "needs a reason"),
           std::pair("report_only: {undeclared: {reason: a}}", "belongs to no operation"),
           std::pair("report_only: {reason: a, stage: limit}", "stage"),
       }) {
    const Compiled result = compiled("", own);
    EXPECT_EQ(result.plan, nullptr) << own;
    EXPECT_THAT(result.errors(), HasSubstr("api.yaml:8:")) << own;
    EXPECT_THAT(result.errors(), HasSubstr(error)) << own;
  }
}

}  // namespace
}  // namespace caponier::plan
