// The demo keeps its word: what it announces is what a pasted line gives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <sstream>

#include "e2e/gateway.h"
#include "e2e/process.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;

struct Announced {
  std::string status;
  std::string what;
  std::string command;
};

std::vector<Announced> announced_lines(const std::string& output) {
  std::vector<Announced> all;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("# ")) continue;
    Announced announced{line.substr(2, 3), line.substr(6), {}};
    std::getline(lines, announced.command);
    all.push_back(std::move(announced));
  }
  return all;
}

std::string last_line(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

class Demo : public testing::Test {
 protected:
  Demo() : process_({CAPONIER_BINARY, "demo", "--listen", "127.0.0.1:0", "--state-dir", state()}) {
    EXPECT_TRUE(process_.read_until([this] {
      return process_.err().find("ready https://127.0.0.1:") != std::string::npos;
    })) << process_.err();
    lines_ = announced_lines(process_.out());
  }
  [[nodiscard]] std::string state() const { return folder_.file("state"); }
  Finished paste(const Announced& line) { return run({"sh", "-c", line.command}); }
  const Announced* line_with(std::string_view what) const {
    for (const Announced& line : lines_) {
      if (line.what.find(what) != std::string::npos) return &line;
    }
    return nullptr;
  }

  TestFolder folder_;
  Process process_;
  std::vector<Announced> lines_;
};

TEST_F(Demo, every_line_pasted_gives_the_status_that_it_announces) {
  EXPECT_GE(lines_.size(), 15U) << process_.out();
  for (const char* status : {"200", "201", "400", "401", "403", "404", "405", "413", "429"}) {
    EXPECT_TRUE(std::any_of(lines_.begin(), lines_.end(),
                            [status](const Announced& line) { return line.status == status; }))
        << "no line for " << status;
  }
  for (const Announced& line : lines_) {
    SCOPED_TRACE(line.command);
    ASSERT_TRUE(line.command.starts_with("curl "));
    const Finished pasted = paste(line);
    EXPECT_EQ(pasted.status, 0) << pasted.err;
    EXPECT_EQ(last_line(pasted.out), line.status) << line.what;
  }
}

TEST_F(Demo, the_first_refusal_prints_an_explain_line_that_can_be_pasted) {
  const Announced* lacking = line_with("lacks the scope");
  ASSERT_NE(lacking, nullptr);
  (void)paste(*lacking);
  std::size_t at = 0;
  ASSERT_TRUE(process_.read_until([this, &at] {
    at = process_.err().find("refused; why? ");
    return at != std::string::npos && process_.err().find('\n', at) != std::string::npos;
  })) << process_.err();
  const std::string command = process_.err().substr(at + 14, process_.err().find('\n', at) - at - 14);
  EXPECT_THAT(command, HasSubstr(" explain "));
  // The record is written a moment after it has been looked at.
  Finished told;
  EXPECT_TRUE(eventually([&] {
    told = run({"sh", "-c", command});
    return told.status == 0;
  })) << told.err;
  EXPECT_THAT(told.out, HasSubstr("stage authorize"));
  EXPECT_THAT(told.out, HasSubstr("The line that says so: demo/openapi.yaml:"));
  EXPECT_THAT(told.out, HasSubstr("What would make it pass:"));
  EXPECT_THAT(told.out, HasSubstr("The client got status 403."));
  EXPECT_THAT(told.out, HasSubstr("POST /customers/{customerId}/orders"));
  EXPECT_THAT(told.out, HasSubstr("The caller was alice"));

  // Only the first one.
  (void)paste(*line_with("no token"));
  EXPECT_EQ(process_.err().find("refused; why?", at + 14), std::string::npos);
}

TEST_F(Demo, the_coverage_table_has_a_row_for_each_operation) {
  const std::string table = process_.out().substr(0, process_.out().find("Requests to paste:"));
  for (const char* head : {"OPERATION", "AUTHENTICATION", "SCOPES", "OWNER", "VALIDATION", "LIMITS"}) {
    EXPECT_THAT(table, HasSubstr(head));
  }
  // Long paths continue in their column, so that a row begins where a method stands.
  std::istringstream lines(table);
  int rows = 0;
  for (std::string line; std::getline(lines, line);) {
    for (const char* method : {"GET ", "POST ", "PUT ", "DELETE "}) rows += line.starts_with(method) ? 1 : 0;
  }
  EXPECT_EQ(rows, 8) << table;
}

TEST_F(Demo, explain_says_that_it_knows_no_such_request) {
  const Finished told = run_caponier({"explain", "0123456789abcdef0123456789abcdef", "--state-dir", state()});
  EXPECT_EQ(told.status, 1);
  EXPECT_THAT(told.err, HasSubstr("no request 0123456789abcdef0123456789abcdef"));
}

}  // namespace
}  // namespace caponier::e2e
