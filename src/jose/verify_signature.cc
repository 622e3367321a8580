#include <openssl/rsa.h>

#include <array>
#include <cstring>
#include <utility>

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

// A key ready to verify by one algorithm. Making it ready costs a tenth of a verification, so that each
// thread keeps a few; an entry holds its key, whose address therefore means this key alone.
struct ReadyKey {
  KeyHandle key;
  Algorithm algorithm = Algorithm::kRS256;
  KeyContextHandle context;
  std::uint64_t used = 0;
};
constexpr std::size_t kReadyKeys = 8;

KeyContextHandle make_ready(EVP_PKEY* key, Algorithm algorithm) {
  KeyContextHandle context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (!context || EVP_PKEY_verify_init(context.get()) != 1) return nullptr;
  if (is_pss(algorithm)) {
    // RFC 7518 section 3.5: the salt is as long as the digest, and MGF1 uses the same digest.
    if (EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PSS_PADDING) != 1 ||
        EVP_PKEY_CTX_set_signature_md(context.get(), digest_of(algorithm)) != 1 ||
        EVP_PKEY_CTX_set_rsa_pss_saltlen(context.get(), RSA_PSS_SALTLEN_DIGEST) != 1)
      return nullptr;
    return context;
  }
  if (EVP_PKEY_CTX_set_signature_md(context.get(), digest_of(algorithm)) != 1) return nullptr;
  return context;
}

EVP_PKEY_CTX* ready_context(EVP_PKEY* key, Algorithm algorithm) {
  thread_local std::array<ReadyKey, kReadyKeys> ready;
  thread_local std::uint64_t uses = 0;
  ReadyKey* place = ready.data();
  for (ReadyKey& entry : ready) {
    if (entry.key.get() == key && entry.algorithm == algorithm && entry.context) {
      entry.used = ++uses;
      return entry.context.get();
    }
    if (entry.used < place->used) place = &entry;
  }
  *place = ReadyKey{};
  KeyContextHandle context = make_ready(key, algorithm);
  if (!context || EVP_PKEY_up_ref(key) != 1) return nullptr;
  *place = {KeyHandle(key), algorithm, std::move(context), ++uses};
  return place->context.get();
}

bool verifies_digest(const UnverifiedToken& token, EVP_PKEY* key, const unsigned char* signature,
                     std::size_t signature_bytes) {
  thread_local const DigestContextHandle hashing(EVP_MD_CTX_new());
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int digest_bytes = 0;
  if (!hashing || EVP_DigestInit_ex2(hashing.get(), digest_of(token.algorithm), nullptr) != 1 ||
      EVP_DigestUpdate(hashing.get(), token.signing_input.data(), token.signing_input.size()) != 1 ||
      EVP_DigestFinal_ex(hashing.get(), digest.data(), &digest_bytes) != 1)
    return false;
  EVP_PKEY_CTX* const context = ready_context(key, token.algorithm);
  return context != nullptr &&
         EVP_PKEY_verify(context, signature, signature_bytes, digest.data(), digest_bytes) == 1;
}

bool verifies_ed25519(const UnverifiedToken& token, EVP_PKEY* key) {
  thread_local const DigestContextHandle context(EVP_MD_CTX_new());
  if (!context || token.signature.size() != kEd25519SignatureBytes) return false;
  const bool ok =
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
      EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(token.signature.data()),
                       token.signature.size(),
                       reinterpret_cast<const unsigned char*>(token.signing_input.data()),
                       token.signing_input.size()) == 1;
  EVP_MD_CTX_reset(context.get());
  return ok;
}

bool verifies(const UnverifiedToken& token, EVP_PKEY* key) {
  if (token.algorithm == Algorithm::kEdDSA) return verifies_ed25519(token, key);
  if (const std::size_t integer_bytes = ecdsa_integer_bytes(token.algorithm); integer_bytes != 0) {
    const DerSignature der = to_der(token.signature, integer_bytes);
    return der.size != 0 && verifies_digest(token, key, der.bytes, der.size);
  }
  return token.signature.size() == static_cast<std::size_t>(EVP_PKEY_get_size(key)) &&
         verifies_digest(token, key, reinterpret_cast<const unsigned char*>(token.signature.data()),
                         token.signature.size());
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
