#include "cli/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace caponier::cli {
namespace {

using testing::HasSubstr;

struct Answer {
  int status;
  std::string out;
  std::string err;
};

Answer run_check(const std::string& contract, const std::vector<std::string_view>& more) {
  const std::string file = testing::TempDir() + "caponier_check_test.yaml";
  std::ofstream(file) << contract;
  std::vector<std::string_view> words{"--contract", file, "--listen", "http://127.0.0.1:0"};
  words.insert(words.end(), more.begin(), more.end());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Answer answer{check(words), {}, {}};
  answer.out = testing::internal::GetCapturedStdout();
  answer.err = testing::internal::GetCapturedStderr();
  std::filesystem::remove(file);
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
  const std::string file = testing::TempDir() + "caponier_check_alone.yaml";
  std::ofstream(file) << contract(kPublic);
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  EXPECT_EQ(check(std::vector<std::string_view>{"--contract", file}), 0);
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("GET /a"));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  std::filesystem::remove(file);
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
  EXPECT_THAT(answer.err, HasSubstr("caponier_check_test.yaml:6:5: error: anyone may call this operation"));
  EXPECT_THAT(answer.err, HasSubstr("caponier: 1 error; it cannot be served\n"));
  EXPECT_EQ(answer.out, "");
}

TEST(Check, a_certificate_that_cannot_be_used_is_told_before_anything_is_served) {
  const Answer answer = run_check(contract(kPublic), {"--upstream", "http://127.0.0.1:9", "--cert",
                                                      "/nonexistent/c.pem", "--key", "/nonexistent/k.pem"});
  EXPECT_EQ(answer.status, 2);
  EXPECT_THAT(answer.err, HasSubstr("cannot read /nonexistent/c.pem"));
}

}  // namespace
}  // namespace caponier::cli
