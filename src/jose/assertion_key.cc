#include "jose/assertion_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "base/bytes.h"
#include "jose/key_judgement.h"
#include "jose/openssl_handles.h"
#include "jose/private_pem.h"
#include "jose/thumbprint.h"

namespace caponier::jose {
namespace {

constexpr std::size_t kIntegerBytes = 32;         // of P-256
constexpr std::size_t kSignatureBytesMax = 1024;  // RSA of 8192 bits
constexpr int kRsaBits = 2048;

// Big-endian, without leading zeros, or padded to `width`; empty if it cannot be read.
std::string number_of(EVP_PKEY* key, const char* name, std::size_t width) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return {};
  const NumberHandle owner(number);
  std::string bytes(width == 0 ? static_cast<std::size_t>(BN_num_bytes(number)) : width, '\0');
  const int size = static_cast<int>(bytes.size());
  if (BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), size) != size) return {};
  return bytes;
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty()) out += ',';
  out.append(1, '"').append(name).append("\":\"").append(value).append(1, '"');
}

// The members that RFC 7638 hashes, in its order; empty if there are none.
std::string public_members(EVP_PKEY* key, Algorithm algorithm) {
  std::string out;
  if (algorithm == Algorithm::kRS256) {
    append_member(out, "e", base64url_encode(number_of(key, OSSL_PKEY_PARAM_RSA_E, 0)));
    append_member(out, "kty", "RSA");
    append_member(out, "n", base64url_encode(number_of(key, OSSL_PKEY_PARAM_RSA_N, 0)));
  } else if (algorithm == Algorithm::kEdDSA) {
    std::array<unsigned char, kIntegerBytes> bytes{};
    std::size_t size = bytes.size();
    if (EVP_PKEY_get_raw_public_key(key, bytes.data(), &size) != 1) return {};
    append_member(out, "crv", "Ed25519");
    append_member(out, "kty", "OKP");
    append_member(out, "x", base64url_encode({reinterpret_cast<const char*>(bytes.data()), size}));
  } else {
    append_member(out, "crv", "P-256");
    append_member(out, "kty", "EC");
    append_member(out, "x", base64url_encode(number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, kIntegerBytes)));
    append_member(out, "y", base64url_encode(number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, kIntegerBytes)));
  }
  return out;
}

std::optional<Algorithm> algorithm_of(EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_EC:
      return Algorithm::kES256;
    case EVP_PKEY_ED25519:
      return Algorithm::kEdDSA;
    case EVP_PKEY_RSA:
      return Algorithm::kRS256;
    default:
      return std::nullopt;
  }
}

// RFC 4648, section 5, without a text in between.
void append_base64url(std::string& out, std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const std::size_t begin = out.size();
  out.resize(begin + (bytes.size() * 4 + 2) / 3);
  char* to = out.data() + begin;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (held += 8; held >= 6; held -= 6) *to++ = kDigits[bits >> (held - 6) & 63U];
  }
  if (held > 0) *to = kDigits[bits << (6 - held) & 63U];
}

// Reads INTEGER of an ECDSA-Sig-Value (RFC 3279) into the fixed width of RFC 7518, section 3.4.
bool take_integer(std::span<const unsigned char>& der, unsigned char* to) {
  if (der.size() < 2 || der[0] != 0x02 || der[1] > kIntegerBytes + 1 || der.size() < 2U + der[1])
    return false;
  auto bytes = der.subspan(2, der[1]);
  der = der.subspan(2U + der[1]);
  while (!bytes.empty() && bytes.front() == 0) bytes = bytes.subspan(1);
  if (bytes.size() > kIntegerBytes) return false;
  std::copy(bytes.begin(), bytes.end(), to + (kIntegerBytes - bytes.size()));
  return true;
}

using Signature = std::array<unsigned char, kSignatureBytesMax>;

// 0 if it is none.
std::size_t to_fixed_width(Signature& signature, std::size_t size) {
  std::array<unsigned char, 2 * kIntegerBytes> fixed{};
  std::span<const unsigned char> der(signature.data(), size);
  if (der.size() < 2 || der[0] != 0x30 || der[1] != der.size() - 2) return 0;
  der = der.subspan(2);
  if (!take_integer(der, fixed.data()) || !take_integer(der, fixed.data() + kIntegerBytes)) return 0;
  std::copy(fixed.begin(), fixed.end(), signature.begin());
  return der.empty() ? fixed.size() : 0;
}

