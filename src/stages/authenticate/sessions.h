// The sessions of browsers that have logged in: who it is, and the tokens that the gateway keeps for them.
// What names a session in a browser is known to the browser alone; here it is filed under a digest of that.
// Process-wide; requests look one up under a lock of one shard.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "jose/token.h"

namespace caponier::stages {

using SessionName = std::array<std::uint8_t, 32>;  // SHA-256 of what the cookie holds

// Immutable, but for when it was seen: another one takes its place when its tokens are new.
struct Session {
  SessionName name{};
  std::string id;                              // by which people speak of it: "ses_0123456789abcdef"
  std::string scheme;                          // whose login it was
  std::shared_ptr<const jose::Claims> claims;  // of the ID token; its scopes are those of the access token
  std::string provider_session;                // sid; empty: the issuer does not say
  std::string access_token;
  std::string refresh_token;        // empty: there is none
  std::string id_token;             // for the issuer's logout
  std::int64_t access_until_s = 0;  // wall time; 0: it is not said
  std::int64_t began_s = 0;
  std::int64_t issued_s = 0;  // its first ID token, by the issuer's clock; 0: it does not say
  std::int64_t ends_s = 0;    // however much it is used
  std::string asked;          // what a step-up asked of its login (asked_of_login()); not kept over a restart
  std::shared_ptr<std::atomic<std::int64_t>> seen_s = std::make_shared<std::atomic<std::int64_t>>(0);

  [[nodiscard]] bool refreshable() const { return !refresh_token.empty(); }
  // Whether it began by a login of this scheme at this issuer, as this client: where one of them has changed,
  // it is a session of somebody else.
  [[nodiscard]] bool belongs(std::string_view of_scheme, std::string_view issuer,
                             std::string_view client) const {
    return scheme == of_scheme && claims->issuer() == issuer && claims->has_audience(client);
  }
};
using SessionPtr = std::shared_ptr<const Session>;

class Sessions {
 public:
  explicit Sessions(std::size_t most) : most_(most) {}

  [[nodiscard]] SessionPtr find(const SessionName& name) const {
    const Shard& shard = shard_of(name);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.entries.find(name);
    return found == shard.entries.end() ? nullptr : found->second;
  }
  // False, and nothing is kept, if there are too many. One that takes the place of another always fits.
  bool put(SessionPtr session) {
    Shard& shard = shard_of(session->name);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.entries.find(session->name);
    if (found != shard.entries.end()) {
      found->second = std::move(session);
      return true;
    }
    if (size_.load(std::memory_order_relaxed) >= most_) return false;
    size_.fetch_add(1, std::memory_order_relaxed);
    const SessionName name = session->name;
    shard.entries.emplace(name, std::move(session));
    return true;
  }
  // False if it is gone: then it stays so.
  bool replace(SessionPtr session) {
    Shard& shard = shard_of(session->name);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.entries.find(session->name);
    if (found == shard.entries.end()) return false;
    found->second = std::move(session);
    return true;
  }
  void remove(const SessionName& name) {
    Shard& shard = shard_of(name);
    const std::lock_guard lock(shard.mutex);
    size_.fetch_sub(shard.entries.erase(name), std::memory_order_relaxed);
  }
  [[nodiscard]] std::vector<SessionPtr> all(const std::function<bool(const Session&)>& wanted) const {
    std::vector<SessionPtr> out;
    for (const Shard& shard : shards_) {
      const std::lock_guard lock(shard.mutex);
      for (const auto& [name, session] : shard.entries) {
        if (wanted(*session)) out.push_back(session);
      }
    }
    return out;
  }
  [[nodiscard]] std::size_t size() const { return size_.load(std::memory_order_relaxed); }

 private:
  // A digest spreads by itself.
  struct Hash {
    std::size_t operator()(const SessionName& name) const {
      std::size_t hash = 0;
      for (std::size_t i = 0; i < sizeof hash; ++i) hash = hash << 8 | name[i];
      return hash;
    }
  };
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<SessionName, SessionPtr, Hash> entries;
  };
  static constexpr std::size_t kShards = 32;
  [[nodiscard]] Shard& shard_of(const SessionName& name) { return shards_[name.back() % kShards]; }
  [[nodiscard]] const Shard& shard_of(const SessionName& name) const {
    return shards_[name.back() % kShards];
  }

  std::size_t most_;
  std::atomic<std::size_t> size_{0};
  std::array<Shard, kShards> shards_;
};

// Of what a cookie holds: 43 characters of base64url. Nothing if it is something else.
std::optional<SessionName> session_name(std::string_view cookie);

}  // namespace caponier::stages
