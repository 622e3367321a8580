#include "sink/log_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>

#include "base/test_folder.h"

namespace caponier::sink {
namespace {

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Files of this process cannot grow past `bytes` while this lives: a disk that is full, to the one who
// writes.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : before_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, before_handler_);
  }

 private:
  rlimit before_{};
  void (*before_handler_)(int);
};

class LogFileTest : public testing::Test {
 protected:
  TestFolder folder_;
  std::string path_ = folder_.file("log.ndjson");
  std::atomic<bool> abandon_{false};
};

TEST_F(LogFileTest, it_is_created_for_the_owner_alone_and_appended_to) {
  {
    auto file = LogFile::open(path_);
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(file->append("one\n", abandon_).bytes, 4U);
  }
  struct stat status {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  auto file = LogFile::open(path_);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->append("two\nthree\n", abandon_).error, 0);
  EXPECT_EQ(contents(path_), "one\ntwo\nthree\n");
}

TEST_F(LogFileTest, what_cannot_be_opened_is_said_in_a_sentence) {
  const auto missing = LogFile::open("/nonexistent/log");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error(), "cannot open the log /nonexistent/log: No such file or directory");
  EXPECT_FALSE(LogFile::open("/").ok());
}

TEST_F(LogFileTest, a_line_that_does_not_fit_is_taken_back_whole) {
  auto file = LogFile::open(path_);
  ASSERT_TRUE(file.ok());
  {
    const FileSizeLimit limit(10);
    const auto appended = file->append("1234\n5678\n9012\n", abandon_);
    EXPECT_EQ(appended.bytes, 10U);  // at the limit
    EXPECT_EQ(appended.error, EFBIG);
    EXPECT_EQ(contents(path_), "1234\n5678\n");
  }
  {
    const FileSizeLimit limit(13);  // room for three bytes of a line
    const auto appended = file->append("9012\n3456\n", abandon_);
    EXPECT_EQ(appended.bytes, 0U);
    EXPECT_EQ(appended.error, EFBIG);
    EXPECT_EQ(contents(path_), "1234\n5678\n");
  }
  EXPECT_EQ(file->append("after\n", abandon_).error, 0);
  EXPECT_EQ(contents(path_), "1234\n5678\nafter\n");
}

TEST_F(LogFileTest, a_line_that_a_crash_tore_is_ended_before_the_next) {
  std::ofstream(path_) << "whole\n{\"half\":";
  auto file = LogFile::open(path_);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->append("next\n", abandon_).error, 0);
  EXPECT_EQ(file->append("last\n", abandon_).error, 0);
  EXPECT_EQ(contents(path_), "whole\n{\"half\":\nnext\nlast\n");
}

TEST_F(LogFileTest, a_full_device_is_an_error_of_zero_bytes) {
  auto file = LogFile::open("/dev/full");
  ASSERT_TRUE(file.ok());
  const auto appended = file->append("one\ntwo\n", abandon_);
  EXPECT_EQ(appended.bytes, 0U);
  EXPECT_EQ(appended.error, ENOSPC);
}

TEST_F(LogFileTest, a_pipe_whose_reader_sleeps_is_waited_for_until_abandoned) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  const int reader = open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  ASSERT_GE(fcntl(reader, F_SETPIPE_SZ, 4096), 4096);
  auto file = LogFile::open(path_);
  ASSERT_TRUE(file.ok());
  abandon_ = true;
  std::string lines;
  for (int i = 0; i < 1024; ++i) lines += "1234567\n";
  const auto appended = file->append(lines, abandon_);
  EXPECT_EQ(appended.error, ETIMEDOUT);
  EXPECT_EQ(appended.bytes, 4096U);
  close(reader);
}

}  // namespace
}  // namespace caponier::sink
