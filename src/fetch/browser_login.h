// Browsers log in at an issuer, and out again (OpenID Connect, authorization code with PKCE): the gateway is
// the client, keeps the tokens, and gives the browser a cookie. What a login under way must remember is
// sealed in a cookie of the browser that began it, so that nobody can make the gateway remember anything.
//
// Lives on the loop of its network; workers ask from theirs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fetch/asking.h"
#include "fetch/id_token.h"
#include "fetch/issuer_client.h"
#include "fetch/key_source.h"
#include "fetch/session_keeper.h"
#include "fetch/token_source.h"
#include "stages/verdict.h"

namespace caponier::fetch {

inline constexpr std::int64_t kLoginLifetimeS = 600;  // from its beginning until the browser is back
// Of a browser's logins under way; with more, all before are forgotten. A browser sends them with everything,
// and a request holds no more than HttpLimits::header_line_bytes_max of cookies.
inline constexpr std::size_t kLoginCookiesBytesMax = 6000;
inline constexpr std::size_t kLoginsAtOnce = 256;       // that wait for the issuer; over it, nobody logs in
inline constexpr std::size_t kLogoutsAtOnce = 64;       // that an issuer asks for; apart from them
inline constexpr std::size_t kRenewalsPaused = 10'000;  // sessions; over it, the pauses are forgotten
inline constexpr std::int64_t kRenewalPauseMs = 1'000;  // in which an issuer that is away is not asked
inline constexpr std::size_t kTokenBytesMax = std::size_t{16} * 1024;  // of each that an issuer hands out

// What a browser, or an issuer, asks for.
struct LoginQuestion {
  plan::LoginAction action = plan::LoginAction::kLogin;
  std::string query;                                         // as it came
  std::vector<std::pair<std::string, std::string>> cookies;  // the login's
  std::string body;                                          // a form
  bool navigates = false;                                    // the browser shows the answer
  bool foreign = false;                                      // a page of another origin made it ask
};

class BrowserLogin : public std::enable_shared_from_this<BrowserLogin> {
 public:
  BrowserLogin(net::Network& network, plan::Login login, std::shared_ptr<IssuerClient> client,
               std::shared_ptr<KeySource> keys, std::shared_ptr<SessionKeeper> keeper, RandomSource& random);

  // By any thread; awaited on `loop`.
  Asking<stages::LoginAnswer> ask(net::Loop& loop, std::int64_t deadline_ms, LoginQuestion question);
  // Done when the session has new tokens, or they are not to be had; one refresh for all who wait.
  Asking<bool> renew(net::Loop& loop, std::int64_t deadline_ms, const stages::SessionName& name);

  [[nodiscard]] const plan::Login& login() const { return login_; }

 private:
  struct Pending;
  struct Tokens;
  struct NoTokens;
  using Answer = stages::LoginAnswer;

  net::Task<void> answer(std::shared_ptr<BrowserLogin> self, LoginQuestion question, Reply<Answer> reply);
  // How many of its kind are being answered; null: nobody waits for the issuer.
  [[nodiscard]] std::size_t* places(plan::LoginAction action);
  net::Task<Answer> begin(LoginQuestion question);
  net::Task<Answer> come_back(LoginQuestion question);
  net::Task<Answer> log_out(LoginQuestion question);
  net::Task<Answer> log_out_by_issuer(LoginQuestion question);
  Answer tell(const LoginQuestion& question) const;

  net::Task<Result<std::string, Answer>> authorization_place(std::string parameters, Metadata metadata);
  net::Task<Result<Tokens, NoTokens>> ask_tokens(std::string form);
  // `leeway_s`: by how much later than the logout the session may have begun.
  [[nodiscard]] bool is_meant(const LogoutToken& token, const stages::Session& session,
                              std::int64_t leeway_s) const;
  [[nodiscard]] bool may_renew_now(const stages::SessionName& name) const;
  net::Task<Answer> finish(Pending pending, Tokens tokens, const LoginQuestion& question);
  void take_renewal(const stages::SessionName& name, Reply<bool> reply);
  net::Task<void> renew_now(std::shared_ptr<BrowserLogin> self, stages::SessionPtr session);
  net::Task<void> give_back(std::shared_ptr<BrowserLogin> self, std::string refresh_token);
  [[nodiscard]] stages::SessionPtr session_of(const LoginQuestion& question) const;
  // What a login under way is sealed about: of no use for another login, here or of another scheme.
  [[nodiscard]] std::string about(std::string_view state) const;
  [[nodiscard]] net::Task<bool> take_tokens(stages::SessionPtr session, Tokens tokens);
  [[nodiscard]] std::string random_text();
  [[nodiscard]] std::int64_t now_s() const { return network_.loop().now().wall_s(); }

  net::Network& network_;
  const plan::Login login_;
  const std::shared_ptr<IssuerClient> client_;
  const std::shared_ptr<KeySource> keys_;
  const std::shared_ptr<SessionKeeper> keeper_;
  RandomSource& random_;
  TokenJudge judge_;
  std::size_t logins_ = 0;  // being answered
  std::size_t logouts_ = 0;
  std::int64_t no_renewal_before_ms_ = 0;                 // steady
  std::unordered_map<std::string, std::int64_t> paused_;  // the same of sessions whose renewal was refused
};

}  // namespace caponier::fetch