// Making a key ready costs as much as a tenth of a signature: each thread keeps the one that it used last.
EVP_PKEY_CTX* ready_context(EVP_PKEY* key) {
  thread_local KeyHandle held;
  thread_local KeyContextHandle context;
  if (held.get() == key && context) return context.get();
  static const EVP_MD* const kSha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  held.reset();
  context.reset(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (!context || EVP_PKEY_sign_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_signature_md(context.get(), kSha256) != 1 || EVP_PKEY_up_ref(key) != 1) {
    context.reset();
    return nullptr;
  }
  held.reset(key);
  return context.get();
}

std::size_t sign_digest(EVP_PKEY* key, std::string_view input, Signature& out) {
  static const EVP_MD* const kSha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local const DigestContextHandle hashing(EVP_MD_CTX_new());
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int digest_bytes = 0;
  if (!hashing || EVP_DigestInit_ex2(hashing.get(), kSha256, nullptr) != 1 ||
      EVP_DigestUpdate(hashing.get(), input.data(), input.size()) != 1 ||
      EVP_DigestFinal_ex(hashing.get(), digest.data(), &digest_bytes) != 1) {
    return 0;
  }
  EVP_PKEY_CTX* const context = ready_context(key);
  std::size_t size = out.size();
  const bool made =
      context != nullptr && EVP_PKEY_sign(context, out.data(), &size, digest.data(), digest_bytes) == 1;
  return made ? size : 0;
}

std::size_t sign_ed25519(EVP_PKEY* key, std::string_view input, Signature& out) {
  thread_local const DigestContextHandle context(EVP_MD_CTX_new());
  std::size_t size = out.size();
  const bool made = context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
                    EVP_DigestSign(context.get(), out.data(), &size,
                                   reinterpret_cast<const unsigned char*>(input.data()), input.size()) == 1;
  if (context) EVP_MD_CTX_reset(context.get());
  return made ? size : 0;
}

}  // namespace

bool signs_assertions(Algorithm algorithm) {
  return algorithm == Algorithm::kES256 || algorithm == Algorithm::kEdDSA || algorithm == Algorithm::kRS256;
}

Result<AssertionKey, std::string> AssertionKey::finished(KeyHandle key, Algorithm algorithm,
                                                         std::string_view type) {
  AssertionKey result;
  result.key_ = std::move(key);
  result.algorithm_ = algorithm;
  const std::string members = public_members(result.key_.get(), algorithm);
  if (!members.empty()) result.id_ = sha256_base64url("{" + members + "}");
  if (result.id_.empty()) return Err<std::string>("The thumbprint of the key cannot be computed.");
  const std::string alg(name(algorithm));
  result.public_jwk_ =
      R"({"alg":")" + alg + R"(","kid":")" + result.id_ + R"(","use":"sig",)" + members + "}";
  result.head_ = base64url_encode(R"({"alg":")" + alg + R"(","typ":")" + std::string(type) + R"(","kid":")" +
                                  result.id_ + "\"}") +
                 ".";
  return result;
}

Result<AssertionKey, std::string> AssertionKey::generate(Algorithm algorithm, std::string_view type) {
  const ErrorScope errors;
  KeyHandle key;
  if (algorithm == Algorithm::kES256) key.reset(EVP_EC_gen("P-256"));
  if (algorithm == Algorithm::kRS256) key.reset(EVP_RSA_gen(kRsaBits));
  if (algorithm == Algorithm::kEdDSA) key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (!key) return Err("A key for " + std::string(name(algorithm)) + " cannot be generated.");
  return finished(std::move(key), algorithm, type);
}

Result<AssertionKey, std::string> AssertionKey::from_pem(std::string_view pem, std::string_view type) {
  const ErrorScope errors;
  auto read = read_private_pem(pem);
  if (!read) return Err("The text " + read.error() + ".");
  KeyHandle key = std::move(*read);
  const auto judged = judge_key(key.get());
  if (!judged) return Err(judged.error());
  const auto algorithm = algorithm_of(key.get());
  if (!algorithm || !judged->has(*algorithm)) {
    return Err<std::string>("The private key is none for ES256 (P-256), EdDSA (Ed25519) or RS256.");
  }
  const KeyContextHandle context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!context || EVP_PKEY_pairwise_check(context.get()) != 1) {
    return Err<std::string>("The private key does not belong to its public key.");
  }
  return finished(std::move(key), *algorithm, type);
}

Secret AssertionKey::to_pem() const {
  return private_pem(key_.get());
}

bool AssertionKey::sign(std::string_view claims_json, std::string& out) const {
  const ErrorScope errors;
  const std::size_t begin = out.size();
  out += head_;
  append_base64url(out, claims_json);
  const std::string_view input = std::string_view(out).substr(begin);
  Signature signature;
  std::size_t size = algorithm_ == Algorithm::kEdDSA ? sign_ed25519(key_.get(), input, signature)
                                                     : sign_digest(key_.get(), input, signature);
  if (algorithm_ == Algorithm::kES256) size = to_fixed_width(signature, size);
  if (size == 0) {
    out.resize(begin);
    return false;
  }
  out += '.';
  append_base64url(out, {reinterpret_cast<const char*>(signature.data()), size});
  return true;
}

}  // namespace caponier::jose
