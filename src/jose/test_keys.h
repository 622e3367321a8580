// Keys and tokens for the tests of this room: signs anything, also what no honest issuer would.
#pragma once

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "jose/key_set.h"
#include "jose/openssl_handles.h"

namespace caponier::jose::test {

inline std::string param_bytes(EVP_PKEY* key, const char* param, int width) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, param, &number) != 1) return {};
  const NumberHandle owner(number);
  if (width == 0) width = BN_num_bytes(number);
  std::string bytes(static_cast<std::size_t>(width), '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), width);
  return bytes;
}

inline KeyHandle make_rsa(unsigned bits) {
  return KeyHandle(EVP_RSA_gen(bits));
}
inline KeyHandle make_ec(const char* curve) {
  return KeyHandle(EVP_EC_gen(curve));
}
inline KeyHandle make_ed25519() {
  return KeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}

inline int coordinate_width(EVP_PKEY* key) {
  return (EVP_PKEY_get_bits(key) + 7) / 8;
}

// {"kty":...} with the public members, and `more` (",\"kid\":\"a\"") appended.
inline std::string jwk(EVP_PKEY* key, const std::string& more) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      return R"({"kty":"RSA","n":")" + base64url_encode(param_bytes(key, OSSL_PKEY_PARAM_RSA_N, 0)) +
             R"(","e":")" + base64url_encode(param_bytes(key, OSSL_PKEY_PARAM_RSA_E, 0)) + "\"" + more + "}";
    case EVP_PKEY_EC: {
      const int width = coordinate_width(key);
      const std::string curve = width == 32 ? "P-256" : width == 48 ? "P-384" : "P-521";
      return R"({"kty":"EC","crv":")" + curve + R"(","x":")" +
             base64url_encode(param_bytes(key, OSSL_PKEY_PARAM_EC_PUB_X, width)) + R"(","y":")" +
             base64url_encode(param_bytes(key, OSSL_PKEY_PARAM_EC_PUB_Y, width)) + "\"" + more + "}";
    }
    default: {
      std::string point(32, '\0');
      std::size_t size = point.size();
      EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(point.data()), &size);
      return R"({"kty":"OKP","crv":"Ed25519","x":")" + base64url_encode(point) + "\"" + more + "}";
    }
  }
}

// The signature of OpenSSL, which for EC keys is DER.
inline std::string sign_raw(EVP_PKEY* key, std::string_view text, const EVP_MD* digest,
                            int pss_salt_bytes = -1) {
  const DigestContextHandle context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;
  EVP_DigestSignInit(context.get(), &key_context, digest, nullptr, key);
  if (pss_salt_bytes >= 0) {
    EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, pss_salt_bytes);
  }
  std::size_t size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size());
  std::string signature(size, '\0');
  EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                 text.size());
  signature.resize(size);
  return signature;
}

inline std::string der_to_raw(const std::string& der, int width) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>> signature(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  std::string raw(static_cast<std::size_t>(2 * width), '\0');
  auto* out = reinterpret_cast<unsigned char*>(raw.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out, width);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out + width, width);
  return raw;
}

inline const EVP_MD* digest_for(std::string_view algorithm) {
  if (algorithm == "EdDSA") return nullptr;
  if (algorithm.ends_with("384")) return EVP_sha384();
  return algorithm.ends_with("512") ? EVP_sha512() : EVP_sha256();
}

inline std::string sign_as(EVP_PKEY* key, std::string_view text, std::string_view algorithm) {
  const EVP_MD* digest = digest_for(algorithm);
  const bool pss = algorithm.starts_with("PS");
  std::string signature = sign_raw(key, text, digest, pss ? EVP_MD_get_size(digest) : -1);
  return algorithm.starts_with("ES") ? der_to_raw(signature, coordinate_width(key)) : signature;
}

inline std::string signing_input(std::string_view header, std::string_view payload) {
  return base64url_encode(header) + "." + base64url_encode(payload);
}

inline std::string make_token(EVP_PKEY* key, std::string_view algorithm, std::string_view header,
                              std::string_view payload) {
  const std::string input = signing_input(header, payload);
  return input + "." + base64url_encode(sign_as(key, input, algorithm));
}

}  // namespace caponier::jose::test
