// A file that lines are appended to. Its promise: a line is in the file whole or not at all, also when the
// disk fills up in the middle of one.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace caponier::sink {

class LogFile {
 public:
  // `path` "-" is standard output. Creates the file 0600. The error is a sentence.
  static Result<LogFile, std::string> open(const std::string& path);
  LogFile(LogFile&& other) noexcept;
  LogFile& operator=(LogFile&&) = delete;
  ~LogFile();

  struct Appended {
    std::size_t bytes = 0;  // of `lines`, up to the end of the last line that is in the file
    int error = 0;          // errno of what stopped it; 0: all of it was written
  };
  // `lines` end with a newline. Waits for a pipe whose reader is slow, until `abandon` is set (ETIMEDOUT).
  Appended append(std::string_view lines, const std::atomic<bool>& abandon);

 private:
  LogFile(int fd, bool owned, bool regular) : fd_(fd), owned_(owned), regular_(regular) {}
  Appended write_from(std::string_view bytes, const std::atomic<bool>& abandon);
  bool take_back(std::size_t bytes);

  int fd_;
  bool owned_;
  bool regular_;
  bool torn_ = false;  // the file ends within a line, which must be ended before another begins
};

}  // namespace caponier::sink
