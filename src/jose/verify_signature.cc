#include <openssl/rsa.h>

#include <cstring>

#include "jose/openssl_handles.h"
#include "jose/token.h"

namespace caponier::jose {
namespace {

// Fetched once: a fetch by name for every signature costs more than hashing the token.
const EVP_MD* digest_of(Algorithm algorithm) {
  static const EVP_MD* const kSha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  static const EVP_MD* const kSha384 = EVP_MD_fetch(nullptr, "SHA384", nullptr);
  static const EVP_MD* const kSha512 = EVP_MD_fetch(nullptr, "SHA512", nullptr);
  switch (algorithm) {
    case Algorithm::kRS256:
    case Algorithm::kPS256:
    case Algorithm::kES256:
      return kSha256;
    case Algorithm::kRS384:
    case Algorithm::kPS384:
    case Algorithm::kES384:
      return kSha384;
    case Algorithm::kRS512:
    case Algorithm::kPS512:
    case Algorithm::kES512:
      return kSha512;
    case Algorithm::kEdDSA:
      break;  // hashes by itself
  }
  return nullptr;
}

bool is_pss(Algorithm algorithm) {
  return algorithm == Algorithm::kPS256 || algorithm == Algorithm::kPS384 || algorithm == Algorithm::kPS512;
}

// Bytes of r and of s (RFC 7518 section 3.4), or 0 if the algorithm has none.
std::size_t ecdsa_integer_bytes(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kES256:
      return 32;
    case Algorithm::kES384:
      return 48;
    case Algorithm::kES512:
      return 66;
    default:
      return 0;
  }
}

constexpr std::size_t kEd25519SignatureBytes = 64;
constexpr std::size_t kDerSignatureBytesMax = 3 + 2 * (2 + 1 + 66);

struct DerSignature {
  unsigned char bytes[kDerSignatureBytesMax];
  std::size_t size = 0;

  void put(unsigned value) { bytes[size++] = static_cast<unsigned char>(value); }
};

std::string_view without_leading_zeros(std::string_view number) {
  while (!number.empty() && number.front() == 0) number.remove_prefix(1);
  return number;
}

bool needs_sign_byte(std::string_view number) {
  return (static_cast<unsigned char>(number.front()) & 0x80) != 0;
}

void put_integer(DerSignature& out, std::string_view number) {
  out.put(0x02);
  out.put(static_cast<unsigned>(number.size()) + (needs_sign_byte(number) ? 1 : 0));
  if (needs_sign_byte(number)) out.put(0);
  std::memcpy(out.bytes + out.size, number.data(), number.size());
  out.size += number.size();
}

// r || s as the ECDSA-Sig-Value of RFC 3279, which OpenSSL wants. Empty if r or s is zero or the length is
// wrong.
DerSignature to_der(std::string_view signature, std::size_t integer_bytes) {
  DerSignature out;
  if (signature.size() != 2 * integer_bytes) return out;
  const std::string_view r = without_leading_zeros(signature.substr(0, integer_bytes));
  const std::string_view s = without_leading_zeros(signature.substr(integer_bytes));
  if (r.empty() || s.empty()) return out;
  const std::size_t content =
      4 + r.size() + s.size() + (needs_sign_byte(r) ? 1 : 0) + (needs_sign_byte(s) ? 1 : 0);
  out.put(0x30);
  if (content >= 0x80) out.put(0x81);
  out.put(static_cast<unsigned>(content));
  put_integer(out, r);
  put_integer(out, s);
  return out;
}

bool init_verify(EVP_MD_CTX* context, Algorithm algorithm, EVP_PKEY* key) {
  EVP_PKEY_CTX* key_context = nullptr;  // owned by `context`
  if (EVP_DigestVerifyInit(context, &key_context, digest_of(algorithm), nullptr, key) != 1) return false;
  if (!is_pss(algorithm)) return true;
  // RFC 7518 section 3.5: the salt is as long as the digest, and MGF1 uses the same digest.
  return EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

bool verifies(const UnverifiedToken& token, EVP_PKEY* key) {
  // One context per thread: its buffers are the only thing that is kept.
  thread_local const DigestContextHandle context(EVP_MD_CTX_new());
  if (!context) return false;
  const auto* signature = reinterpret_cast<const unsigned char*>(token.signature.data());
  std::size_t signature_bytes = token.signature.size();
  DerSignature der;
  if (const std::size_t integer_bytes = ecdsa_integer_bytes(token.algorithm); integer_bytes != 0) {
    der = to_der(token.signature, integer_bytes);
    if (der.size == 0) return false;
    signature = der.bytes;
    signature_bytes = der.size;
  } else if (token.algorithm == Algorithm::kEdDSA) {
    if (signature_bytes != kEd25519SignatureBytes) return false;
  } else if (signature_bytes != static_cast<std::size_t>(EVP_PKEY_get_size(key))) {
    return false;
  }
  bool ok = init_verify(context.get(), token.algorithm, key);
  ok = ok && EVP_DigestVerify(context.get(), signature, signature_bytes,
                              reinterpret_cast<const unsigned char*>(token.signing_input.data()),
                              token.signing_input.size()) == 1;
  EVP_MD_CTX_reset(context.get());
  return ok;
}

}  // namespace

std::optional<TokenError> verify_signature(const UnverifiedToken& token, const AlgorithmSet& pinned,
                                           const VerificationKey& key) {
  const ErrorScope errors;
  if (!pinned.has(token.algorithm) || !key.algorithms.has(token.algorithm))
    return TokenError::kUnsupportedAlgorithm;
  if (!key.key || !verifies(token, key.key.get())) return TokenError::kBadSignature;
  return std::nullopt;
}

}  // namespace caponier::jose
