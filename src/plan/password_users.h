// The users of HTTP basic, as a file has them: a name and the argon2id hash of a password on each line.
// Immutable; a reload brings others.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/result.h"

namespace caponier::plan {

inline constexpr std::size_t kUsersMax = 10'000;
inline constexpr std::size_t kUsersFileBytesMax = 4UL * 1024 * 1024;
inline constexpr std::size_t kUserNameBytesMax = 128;
inline constexpr std::size_t kPasswordBytesMax = 256;

// What verifying a password may cost, so that nobody's hash is a way to exhaust the gateway; and what
// guessing one must cost (OWASP's least for argon2id).
inline constexpr std::uint32_t kHashMemoryKibMax = 128 * 1024;
inline constexpr std::uint32_t kHashPassesMax = 16;
inline constexpr std::uint32_t kHashLanesMax = 8;
inline constexpr std::uint32_t kHashMemoryKibMin = 7168;

// "$argon2id$v=19$m=19456,t=2,p=1$salt$hash", in parts.
struct PasswordHash {
  std::uint32_t memory_kib = 0;
  std::uint32_t passes = 0;
  std::uint32_t lanes = 0;
  std::string salt;  // bytes
  std::string hash;
};
// The error is a sentence, and holds nothing of the hash.
Result<PasswordHash, std::string> parse_password_hash(std::string_view text);

class PasswordUsers {
 public:
  // Whatever is wrong is told in `diagnostics`, with its line; then null.
  static std::shared_ptr<const PasswordUsers> parse(std::string_view text, const std::string& file,
                                                    Diagnostics& diagnostics);
  // The user's hash; null: there is no such user.
  [[nodiscard]] const std::string* find(std::string_view name) const;
  // For somebody who does not exist: the hash of one who does, which `number` chooses, so that verifying
  // takes as long. There is always one.
  [[nodiscard]] const std::string& decoy(std::uint64_t number) const;
  [[nodiscard]] std::size_t size() const { return hashes_.size(); }

 private:
  std::map<std::string, std::string, std::less<>> hashes_;
  std::vector<const std::string*> all_;
};

// Whether a user can be called so: printable, without a colon.
bool is_user_name(std::string_view name);

}  // namespace caponier::plan
