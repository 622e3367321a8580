#include "jose/assertion_key.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "jose/token.h"

namespace caponier::jose {
namespace {

class AssertionKeys : public testing::TestWithParam<Algorithm> {};

// What a backend does: by the published key, and by nothing else.
std::optional<TokenError> verdict_on(const std::string& token, const std::string& jwk) {
  const auto set = parse_key_set("{\"keys\":[" + jwk + "]}", TokenLimits());
  EXPECT_TRUE(set.ok()) << set.error();
  const auto parsed = parse_signed_text(token, TokenLimits());
  EXPECT_TRUE(parsed.ok());
  if (!set.ok() || !parsed.ok()) return TokenError::kMalformed;
  const VerificationKey* key = set->find(parsed->key_id, parsed->algorithm);
  if (key == nullptr) return TokenError::kUnknownKey;
  return verify_signature(*parsed, all_algorithms(), *key);
}

TEST_P(AssertionKeys, sign_what_their_published_half_verifies) {
  const auto key = AssertionKey::generate(GetParam());
  ASSERT_TRUE(key.ok()) << key.error();
  EXPECT_EQ(key->algorithm(), GetParam());
  for (int i = 0; i < 200; ++i) {  // integers with leading zeros among them
    std::string token = "before ";
    ASSERT_TRUE(key->sign(R"({"sub":"alice","n":)" + std::to_string(i) + "}", token));
    ASSERT_TRUE(token.starts_with("before "));
    EXPECT_EQ(verdict_on(token.substr(7), key->public_jwk()), std::nullopt) << token;
  }
}

TEST_P(AssertionKeys, come_back_from_their_pem) {
  const auto key = AssertionKey::generate(GetParam());
  ASSERT_TRUE(key.ok());
  const auto again = AssertionKey::from_pem(key->to_pem().reveal());
  ASSERT_TRUE(again.ok()) << again.error();
  EXPECT_EQ(again->id(), key->id());
  EXPECT_EQ(again->public_jwk(), key->public_jwk());
  std::string token;
  ASSERT_TRUE(again->sign("{}", token));
  EXPECT_EQ(verdict_on(token, key->public_jwk()), std::nullopt);
}

TEST_P(AssertionKeys, publish_nothing_private) {
  const auto key = AssertionKey::generate(GetParam());
  ASSERT_TRUE(key.ok());
  for (const char* member : {"\"d\":", "\"p\":", "\"q\":", "\"dp\":", "\"dq\":", "\"qi\":"})
    EXPECT_EQ(key->public_jwk().find(member), std::string::npos) << member;
}

TEST_P(AssertionKeys, another_key_does_not_verify) {
  const auto key = AssertionKey::generate(GetParam());
  const auto other = AssertionKey::generate(GetParam());
  ASSERT_TRUE(key.ok() && other.ok());
  EXPECT_NE(key->id(), other->id());
  std::string token;
  ASSERT_TRUE(key->sign("{}", token));
  EXPECT_EQ(verdict_on(token, other->public_jwk()), TokenError::kUnknownKey);
  token.back() = token.back() == 'A' ? 'Q' : 'A';
  EXPECT_EQ(verdict_on(token, key->public_jwk()), TokenError::kBadSignature);
}

TEST_P(AssertionKeys, are_no_access_tokens) {
  const auto key = AssertionKey::generate(GetParam());
  ASSERT_TRUE(key.ok());
  std::string token;
  ASSERT_TRUE(key->sign(R"({"iss":"a","sub":"b","exp":9})", token));
  EXPECT_EQ(parse_token(token, TokenLimits()).error(), TokenError::kWrongType);
}

INSTANTIATE_TEST_SUITE_P(Algorithms, AssertionKeys,
                         testing::Values(Algorithm::kES256, Algorithm::kEdDSA, Algorithm::kRS256),
                         [](const auto& one) { return std::string(name(one.param)); });

TEST(AssertionKeyText, that_is_no_key_is_told) {
  EXPECT_FALSE(AssertionKey::from_pem("").ok());
  EXPECT_FALSE(AssertionKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").ok());
  EXPECT_FALSE(AssertionKey::from_pem(std::string(65 * 1024, 'x')).ok());
  EXPECT_FALSE(AssertionKey::generate(Algorithm::kES384).ok());
}

}  // namespace
}  // namespace caponier::jose
