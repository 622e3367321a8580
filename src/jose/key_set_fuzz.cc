// Any text either is refused with a sentence or gives keys that can do something, and are worth something.
#include <openssl/evp.h>

#include <string>

#include "base/fuzzing.h"
#include "jose/key_set.h"

namespace {

using caponier::fuzzing::require;
using caponier::fuzzing::text_of;

void check(const caponier::Result<caponier::jose::KeySet, std::string>& set) {
  if (!set) {
    require(set.error().ends_with('.'));
    return;
  }
  require(!set->keys.empty());
  for (const auto& key : set->keys) {
    require(key.key != nullptr && !key.algorithms.empty());
    require(!EVP_PKEY_is_a(key.key.get(), "RSA") || EVP_PKEY_get_bits(key.key.get()) >= 2048);
  }
  for (const auto& refused : set->refused) require(!refused.id.empty() && refused.reason.ends_with('.'));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = text_of(data, size);
  check(caponier::jose::parse_key_set(text, {}));
  check(caponier::jose::parse_pem_key(text));
  return 0;
}
