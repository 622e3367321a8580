#include "jose/jwk.h"

#include <openssl/core_names.h>

#include "base/bytes.h"
#include "jose/key_judgement.h"
#include "jose/openssl_handles.h"

namespace caponier::jose {
namespace {

constexpr std::size_t kNumberBytesMax = 1025;  // 8192 bits, and a zero that some issuers put before them
constexpr std::size_t kEd25519Bytes = 32;
constexpr std::size_t kSecretBytesMin = 32;  // RFC 7518 section 3.2, for HS256

std::optional<std::string_view> text_member(json::Value object, std::string_view name) {
  const auto member = object.find(name);
  if (!member || !member->is(json::Kind::kString)) return std::nullopt;
  return member->string();
}

Result<std::string, std::string> bytes_member(json::Value jwk, std::string_view member) {
  const auto text = text_member(jwk, member);
  if (!text) return Err("The member \"" + std::string(member) + "\" is missing or not a string.");
  auto bytes = base64url_decode(*text);
  if (!bytes || bytes->empty()) return Err("The member \"" + std::string(member) + "\" is not base64url.");
  return std::move(*bytes);
}

const unsigned char* unsigned_bytes(const std::string& bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

KeyHandle build_key(const char* type, OSSL_PARAM_BLD* builder) {
  const ParamsHandle params(OSSL_PARAM_BLD_to_param(builder));
  const KeyContextHandle context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return nullptr;
  }
  return KeyHandle(key);
}

Result<KeyHandle, std::string> build_rsa(json::Value jwk) {
  const auto modulus = bytes_member(jwk, "n");
  if (!modulus) return Err(modulus.error());
  const auto exponent = bytes_member(jwk, "e");
  if (!exponent) return Err(exponent.error());
  if (modulus->size() > kNumberBytesMax || exponent->size() > kNumberBytesMax) {
    return Err<std::string>("The RSA key has more than 8192 bits.");
  }
  const NumberHandle n(BN_bin2bn(unsigned_bytes(*modulus), static_cast<int>(modulus->size()), nullptr));
  const NumberHandle e(BN_bin2bn(unsigned_bytes(*exponent), static_cast<int>(exponent->size()), nullptr));
  const ParamBuilderHandle builder(OSSL_PARAM_BLD_new());
  if (!n || !e || !builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return Err<std::string>("The RSA key cannot be built.");
  }
  KeyHandle key = build_key("RSA", builder.get());
  if (!key) return Err<std::string>("The RSA key cannot be built.");
  return key;
}

struct Curve {
  std::string_view name;
  const char* group;
  std::size_t coordinate_bytes;
};
constexpr Curve kCurves[] = {
    {"P-256", "prime256v1", 32}, {"P-384", "secp384r1", 48}, {"P-521", "secp521r1", 66}};

Result<KeyHandle, std::string> build_ec(json::Value jwk) {
  const std::string_view curve_name = text_member(jwk, "crv").value_or("");
  for (const Curve& curve : kCurves) {
    if (curve.name != curve_name) continue;
    const auto x = bytes_member(jwk, "x");
    if (!x) return Err(x.error());
    const auto y = bytes_member(jwk, "y");
    if (!y) return Err(y.error());
    if (x->size() != curve.coordinate_bytes || y->size() != curve.coordinate_bytes) {
      return Err<std::string>("A coordinate has the wrong length for its curve.");
    }
    const std::string point = "\x04" + *x + *y;
    const ParamBuilderHandle builder(OSSL_PARAM_BLD_new());
    if (!builder ||
        OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.group, 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                         point.size()) != 1) {
      return Err<std::string>("The EC key cannot be built.");
    }
    KeyHandle key = build_key("EC", builder.get());
    if (!key) return Err<std::string>("The point is not on the curve.");
    return key;
  }
  return Err<std::string>("The elliptic curve is not P-256, P-384 or P-521.");
}

Result<KeyHandle, std::string> build_okp(json::Value jwk) {
  if (text_member(jwk, "crv") != "Ed25519")
    return Err<std::string>("The curve of the OKP key is not Ed25519.");
  const auto x = bytes_member(jwk, "x");
  if (!x) return Err(x.error());
  if (x->size() != kEd25519Bytes) return Err<std::string>("The Ed25519 key is not a point of 32 bytes.");
  KeyHandle key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, unsigned_bytes(*x), x->size()));
  if (!key) return Err<std::string>("The Ed25519 key cannot be built.");
  return key;
}

