#include "stages/authenticate/basic.h"

#include <array>
#include <cstring>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "plan/password_users.h"
#include "stages/authenticate/attempted.h"
#include "stages/authenticate/authorization.h"
#include "stages/authenticate/credential_name.h"
#include "stages/back_off.h"
#include "stages/identity_key.h"

namespace caponier::stages {
namespace {

constexpr std::int64_t kBusyRetryAfterS = 2;

struct NameAndPassword {
  std::string_view name;
  std::string_view password;
};

// Who this is about: an account, and the account as it is attempted from where the request comes from.
struct Attempt {
  std::uint64_t from_here = 0;
  std::uint64_t asker = 0;
};

Denial malformed(std::string detail) {
  return refuse_credential(Reason::kCredentialMalformed, std::move(detail));
}

// In the arena.
Verdict<NameAndPassword> decode(Exchange& exchange, std::string_view credential) {
  constexpr std::size_t kBytesMax = plan::kUserNameBytesMax + 1 + plan::kPasswordBytesMax;
  if (credential.size() > (kBytesMax + 2) / 3 * 4) return malformed("name and password are too long");
  const auto decoded = base64_decode(credential);
  if (!decoded) return malformed("Authorization is not base64");
  const std::string_view text = exchange.arena.copy(*decoded);
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return malformed("no colon divides name and password");
  const NameAndPassword said{text.substr(0, colon), text.substr(colon + 1)};
  if (!plan::is_user_name(said.name)) return malformed("no user can have such a name");
  const bool control = said.password.find_first_of(std::string_view("\0\r\n", 3)) != std::string_view::npos;
  if (said.password.empty() || said.password.size() > plan::kPasswordBytesMax || control)
    return malformed("nobody can have such a password");
  return said;
}

// The name under which a verified password is remembered: of both, so that another hash is another name.
std::string_view joined(Arena& arena, std::string_view hash, std::string_view password) {
  const std::size_t size = hash.size() + 1 + password.size();
  char* const to = static_cast<char*>(arena.allocate(size, 1));
  std::memcpy(to, hash.data(), hash.size());
  to[hash.size()] = '\0';
  std::memcpy(to + hash.size() + 1, password.data(), password.size());
  return {to, size};
}

Attempt attempt_of(const Reading& reading, std::uint64_t account) {
  const std::uint64_t asker = address_identity(reading.state, *reading.exchange.peer);
  return {identity_key(reading.state.digest_key, account, IdentityKind::kAddress, asker), asker};
}

Denial refused(const Reading& reading, std::string_view name, Reason reason, std::string detail) {
  Denial denial = refuse_credential(reason, std::move(detail));
  name_attempted_user(reading, name, denial);
  return denial;
}

// Whether the password is the user's: known, or as it was found to be; else a Need.
Verdict<bool> verify(const Reading& reading, const NameAndPassword& said, std::string_view hash,
                     bool exists) {
  Exchange& exchange = reading.exchange;
  const State& state = reading.state;
  const std::int64_t now_s = exchange.now.wall_s();
  Denial wrong = refused(reading, said.name, Reason::kPasswordWrong, "no such user, or another password");
  std::optional<Digest128> known;
  if (exists && state.passwords != nullptr) {
    known = state.passwords->name(joined(exchange.arena, hash, said.password));
    if (state.passwords->knows(*known, now_s)) return true;
  }
  const Attempt attempt = attempt_of(reading, wrong.attempted);
  switch (exchange.password_check) {
    case PasswordCheck::kUnasked: {
      const std::int64_t wait_us =
          state.failed_identities->wait_us(attempt.from_here, exchange.now.steady_us);
      if (wait_us == 0) return NeedPassword{hash, said.password, attempt.asker};
      wrong.reason = Reason::kTooManyFailuresIdentity;
      wrong.detail = "too many wrong passwords for this user from this address; nothing was verified";
      wrong.retry_after_s = seconds_up(wait_us);
      return wrong;
    }
    case PasswordCheck::kUnavailable: {
      Denial busy =
          refuse_credential(Reason::kPasswordUnverified, "too many passwords are waiting to be verified");
      busy.retry_after_s = kBusyRetryAfterS;
      return busy;
    }
    case PasswordCheck::kRight:
      if (!exists) break;
      if (known) state.passwords->add(*known, now_s + kPasswordKnownS);
      return true;
    case PasswordCheck::kWrong:
      break;
  }
  (void)state.failed_identities->note(attempt.from_here, identity_budget(exchange.plan->limits.connections),
                                      exchange.now.steady_us);
  return wrong;
}

// The users of the first of the schemes that read the header: several of them share one file, or the Plan
// would not have been made.
const plan::PasswordUsers* users_of(const Reading& reading) {
  const plan::PasswordUsers* users = nullptr;
  reading.for_each<plan::BasicRule>([&](std::uint32_t, const plan::Scheme&, const plan::BasicRule& rule) {
    if (users == nullptr) users = rule.users.get();
  });
  return users;
}

}  // namespace

Verdict<Unit> read_basic(Reading& reading) {
  static constexpr std::array kWords = {plan::kBasicWord};
  const plan::PasswordUsers* const users = users_of(reading);
  if (users == nullptr) return Unit{};
  auto presented = read_authorization(reading, kWords);
  if (!presented) return std::move(presented).refusal<Unit>();
  if (presented->word.empty()) return Unit{};
  auto said = decode(reading.exchange, presented->credential);
  if (!said) return std::move(said).refusal<Unit>();
  const std::string* const own = users->find(said->name);
  const std::uint64_t number = hash_of_user(reading.state.digest_key, said->name);
  auto verified = verify(reading, *said, own != nullptr ? *own : users->decoy(number), own != nullptr);
  if (!verified) return std::move(verified).refusal<Unit>();
  reading.for_each<plan::BasicRule>([&](std::uint32_t index, const plan::Scheme&, const plan::BasicRule&) {
    reading.proofs[index].holds = true;
  });
  Principal& principal = reading.principal;
  principal.anonymous = false;
  principal.subject = said->name;
  principal.credential = credential_name(reading.exchange.arena, "user", number);
  principal.credential_hash = keyed_hash(reading.state.digest_key, principal.credential);
  return Unit{};
}

}  // namespace caponier::stages
