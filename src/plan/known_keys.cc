#include "plan/known_keys.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "plan/key_format.h"

namespace caponier::plan {
namespace {

constexpr std::size_t kShardBits = 10;
constexpr std::size_t kSlotsMin = 4;

// Ids are random, and made here: there is nobody who could choose them to collide.
constexpr std::uint64_t mixed(std::uint64_t number) {
  number *= 0x9e3779b97f4a7c15ULL;
  return number ^ (number >> 32);
}
constexpr std::size_t shard_of(std::uint64_t number) {
  return mixed(number) >> (64 - kShardBits);
}

// In constant time: whole words, and no branch before the last.
bool same(const KeyDigest& a, const KeyDigest& b) {
  std::array<std::uint64_t, 4> x;
  std::array<std::uint64_t, 4> y;
  static_assert(sizeof x == sizeof a);
  std::memcpy(x.data(), a.data(), sizeof x);
  std::memcpy(y.data(), b.data(), sizeof y);
  return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3])) == 0;
}

bool holds(const std::vector<std::string>& list, std::string_view text) {
  return std::ranges::find(list, text) != list.end();
}

}  // namespace

bool KeyRights::serves_scheme(std::string_view name) const {
  return schemes.empty() || holds(schemes, name);
}

bool KeyRights::allows_operation(std::string_view id, std::string_view label) const {
  return operations.empty() || holds(operations, id) || holds(operations, label);
}

bool KeyRights::allows_address(const AddressBytes& address) const {
  return addresses.empty() || any_contains(addresses, address);
}

KnownKeys::KnownKeys(const KnownKeys& from, std::span<const KnownKeyPtr> changed)
    : hasher_(from.hasher_), shards_(from.shards_), size_(from.size_) {
  std::map<std::size_t, std::shared_ptr<Shard>> copies;
  for (const KnownKeyPtr& key : changed) {
    const auto number = key_number(key->id);
    if (!number) continue;
    const std::size_t at = shard_of(*number);
    std::shared_ptr<Shard>& copy = copies[at];
    if (!copy) copy = shards_[at] ? std::make_shared<Shard>(*shards_[at]) : std::make_shared<Shard>();
    const std::size_t before = copy->used;
    put(*copy, *number, key);
    size_ += copy->used - before;
  }
  for (auto& [at, copy] : copies) shards_[at] = std::move(copy);
}

void KnownKeys::grow(Shard& shard) {
  std::vector<Slot> old = std::exchange(shard.slots, {});
  shard.slots.resize(std::max(kSlotsMin, old.size() * 2));
  shard.used = 0;
  for (Slot& slot : old) {
    if (slot.key) put(shard, slot.number, std::move(slot.key));
  }
}

void KnownKeys::put(Shard& shard, std::uint64_t number, KnownKeyPtr key) {
  if ((shard.used + 1) * 2 > shard.slots.size()) grow(shard);
  const std::size_t mask = shard.slots.size() - 1;
  std::size_t at = mixed(number) & mask;
  while (shard.slots[at].key && shard.slots[at].number != number) at = (at + 1) & mask;
  if (!shard.slots[at].key) ++shard.used;
  shard.slots[at] = {number, std::move(key)};
}

KnownKeys::Place KnownKeys::place_of(std::uint64_t number) const {
  const Shard* const shard = shards_[shard_of(number)].get();
  if (shard == nullptr) return {};
  const std::size_t slot = mixed(number) & (shard->slots.size() - 1);
  __builtin_prefetch(&shard->slots[slot]);
  return {shard, slot};
}

const KnownKeyPtr* KnownKeys::find_from(Place place, std::uint64_t number) {
  if (place.shard == nullptr) return nullptr;
  const std::vector<Slot>& slots = place.shard->slots;
  for (std::size_t at = place.slot; slots[at].key; at = (at + 1) & (slots.size() - 1)) {
    if (slots[at].number == number) return &slots[at].key;
  }
  return nullptr;
}

const KnownKeyPtr* KnownKeys::find_id(std::string_view id) const {
  const auto number = key_number(id);
  return number ? find_from(place_of(*number), *number) : nullptr;
}

// Of a million keys, none is at hand in the processor's caches: what is to be read is asked for first, and
// arrives while checksum and digest are computed.
FoundKey KnownKeys::find(std::string_view presented, std::int64_t now_s) const {
  const auto number = key_number_in(presented);
  if (!number) return {};
  const Place place = place_of(*number);
  if (!has_checksum(presented)) return {};
  const KnownKeyPtr* const key = find_from(place, *number);
  if (key == nullptr || !hasher_) return {KeyFit::kUnknown, nullptr};
  __builtin_prefetch(key->get());
  const KeyDigest digest = hasher_->of_key(presented);
  const bool current = same(digest, (*key)->digest);
  if (!current && ((*key)->previous_until_s == 0 || !same(digest, (*key)->previous))) {
    return {KeyFit::kUnknown, nullptr};
  }
  if ((*key)->revoked) return {KeyFit::kRevoked, key};
  if ((*key)->expires_at_s != 0 && now_s >= (*key)->expires_at_s) return {KeyFit::kExpired, key};
  if (!current && now_s >= (*key)->previous_until_s) return {KeyFit::kReplaced, key};
  const std::int64_t expires_s = (*key)->expires_at_s;
  if (current || (expires_s != 0 && expires_s < (*key)->previous_until_s))
    return {KeyFit::kValid, key, expires_s};
  return {KeyFit::kValid, key, (*key)->previous_until_s};
}

}  // namespace caponier::plan
