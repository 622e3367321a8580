// Verifies passwords on threads of its own, because one takes tens of milliseconds and megabytes. Few at a
// time, a bounded number waiting, few of them of one address: whoever guesses keeps nobody else out. Requests
// with the same question wait for one answer.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/secret.h"
#include "fetch/asking.h"
#include "stages/exchange.h"
#include "stages/verdict.h"

namespace caponier::fetch {

inline constexpr std::size_t kPasswordThreads = 2;
inline constexpr std::size_t kPasswordsWaitingMax = 64;
inline constexpr std::size_t kPasswordsWaitingOfOneMax = 4;  // address

class PasswordPool {
 public:
  using Check = stages::PasswordCheck;
  PasswordPool() = default;
  ~PasswordPool() { stop(); }
  PasswordPool(const PasswordPool&) = delete;
  PasswordPool& operator=(const PasswordPool&) = delete;

  // Waits, on the caller's loop, until the password is verified or the deadline has passed. By any thread.
  Asking<Check> verify(net::Loop& loop, const stages::NeedPassword& need, std::int64_t deadline_ms);
  // Ends the threads, before the loops that they answer to; what waits is not answered any more.
  void stop();

 private:
  struct Job {
    std::string hash;
    Secret password;
    std::uint64_t asker = 0;
    bool running = false;
    std::vector<Reply<Check>> waiting;
  };

  // False if there is no room for it.
  bool take(const stages::NeedPassword& need, const Reply<Check>& reply);
  [[nodiscard]] Job* find(std::string_view hash, std::string_view password);
  void start();
  void work();
  [[nodiscard]] Job* next_job();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Job>> jobs_;  // running ones included
  std::vector<std::thread> threads_;       // started when somebody asks for the first time
  bool stopped_ = false;
};

}  // namespace caponier::fetch
