#include "jose/key_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>

#include "jose/test_keys.h"
#include "jose/test_roca.h"

namespace caponier::jose {
namespace {

using testing::HasSubstr;

EVP_PKEY* good() {
  static const KeyHandle key = test::make_ec("P-256");
  return key.get();
}

EVP_PKEY* good_rsa() {
  static const KeyHandle key = test::make_rsa(2048);
  return key.get();
}

std::string set_of(const std::string& jwks) {
  return R"({"keys":[)" + jwks + "]}";
}

std::string rsa_jwk(std::string_view n, std::string_view e) {
  return R"({"kty":"RSA","n":")" + base64url_encode(n) + R"(","e":")" + base64url_encode(e) +
         R"(","kid":"bad"})";
}

std::string ec_jwk(const char* curve, const std::string& x, const std::string& y) {
  return R"({"kty":"EC","crv":")" + std::string(curve) + R"(","x":")" + base64url_encode(x) + R"(","y":")" +
         base64url_encode(y) + R"(","kid":"bad"})";
}

std::string okp_jwk(const std::string& x) {
  return R"({"kty":"OKP","crv":"Ed25519","kid":"bad","x":")" + base64url_encode(x) + "\"}";
}

struct BadKey {
  const char* what;
  std::string jwk;
  const char* reason;
};

std::vector<BadKey> bad_keys() {
  const std::string n(test::param_bytes(good_rsa(), OSSL_PKEY_PARAM_RSA_N, 0));
  const std::string e("\x01\x00\x01", 3);
  const std::string x = test::param_bytes(good(), OSSL_PKEY_PARAM_EC_PUB_X, 32);
  const std::string y = test::param_bytes(good(), OSSL_PKEY_PARAM_EC_PUB_Y, 32);
  std::string off_curve = y;
  off_curve[31] = static_cast<char>(off_curve[31] ^ 1);
  const std::string big_odd = "\xff" + std::string(1023, '\xff');
  return {
      {"rsa of 2047 bits", rsa_jwk("\x7f" + std::string(255, '\xff'), e), "2047 bits"},
      {"rsa of 1024 bits", rsa_jwk(std::string(128, '\xff'), e), "1024 bits"},
      {"rsa above 8192 bits", rsa_jwk("\x01" + big_odd, e), "8193 bits"},
      {"rsa far above 8192 bits", rsa_jwk(std::string(5000, '\xff'), e), "8192 bits"},
      {"rsa exponent 3", rsa_jwk(n, "\x03"), "exponent"},
      {"rsa exponent 1", rsa_jwk(n, "\x01"), "exponent"},
      {"rsa exponent 65535", rsa_jwk(n, "\xff\xff"), "exponent"},
      {"rsa exponent even", rsa_jwk(n, std::string("\x01\x00\x02", 3)), "exponent"},
      {"rsa exponent of 33 bits", rsa_jwk(n, std::string("\x01\x00\x00\x00\x01", 5)), "exponent"},
      {"rsa of the library of cve-2017-15361", rsa_jwk(test::vulnerable_modulus(), e), "CVE-2017-15361"},
      {"rsa modulus even", rsa_jwk(n.substr(0, 255) + '\0', e), "even"},
      {"rsa without exponent", R"({"kty":"RSA","n":"AQAB"})", "\"e\""},
      {"ec point off the curve", ec_jwk("P-256", x, off_curve), "not on the curve"},
      {"ec point at zero", ec_jwk("P-256", std::string(32, '\0'), std::string(32, '\0')), "not on the curve"},
      {"ec coordinate of the field size", ec_jwk("P-256", std::string(32, '\xff'), y), "not on the curve"},
      {"ec coordinate short", ec_jwk("P-256", x.substr(1), y), "wrong length"},
      {"ec coordinate long", ec_jwk("P-256", '\0' + x, y), "wrong length"},
      {"ec curve of another key", ec_jwk("P-384", x, y), "wrong length"},
      {"ec curve secp256k1", ec_jwk("secp256k1", x, y), "not P-256"},
      {"okp x25519", R"({"kty":"OKP","crv":"X25519","x":"AAAA"})", "not Ed25519"},
      {"okp ed448", R"({"kty":"OKP","crv":"Ed448","x":"AAAA"})", "not Ed25519"},
      {"okp of 31 bytes", okp_jwk(std::string(31, 'a')), "32 bytes"},
      {"okp zero", okp_jwk(std::string(32, '\0')), "small order"},
      {"okp neutral element", okp_jwk('\1' + std::string(31, '\0')), "small order"},
      {"okp of order eight, other sign",
       okp_jwk(*from_hex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa")), "small order"},
      {"symmetric", R"({"kty":"oct","k":")" + base64url_encode(std::string(32, 's')) + "\"}",
       "could also sign."},
      {"symmetric and short", R"({"kty":"oct","k":")" + base64url_encode(std::string(31, 's')) + "\"}",
       "with 248 bits it can be guessed"},
      {"private", test::jwk(good(), R"(,"d":"AAAA")"), "private key"},
      {"private rsa prime", test::jwk(good_rsa(), R"(,"p":"AAAA")"), "private key"},
      {"use enc", test::jwk(good(), R"(,"use":"enc")"), "use"},
      {"use number", test::jwk(good(), R"(,"use":1)"), "use"},
      {"key_ops without verify", test::jwk(good(), R"(,"key_ops":["encrypt"])"), "key_ops"},
      {"key_ops text", test::jwk(good(), R"(,"key_ops":"verify")"), "key_ops"},
      {"kid number", test::jwk(good(), R"(,"kid":1)"), "kid"},
      {"kid of 257 bytes", test::jwk(good(), R"(,"kid":")" + std::string(257, 'k') + "\""), "kid"},
      {"alg of another type", test::jwk(good(), R"(,"alg":"RS256")"), "alg"},
      {"alg of another curve", test::jwk(good(), R"(,"alg":"ES384")"), "alg"},
      {"alg of encryption", test::jwk(good_rsa(), R"(,"alg":"RSA-OAEP")"), "alg"},
      {"alg hs256 on an rsa key", test::jwk(good_rsa(), R"(,"alg":"HS256")"), "alg"},
      {"unknown kty", R"({"kty":"XYZ"})", "type"},
      {"no kty", "{}", "\"kty\""},
      {"no object", "7", "object"},
      {"padded base64", R"({"kty":"OKP","crv":"Ed25519","x":"AAAA="})", "base64url"},
  };
}

