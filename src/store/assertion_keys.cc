#include "store/assertion_keys.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "json/document.h"
#include "json/write.h"

namespace caponier::store {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::int64_t kTimeMaxS = 1LL << 53;

bool is_usable(const KeptAssertionKey& kept) {
  return kept.key != nullptr && kept.until_s == 0;
}

KeptAssertionKey kept_key(AssertionKeyPtr key, std::int64_t active_from_s) {
  KeptAssertionKey kept;
  kept.id = key->id();
  kept.jwk = key->public_jwk();
  kept.key = std::move(key);
  kept.active_from_s = active_from_s;
  return kept;
}

std::string too_many() {
  return "there are " + std::to_string(kAssertionKeysMax) + " keys already; wait for some to end";
}

Result<Unit, std::string> make(KeptAssertionKeys& keys, jose::Algorithm algorithm,
                               std::int64_t active_from_s) {
  if (keys.size() >= kAssertionKeysMax) return Err(too_many());
  auto made = jose::AssertionKey::generate(algorithm);
  if (!made) return Err(made.error());
  keys.push_back(kept_key(std::make_shared<const jose::AssertionKey>(std::move(*made)), active_from_s));
  return Unit{};
}

// The one that signs among those of our own. Where a clock went back, the earliest is as good as it gets.
const KeptAssertionKey* own_signing(const KeptAssertionKeys& keys, std::int64_t now_s) {
  const KeptAssertionKey* chosen = nullptr;
  const KeptAssertionKey* earliest = nullptr;
  for (const KeptAssertionKey& kept : keys) {
    if (!is_usable(kept)) continue;
    if (earliest == nullptr || kept.active_from_s < earliest->active_from_s) earliest = &kept;
    const bool later = chosen == nullptr || kept.active_from_s > chosen->active_from_s;
    if (kept.active_from_s <= now_s && later) chosen = &kept;
  }
  return chosen != nullptr ? chosen : earliest;
}

const KeptAssertionKey* pending(const KeptAssertionKeys& keys, std::int64_t now_s) {
  const auto found = std::ranges::find_if(
      keys, [now_s](const KeptAssertionKey& kept) { return is_usable(kept) && kept.active_from_s > now_s; });
  return found == keys.end() ? nullptr : &*found;
}

// What it signed last ends before that.
bool retire(KeptAssertionKey& kept, std::int64_t from_s) {
  if (kept.until_s != 0) return false;
  kept.until_s = from_s + kPublishedAfterS;
  kept.key = nullptr;  // it never signs again
  return true;
}

bool forget_ended(KeptAssertionKeys& keys, std::int64_t now_s) {
  return std::erase_if(keys, [now_s](const KeptAssertionKey& kept) {
           return kept.until_s != 0 && kept.until_s <= now_s;
         }) > 0;
}

bool keep_given(KeptAssertionKeys& keys, const AssertionKeyPtr& given, std::int64_t now_s) {
  if (given == nullptr) return false;
  const auto found =
      std::ranges::find_if(keys, [&given](const KeptAssertionKey& kept) { return kept.id == given->id(); });
  if (found == keys.end()) {
    keys.push_back(kept_key(given, now_s));
    keys.back().key = nullptr;  // it is kept elsewhere
    return true;
  }
  return std::exchange(found->until_s, 0) != 0;
}

Result<bool, std::string> advance_given(KeptAssertionKeys& keys, const AssertionKeyRules& rules,
                                        std::int64_t now_s) {
  bool changed = false;
  for (KeptAssertionKey& kept : keys) {
    const bool stays =
        kept.id == rules.given->id() || (rules.given_next != nullptr && kept.id == rules.given_next->id());
    if (!stays) changed |= retire(kept, now_s);
  }
  changed |= keep_given(keys, rules.given, now_s);
  changed |= keep_given(keys, rules.given_next, now_s);
  if (keys.size() > kAssertionKeysMax) return Err(too_many());
  return changed;
}

// What another configuration gave, and those whose successor signs.
bool retire_replaced(KeptAssertionKeys& keys, std::int64_t now_s) {
  bool changed = false;
  const KeptAssertionKey* current = own_signing(keys, now_s);
  const std::int64_t since_s = current == nullptr ? now_s : current->active_from_s;
  for (KeptAssertionKey& kept : keys) {
    if (kept.key == nullptr) {
      changed |= retire(kept, now_s);
    } else if (&kept != current && kept.active_from_s <= since_s) {
      changed |= retire(kept, since_s);
    }
  }
  return changed;
}

std::int64_t successor_due_s(const KeptAssertionKey& current, const AssertionKeyRules& rules) {
  if (current.key->algorithm() != rules.algorithm) return 0;
  return current.active_from_s + rules.rotate_every_s - kPublishedAheadS;
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out.append(",\"").append(name).append("\":");
  json::append_string(out, value);
}

std::optional<std::string_view> text_of(json::Value object, std::string_view name) {
  const auto member = object.find(name);
  if (!member || !member->is(json::Kind::kString)) return std::nullopt;
  return member->string();
}

std::optional<std::int64_t> time_of(json::Value object, std::string_view name) {
  const auto member = object.find(name);
  if (!member || !member->is_integer() || member->integer() < 0 || member->integer() > kTimeMaxS)
    return std::nullopt;
  return member->integer();
}

Result<KeptAssertionKey, std::string> parse_key(json::Value entry) {
  if (!entry.is(json::Kind::kObject)) return Err<std::string>("a key is no object");
  const auto id = text_of(entry, "kid");
  const auto jwk = text_of(entry, "jwk");
  const auto active = time_of(entry, "active_from_s");
  const auto until = time_of(entry, "until_s");
  if (!id || !jwk || !active || !until)
    return Err<std::string>("a member of a key is missing or of another type");
  KeptAssertionKey kept{nullptr, std::string(*id), std::string(*jwk), *active, *until};
  if (const auto pem = text_of(entry, "pem")) {
    auto key = jose::AssertionKey::from_pem(*pem);
    if (!key) return Err(key.error());
    if (key->id() != *id) return Err<std::string>("a key is not the one that its kid says");
    kept.key = std::make_shared<const jose::AssertionKey>(std::move(*key));
  }
  return kept;
}

}  // namespace

