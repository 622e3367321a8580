#include "stages/authenticate/verified_passwords.h"

#include <algorithm>

namespace caponier::stages {

VerifiedPasswords::VerifiedPasswords(const DigestKey& key, std::size_t entries_max)
    : key_(key), sets_(std::max<std::size_t>(1, entries_max / kWays)) {}

bool VerifiedPasswords::knows(const Digest128& digest, std::int64_t now_s) const {
  const Set& set = sets_[digest.low % sets_.size()];
  return std::ranges::any_of(
      set, [&](const Known& known) { return known.digest == digest && now_s < known.until_s; });
}

void VerifiedPasswords::add(const Digest128& digest, std::int64_t until_s) {
  Set& set = sets_[digest.low % sets_.size()];
  auto place = std::ranges::find(set, digest, &Known::digest);
  if (place == set.end()) place = std::ranges::min_element(set, {}, &Known::until_s);
  *place = {digest, until_s};
}

}  // namespace caponier::stages
