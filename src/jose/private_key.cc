#include "jose/private_key.h"

#include <openssl/ec.h>

#include "base/bytes.h"
#include "jose/key_judgement.h"
#include "jose/openssl_handles.h"
#include "jose/private_pem.h"
#include "json/write.h"

namespace caponier::jose {
namespace {

using SignatureHandle = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;

// How an algorithm hashes, and how many bytes r and s have (RFC 7518, section 3.4); 0: the signature stands
// as OpenSSL makes it.
struct Way {
  Algorithm algorithm;
  const EVP_MD* (*digest)();
  int integer_bytes;
};
constexpr Way kWays[] = {{Algorithm::kES256, EVP_sha256, 32},
                         {Algorithm::kES384, EVP_sha384, 48},
                         {Algorithm::kES512, EVP_sha512, 66},
                         {Algorithm::kRS256, EVP_sha256, 0},
                         {Algorithm::kEdDSA, nullptr, 0}};

std::string fixed_width(const BIGNUM* number, int bytes) {
  std::string out(static_cast<std::size_t>(bytes), '\0');
  if (BN_bn2binpad(number, reinterpret_cast<unsigned char*>(out.data()), bytes) != bytes) return {};
  return out;
}

// r || s; empty if it is no such signature.
std::string to_raw(const std::string& der, int integer_bytes) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const SignatureHandle signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (!signature) return {};
  return fixed_width(ECDSA_SIG_get0_r(signature.get()), integer_bytes) +
         fixed_width(ECDSA_SIG_get0_s(signature.get()), integer_bytes);
}

std::string member(std::string_view name, std::string_view value) {
  if (value.empty()) return {};
  std::string text = ",\"" + std::string(name) + "\":";
  json::append_string(text, value);
  return text;
}

}  // namespace

Result<PrivateKey, std::string> PrivateKey::from_pem(std::string_view pem) {
  const ErrorScope errors;
  auto key = read_private_pem(pem);
  if (!key) return Err(key.error());
  PrivateKey result;
  result.key_ = std::move(*key);
  const auto algorithms = judge_key(result.key_.get());
  if (!algorithms) return Err("is not used: " + algorithms.error());
  for (const Way& way : kWays) {
    if (!algorithms->has(way.algorithm)) continue;
    result.algorithm_ = way.algorithm;
    return result;
  }
  return Err<std::string>("is of a type that signs nothing here");
}

Result<std::string, std::string> PrivateKey::sign(std::string_view type, std::string_view key_id,
                                                  std::string_view claims_json) const {
  const ErrorScope errors;
  const Way* way = kWays;
  while (way->algorithm != algorithm_) ++way;
  const std::string header =
      R"({"alg":")" + std::string(name(algorithm_)) + '"' + member("typ", type) + member("kid", key_id) + "}";
  std::string token = base64url_encode(header) + "." + base64url_encode(claims_json);
  const DigestContextHandle context(EVP_MD_CTX_new());
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())), '\0');
  std::size_t size = signature.size();
  const EVP_MD* const digest = way->digest == nullptr ? nullptr : way->digest();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     reinterpret_cast<const unsigned char*>(token.data()), token.size()) != 1) {
    return Err<std::string>("cannot sign");
  }
  signature.resize(size);
  if (way->integer_bytes != 0) signature = to_raw(signature, way->integer_bytes);
  if (signature.empty()) return Err<std::string>("cannot sign");
  return token + "." + base64url_encode(signature);
}

}  // namespace caponier::jose