AssertionKeyPtr signing_key(const KeptAssertionKeys& keys, const AssertionKeyRules& rules,
                            std::int64_t now_s) {
  if (rules.given != nullptr) return rules.given;
  const KeptAssertionKey* current = own_signing(keys, now_s);
  return current == nullptr ? nullptr : current->key;
}

std::string published_set(const KeptAssertionKeys& keys) {
  std::string out = "{\"keys\":[";
  for (const KeptAssertionKey& kept : keys) {
    if (&kept != &keys.front()) out += ',';
    out += kept.jwk;
  }
  return out + "]}";
}

Result<bool, std::string> advance(KeptAssertionKeys& keys, const AssertionKeyRules& rules,
                                  std::int64_t now_s) {
  bool changed = forget_ended(keys, now_s);
  if (rules.given != nullptr) {
    auto given = advance_given(keys, rules, now_s);
    return given ? Result<bool, std::string>(*given || changed) : given;
  }
  changed |= retire_replaced(keys, now_s);
  const KeptAssertionKey* current = own_signing(keys, now_s);
  if (current != nullptr && (pending(keys, now_s) != nullptr || successor_due_s(*current, rules) > now_s)) {
    return changed;
  }
  // The first is used at once: nobody knows of any other.
  auto made = make(keys, rules.algorithm, current == nullptr ? now_s : now_s + kPublishedAheadS);
  if (!made) return Err(made.error());
  return true;
}

std::int64_t next_due_s(const KeptAssertionKeys& keys, const AssertionKeyRules& rules, std::int64_t now_s) {
  std::int64_t due = std::numeric_limits<std::int64_t>::max();
  for (const KeptAssertionKey& kept : keys) {
    if (kept.until_s != 0) due = std::min(due, kept.until_s);
    if (rules.given == nullptr && kept.active_from_s > now_s) due = std::min(due, kept.active_from_s);
  }
  const KeptAssertionKey* current = own_signing(keys, now_s);
  if (rules.given == nullptr && current != nullptr && pending(keys, now_s) == nullptr)
    due = std::min(due, successor_due_s(*current, rules));
  return due;
}

Result<Unit, std::string> rotate(KeptAssertionKeys& keys, Rotation how, std::int64_t now_s) {
  const KeptAssertionKey* current = own_signing(keys, now_s);
  if (current == nullptr)
    return Err<std::string>(
        "the gateway has made no keys here: it signs by the one that its configuration names, or not at all");
  const jose::Algorithm algorithm = current->key->algorithm();
  if (how == Rotation::kAtOnce) {
    KeptAssertionKeys fresh;
    if (auto made = make(fresh, algorithm, now_s); !made) return made;
    keys = std::move(fresh);
    return Unit{};
  }
  if (pending(keys, now_s) != nullptr)
    return Err<std::string>("a new key is published already, and will be used soon");
  return make(keys, algorithm, now_s + kPublishedAheadS);
}

std::string to_text(const KeptAssertionKeys& keys) {
  std::string out = "{\"version\":" + std::to_string(kVersion) + ",\"keys\":[";
  for (const KeptAssertionKey& kept : keys) {
    out += &kept == &keys.front() ? "\n{" : ",\n{";
    out += "\"active_from_s\":" + std::to_string(kept.active_from_s) +
           ",\"until_s\":" + std::to_string(kept.until_s);
    append_member(out, "kid", kept.id);
    append_member(out, "jwk", kept.jwk);
    if (kept.key != nullptr) append_member(out, "pem", kept.key->to_pem().reveal());
    out += '}';
  }
  return out + "]}\n";
}

Result<KeptAssertionKeys, std::string> parse_assertion_keys(std::string_view text) {
  JsonLimits limits;
  limits.bytes_max = static_cast<std::uint32_t>(text.size());
  json::Document document;
  const auto root = document.read(text, limits);
  if (!root || !root->is(json::Kind::kObject)) return Err<std::string>("it is not a JSON object");
  if (time_of(*root, "version") != kVersion) return Err<std::string>("it is of another version");
  const auto list = root->find("keys");
  if (!list || !list->is(json::Kind::kArray) || list->size() > kAssertionKeysMax)
    return Err<std::string>("it has no list of keys, or too long a one");
  KeptAssertionKeys keys;
  json::Value entry = list->first_child();
  for (std::uint32_t i = 0; i < list->size(); ++i, entry = entry.next_sibling()) {
    auto kept = parse_key(entry);
    if (!kept) return Err(kept.error());
    keys.push_back(std::move(*kept));
  }
  return keys;
}

}  // namespace caponier::store
