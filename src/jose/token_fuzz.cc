// Any text either is refused or gives a token whose parts are those of the text; and any payload either is
// refused or gives claims within their bounds.
#include <string>

#include "base/bytes.h"
#include "base/fuzzing.h"
#include "jose/token.h"

namespace {

using caponier::fuzzing::require;
using caponier::fuzzing::text_of;

using namespace caponier;
using namespace caponier::jose;

void read_payload(const UnverifiedToken& token) {
  const auto claims = read_claims(token, {});
  if (!claims) return;
  require(claims->others().size() <= 2 * 32);
  TokenRules rules;
  rules.issuer = "i";
  static_cast<void>(check_claims(*claims, rules, 1'700'000'000));
  for (const std::string_view text : claims->others()) require(text.size() <= 1024);
}

const VerificationKey& some_key() {
  static const auto set = parse_key_set(
      R"({"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})",
      {});
  return set->keys.front();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = text_of(data, size);
  if (const auto token = parse_token(text, {})) {
    require(std::string(token->signing_input) + "." + base64url_encode(token->signature) == text);
    require(token->key_id.size() <= 256);
    require(verify_signature(*token, default_algorithms(), some_key()).has_value());
    read_payload(*token);
  }
  // As header and as payload, so that the fuzzer need not find base64url by itself.
  const std::string as_header = base64url_encode(text) + "." + base64url_encode(R"({"exp":1})") + ".AAAA";
  if (const auto token = parse_token(as_header, {})) require(token->payload == R"({"exp":1})");
  const std::string as_payload =
      base64url_encode(R"({"alg":"ES256"})") + "." + base64url_encode(text) + ".AAAA";
  if (const auto token = parse_token(as_payload, {})) {
    require(token->payload == text);
    read_payload(*token);
  }
  return 0;
}
