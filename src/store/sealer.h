// Encrypts what is kept of browsers' logins (AES-256-GCM, NIST SP 800-38D), under keys of the state directory
// that change every month: the newest encrypts, older ones read until nothing can be left that they wrote.
// Touched by one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace caponier::store {

inline constexpr std::string_view kSealingKeysFile = "session.keys";
inline constexpr std::int64_t kSealingKeyAgeMaxS = std::int64_t{30} * 24 * 3600;  // then another one encrypts
inline constexpr std::int64_t kSealedAgeMaxS = std::int64_t{31} * 24 * 3600;      // of what is kept

class Sealer {
 public:
  // The keys of the file at `path`; makes it (0600) with one, if nobody has yet. Errors are sentences.
  static Result<Sealer, std::string> open(std::string path, std::int64_t now_s, RandomSource& random);
  Sealer(Sealer&&) = default;
  Sealer& operator=(Sealer&&) = default;

  // Another key, if the newest is old; keys that nothing can be left of go.
  Result<Unit, std::string> rotate(std::int64_t now_s);

  // `about` must be the same when it is opened: what is sealed for one thing is of no use for another.
  // Empty if it cannot be done.
  [[nodiscard]] std::string seal(std::string_view plain, std::string_view about) const;
  // Nothing if it was not sealed here, or its key is gone.
  [[nodiscard]] std::optional<Secret> open(std::string_view sealed, std::string_view about) const;

  [[nodiscard]] std::size_t keys() const { return keys_.size(); }

 private:
  struct Key {
    std::int64_t made_s = 0;  // its name
    Secret bytes;             // 32
  };
  Sealer(std::string path, RandomSource& random) : path_(std::move(path)), random_(&random) {}
  [[nodiscard]] Result<std::vector<Key>, std::string> read() const;
  [[nodiscard]] Result<Unit, std::string> write(const std::vector<Key>& keys) const;

  std::string path_;
  RandomSource* random_;
  std::vector<Key> keys_;  // the newest is the last
};

}  // namespace caponier::store
