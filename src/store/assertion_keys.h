// The keys by which the gateway vouches for callers, over time: made, published ahead of their use, used,
// published until the last token that they signed has ended, forgotten. They stand in one file of the state
// directory (0600, always whole), which whoever changes it locks: two processes may at a handover.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "jose/assertion_key.h"

namespace caponier::store {

inline constexpr std::string_view kAssertionKeysFile = "identity-token-keys.json";
// Longer than anybody keeps a set that says max-age=300, and than a token and its leeway last.
inline constexpr std::int64_t kPublishedAheadS = 600;
inline constexpr std::int64_t kPublishedAfterS = 300;
inline constexpr std::size_t kAssertionKeysMax = 16;

using AssertionKeyPtr = std::shared_ptr<const jose::AssertionKey>;

struct KeptAssertionKey {
  AssertionKeyPtr key;  // null: only its public half is here
  std::string id;
  std::string jwk;
  std::int64_t active_from_s = 0;  // it signs from then on, until one with a later time does
  std::int64_t until_s = 0;        // it is published until then; 0: nobody has taken its place
};
using KeptAssertionKeys = std::vector<KeptAssertionKey>;

struct AssertionKeyRules {
  jose::Algorithm algorithm = jose::Algorithm::kES256;
  std::int64_t rotate_every_s = 0;
  AssertionKeyPtr given;       // by the configuration: no other signs, and none is made
  AssertionKeyPtr given_next;  // published with it
};

// The one that signs; null: none.
AssertionKeyPtr signing_key(const KeptAssertionKeys& keys, const AssertionKeyRules& rules,
                            std::int64_t now_s);
// {"keys":[...]} of all of them.
std::string published_set(const KeptAssertionKeys& keys);
// Does what is due at `now_s`. True if something changed; the error is a sentence.
Result<bool, std::string> advance(KeptAssertionKeys& keys, const AssertionKeyRules& rules,
                                  std::int64_t now_s);
// When something is due next.
std::int64_t next_due_s(const KeptAssertionKeys& keys, const AssertionKeyRules& rules, std::int64_t now_s);

// kAhead: a key is made and published now, and used when everybody can know it. kAtOnce: it is used now, and
// all others are forgotten: what they signed is worth nothing any more.
enum class Rotation : std::uint8_t { kAhead, kAtOnce };
Result<Unit, std::string> rotate(KeptAssertionKeys& keys, Rotation how, std::int64_t now_s);

std::string to_text(const KeptAssertionKeys& keys);
Result<KeptAssertionKeys, std::string> parse_assertion_keys(std::string_view text);

// Holds the lock that goes with `file` while it lives.
class AssertionKeyFile {
 public:
  static Result<AssertionKeyFile, std::string> open(const std::string& directory);
  AssertionKeyFile(AssertionKeyFile&& other) noexcept;
  AssertionKeyFile& operator=(AssertionKeyFile&&) = delete;
  ~AssertionKeyFile();

  // None, if there is no file yet.
  [[nodiscard]] Result<KeptAssertionKeys, std::string> read() const;
  [[nodiscard]] Result<Unit, std::string> write(const KeptAssertionKeys& keys) const;

 private:
  AssertionKeyFile(std::string file, int lock_fd) : file_(std::move(file)), lock_fd_(lock_fd) {}
  std::string file_;
  int lock_fd_;
};

}  // namespace caponier::store