TEST(KeySet, bad_keys_are_refused_by_name_and_the_rest_is_used) {
  for (const BadKey& bad : bad_keys()) {
    const auto set = parse_key_set(set_of(bad.jwk + "," + test::jwk(good(), R"(,"kid":"good")")), {});
    ASSERT_TRUE(set) << bad.what;
    ASSERT_EQ(set->keys.size(), 1U) << bad.what;
    EXPECT_EQ(set->keys[0].id, "good");
    ASSERT_EQ(set->refused.size(), 1U) << bad.what;
    EXPECT_THAT(set->refused[0].reason, HasSubstr(bad.reason)) << bad.what;
    EXPECT_FALSE(set->refused[0].id.empty()) << bad.what;
  }
}

TEST(KeySet, keys_at_the_bounds_are_used) {
  const std::string e("\x01\x00\x01", 3);
  const std::string big_odd = std::string(1024, '\xff');
  const std::string n(test::param_bytes(good_rsa(), OSSL_PKEY_PARAM_RSA_N, 0));
  for (const std::string& jwk :
       {rsa_jwk(big_odd, e), rsa_jwk('\0' + n, e), rsa_jwk(n, "\xff\xff\xff\xff"), test::jwk(good_rsa(), ""),
        test::jwk(good(), R"(,"kid":")" + std::string(256, 'k') + "\""),
        test::jwk(good(), R"(,"key_ops":["verify"],"use":"sig","alg":"ES256","x5c":["AAAA"])")}) {
    const auto set = parse_key_set(set_of(jwk), {});
    EXPECT_TRUE(set) << set.error();
  }
}

TEST(KeySet, keys_that_share_a_kid_are_all_refused) {
  const std::string shared =
      test::jwk(good(), R"(,"kid":"a")") + "," + test::jwk(good_rsa(), R"(,"kid":"a")");
  const auto set = parse_key_set(set_of(shared + "," + test::jwk(good(), R"(,"kid":"b")")), {});
  ASSERT_TRUE(set);
  ASSERT_EQ(set->keys.size(), 1U);
  EXPECT_EQ(set->keys[0].id, "b");
  EXPECT_EQ(set->refused.size(), 2U);
  EXPECT_FALSE(parse_key_set(set_of(shared), {}).ok());
}

// A verifier that knew both kinds could be made to use the public key as a secret.
TEST(KeySet, secrets_mixed_among_public_keys_are_refused_and_leave_the_kid_to_the_public_key) {
  const std::string secret =
      R"({"kty":"oct","kid":"a","alg":"HS256","k":")" + base64url_encode(std::string(32, 's')) + "\"}";
  const auto set = parse_key_set(set_of(secret + "," + test::jwk(good(), R"(,"kid":"a")")), {});
  ASSERT_TRUE(set) << set.error();
  ASSERT_EQ(set->keys.size(), 1U);
  EXPECT_EQ(set->find("a", Algorithm::kES256), set->keys.data());
  ASSERT_EQ(set->refused.size(), 1U);
  EXPECT_EQ(set->refused[0].id, "a");
  EXPECT_EQ(set->refused[0].index, 0U);
}

