// What an issuer tells the gateway itself: who has logged in (OpenID Connect Core 1.0, section 3.1.3.7), and
// who has logged out (Back-Channel Logout 1.0, section 2.6).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fetch/key_source.h"
#include "jose/token.h"
#include "plan/plan.h"

namespace caponier::fetch {

// Who the issuer says has logged in, or out.
struct LogoutToken {
  std::string subject;           // one of the two is there
  std::string provider_session;  // sid
  std::int64_t issued_at_s = 0;
};

// Why a token is not taken: the end of a sentence.
struct NotTaken {
  enum class Fault : std::uint8_t {
    kBad,
    kUnknownKey,  // signed with a key that is not among the issuer's, as far as they are known
    kNoKeys,      // of the issuer none can be had: nobody knows whether it is good
  };
  std::string why;
  Fault fault = Fault::kBad;
};

class TokenJudge {
 public:
  // Both outlive what is asked of it.
  TokenJudge(net::Network& network, KeySource& keys, const plan::Issuer& issuer, const TokenLimits& limits)
      : network_(network), keys_(keys), issuer_(issuer), limits_(limits) {}

  // Meant for this client and, unless it is empty, for the login with this nonce.
  net::Task<Result<jose::Claims, NotTaken>> id_token(std::string text, std::string nonce);
  net::Task<Result<LogoutToken, NotTaken>> logout_token(std::string text);

 private:
  // Signed by one of the issuer's keys, which are fetched anew if it is a new one.
  net::Task<std::optional<NotTaken>> wrong_signature(const jose::UnverifiedToken& token);
  [[nodiscard]] Result<jose::Claims, NotTaken> claims_of(const jose::UnverifiedToken& token) const;

  net::Network& network_;
  KeySource& keys_;
  const plan::Issuer& issuer_;
  const TokenLimits& limits_;
};

// The claims of an ID token that was verified before, and kept.
Result<jose::Claims, std::string> kept_claims(std::string_view id_token, const TokenLimits& limits);

}  // namespace caponier::fetch
