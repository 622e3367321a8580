// How long it takes to judge an API key, hash included, with a million of them: the budget is a microsecond.
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plan/key_format.h"
#include "plan/known_keys.h"
#include "plan/test_random.h"

int main() {
  using caponier::plan::KnownKey;
  constexpr std::size_t kKeys = 1'000'000;
  constexpr std::size_t kAsked = 200'000;
  constexpr std::size_t kRounds = 10;
  caponier::plan::CountingRandom random;
  const auto hasher = std::make_shared<const caponier::plan::KeyHasher>("a hash key for measuring alone!!");
  const auto rights = std::make_shared<const caponier::plan::KeyRights>();
  std::vector<caponier::plan::KnownKeyPtr> keys;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < kKeys; ++i) {
    const auto key = std::make_shared<KnownKey>();
    key->id = caponier::plan::make_key_id(random);
    key->rights = rights;
    std::string bytes(32, '\0');
    random.fill(bytes.data(), bytes.size());
    const caponier::Secret secret = caponier::plan::make_key(key->id, bytes);
    key->digest = hasher->of_key(secret.reveal());
    if (i % (kKeys / kAsked) == 0) texts.emplace_back(secret.reveal());
    keys.push_back(key);
  }
  const caponier::plan::KnownKeys known(caponier::plan::KnownKeys(hasher), keys);
  std::size_t valid = 0;
  // One behind the other, as a request's head is at hand; their entries lie anywhere.
  std::string heads;
  for (std::size_t i = 0; i < kAsked; ++i) heads += texts[i * 7919 % kAsked];
  // Of the processor, so that whoever else is busy on the machine is not counted.
  const std::clock_t begin = std::clock();
  for (std::size_t round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < kAsked; ++i) {
      const std::string_view text(heads.data() + i * caponier::plan::kKeyBytes, caponier::plan::kKeyBytes);
      const auto found = known.find(text, 1);
      if (found.fit == caponier::plan::KeyFit::kValid) {
        (*found.key)->note_use(1000);
        ++valid;
      }
    }
  }
  const double took_ns = 1e9 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  std::printf("keys %zu\nvalid %zu\nkey_check_ns_each %.0f\n", known.size(), valid,
              took_ns / (kRounds * kAsked));
  return valid == kRounds * kAsked && known.size() == kKeys ? 0 : 1;
}
