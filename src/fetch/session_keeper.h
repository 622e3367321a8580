// Keeps the sessions of a process: in memory for requests, and sealed on disk for the next start. What is not
// on disk is no session: a browser is told of one only then.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "fetch/asking.h"
#include "fetch/id_token.h"
#include "net/network.h"
#include "plan/identity_facts.h"
#include "plan/plan.h"
#include "stages/authenticate/sessions.h"
#include "store/sealer.h"
#include "store/session_store.h"

namespace caponier::fetch {

inline constexpr std::int64_t kSweepEveryMs =
    60'000;  // ended sessions go, and when the others were seen is noted
inline constexpr std::int64_t kStoreWaitMs = 5'000;
inline constexpr std::size_t kLogoutsKept = 1'000;
inline constexpr std::size_t kSessionsOfOneMax = 100;  // of a subject; the oldest goes

// The claims of an ID token, with the scopes that were granted, and what is made of them.
void set_claims(stages::Session& session, jose::Claims claims, std::string_view scope);

class SessionKeeper : public std::enable_shared_from_this<SessionKeeper> {
 public:
  // `sessions` outlives it. `report`: a sentence for the log; `ended`: a session is over. Both are called
  // on the network's loop.
  SessionKeeper(net::Network& network, stages::Sessions& sessions, store::Sealer sealer,
                std::unique_ptr<store::SessionStore> store, std::shared_ptr<plan::IdentitySource> identities,
                std::function<void(std::string)> report, std::function<void()> ended);

  // What an earlier process kept; before anything else. The error is a sentence.
  Result<Unit, std::string> load(const TokenLimits& limits, const Now& now);
  // On the network's loop, as all that follows.
  void start();
  void stop() { stopping_ = true; }
  // Once the loop runs no more: what was asked of the store is done when it returns.
  void close();
  // The longest that an idle session may live, by scheme; the Plan in force says.
  void use(std::shared_ptr<const plan::Plan> plan) { plan_ = std::move(plan); }

  [[nodiscard]] stages::Sessions& sessions() { return sessions_; }
  [[nodiscard]] const store::Sealer& sealer() const { return sealer_; }
  // On disk, and then in force. The error is a sentence.
  net::Task<Result<Unit, std::string>> begin(stages::SessionPtr session);
  // The same of one that is there. False: it went meanwhile, and stays gone.
  net::Task<Result<bool, std::string>> renew(stages::SessionPtr session);
  // Ended, idle for too long, revoked, or of a login that is another one today.
  [[nodiscard]] bool is_over(const stages::Session& session) const;
  // Who waits for new tokens of a session; whatever Plan they came by, one asks for all.
  using Renewals = std::unordered_map<std::string, std::vector<Reply<bool>>>;
  [[nodiscard]] Renewals& renewals() { return renewals_; }
  // What issuers have logged out in the last minute: a login that was on its way then does not begin,
  // whatever Plan it came by.
  struct Logout {
    std::string scheme;
    std::string issuer;
    LogoutToken token;
    std::int64_t until_ms = 0;  // steady
  };
  void note_logout(Logout logout);
  [[nodiscard]] const std::deque<Logout>& logouts() const { return logouts_; }
  // In force at once.
  void end(const stages::SessionName& name) { end(std::span(&name, 1)); }
  void end(std::span<const stages::SessionName> names);

 private:
  [[nodiscard]] store::SessionRow row_of(const stages::Session& session) const;
  void remove(std::vector<std::string> names);
  void make_room_for(const stages::Session& session);
  net::Task<void> sweep_for_ever(std::shared_ptr<SessionKeeper> self);
  void sweep();

  net::Network& network_;
  stages::Sessions& sessions_;
  store::Sealer sealer_;
  std::unique_ptr<store::SessionStore> store_;
  std::shared_ptr<plan::IdentitySource> identities_;
  std::function<void(std::string)> report_;
  std::function<void()> ended_;
  Renewals renewals_;
  std::deque<Logout> logouts_;
  std::vector<std::string> undeleted_;  // ended, and still on disk
  std::shared_ptr<const plan::Plan> plan_;
  std::int64_t noted_s_ = 0;
  bool stopping_ = false;
};

}  // namespace caponier::fetch
