#include "jose/dpop.h"

#include <gtest/gtest.h>

#include "jose/test_keys.h"
#include "jose/thumbprint.h"

namespace caponier::jose {
namespace {

constexpr std::string_view kClaims =
    R"({"jti":"a","htm":"GET","htu":"https://api.example/orders","iat":1000,"ath":"x","nonce":"n"})";

std::string header_with(std::string_view jwk, std::string_view type = "dpop+jwt",
                        std::string_view more = "") {
  return R"({"typ":")" + std::string(type) + R"(","alg":"ES256","jwk":)" + std::string(jwk) +
         std::string(more) + "}";
}

std::string outcome(const std::string& proof) {
  const auto verified = verify_dpop_proof(proof, {});
  return verified ? "ok" : std::string(name(verified.error()));
}

struct Dpop : testing::Test {
  KeyHandle key = test::make_ec("P-256");
  std::string jwk = test::jwk(key.get(), "");
  std::string proof(std::string_view header, std::string_view claims = kClaims) const {
    return test::make_token(key.get(), "ES256", header, claims);
  }
};

TEST(Thumbprint, is_that_of_the_rfc) {
  json::Document document;
  // RFC 9449, sections 4.2 and 6.1.
  const auto jwk = document.read(
      R"({"kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA","crv":"P-256","kid":"not part of it"})",
      JsonLimits{});
  ASSERT_TRUE(jwk);
  EXPECT_EQ(jwk_thumbprint(*jwk), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
}

TEST_F(Dpop, proof_is_verified_with_the_key_that_it_brings) {
  const auto verified = verify_dpop_proof(proof(header_with(jwk)), {});
  ASSERT_TRUE(verified) << name(verified.error());
  json::Document document;
  EXPECT_EQ(verified->key_thumbprint, jwk_thumbprint(*document.read(jwk, JsonLimits{})));
  EXPECT_EQ(verified->method, "GET");
  EXPECT_EQ(verified->uri, "https://api.example/orders");
  EXPECT_EQ(verified->id, "a");
  EXPECT_EQ(verified->nonce, "n");
  EXPECT_EQ(verified->token_digest, "x");
  EXPECT_EQ(verified->issued_at_s, 1000);
}

TEST_F(Dpop, rsa_and_ed25519_keys_serve_as_well) {
  for (const auto& [other, algorithm] :
       {std::pair(test::make_rsa(2048).release(), "RS256"), {test::make_ed25519().release(), "EdDSA"}}) {
    const KeyHandle owner(other);
    const std::string header =
        R"({"typ":"dpop+jwt","alg":")" + std::string(algorithm) + R"(","jwk":)" + test::jwk(other, "") + "}";
    EXPECT_EQ(outcome(test::make_token(other, algorithm, header, kClaims)), "ok") << algorithm;
  }
}

TEST_F(Dpop, what_is_no_proof_is_refused) {
  const KeyHandle other = test::make_ec("P-256");
  const KeyHandle weak = test::make_rsa(1024);
  const std::string private_jwk = test::jwk(key.get(), R"(,"d":"AQAB")");
  std::string forged = proof(header_with(jwk));
  forged[forged.size() - 10] = forged[forged.size() - 10] == 'A' ? 'B' : 'A';
  struct Case {
    std::string proof, expected;
  };
  for (const Case& c : {
           Case{"", std::string(name(TokenError::kMalformed))},
           {"a.b.c", std::string(name(TokenError::kMalformed))},
           {std::string(8193, 'a'), std::string(name(TokenError::kMalformed))},
           {proof(header_with(jwk, "JWT")), std::string(name(TokenError::kWrongType))},
           {proof(header_with(jwk, "at+jwt")), std::string(name(TokenError::kWrongType))},
           {proof(R"({"alg":"ES256","jwk":)" + jwk + "}"), std::string(name(TokenError::kWrongType))},
           {proof(R"({"typ":"dpop+jwt","alg":"ES256"})"), std::string(name(TokenError::kCriticalHeader))},
           {proof(header_with(jwk, "dpop+jwt", R"(,"crit":["x"])")),
            std::string(name(TokenError::kCriticalHeader))},
           {proof(header_with(jwk, "dpop+jwt", R"(,"jku":"https://evil.example")")),
            std::string(name(TokenError::kCriticalHeader))},
           {proof(R"({"typ":"dpop+jwt","alg":"none","jwk":)" + jwk + "}"),
            std::string(name(TokenError::kUnsupportedAlgorithm))},
           {proof(R"({"typ":"dpop+jwt","alg":"HS256","jwk":)" + jwk + "}"),
            std::string(name(TokenError::kUnsupportedAlgorithm))},
           {proof(R"({"typ":"dpop+jwt","alg":"RS256","jwk":)" + jwk + "}"),
            std::string(name(TokenError::kUnsupportedAlgorithm))},
           {proof(header_with(private_jwk)), std::string(name(TokenError::kUnknownKey))},
           {proof(header_with("\"key\"")), std::string(name(TokenError::kUnknownKey))},
           {proof(header_with(R"({"kty":"oct","k":"AAAA"})")), std::string(name(TokenError::kUnknownKey))},
           {test::make_token(weak.get(), "RS256",
                             R"({"typ":"dpop+jwt","alg":"RS256","jwk":)" + test::jwk(weak.get(), "") + "}",
                             kClaims),
            std::string(name(TokenError::kUnknownKey))},
           {proof(header_with(test::jwk(other.get(), ""))), std::string(name(TokenError::kBadSignature))},
           {forged, std::string(name(TokenError::kBadSignature))},
       }) {
    EXPECT_EQ(outcome(c.proof), c.expected) << c.proof.substr(0, 200);
  }
}

TEST_F(Dpop, every_claim_that_names_the_request_is_needed) {
  const std::string missing(name(TokenError::kMissingClaim));
  const auto with_id = [](std::size_t size) {
    return R"({"jti":")" + std::string(size, 'j') + R"(","htm":"GET","htu":"https://a/","iat":1})";
  };
  for (const auto& [claims, expected] : {
           std::pair<std::string, std::string>{R"({"htm":"GET","htu":"https://a/","iat":1})", missing},
           {R"({"jti":"a","htu":"https://a/","iat":1})", missing},
           {R"({"jti":"a","htm":"GET","iat":1})", missing},
           {R"({"jti":"a","htm":"GET","htu":"https://a/"})", missing},
           {R"({"jti":"a","htm":"GET","htu":"https://a/","iat":"1"})", missing},
           {R"({"jti":"a","htm":"GET","htu":"https://a/","iat":-1})", missing},
           {R"({"jti":"","htm":"GET","htu":"https://a/","iat":1})", missing},
           {R"({"jti":"a","jti":"b","htm":"GET","htu":"https://a/","iat":1})",
            std::string(name(TokenError::kMalformed))},
           {with_id(kProofIdBytesMax), "ok"},
           {with_id(kProofIdBytesMax + 1), missing},
       }) {
    EXPECT_EQ(outcome(proof(header_with(jwk), claims)), expected) << claims.substr(0, 100);
  }
}

}  // namespace
}  // namespace caponier::jose
