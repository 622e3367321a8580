#include "jose/private_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>

#include "jose/test_keys.h"
#include "jose/token.h"

namespace caponier::jose {
namespace {

using testing::HasSubstr;

// PKCS #8, as the tools write it.
std::string pem_of(EVP_PKEY* key) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

TEST(PrivateKey, signs_by_the_algorithm_of_its_type_what_its_public_half_verifies) {
  struct Row {
    KeyHandle key;
    std::string_view algorithm;
  };
  Row rows[] = {{test::make_ec("P-256"), "ES256"},
                {test::make_ec("P-384"), "ES384"},
                {test::make_ec("P-521"), "ES512"},
                {test::make_rsa(2048), "RS256"},
                {test::make_ed25519(), "EdDSA"}};
  for (const Row& row : rows) {
    auto key = PrivateKey::from_pem(pem_of(row.key.get()));
    ASSERT_TRUE(key) << row.algorithm << ' ' << key.error();
    EXPECT_EQ(name(key->algorithm()), row.algorithm);
    const auto token = key->sign("JWT", "k\"1", R"({"iss":"me"})");
    ASSERT_TRUE(token) << token.error();
    const auto keys =
        parse_key_set(R"({"keys":[)" + test::jwk(row.key.get(), R"(,"kid":"k\"1")") + "]}", TokenLimits());
    ASSERT_TRUE(keys) << keys.error();
    const auto parsed = parse_token(*token, TokenLimits());
    ASSERT_TRUE(parsed) << row.algorithm;
    EXPECT_EQ(parsed->key_id, "k\"1");
    EXPECT_EQ(verify_signature(*parsed, all_algorithms(), keys->keys.front()), std::nullopt) << row.algorithm;
  }
}

TEST(PrivateKey, that_is_weak_or_none_is_refused) {
  struct Row {
    std::string text, says;
  };
  for (const Row& row :
       {Row{"", "not an unencrypted PEM"}, Row{pem_of(test::make_rsa(1024).get()), "not used"},
        Row{std::string(65 * 1024, 'x'), "64 KiB"}}) {
    const auto key = PrivateKey::from_pem(row.text);
    ASSERT_FALSE(key);
    EXPECT_THAT(key.error(), HasSubstr(row.says));
  }
}

}  // namespace
}  // namespace caponier::jose