// Members that no public signature key has, and what its purpose must be where it is said.
std::optional<std::string> judge_purpose(json::Value jwk) {
  for (std::string_view secret : {"d", "p", "q", "dp", "dq", "qi", "oth"}) {
    if (jwk.find(secret)) return "The key set holds a private key; publish its public half only.";
  }
  if (const auto use = jwk.find("use")) {
    if (!use->is(json::Kind::kString) || use->string() != "sig") return "The key's use is not \"sig\".";
  }
  if (const auto operations = jwk.find("key_ops")) {
    if (!operations->is(json::Kind::kArray)) return "The key's key_ops is not an array.";
    bool verifies = false;
    json::Value operation = operations->first_child();
    for (std::uint32_t i = 0; i < operations->size(); ++i, operation = operation.next_sibling()) {
      verifies = verifies || (operation.is(json::Kind::kString) && operation.string() == "verify");
    }
    if (!verifies) return "The key's key_ops does not hold \"verify\".";
  }
  if (const auto id = jwk.find("kid")) {
    if (!id->is(json::Kind::kString)) return "The key's kid is not a string.";
    if (id->string().size() > kKeyIdBytesMax) return "The key's kid is longer than 256 bytes.";
  }
  return std::nullopt;
}

// No such key is served, whatever its length; a short one is not worth anything elsewhere either.
std::string judge_symmetric(json::Value jwk) {
  const auto secret = bytes_member(jwk, "k");
  const bool too_short = secret && secret->size() < kSecretBytesMin;
  return std::string("The key is symmetric: whoever could verify with it could also sign") +
         (too_short ? ", and with " + std::to_string(secret->size() * 8) + " bits it can be guessed." : ".");
}

Result<KeyHandle, std::string> build(json::Value jwk) {
  const auto type = text_member(jwk, "kty");
  if (!type) return Err<std::string>("The member \"kty\" is missing or not a string.");
  if (*type == "RSA") return build_rsa(jwk);
  if (*type == "EC") return build_ec(jwk);
  if (*type == "OKP") return build_okp(jwk);
  if (*type == "oct") return Err(judge_symmetric(jwk));
  return Err<std::string>("The key's type is not RSA, EC or OKP.");
}

}  // namespace

std::string jwk_id(json::Value jwk) {
  if (!jwk.is(json::Kind::kObject)) return {};
  return std::string(text_member(jwk, "kid").value_or("").substr(0, kKeyIdBytesMax));
}

Result<VerificationKey, std::string> read_jwk(json::Value jwk) {
  const ErrorScope errors;
  if (!jwk.is(json::Kind::kObject)) return Err<std::string>("The key is not an object.");
  if (auto objection = judge_purpose(jwk)) return Err(std::move(*objection));
  auto key = build(jwk);
  if (!key) return Err(key.error());
  const auto possible = judge_key(key->get());
  if (!possible) return Err(possible.error());

  VerificationKey result{jwk_id(jwk), std::move(*key), *possible};
  if (const auto alg = jwk.find("alg")) {
    const auto only = alg->is(json::Kind::kString) ? parse_algorithm(alg->string()) : std::nullopt;
    if (!only || !possible->has(*only)) {
      return Err<std::string>("The key's alg is not a served signature algorithm of its type.");
    }
    result.algorithms = AlgorithmSet{};
    result.algorithms.add(*only);
  }
  return result;
}

}  // namespace caponier::jose
