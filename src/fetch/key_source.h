// One issuer's key set, wherever it comes from: fetched at the start, again before it is old, and when a
// token names a key that nobody has. A thousand waiting requests cause one fetch; unknown keys cause at most
// one per kRefreshMinMs. A set that was good stays in use while its issuer is away, for as long as the
// configuration says, and over a restart.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "fetch/asking.h"
#include "fetch/stored_keys.h"
#include "net/network.h"
#include "plan/plan.h"
#include "stages/authenticate/key_ring.h"

namespace caponier::fetch {

inline constexpr std::int64_t kRefreshMinMs = 10'000;  // between two fetches for unknown keys
inline constexpr std::int64_t kRetryMs = 2'000;        // after a failed fetch, and twice as long each time
inline constexpr std::int64_t kRetryMaxMs = 60'000;
// A set is fetched again when it is as old as its server allows (Cache-Control), within these bounds; where
// nothing is said, at the age between them.
inline constexpr std::int64_t kRefreshBackgroundMinMs = 60'000;
inline constexpr std::int64_t kRefreshBackgroundMs = 300'000;
inline constexpr std::int64_t kRefreshBackgroundMaxMs = 3'600'000;

// Why there are no fresh keys.
enum class KeyFailure : std::uint8_t {
  kAddress,      // the name leads to internal addresses only
  kUnreachable,  // it does not resolve, or nobody listens there
  kTls,
  kTimeout,
  kRedirect,
  kStatus,
  kType,
  kSize,
  kProtocol,
  kDiscovery,  // the discovery document is not acceptable
  kKeySet,     // the set is not, or holds no usable key
  kFile,       // it cannot be read
};
inline constexpr std::size_t kKeyFailures = 12;
std::string_view name(KeyFailure failure);

// What became of a fetch: for the log. `detail` names places and reasons, never key material.
struct KeyEvent {
  std::string issuer;
  bool ok = false;
  bool has_keys = false;  // whether tokens can be verified, after all
  std::string detail;
};

// How an issuer's keys are, for whoever asks.
struct KeyHealth {
  std::string issuer;
  std::string place;  // URL or file; "development"
  std::uint64_t keys = 0;
  std::uint64_t refused = 0;
  std::int64_t age_s = -1;          // since the set was fetched or found unchanged; -1: there is none
  std::int64_t last_success_s = 0;  // Unix time; 0: never
  std::uint64_t fetches = 0;        // that ended, well or not
  std::array<std::uint64_t, kKeyFailures> failures{};
  std::uint32_t waiting = 0;  // requests
};

// What the sources of a process share; outlives their loop.
struct KeySurroundings {
  net::Network& network;
  std::string development_keys;                 // of the local development issuer, if there is one
  std::function<void(const KeyEvent&)> report;  // on the loop
  KeyArchive archive;
};

// What a source is told by a Plan.
struct KeySettings {
  plan::Issuer issuer;
  TokenLimits tokens;
  std::int64_t need_ms = 0;
};

// Shared with the tasks that work for it and with those who wait, so that whoever replaces it just lets it
// go.
class KeySource : public std::enable_shared_from_this<KeySource> {
 public:
  // Takes what the archive has.
  KeySource(std::shared_ptr<KeySurroundings> surroundings, KeySettings settings, const Now& now);

  // Whether `issuer` means the same keys.
  [[nodiscard]] bool serves(const plan::Issuer& issuer) const;
  [[nodiscard]] const std::shared_ptr<stages::KeySlot>& slot() const { return slot_; }
  // False where the issuer's tokens need no keys, so that there are none.
  [[nodiscard]] bool has_place() const { return !place_.empty(); }
  // By any thread.
  [[nodiscard]] KeyHealth health(const Now& now) const;

  // On the loop of the network, as all that follows: a Plan with it is in force. The first time begins to
  // fetch and to refresh; a file is read each time.
  void use(KeySettings settings);
  // No Plan in force has it any more. Those who still ask are answered; nothing is refreshed unasked.
  void retire() { retired_ = true; }
  // No new fetches; those under way end by their deadlines.
  void stop() { stopping_ = true; }

  // Waits, on the caller's loop, until a fetch has ended or the deadline has passed. By any thread.
  Asking<Unit> wait_for(net::Loop& loop, std::int64_t deadline_ms);

 private:
  struct Fetched {
    std::string text;
    std::int64_t lifetime_ms = kRefreshBackgroundMs;
  };
  struct Failure {
    KeyFailure kind = KeyFailure::kFile;
    std::string detail;
  };
  using Outcome = Result<Fetched, Failure>;
  using Settings = std::shared_ptr<const KeySettings>;

  struct Recalled {
    bool ok = false;
    std::string detail;  // empty: there is nothing to tell
  };
  Recalled recall(const Now& now);
  void ask(const Reply<Unit>& reply, std::uint64_t seen_generation);
  void begin();
  net::Task<void> fetch(std::shared_ptr<KeySource> self, Settings settings);
  net::Task<Outcome> load(Settings settings);
  net::Task<Outcome> get(Settings settings, uri::Url url);
  void finish(const Settings& settings, Outcome outcome);
  void take(const Settings& settings, Fetched fetched);
  void fail(const Failure& failure);
  void install(std::shared_ptr<const jose::KeySet> keys);
  void give_up_if_stale();
  net::Task<void> refresh_for_ever(std::shared_ptr<KeySource> self);
  [[nodiscard]] std::int64_t stale_at_ms() const;
  void report(bool ok, std::string detail) const;

  std::shared_ptr<KeySurroundings> surroundings_;
  std::shared_ptr<stages::KeySlot> slot_ = std::make_shared<stages::KeySlot>();
  const plan::Issuer identity_;
  const std::string place_;

  // Of the loop, once it is used.
  Settings settings_;
  Recalled recalled_;
  bool used_ = false;
  bool retired_ = false;
  bool stopping_ = false;
  bool refreshing_ = false;
  bool fetching_ = false;
  std::string text_;                // of the set that is installed
  std::int64_t good_at_ms_ = 0;     // steady: when it was last known to be its issuer's
  std::int64_t not_before_ms_ = 0;  // the next fetch for an unknown key
  std::int64_t refresh_at_ms_ = 0;  // unasked
  std::uint32_t failures_in_a_row_ = 0;
  std::vector<Reply<Unit>> waiting_;

  mutable std::mutex mutex_;  // guards what follows
  KeyHealth health_;
  std::int64_t healthy_at_us_ = 0;  // steady, as of good_at_ms_
};

}  // namespace caponier::fetch
