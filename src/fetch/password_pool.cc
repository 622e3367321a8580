#include "fetch/password_pool.h"

#include <algorithm>
#include <utility>

#include "plan/password_users.h"
#include "store/argon2.h"

namespace caponier::fetch {

Asking<PasswordPool::Check> PasswordPool::verify(net::Loop& loop, const stages::NeedPassword& need,
                                                 std::int64_t deadline_ms) {
  auto begin = [this, need](const Reply<Check>& reply) {
    if (!take(need, reply)) reply.say(Check::kUnavailable);
  };
  return {loop, deadline_ms, Check::kUnavailable, std::move(begin)};
}

PasswordPool::Job* PasswordPool::find(std::string_view hash, std::string_view password) {
  const auto found = std::ranges::find_if(jobs_, [&](const std::unique_ptr<Job>& job) {
    return job->hash == hash && job->password.reveal() == password;
  });
  return found == jobs_.end() ? nullptr : found->get();
}

bool PasswordPool::take(const stages::NeedPassword& need, const Reply<Check>& reply) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return false;
  if (Job* const same = find(need.hash, need.password)) {
    same->waiting.push_back(reply);
    return true;
  }
  const auto of_asker =
      std::ranges::count_if(jobs_, [&need](const auto& job) { return job->asker == need.asker; });
  if (jobs_.size() >= kPasswordsWaitingMax ||
      static_cast<std::size_t>(of_asker) >= kPasswordsWaitingOfOneMax) {
    return false;
  }
  auto job = std::make_unique<Job>();
  job->hash = need.hash;
  job->password = Secret(std::string(need.password));
  job->asker = need.asker;
  job->waiting.push_back(reply);
  jobs_.push_back(std::move(job));
  start();
  changed_.notify_one();
  return true;
}

void PasswordPool::start() {
  while (threads_.size() < kPasswordThreads) threads_.emplace_back([this] { work(); });
}

PasswordPool::Job* PasswordPool::next_job() {
  const auto found = std::ranges::find_if(jobs_, [](const auto& job) { return !job->running; });
  return found == jobs_.end() ? nullptr : found->get();
}

void PasswordPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    Job* job = nullptr;
    changed_.wait(lock, [this, &job] { return stopped_ || (job = next_job()) != nullptr; });
    if (stopped_) return;
    job->running = true;
    lock.unlock();
    const auto hash = plan::parse_password_hash(job->hash);
    Check check = Check::kUnavailable;
    if (hash) check = store::is_password_of(*hash, job->password.reveal()) ? Check::kRight : Check::kWrong;
    lock.lock();
    for (const Reply<Check>& reply : job->waiting) reply.say(check);
    std::erase_if(jobs_, [job](const auto& one) { return one.get() == job; });
  }
}

void PasswordPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace caponier::fetch
