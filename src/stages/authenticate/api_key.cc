#include "stages/authenticate/api_key.h"

#include <algorithm>
#include <optional>

#include "stages/authenticate/attempted.h"
#include "stages/authenticate/credential_name.h"
#include "stages/authenticate/credential_place.h"

namespace caponier::stages {
namespace {

// What a scheme finds at its place.
struct PresentedKey {
  bool presented = false;
  const plan::KnownKey* key = nullptr;  // null: not valid, for this reason
  Reason reason = Reason::kKeyUnknown;
  std::string_view text;   // as it was presented; empty: it cannot be told which
  std::string_view about;  // the key's id, where the key is known
  std::int64_t until_s = 0;
};

Reason reason_of(plan::KeyFit fit) {
  switch (fit) {
    case plan::KeyFit::kMalformed:
      return Reason::kCredentialMalformed;
    case plan::KeyFit::kRevoked:
      return Reason::kKeyRevoked;
    case plan::KeyFit::kExpired:
    case plan::KeyFit::kReplaced:
      return Reason::kKeyExpired;
    default:
      return Reason::kKeyUnknown;
  }
}

PresentedKey judge(Reading& reading, const plan::Scheme& scheme, const plan::KnownKeys& keys) {
  PresentedKey result;
  const FoundCredential found = at_place(reading.exchange, scheme.place);
  result.presented = found.count > 0;
  if (!result.presented) return result;
  if (found.count > 1) {
    result.reason = Reason::kCredentialRepeated;
    return result;
  }
  result.text = found.text;
  const plan::FoundKey known = keys.find(found.text, reading.exchange.now.wall_s());
  result.reason = reason_of(known.fit);
  if (known.key == nullptr) return result;
  const plan::KnownKey& key = **known.key;
  result.about = key.id;
  if (known.fit != plan::KeyFit::kValid) return result;
  const plan::KeyRights& rights = *key.rights;
  if (!rights.serves_scheme(scheme.name)) {
    result.reason = Reason::kKeyUnknown;
  } else if (!rights.allows_address(reading.exchange.peer->address)) {
    result.reason = Reason::kKeyAddress;
  } else if (!rights.allows_operation(reading.operation().id, reading.operation().label)) {
    result.reason = Reason::kKeyOperation;
  } else {
    result.key = &key;
    result.until_s = known.until_s;
  }
  return result;
}

void name_caller(Reading& reading, const plan::KnownKey& key) {
  Principal& principal = reading.principal;
  principal.anonymous = false;
  principal.subject = key.subject;
  principal.scopes = key.rights->scopes;
  principal.credential = credential_name(reading.exchange.arena, "key", key.id);
  principal.credential_hash = keyed_hash(reading.state.digest_key, principal.credential);
}

// A place that several schemes read needs to hold a key of one of them.
bool is_valid_elsewhere(const Reading& reading, const plan::Scheme& scheme) {
  bool valid = false;
  reading.for_each<plan::ApiKeyRule>(
      [&](std::uint32_t index, const plan::Scheme& other, const plan::ApiKeyRule&) {
        valid |= reading.proofs[index].holds && other.place.meets(scheme.place);
      });
  return valid;
}

Denial refuse(const Reading& reading, const PresentedKey& found, const plan::Scheme& scheme) {
  std::string detail = "by the scheme " + scheme.name;
  if (!found.about.empty()) detail.append(", key ").append(found.about);
  Denial denial = refuse_credential(found.reason, std::move(detail));
  name_attempted_key(reading, found.text, denial);
  return denial;
}

}  // namespace

Verdict<Unit> read_api_keys(Reading& reading) {
  static const plan::KnownKeys kNobody(nullptr);
  std::shared_ptr<const plan::IdentityFacts> facts;
  if (reading.state.identities != nullptr) facts = reading.state.identities->now();
  const plan::KnownKeys& keys = facts ? *facts->keys : kNobody;
  const auto found = reading.exchange.arena.array<PresentedKey>(reading.proofs.size());
  const plan::KnownKey* first = nullptr;
  reading.for_each<plan::ApiKeyRule>(
      [&](std::uint32_t index, const plan::Scheme& scheme, const plan::ApiKeyRule&) {
        found[index] = judge(reading, scheme, keys);
        const plan::KnownKey* key = found[index].key;
        if (key == nullptr) return;
        reading.proofs[index] = {true, key->rights->scopes, found[index].until_s, Reason::kKeyExpired, key};
        if (first == nullptr) first = key;
      });
  std::optional<Denial> refused;
  reading.for_each<plan::ApiKeyRule>(
      [&](std::uint32_t index, const plan::Scheme& scheme, const plan::ApiKeyRule&) {
        if (refused || !found[index].presented || found[index].key != nullptr) return;
        if (is_valid_elsewhere(reading, scheme)) return;
        refused = refuse(reading, found[index], scheme);
      });
  if (refused) return std::move(*refused);
  if (first == nullptr) return Unit{};
  for (const PresentedKey& one : found) {
    if (one.key != nullptr) one.key->note_use(reading.exchange.now.wall_s());
  }
  name_caller(reading, *first);
  reading.principal.facts = std::move(facts);
  return Unit{};
}

void choose_api_key(Reading& reading, const Admission& admission) {
  const plan::KnownKey* chosen = nullptr;
  reading.for_each<plan::ApiKeyRule>([&](std::uint32_t index, const plan::Scheme&, const plan::ApiKeyRule&) {
    const plan::KnownKey* const key = reading.proofs[index].key;
    if (chosen == nullptr && key != nullptr && admission.rests_on(index)) chosen = key;
  });
  if (chosen != nullptr) name_caller(reading, *chosen);
}

}  // namespace caponier::stages
