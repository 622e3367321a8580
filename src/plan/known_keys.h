// The API keys of the store as an immutable index in memory: requests are judged by it and never touch the
// store. It changes by being replaced; what a change does not touch, the old and the new index share.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "plan/key_hasher.h"

namespace caponier::plan {

// What a key may do; one for all keys that may do the same.
struct KeyRights {
  std::vector<std::string> schemes;     // of the document; empty: every API key scheme
  std::string scopes;                   // as words
  std::vector<std::string> operations;  // operationIds or labels, "GET /orders/{id}"; empty: all
  std::vector<AddressRange> addresses;  // from which it is accepted; empty: from everywhere
  std::string plan;                     // of usage; empty: none

  [[nodiscard]] bool serves_scheme(std::string_view name) const;
  [[nodiscard]] bool allows_operation(std::string_view id, std::string_view label) const;
  [[nodiscard]] bool allows_address(const AddressBytes& address) const;
};

// What every request looks at comes first, in one line of memory.
struct alignas(64) KnownKey {
  KeyDigest digest{};
  std::int64_t previous_until_s = 0;  // 0: it was never rotated
  std::int64_t expires_at_s = 0;      // 0: never
  // To the minute. Requests write it, whoever keeps the store reads it.
  mutable std::atomic<std::int64_t> last_used_s{0};
  bool revoked = false;

  std::string id;       // public part, shown in logs: "cap_1a2b3c4d"
  std::string subject;  // its owner
  std::shared_ptr<const KeyRights> rights = std::make_shared<const KeyRights>();
  KeyDigest previous{};  // of the secret before the last rotation

  void note_use(std::int64_t now_s) const {
    // Most requests only read: a line of memory that all workers write to would cost each of them.
    if (now_s >= last_used_s.load(std::memory_order_relaxed) + 60)
      last_used_s.store(now_s, std::memory_order_relaxed);
  }
};
using KnownKeyPtr = std::shared_ptr<const KnownKey>;

// What a presented text is.
enum class KeyFit : std::uint8_t {
  kMalformed,  // no key has this form, or its checksum is wrong
  kUnknown,    // nobody has this key
  kReplaced,   // a rotation replaced it, and the overlap is over
  kRevoked,
  kExpired,
  kValid
};
struct FoundKey {
  KeyFit fit = KeyFit::kMalformed;
  const KnownKeyPtr* key = nullptr;  // of all but the first two; as long-lived as the index
  std::int64_t until_s = 0;          // kValid: when it ceases to be; 0: never
};

class KnownKeys {
 public:
  explicit KnownKeys(std::shared_ptr<const KeyHasher> hasher) : hasher_(std::move(hasher)) {}
  // `from`, with `changed` in the place of the keys of the same ids.
  KnownKeys(const KnownKeys& from, std::span<const KnownKeyPtr> changed);

  // Compared are keyed digests of the secret, whole and in constant time; that the id is found faster or
  // slower tells what is no secret.
  [[nodiscard]] FoundKey find(std::string_view presented, std::int64_t now_s) const;
  // By id; null: there is none.
  [[nodiscard]] const KnownKeyPtr* find_id(std::string_view id) const;
  [[nodiscard]] std::size_t size() const { return size_; }

  template <class Function>
  void for_each(Function&& function) const {
    for (const auto& shard : shards_) {
      if (!shard) continue;
      for (const Slot& slot : shard->slots) {
        if (slot.key) function(slot.key);
      }
    }
  }

 private:
  static constexpr std::size_t kShards = 1024;  // a change copies one of them
  struct Slot {
    std::uint64_t number = 0;
    KnownKeyPtr key;  // null: free
  };
  struct Shard {
    std::vector<Slot> slots;  // a power of two, half of them free at least
    std::size_t used = 0;
  };
  struct Place {
    const Shard* shard = nullptr;
    std::size_t slot = 0;
  };
  // Where the search for a number begins; its memory is on its way.
  [[nodiscard]] Place place_of(std::uint64_t number) const;
  [[nodiscard]] static const KnownKeyPtr* find_from(Place place, std::uint64_t number);
  static void put(Shard& shard, std::uint64_t number, KnownKeyPtr key);
  static void grow(Shard& shard);

  std::shared_ptr<const KeyHasher> hasher_;
  std::array<std::shared_ptr<const Shard>, kShards> shards_;
  std::size_t size_ = 0;
};

}  // namespace caponier::plan
