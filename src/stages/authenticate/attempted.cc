#include "stages/authenticate/attempted.h"

#include <string>

#include "plan/key_format.h"
#include "stages/authenticate/credential_name.h"
#include "stages/authenticate/token_facts.h"

namespace caponier::stages {
namespace {

// Personal data is not for logs: what they show is the hash.
std::uint64_t hash_of(const DigestKey& key, std::string_view kind, std::string_view name) {
  std::string text(kind);
  return keyed_hash(key, text.append(1, '\0').append(name));
}

void name_by_hash(const Reading& reading, std::string_view kind, std::uint64_t hash, Denial& denial) {
  denial.attempted = hash;
  denial.attempted_name = credential_name(reading.exchange.arena, kind, hash);
}

}  // namespace

void name_attempted_key(const Reading& reading, std::string_view text, Denial& denial) {
  if (!plan::key_number_in(text)) return;
  denial.attempted_name = credential_name(reading.exchange.arena, "key", text.substr(0, plan::kKeyIdBytes));
  denial.attempted = keyed_hash(reading.state.digest_key, denial.attempted_name);
}

void name_attempted_subject(const Reading& reading, std::string_view token, Denial& denial) {
  const TokenLimits& limits = reading.exchange.plan->limits.tokens;
  const auto unverified = jose::parse_token(token, limits);
  if (!unverified) return;
  const auto claims = jose::read_claims(*unverified, limits);
  if (!claims || subject_of(*claims).empty()) return;
  std::string name(claims->issuer());
  name.append(1, '\0').append(subject_of(*claims));
  name_by_hash(reading, "subject", hash_of(reading.state.digest_key, "subject", name), denial);
}

void name_attempted_user(const Reading& reading, std::string_view user, Denial& denial) {
  name_by_hash(reading, "user", hash_of_user(reading.state.digest_key, user), denial);
}

std::uint64_t hash_of_user(const DigestKey& key, std::string_view user) {
  return hash_of(key, "user", user);
}

}  // namespace caponier::stages
