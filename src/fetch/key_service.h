// Gets the issuers' key sets and keeps them fresh: at start, in the background, and when a token names a key
// that nobody has. One service per process, on one loop; workers ask from theirs. A thousand waiting requests
// cause one fetch; unknown keys cause at most one per kRefreshMinMs. A set that was good stays in use while
// its issuer is away.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/limits.h"
#include "net/network.h"
#include "plan/plan.h"
#include "stages/authenticate/key_ring.h"
#include "tls/context.h"

namespace caponier::fetch {

inline constexpr std::int64_t kRefreshMinMs = 10'000;          // between two fetches for unknown keys
inline constexpr std::int64_t kRefreshBackgroundMs = 300'000;  // age at which a set is fetched again
inline constexpr std::int64_t kRetryMs = 2'000;                // after a failed fetch

// What became of a fetch: for the log. `detail` names places and reasons, never key material.
struct KeyEvent {
  std::string issuer;
  bool ok = false;
  std::string detail;
};

// Shared with the tasks that work for it and with those who wait, so that whoever replaces it just lets it
// go.
class KeyService : public std::enable_shared_from_this<KeyService> {
 public:
  // `development_keys` is the key set of the local development issuer, if there is one.
  KeyService(net::Network& network, std::shared_ptr<const plan::Plan> plan,
             std::shared_ptr<stages::KeyRing> ring, std::string development_keys,
             std::function<void(const KeyEvent&)> report);

  // Starts the first fetch of every issuer and the background refresh. On the service's loop.
  void start();
  // On the service's loop: no new fetches; those under way end by their deadlines.
  void stop() { stopping_ = true; }
  // On the service's loop: another one took its place. Those who still ask are answered; nothing is refreshed
  // unasked.
  void retire() { retired_ = true; }

  // Waits, on the caller's loop, until a fetch for `issuer` has ended or the deadline has passed.
  class Waiting;
  Waiting wait_for(net::Loop& loop, std::uint32_t issuer, std::int64_t deadline_ms);

 private:
  struct Wait;
  struct Source {
    bool fetching = false;
    std::int64_t not_before_ms = 0;  // steady, of the service's loop
    std::int64_t refresh_at_ms = 0;  // unasked
    std::vector<std::shared_ptr<Wait>> waiting;
  };

  void ask(std::uint32_t issuer, std::shared_ptr<Wait> wait);  // on the service's loop
  void begin(std::uint32_t issuer);
  net::Task<void> fetch(std::shared_ptr<KeyService> self, std::uint32_t issuer);
  net::Task<Result<std::string, std::string>> load_text(std::uint32_t issuer);
  net::Task<Result<std::string, std::string>> get(const plan::Issuer& issuer, uri::Url url);
  net::Task<Result<uri::Url, std::string>> discover(const plan::Issuer& issuer);
  net::Task<void> refresh_for_ever(std::shared_ptr<KeyService> self, std::uint32_t issuer);
  void finish(std::uint32_t issuer, Result<std::string, std::string> text);

  net::Network& network_;
  std::shared_ptr<const plan::Plan> plan_;
  std::shared_ptr<stages::KeyRing> ring_;
  std::string development_keys_;
  std::function<void(const KeyEvent&)> report_;
  std::vector<Source> sources_;
  bool stopping_ = false;
  bool retired_ = false;
};

// One request's wait for keys; lives on both loops, so it is shared.
struct KeyService::Wait final : net::TimerNode, std::enable_shared_from_this<KeyService::Wait> {
  net::Loop* loop = nullptr;
  std::coroutine_handle<> handle;
  void expired() override { resume(); }
  // On the waiting loop. Whoever comes first resumes.
  void resume() {
    if (!handle) return;
    net::TimerWheel::cancel(*this);
    std::exchange(handle, {}).resume();
  }
};

class KeyService::Waiting {
 public:
  Waiting(KeyService& service, net::Loop& loop, std::uint32_t issuer, std::int64_t deadline_ms)
      : service_(service), loop_(loop), issuer_(issuer), deadline_ms_(deadline_ms) {}
  [[nodiscard]] bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle);
  void await_resume() const {}

 private:
  KeyService& service_;
  net::Loop& loop_;
  std::uint32_t issuer_;
  std::int64_t deadline_ms_;
};

}  // namespace caponier::fetch
