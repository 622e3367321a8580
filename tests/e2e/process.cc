#include "e2e/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace caponier::e2e {

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Process::Process(const Words& words) {
  int out[2];
  int err[2];
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    const int null = ::open("/dev/null", O_RDONLY);
    if (dup2(null, 0) < 0 || dup2(out[1], 1) < 0 || dup2(err[1], 2) < 0) _exit(126);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  ::close(out[1]);
  ::close(err[1]);
  out_fd_ = out[0];
  err_fd_ = err[0];
}

Process::~Process() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (out_fd_ >= 0) close(out_fd_);
  if (err_fd_ >= 0) close(err_fd_);
}

// True if something came or a stream ended.
bool Process::read_some(int wait_ms) {
  pollfd wanted[2] = {{out_fd_, POLLIN, 0}, {err_fd_, POLLIN, 0}};
  if (poll(wanted, 2, wait_ms) <= 0) return false;
  const auto read_from = [](int& fd, std::string& into) {
    char block[65536];
    const ssize_t got = read(fd, block, sizeof block);
    if (got > 0) {
      into.append(block, static_cast<std::size_t>(got));
    } else {
      ::close(std::exchange(fd, -1));
    }
  };
  if (wanted[0].revents != 0) read_from(out_fd_, out_);
  if (wanted[1].revents != 0) read_from(err_fd_, err_);
  return true;
}

bool Process::read_until(const std::function<bool()>& condition) {
  constexpr int kLookMs = 100;
  for (const auto until = Clock::now() + kPatience; !condition();) {
    if ((out_fd_ < 0 && err_fd_ < 0) || Clock::now() > until) return false;
    (void)read_some(kLookMs);
  }
  return true;
}

void Process::read_available() {
  while ((out_fd_ >= 0 || err_fd_ >= 0) && read_some(0)) {
  }
}

void Process::signal(int number) const {
  if (pid_ > 0) kill(pid_, number);
}

int Process::wait() {
  if (pid_ < 0) return status_;
  (void)read_until([this] { return out_fd_ < 0 && err_fd_ < 0; });
  int raw = 0;
  if (!eventually([this, &raw] { return waitpid(pid_, &raw, WNOHANG) == pid_; })) return -1;
  pid_ = -1;
  status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  return status_;
}

std::size_t peak_kib(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::strtoul(line.c_str() + 6, nullptr, 10);
  }
  return 0;
}

Finished run(const Words& words) {
  Process process(words);
  const int status = process.wait();
  return {status, process.out(), process.err()};
}

Finished run_caponier(Words words) {
  words.insert(words.begin(), CAPONIER_BINARY);
  return run(words);
}

Finished run_caponier_with(const std::string& input_file, Words words) {
  const Words shell = {"sh", "-c", "exec \"$@\" < \"$0\"", input_file, CAPONIER_BINARY};
  words.insert(words.begin(), shell.begin(), shell.end());
  return run(words);
}

CurlResult curl(const Words& words) {
  Words all = {"curl", "-sS", "-i", "--http1.1", "--max-time", "20"};
  all.insert(all.end(), words.begin(), words.end());
  Finished done = run(all);
  CurlResult result;
  result.exit_status = done.status;
  const Socket none;
  MessageReader reader(none);
  // Interim answers come first.
  do {
    reader.buffer() = std::exchange(done.out, {});
    auto head = reader.read_head();
    if (!head) break;
    result.answer = std::move(*head);
    done.out = std::move(reader.buffer());
  } while (result.answer.status() / 100 == 1);
  result.answer.body = done.out;
  result.answer.complete = result.exit_status == 0;
  return result;
}

}  // namespace caponier::e2e
