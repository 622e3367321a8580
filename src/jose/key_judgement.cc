#include "jose/key_judgement.h"

#include <openssl/core_names.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/canary.h"
#include "jose/openssl_handles.h"
#include "jose/roca.h"

namespace caponier::jose {
namespace {

constexpr int kRsaBitsMin = 2048;
constexpr int kRsaBitsMax = 8192;  // verification time grows with the square
constexpr unsigned long kExponentMin = 65537;
constexpr int kExponentBitsMax = 32;

NumberHandle number_param(EVP_PKEY* key, const char* param) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, param, &number) != 1) return nullptr;
  return NumberHandle(number);
}

Result<AlgorithmSet, std::string> judge_rsa(EVP_PKEY* key) {
  const NumberHandle modulus = number_param(key, OSSL_PKEY_PARAM_RSA_N);
  const NumberHandle exponent = number_param(key, OSSL_PKEY_PARAM_RSA_E);
  if (!modulus || !exponent) return Err<std::string>("The RSA key has no modulus or no exponent.");
  const int bits = BN_num_bits(modulus.get());
  if (bits < kRsaBitsMin && !canary("rsa-short"))
    return Err("The RSA key has " + std::to_string(bits) + " bits; at least 2048 are required.");
  if (bits > kRsaBitsMax)
    return Err("The RSA key has " + std::to_string(bits) + " bits; at most 8192 are served.");
  if (!BN_is_odd(modulus.get())) return Err<std::string>("The RSA modulus is even.");
  if (BN_num_bits(exponent.get()) > kExponentBitsMax || BN_get_word(exponent.get()) < kExponentMin) {
    return Err<std::string>("The RSA exponent is not between 65537 and 2^32.");
  }
  if (!BN_is_odd(exponent.get())) return Err<std::string>("The RSA exponent is even.");
  if (has_roca_fingerprint(modulus.get())) {
    return Err<std::string>(
        "The RSA key was made by a library whose private keys can be computed (ROCA, CVE-2017-15361).");
  }
  AlgorithmSet algorithms;
  for (Algorithm algorithm : {Algorithm::kRS256, Algorithm::kRS384, Algorithm::kRS512, Algorithm::kPS256,
                              Algorithm::kPS384, Algorithm::kPS512}) {
    algorithms.add(algorithm);
  }
  return algorithms;
}

Result<AlgorithmSet, std::string> judge_ec(EVP_PKEY* key) {
  char group[80] = {};
  std::size_t length = 0;
  if (EVP_PKEY_get_group_name(key, group, sizeof group, &length) != 1) {
    return Err<std::string>("The elliptic curve has no name.");
  }
  const KeyContextHandle context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (!context || EVP_PKEY_public_check(context.get()) != 1) {
    return Err<std::string>("The point is not on the curve.");
  }
  const std::string_view curve(group, length);
  AlgorithmSet algorithms;
  if (curve == "prime256v1" || curve == "P-256") {
    algorithms.add(Algorithm::kES256);
  } else if (curve == "secp384r1" || curve == "P-384") {
    algorithms.add(Algorithm::kES384);
  } else if (curve == "secp521r1" || curve == "P-521") {
    algorithms.add(Algorithm::kES512);
  } else {
    return Err<std::string>("The elliptic curve is not P-256, P-384 or P-521.");
  }
  return algorithms;
}

using Point = std::array<unsigned char, 32>;

constexpr Point filled_point(unsigned char first, unsigned char between, unsigned char last) {
  Point point{};
  for (auto& byte : point) byte = between;
  point.front() = first;
  point.back() = last;
  return point;
}

// The y coordinates of the points of Ed25519 whose order divides eight, with their non-canonical spellings.
// Under such a key a signature says nothing.
constexpr Point kSmallOrder[] = {
    filled_point(0x00, 0x00, 0x00),
    filled_point(0x01, 0x00, 0x00),
    filled_point(0xEC, 0xFF, 0x7F),
    filled_point(0xED, 0xFF, 0x7F),
    filled_point(0xEE, 0xFF, 0x7F),
    {0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0,
     0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05},
    {0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F,
     0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A},
};

Result<AlgorithmSet, std::string> judge_ed25519(EVP_PKEY* key) {
  Point point{};
  std::size_t length = point.size();
  if (EVP_PKEY_get_raw_public_key(key, point.data(), &length) != 1 || length != point.size()) {
    return Err<std::string>("The Ed25519 key is not a point of 32 bytes.");
  }
  point.back() &= 0x7F;  // the sign of x
  if (std::find(std::begin(kSmallOrder), std::end(kSmallOrder), point) != std::end(kSmallOrder)) {
    return Err<std::string>("The Ed25519 key is a point of small order.");
  }
  AlgorithmSet algorithms;
  algorithms.add(Algorithm::kEdDSA);
  return algorithms;
}

}  // namespace

Result<AlgorithmSet, std::string> judge_key(EVP_PKEY* key) {
  const ErrorScope errors;
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      return judge_rsa(key);
    case EVP_PKEY_EC:
      return judge_ec(key);
    case EVP_PKEY_ED25519:
      return judge_ed25519(key);
    default:
      return Err<std::string>("The key's type is not RSA, EC or Ed25519.");
  }
}

}  // namespace caponier::jose
