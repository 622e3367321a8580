// Proofs of possession. The first line of the input is a header and the rest a payload, which are signed
// here: whatever a client that holds its key could say.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/fuzzing.h"
#include "jose/dpop.h"
#include "jose/test_keys.h"

namespace {

using caponier::fuzzing::require;
using caponier::fuzzing::text_of;

using namespace caponier;
using namespace caponier::jose;

EVP_PKEY* own_key() {
  static const KeyHandle key = test::make_ec("P-256");
  return key.get();
}

// "@KEY@" stands for the public key.
std::string with_key(std::string_view header) {
  static const std::string jwk = test::jwk(own_key(), "");
  constexpr std::string_view kPlace = "@KEY@";
  std::string text(header);
  const std::size_t at = text.find(kPlace);
  return at == std::string::npos ? text : text.replace(at, kPlace.size(), jwk);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = text_of(data, size);
  const TokenLimits limits;
  static_cast<void>(verify_dpop_proof(text, limits));
  const std::size_t line = text.find('\n');
  if (line == std::string_view::npos || size > 4096) return 0;
  const std::string signed_text =
      test::make_token(own_key(), "ES256", with_key(text.substr(0, line)), text.substr(line + 1));
  const auto proof = verify_dpop_proof(signed_text, limits);
  if (!proof) return 0;
  require(!proof->id.empty() && proof->id.size() <= kProofIdBytesMax);
  require(!proof->method.empty() && !proof->uri.empty() && proof->issued_at_s >= 0);
  require(proof->key_thumbprint.size() == 43);
  // What is a proof is no token, and no longer a proof once anything of it is changed.
  require(!parse_token(signed_text, limits).ok());
  std::string changed = signed_text;
  char& last = changed[changed.find('.') + 1];
  last = last == 'e' ? 'f' : 'e';
  require(!verify_dpop_proof(changed, limits).ok());
  return 0;
}
