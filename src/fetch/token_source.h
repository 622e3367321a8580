// Tokens of an issuer by which the gateway calls one upstream: its own (client credentials), or those that it
// gets for its callers' (RFC 8693). Kept for the whole process and renewed before they end; however many
// requests wait for one, it is asked for once. Asks on one loop, gives on any.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/digest.h"
#include "base/random.h"
#include "base/secret.h"
#include "fetch/asking.h"
#include "fetch/issuer_client.h"
#include "json/document.h"
#include "net/network.h"
#include "plan/plan.h"

namespace caponier::fetch {

inline constexpr std::size_t kUpstreamTokensMax = 10'000;  // kept, of one upstream
inline constexpr std::size_t kTokenRequestsMax = 128;      // under way at a time; over it, nobody is asked
inline constexpr std::int64_t kTokenPauseMs = 1'000;       // in which an issuer that is away is not asked
inline constexpr std::int64_t kTokenRefusedMs = 5'000;     // in which it is not asked for what it refused
inline constexpr std::int64_t kTokenTrustedMs =
    10'000;  // in which an upstream's 401 is not the token's fault
inline constexpr std::int64_t kTokenLifetimeUnsaidS = 60;  // where the issuer does not say
inline constexpr std::int64_t kTokenLifetimeMaxS = 24 * 3600;

using UpstreamToken = std::shared_ptr<const Secret>;  // null: none

// An answer of a token endpoint (RFC 6749, section 5.1; RFC 8693, section 2.2).
struct GrantedToken {
  std::string text;
  std::int64_t lifetime_s = 0;
};
// The error is the end of a sentence, without anything of the answer's values.
Result<GrantedToken, std::string> read_granted(std::string_view json, const TokenLimits& limits);
// Its expires_in, in seconds, which some issuers write as a text; nothing: it does not say. The error as
// above.
Result<std::optional<std::int64_t>, std::string> read_expires_in(json::Value answer);

struct TokenHealth {
  std::string upstream;
  std::uint64_t requests = 0;  // to the issuer, that ended
  std::uint64_t failures = 0;  // of them
};

class TokenSource : public std::enable_shared_from_this<TokenSource> {
 public:
  using Report = std::function<void(bool ok, const std::string& sentence)>;
  // `report` is called on the network's loop, when the issuer begins or ceases to grant.
  TokenSource(net::Network& network, std::shared_ptr<IssuerClient> client, plan::Upstream upstream,
              const DigestKey& key, Report report);

  [[nodiscard]] bool exchanges() const { return rule_.exchange; }
  // Whether it would ask for the same in the same way.
  [[nodiscard]] bool serves(const plan::Upstream& upstream) const;

  // The token at hand, for `subject` (the caller's token; empty without exchange); null: ask(). By any
  // thread.
  UpstreamToken take(std::string_view subject, std::int64_t now_ms);
  // Waits on the caller's loop until there is one, or there will be none; null then.
  Asking<UpstreamToken> ask(net::Loop& loop, std::string_view subject, std::int64_t deadline_ms);
  // The upstream said 401 to it: another is asked for, if this one is not fresh.
  void refused(std::string_view subject, const UpstreamToken& token, std::int64_t now_ms);
  [[nodiscard]] TokenHealth health() const;

 private:
  struct Kept {
    Digest128 key;
    UpstreamToken token;  // null: refused until then
    std::int64_t since_ms = 0;
    std::int64_t renew_ms = 0;
    std::int64_t until_ms = 0;
    bool renewing = false;
  };
  struct KeyHash {
    std::size_t operator()(const Digest128& key) const { return static_cast<std::size_t>(key.low); }
  };

  [[nodiscard]] Digest128 key_of(std::string_view subject) const;
  void accept(std::string subject, const Reply<UpstreamToken>& reply);
  void renew(std::string subject);
  void begin(std::string subject);
  net::Task<void> fetch(std::shared_ptr<TokenSource> self, std::string subject);
  net::Task<Fetched<GrantedToken>> post(std::string subject);
  void keep(const Digest128& key, Kept kept);
  void finish(const std::string& subject, const UpstreamToken& token);
  void tell(bool ok, const std::string& sentence);

  net::Network& network_;
  const std::shared_ptr<IssuerClient> client_;
  const plan::UpstreamToken rule_;
  const std::string upstream_;
  const DigestKey digest_key_;
  Report report_;
  std::atomic<std::uint64_t> requests_{0};
  std::atomic<std::uint64_t> failures_{0};

  std::mutex mutex_;      // guards these two
  std::list<Kept> kept_;  // what was used last, first
  std::unordered_map<Digest128, std::list<Kept>::iterator, KeyHash> by_key_;

  // On the loop alone.
  bool failing_ = false;
  std::int64_t not_before_ms_ = 0;
  std::unordered_map<std::string, std::vector<Reply<UpstreamToken>>> under_way_;  // by subject
};

}  // namespace caponier::fetch