TEST(KeySet, an_unusable_document_is_an_error_with_a_sentence) {
  for (const char* text : {"", "x", "[]", "{}", R"({"keys":{}})", R"({"keys":[]})",
                           R"({"keys":[],"keys":[]})", R"({"keys":[{"kty":"oct"}]})"}) {
    const auto set = parse_key_set(text, {});
    ASSERT_FALSE(set) << text;
    EXPECT_TRUE(set.error().ends_with('.')) << set.error();
  }
}

TEST(KeySet, limits_hold_at_the_limit_and_break_one_past_it) {
  TokenLimits limits;
  limits.keys_per_set_max = 2;
  const std::string key = test::jwk(good(), "");
  EXPECT_TRUE(parse_key_set(set_of(key + "," + key), limits).ok());
  EXPECT_FALSE(parse_key_set(set_of(key + "," + key + "," + key), limits).ok());
  limits = TokenLimits{};
  limits.key_set_bytes_max = static_cast<std::uint32_t>(set_of(key).size());
  EXPECT_TRUE(parse_key_set(set_of(key), limits).ok());
  limits.key_set_bytes_max -= 1;
  EXPECT_FALSE(parse_key_set(set_of(key), limits).ok());
}

TEST(KeySet, a_token_finds_the_one_key_that_it_can_mean) {
  const KeyHandle ed = test::make_ed25519();
  const auto set = parse_key_set(set_of(test::jwk(good(), R"(,"kid":"a")") + "," + test::jwk(good_rsa(), "") +
                                        "," + test::jwk(ed.get(), R"(,"kid":"e","alg":"EdDSA")")),
                                 {});
  ASSERT_TRUE(set);
  EXPECT_EQ(set->find("a", Algorithm::kES256)->id, "a");
  EXPECT_EQ(set->find("a", Algorithm::kRS256)->id, "a");  // the algorithm is refused when it is verified
  EXPECT_EQ(set->find("", Algorithm::kES256)->id, "a");
  EXPECT_EQ(set->find("", Algorithm::kEdDSA)->id, "e");
  EXPECT_EQ(set->find("", Algorithm::kES384), nullptr);
  EXPECT_EQ(set->find("other", Algorithm::kES256), nullptr);
  EXPECT_EQ(set->find("other", Algorithm::kRS256)->id, "");
}

std::string pem_of(EVP_PKEY* key, bool is_private) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  if (is_private) {
    PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  } else {
    PEM_write_bio_PUBKEY(bio.get(), key);
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

std::string certificate_of(EVP_PKEY* key) {
  const CertificateHandle certificate(X509_new());
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 60);
  X509_set_pubkey(certificate.get(), key);
  X509_sign(certificate.get(), key, EVP_sha256());
  const BioHandle bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

TEST(PemKey, a_public_key_or_a_certificate_is_read) {
  const KeyHandle ed = test::make_ed25519();
  for (EVP_PKEY* key : {good(), good_rsa(), ed.get()}) {
    const auto set = parse_pem_key(pem_of(key, false));
    ASSERT_TRUE(set) << set.error();
    EXPECT_EQ(set->keys.size(), 1U);
  }
  const auto set = parse_pem_key(certificate_of(good()));
  ASSERT_TRUE(set) << set.error();
  EXPECT_TRUE(set->keys[0].algorithms.has(Algorithm::kES256));
  EXPECT_FALSE(set->keys[0].algorithms.has(Algorithm::kRS256));
  EXPECT_NE(set->find("any-kid", Algorithm::kES256), nullptr);
}

TEST(PemKey, everything_else_is_refused_with_a_sentence) {
  const KeyHandle weak = test::make_rsa(1024);
  const KeyHandle koblitz = test::make_ec("secp256k1");
  const std::string pem = pem_of(good(), false);
  for (const std::string& text :
       {std::string(), std::string("x"), pem + pem, pem_of(good(), true), pem_of(weak.get(), false),
        pem_of(koblitz.get(), false), pem.substr(0, 60), std::string(64 * 1024 + 1, ' ')}) {
    const auto set = parse_pem_key(text);
    ASSERT_FALSE(set) << text;
    EXPECT_TRUE(set.error().ends_with('.')) << set.error();
  }
}

}  // namespace
}  // namespace caponier::jose
