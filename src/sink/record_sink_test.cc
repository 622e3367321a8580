#include "sink/record_sink.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <vector>

#include "base/test_folder.h"

namespace caponier::sink {
namespace {

using Clock = std::chrono::steady_clock;

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Looks until it is so, at most ten seconds: a slow machine is no failure.
template <class Condition>
bool eventually(Condition condition) {
  const auto deadline = Clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    poll(nullptr, 0, 2);
  }
  return true;
}

std::int64_t fixed_wall_ms() {
  return 1'769'903'999'123;
}

class RecordSinkTest : public testing::Test {
 protected:
  std::unique_ptr<RecordSink> open(const std::string& path) {
    auto sink = RecordSink::open(path, fixed_wall_ms);
    EXPECT_TRUE(sink.ok());
    return std::move(sink).value();
  }
  static void give(RecordSink& sink, std::string lines) {
    sink.give(lines);
    EXPECT_TRUE(lines.empty());
  }
  TestFolder folder_;
  std::string path_ = folder_.file("log.ndjson");
};

TEST_F(RecordSinkTest, records_reach_the_file_while_the_sink_lives) {
  const auto sink = open(path_);
  give(*sink, "one\n");
  EXPECT_TRUE(eventually([this] { return lines_of(path_).size() == 1; }));
  give(*sink, "two\nthree\n");
  EXPECT_TRUE(eventually([this] { return lines_of(path_).size() == 3; }));
  EXPECT_EQ(lines_of(path_), (std::vector<std::string>{"one", "two", "three"}));
  EXPECT_EQ(sink->dropped(), 0U);
}

TEST_F(RecordSinkTest, what_is_left_is_written_at_the_end) {
  {
    const auto sink = open(path_);
    for (int i = 0; i < 1000; ++i) give(*sink, "line " + std::to_string(i) + "\n");
  }
  const auto lines = lines_of(path_);
  ASSERT_EQ(lines.size(), 1000U);
  EXPECT_EQ(lines.back(), "line 999");
}

TEST_F(RecordSinkTest, workers_give_at_the_same_time_and_no_line_is_mixed_with_another) {
  {
    const auto sink = open(path_);
    std::vector<std::thread> workers;
    for (char name : {'a', 'b', 'c', 'd'}) {
      workers.emplace_back([&sink, name] {
        for (int i = 0; i < 500; ++i)
          give(*sink, std::string(50, name) + "\n" + std::string(70, name) + "\n");
      });
    }
    for (auto& worker : workers) worker.join();
  }
  const auto lines = lines_of(path_);
  EXPECT_EQ(lines.size(), 4000U);
  for (const auto& line : lines) {
    EXPECT_TRUE(std::all_of(line.begin(), line.end(), [&line](char c) { return c == line[0]; }));
    EXPECT_TRUE(line.size() == 50 || line.size() == 70);
  }
}

TEST_F(RecordSinkTest, the_string_of_the_worker_keeps_its_capacity) {
  const auto sink = open(path_);
  std::string lines(4096, 'x');
  lines.back() = '\n';
  const char* const before = lines.data();
  sink->give(lines);
  EXPECT_TRUE(lines.empty());
  EXPECT_GE(lines.capacity(), 4096U);
  EXPECT_EQ(lines.data(), before);
}

TEST_F(RecordSinkTest, a_full_device_drops_counts_and_alerts_once) {
  testing::internal::CaptureStderr();
  {
    const auto sink = open("/dev/full");
    give(*sink, "one\ntwo\n");
    EXPECT_TRUE(eventually([&sink] { return sink->dropped() == 2; }));
    give(*sink, "three\n");
    EXPECT_TRUE(eventually([&sink] { return sink->dropped() == 3; }));
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "caponier: the log cannot be written (No space left on device); records are being dropped\n");
}

// A disk that fills up in the middle of a line, and gets room again.
TEST_F(RecordSinkTest, lines_are_lost_whole_and_their_count_is_recorded_when_there_is_room_again) {
  const auto sink = open(path_);
  // The limit is the whole process's, and standard error may be a file as well.
  auto* const before_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit limit = before;
  limit.rlim_cur = 25;
  setrlimit(RLIMIT_FSIZE, &limit);
  give(*sink, "123456789\n223456789\n323456789\n423456789\n");
  EXPECT_TRUE(eventually([&sink] { return sink->dropped() == 2; }));
  EXPECT_EQ(lines_of(path_), (std::vector<std::string>{"123456789", "223456789"}));
  give(*sink, "523456789\n");
  EXPECT_TRUE(eventually([&sink] { return sink->dropped() == 3; }));
  EXPECT_EQ(lines_of(path_).size(), 2U);
  setrlimit(RLIMIT_FSIZE, &before);
  // Without any further record.
  EXPECT_TRUE(eventually([this] { return lines_of(path_).size() == 3; }));
  give(*sink, "after\n");
  EXPECT_TRUE(eventually([this] { return lines_of(path_).size() == 4; }));
  const auto lines = lines_of(path_);
  EXPECT_EQ(lines[2], R"({"time":"2026-01-31T23:59:59.123Z","type":"lifecycle","what":"log-dropped",)"
                      R"("detail":"records were lost because the log could not be written","count":3})");
  EXPECT_EQ(lines[3], "after");
  std::signal(SIGXFSZ, before_handler);
  EXPECT_EQ(sink->dropped(), 3U);
}

TEST_F(RecordSinkTest, the_queue_takes_whole_lines_up_to_its_bound_and_drops_what_is_past_it) {
  const auto sink = open(path_);
  const std::string line = std::string(1023, 'x') + "\n";
  std::string lines;
  for (std::size_t i = 0; i < RecordSink::kQueueBytesMax / line.size(); ++i) lines += line;
  ASSERT_EQ(lines.size(), RecordSink::kQueueBytesMax);
  std::string more = lines + line + line;
  sink->give(more);
  EXPECT_EQ(sink->dropped(), 2U);
  EXPECT_TRUE(eventually([this, &lines] { return lines_of(path_).size() == lines.size() / 1024 + 1; }));
  EXPECT_NE(lines_of(path_).back().find("\"count\":2"), std::string::npos);
}

TEST_F(RecordSinkTest, a_log_that_cannot_be_opened_is_an_error_at_the_start) {
  EXPECT_FALSE(RecordSink::open("/nonexistent/directory/log").ok());
}

}  // namespace
}  // namespace caponier::sink
