// Programs run by the tests: started without a shell, their output captured, ended by their own process id.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/test_folder.h"
#include "e2e/wire.h"

namespace caponier::e2e {

using Words = std::vector<std::string>;

std::string read_file(const std::string& path);

class Process {
 public:
  explicit Process(const Words& words);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  // What has been captured so far; call one of those below first.
  [[nodiscard]] const std::string& out() const { return out_; }
  [[nodiscard]] const std::string& err() const { return err_; }
  // Reads output until `condition` holds; false if the process closes both streams or too much time passes.
  bool read_until(const std::function<bool()>& condition);
  // Reads what is there already.
  void read_available();
  void signal(int number) const;
  // Its exit status, after reading everything; -1 if it does not end in time (it is killed then), 128 + n if
  // a signal ended it.
  int wait();

 private:
  bool read_some(int wait_ms);
  pid_t pid_ = -1;
  int out_fd_ = -1;
  int err_fd_ = -1;
  int status_ = 0;
  std::string out_;
  std::string err_;
};

// The most memory that a process has had resident.
std::size_t peak_kib(pid_t pid);
#if defined(CAPONIER_SANITIZED)
inline constexpr bool kSanitized = true;  // holds far more memory than the program asks for
#else
inline constexpr bool kSanitized = false;
#endif

struct Finished {
  int status = -1;
  std::string out;
  std::string err;
};
Finished run(const Words& words);
// The binary under test.
Finished run_caponier(Words words);
// The same, with a file as its standard input.
Finished run_caponier_with(const std::string& input_file, Words words);

// `curl -sS` with `words`; an answer with status 0 if it failed. `status` of the process in `exit_status`.
struct CurlResult {
  int exit_status = -1;
  Message answer;
};
CurlResult curl(const Words& words);

}  // namespace caponier::e2e
