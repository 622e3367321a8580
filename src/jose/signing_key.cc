#include "jose/signing_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>

#include "base/bytes.h"
#include "jose/key_judgement.h"
#include "jose/openssl_handles.h"

namespace caponier::jose {
namespace {

constexpr int kCoordinateBytes = 32;
constexpr std::size_t kPemBytesMax = 64 * 1024;
using SignatureHandle = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;

// Fixed width, big-endian; empty if it does not fit.
std::string number_bytes(const BIGNUM* number) {
  std::string bytes(kCoordinateBytes, '\0');
  if (BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), kCoordinateBytes) !=
      kCoordinateBytes) {
    return {};
  }
  return bytes;
}

std::string coordinate(EVP_PKEY* key, const char* param) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, param, &number) != 1) return {};
  const NumberHandle owner(number);
  return base64url_encode(number_bytes(number));
}

// The members that RFC 7638 hashes, in its order.
std::string public_members(EVP_PKEY* key) {
  return R"("crv":"P-256","kty":"EC","x":")" + coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X) + R"(","y":")" +
         coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y) + '"';
}

std::string thumbprint(EVP_PKEY* key) {
  const std::string text = "{" + public_members(key) + "}";
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr) != 1) return {};
  return base64url_encode({reinterpret_cast<const char*>(digest), size});
}

// OpenSSL would ask the terminal for the pass phrase of an encrypted key.
int no_pass_phrase(char*, int, int, void*) {
  return -1;
}

}  // namespace

Result<SigningKey, std::string> SigningKey::generate() {
  const ErrorScope errors;
  SigningKey result;
  result.key_.reset(EVP_EC_gen("P-256"));
  if (!result.key_) return Err<std::string>("A P-256 key cannot be generated.");
  result.id_ = thumbprint(result.key_.get());
  if (result.id_.empty()) return Err<std::string>("The thumbprint of the key cannot be computed.");
  return result;
}

Result<SigningKey, std::string> SigningKey::from_pem(std::string_view pem) {
  const ErrorScope errors;
  if (pem.size() > kPemBytesMax) return Err<std::string>("The PEM text is longer than 64 KiB.");
  const BioHandle bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  SigningKey result;
  if (bio) result.key_.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr));
  if (!result.key_) return Err<std::string>("The text is not an unencrypted PEM private key.");
  const auto algorithms = judge_key(result.key_.get());
  if (!algorithms) return Err(algorithms.error());
  if (!algorithms->has(Algorithm::kES256)) return Err<std::string>("The private key is not a P-256 key.");
  const KeyContextHandle context(EVP_PKEY_CTX_new_from_pkey(nullptr, result.key_.get(), nullptr));
  if (!context || EVP_PKEY_pairwise_check(context.get()) != 1) {
    return Err<std::string>("The private key does not belong to its public key.");
  }
  result.id_ = thumbprint(result.key_.get());
  if (result.id_.empty()) return Err<std::string>("The thumbprint of the key cannot be computed.");
  return result;
}

Secret SigningKey::to_pem() const {
  const ErrorScope errors;
  const BioHandle bio(BIO_new(BIO_s_secmem()));
  if (!bio ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return {};
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return Secret(std::string(text, static_cast<std::size_t>(size)));
}

std::string SigningKey::public_key_set() const {
  return R"({"keys":[{"alg":"ES256",)" + public_members(key_.get()) + R"(,"kid":")" + id_ +
         R"(","use":"sig"}]})";
}

Result<std::string, std::string> SigningKey::sign(std::string_view claims_json) const {
  const ErrorScope errors;
  const std::string header = R"({"alg":"ES256","typ":"at+jwt","kid":")" + id_ + "\"}";
  std::string token = base64url_encode(header) + "." + base64url_encode(claims_json);

  const DigestContextHandle context(EVP_MD_CTX_new());
  std::string der(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())), '\0');
  std::size_t size = der.size();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(der.data()), &size,
                     reinterpret_cast<const unsigned char*>(token.data()), token.size()) != 1) {
    return Err<std::string>("The token cannot be signed.");
  }
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const SignatureHandle signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
  if (!signature) return Err<std::string>("The token cannot be signed.");
  const std::string raw =
      number_bytes(ECDSA_SIG_get0_r(signature.get())) + number_bytes(ECDSA_SIG_get0_s(signature.get()));
  if (raw.size() != 2 * kCoordinateBytes) return Err<std::string>("The token cannot be signed.");
  return token + "." + base64url_encode(raw);
}

}  // namespace caponier::jose
