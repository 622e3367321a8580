#include "jose/signing_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>

#include "jose/test_keys.h"
#include "jose/token.h"

namespace caponier::jose {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(SigningKey, its_tokens_verify_under_its_published_keys) {
  const auto key = SigningKey::generate();
  ASSERT_TRUE(key);
  const auto set = parse_key_set(key->public_key_set(), {});
  ASSERT_TRUE(set) << set.error();
  EXPECT_THAT(key->public_key_set(), Not(HasSubstr("\"d\"")));
  for (int i = 0; i < 50; ++i) {
    const auto token = key->sign(R"({"iss":"dev","sub":"alice","exp":2000})");
    ASSERT_TRUE(token);
    const auto parsed = parse_token(*token, {});
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->key_id, key->id());
    const VerificationKey* found = set->find(parsed->key_id, parsed->algorithm);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(verify_signature(*parsed, default_algorithms(), *found), std::nullopt);
    EXPECT_EQ(read_claims(*parsed, {})->subject(), "alice");
  }
}

TEST(SigningKey, it_comes_back_from_its_pem) {
  const auto key = SigningKey::generate();
  ASSERT_TRUE(key);
  const Secret pem = key->to_pem();
  EXPECT_TRUE(pem.reveal().starts_with("-----BEGIN PRIVATE KEY-----"));
  const auto back = SigningKey::from_pem(pem.reveal());
  ASSERT_TRUE(back) << back.error();
  EXPECT_EQ(back->id(), key->id());
  EXPECT_EQ(back->public_key_set(), key->public_key_set());
}

TEST(SigningKey, two_keys_differ) {
  EXPECT_NE(SigningKey::generate()->id(), SigningKey::generate()->id());
}

std::string private_pem(EVP_PKEY* key, const EVP_CIPHER* cipher) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  char pass_phrase[] = "secret";
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key, cipher, cipher != nullptr ? pass_phrase : nullptr,
                                cipher != nullptr ? 6 : 0, nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

TEST(SigningKey, other_keys_are_refused_with_a_sentence) {
  const KeyHandle p256 = test::make_ec("P-256");
  const KeyHandle p384 = test::make_ec("P-384");
  const KeyHandle ed = test::make_ed25519();
  for (const std::string& pem :
       {std::string(), std::string("x"), private_pem(p384.get(), nullptr), private_pem(ed.get(), nullptr),
        private_pem(p256.get(), EVP_aes_128_cbc()), std::string(64 * 1024 + 1, ' ')}) {
    const auto key = SigningKey::from_pem(pem);
    ASSERT_FALSE(key);
    EXPECT_TRUE(key.error().ends_with('.')) << key.error();
  }
}

TEST(Algorithm, names_read_back_and_are_exact) {
  for (int i = 0; i < kAlgorithmCount; ++i) {
    const auto algorithm = static_cast<Algorithm>(i);
    EXPECT_EQ(parse_algorithm(name(algorithm)), algorithm);
  }
  for (const char* text :
       {"", "none", "None", "HS256", "HS512", "es256", "ES256 ", "ES256K", "RSA-OAEP", "EdDSA2"}) {
    EXPECT_EQ(parse_algorithm(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace caponier::jose
