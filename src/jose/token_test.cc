#include "jose/token.h"

#include <gtest/gtest.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "jose/test_keys.h"

namespace caponier::jose {
namespace {

using test::make_token;
using test::signing_input;

constexpr std::string_view kClaims = R"({"iss":"https://issuer.example","exp":2000})";

struct Keys {
  KeyHandle rsa = test::make_rsa(2048);
  KeyHandle rsa_other = test::make_rsa(2048);
  KeyHandle p256 = test::make_ec("P-256");
  KeyHandle p384 = test::make_ec("P-384");
  KeyHandle p521 = test::make_ec("P-521");
  KeyHandle ed = test::make_ed25519();
};

const Keys& keys() {
  static const Keys all;
  return all;
}

EVP_PKEY* key_for(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kES256:
      return keys().p256.get();
    case Algorithm::kES384:
      return keys().p384.get();
    case Algorithm::kES512:
      return keys().p521.get();
    case Algorithm::kEdDSA:
      return keys().ed.get();
    default:
      return keys().rsa.get();
  }
}

AlgorithmSet every_algorithm() {
  AlgorithmSet set;
  for (int i = 0; i < kAlgorithmCount; ++i) set.add(static_cast<Algorithm>(i));
  return set;
}

KeySet key_set_of(const std::string& jwks) {
  auto set = parse_key_set(R"({"keys":[)" + jwks + "]}", {});
  if (!set) ADD_FAILURE() << set.error();
  return set ? std::move(*set) : KeySet{};
}

KeySet all_public_keys() {
  return key_set_of(test::jwk(keys().rsa.get(), R"(,"kid":"rsa")") + "," +
                    test::jwk(keys().rsa_other.get(), R"(,"kid":"rsa-other")") + "," +
                    test::jwk(keys().p256.get(), R"(,"kid":"p256")") + "," +
                    test::jwk(keys().p384.get(), R"(,"kid":"p384")") + "," +
                    test::jwk(keys().p521.get(), R"(,"kid":"p521")") + "," +
                    test::jwk(keys().ed.get(), R"(,"kid":"ed")"));
}

// "" if the token is accepted, else the name of the error: what a caller does, in the caller's order.
std::string verdict(std::string_view token, const KeySet& set,
                    const AlgorithmSet& pinned = every_algorithm()) {
  const auto parsed = parse_token(token, {});
  if (!parsed) return std::string(name(parsed.error()));
  const VerificationKey* key = set.find(parsed->key_id, parsed->algorithm);
  if (key == nullptr) return std::string(name(TokenError::kUnknownKey));
  const auto error = verify_signature(*parsed, pinned, *key);
  return error ? std::string(name(*error)) : "";
}

std::string with_header(const std::string& header) {
  return make_token(keys().p256.get(), "ES256", header, kClaims);
}

std::string with_payload(const std::string& payload) {
  return make_token(keys().p256.get(), "ES256", R"({"alg":"ES256","kid":"p256"})", payload);
}

TEST(Token, every_served_algorithm_verifies) {
  for (int i = 0; i < kAlgorithmCount; ++i) {
    const auto algorithm = static_cast<Algorithm>(i);
    const std::string header = R"({"alg":")" + std::string(name(algorithm)) + R"("})";
    const KeySet set = key_set_of(test::jwk(key_for(algorithm), ""));
    for (int round = 0; round < 20; ++round) {
      EXPECT_EQ(verdict(make_token(key_for(algorithm), name(algorithm), header, kClaims), set), "") << header;
    }
  }
}

TEST(Token, any_flipped_byte_is_noticed) {
  for (int i = 0; i < kAlgorithmCount; ++i) {
    const auto algorithm = static_cast<Algorithm>(i);
    const std::string header = R"({"alg":")" + std::string(name(algorithm)) + R"("})";
    const KeySet set = key_set_of(test::jwk(key_for(algorithm), ""));
    const std::string token = make_token(key_for(algorithm), name(algorithm), header, kClaims);
    for (std::size_t at = 0; at < token.size(); at += 3) {
      std::string flipped = token;
      flipped[at] = flipped[at] == 'A' ? 'B' : 'A';
      EXPECT_NE(verdict(flipped, set), "") << name(algorithm) << " at " << at;
    }
  }
}

struct Attack {
  const char* what;
  std::string token;
  TokenError error;
};

std::string with_signature(const std::string& signature) {
  return signing_input(R"({"alg":"ES256","kid":"p256"})", kClaims) + "." + base64url_encode(signature);
}

std::string hmac_with_public_key() {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PUBKEY(bio.get(), keys().rsa.get());
  char* pem = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &pem);
  const std::string input = signing_input(R"({"alg":"HS256","kid":"rsa"})", kClaims);
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int mac_size = 0;
  HMAC(EVP_sha256(), pem, static_cast<int>(size), reinterpret_cast<const unsigned char*>(input.data()),
       input.size(), mac, &mac_size);
  return input + "." + base64url_encode({reinterpret_cast<const char*>(mac), mac_size});
}

std::vector<Attack> algorithm_attacks() {
  using enum TokenError;
  const std::string none = signing_input(R"({"alg":"none"})", kClaims);
  const std::string valid = with_header(R"({"alg":"ES256","kid":"p256"})");
  return {
      {"alg none without a signature", none + ".", kUnsupportedAlgorithm},
      {"alg none with a signature", none + ".AAAA", kUnsupportedAlgorithm},
      {"alg None in capitals", signing_input(R"({"alg":"NONE"})", kClaims) + ".", kUnsupportedAlgorithm},
      {"alg in lower case", with_header(R"({"alg":"es256","kid":"p256"})"), kUnsupportedAlgorithm},
      {"hs256 keyed with the rsa public key", hmac_with_public_key(), kUnsupportedAlgorithm},
      {"es256 token said to be es384", with_header(R"({"alg":"ES384","kid":"p256"})"), kUnsupportedAlgorithm},
      {"es256 token under the p-384 key", with_header(R"({"alg":"ES256","kid":"p384"})"),
       kUnsupportedAlgorithm},
      {"rs256 named for an ec key", with_header(R"({"alg":"RS256","kid":"p256"})"), kUnsupportedAlgorithm},
      {"eddsa named for an ec key", with_header(R"({"alg":"EdDSA","kid":"p256"})"), kUnsupportedAlgorithm},
      {"es256 named for the rsa key", with_header(R"({"alg":"ES256","kid":"rsa"})"), kUnsupportedAlgorithm},
      {"rs256 signature said to be ps256",
       make_token(keys().rsa.get(), "RS256", R"({"alg":"PS256","kid":"rsa"})", kClaims), kBadSignature},
      {"rs256 signature said to be rs512",
       make_token(keys().rsa.get(), "RS256", R"({"alg":"RS512","kid":"rsa"})", kClaims), kBadSignature},
      {"kid of another key of the same type",
       make_token(keys().rsa.get(), "RS256", R"({"alg":"RS256","kid":"rsa-other"})", kClaims), kBadSignature},
      {"kid of nobody", with_header(R"({"alg":"ES256","kid":"p257"})"), kUnknownKey},
      {"no kid where two keys could be meant",
       make_token(keys().rsa.get(), "RS256", R"({"alg":"RS256"})", kClaims), kUnknownKey},
      {"payload of another token",
       signing_input(R"({"alg":"ES256","kid":"p256"})", R"({"exp":9000})") + valid.substr(valid.rfind('.')),
       kBadSignature},
  };
}

std::vector<Attack> signature_attacks() {
  using enum TokenError;
  const std::string input = signing_input(R"({"alg":"ES256","kid":"p256"})", kClaims);
  const std::string der = test::sign_raw(keys().p256.get(), input, EVP_sha256());
  const std::string raw = test::der_to_raw(der, 32);
  const std::string zero(32, '\0');
  const std::string order = *from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  const std::string rsa_input = signing_input(R"({"alg":"RS256","kid":"rsa"})", kClaims);
  const std::string rsa_raw = test::sign_as(keys().rsa.get(), rsa_input, "RS256");
  const std::string pss_input = signing_input(R"({"alg":"PS256","kid":"rsa"})", kClaims);
  const std::string pss_short_salt = test::sign_raw(keys().rsa.get(), pss_input, EVP_sha256(), 0);
  const std::string ed_input = signing_input(R"({"alg":"EdDSA","kid":"ed"})", kClaims);
  const std::string ed_raw = test::sign_as(keys().ed.get(), ed_input, "EdDSA");
  return {
      {"no signature", input + ".", kMalformed},
      {"der signature instead of r and s", with_signature(der), kBadSignature},
      {"all zero", with_signature(zero + zero), kBadSignature},
      {"r zero", with_signature(zero + raw.substr(32)), kBadSignature},
      {"s zero", with_signature(raw.substr(0, 32) + zero), kBadSignature},
      {"r and s of the group order", with_signature(order + order), kBadSignature},
      {"r and s swapped", with_signature(raw.substr(32) + raw.substr(0, 32)), kBadSignature},
      {"truncated by a byte", with_signature(raw.substr(0, 63)), kBadSignature},
      {"extended by a byte", with_signature(raw + '\0'), kBadSignature},
      {"padded to the width of p-384",
       with_signature(std::string(16, '\0') + raw.substr(0, 32) + std::string(16, '\0') + raw.substr(32)),
       kBadSignature},
      {"one byte", with_signature("a"), kBadSignature},
      {"rsa truncated", rsa_input + "." + base64url_encode(rsa_raw.substr(1)), kBadSignature},
      {"rsa extended", rsa_input + "." + base64url_encode('\0' + rsa_raw), kBadSignature},
      {"rsa zero", rsa_input + "." + base64url_encode(std::string(256, '\0')), kBadSignature},
      {"rsa one", rsa_input + "." + base64url_encode(std::string(255, '\0') + '\1'), kBadSignature},
      {"pss with another salt length", pss_input + "." + base64url_encode(pss_short_salt), kBadSignature},
      {"ed25519 truncated", ed_input + "." + base64url_encode(ed_raw.substr(0, 63)), kBadSignature},
      {"ed25519 extended", ed_input + "." + base64url_encode(ed_raw + 'x'), kBadSignature},
      {"ed25519 zero", ed_input + "." + base64url_encode(std::string(64, '\0')), kBadSignature},
  };
}

std::vector<Attack> form_attacks() {
  using enum TokenError;
  const std::string valid = with_header(R"({"alg":"ES256","kid":"p256"})");
  const std::string payload_and_signature = valid.substr(valid.find('.'));
  auto header_text = [&payload_and_signature](std::string_view header) {
    return base64url_encode(header) + payload_and_signature;
  };
  const std::string embedded = test::jwk(keys().p256.get(), "");
  return {
      {"empty", "", kMalformed},
      {"two dots only", "..", kMalformed},
      {"two parts", valid.substr(0, valid.rfind('.')), kMalformed},
      {"trailing dot", valid + ".", kMalformed},
      {"leading dot", "." + valid, kMalformed},
      {"five parts, as an encrypted token has", valid + ".AAAA.AAAA", kMalformed},
      {"space behind", valid + " ", kMalformed},
      {"line end inside", valid.substr(0, 5) + "\n" + valid.substr(5), kMalformed},
      {"padding", base64url_encode(R"({"alg":"ES256"})") + "=" + payload_and_signature, kMalformed},
      {"plus instead of minus", valid + "+", kMalformed},
      {"header is not json", header_text("alg"), kMalformed},
      {"header is an array", header_text(R"(["alg"])"), kMalformed},
      {"header with bytes behind", header_text(R"({"alg":"ES256"} x)"), kMalformed},
      {"duplicate alg", header_text(R"({"alg":"ES256","alg":"none"})"), kMalformed},
      {"duplicate alg, escaped", header_text(R"({"alg":"ES256","\u0061lg":"none"})"), kMalformed},
      {"no alg", header_text(R"({"kid":"p256"})"), kMalformed},
      {"alg null", header_text(R"({"alg":null})"), kMalformed},
      {"alg array", header_text(R"({"alg":["ES256"]})"), kMalformed},
      {"kid number", header_text(R"({"alg":"ES256","kid":1})"), kMalformed},
      {"kid of 257 bytes", header_text(R"({"alg":"ES256","kid":")" + std::string(257, 'a') + "\"}"),
       kMalformed},
      {"crit", with_header(R"({"alg":"ES256","kid":"p256","crit":["exp"],"exp":1})"), kCriticalHeader},
      {"crit empty", with_header(R"({"alg":"ES256","kid":"p256","crit":[]})"), kCriticalHeader},
      {"unencoded payload", with_header(R"({"alg":"ES256","kid":"p256","b64":false,"crit":["b64"]})"),
       kCriticalHeader},
      {"embedded jwk", with_header(R"({"alg":"ES256","jwk":)" + embedded + "}"), kCriticalHeader},
      {"jku", with_header(R"({"alg":"ES256","kid":"p256","jku":"https://evil.example/k"})"), kCriticalHeader},
      {"x5u", with_header(R"({"alg":"ES256","kid":"p256","x5u":"https://evil.example/c"})"), kCriticalHeader},
      {"x5c", with_header(R"({"alg":"ES256","kid":"p256","x5c":["AAAA"]})"), kCriticalHeader},
      {"typ of another kind", with_header(R"({"alg":"ES256","kid":"p256","typ":"dpop+jwt"})"), kWrongType},
      {"typ of a logout token", with_header(R"({"alg":"ES256","kid":"p256","typ":"logout+jwt"})"),
       kWrongType},
      {"typ number", with_header(R"({"alg":"ES256","kid":"p256","typ":1})"), kWrongType},
      {"nested token", with_header(R"({"alg":"ES256","kid":"p256","cty":"JWT"})"), kWrongType},
      {"payload is not json", with_payload("exp"), kMalformed},
      {"payload is an array", with_payload("[1]"), kMalformed},
      {"payload empty", with_payload(""), kMalformed},
      {"payload with a duplicate claim", with_payload(R"({"exp":1,"exp":9999999999})"), kMalformed},
      {"payload with bytes behind", with_payload(R"({"exp":1}{})"), kMalformed},
      {"payload that is not utf-8", with_payload("{\"exp\":1,\"a\":\"\xff\"}"), kMalformed},
      {"issuer that is a list", with_payload(R"({"iss":["https://issuer.example"],"exp":1})"), kMissingClaim},
  };
}

TEST(Token, attacks_are_refused_each_with_its_error) {
  const KeySet set = all_public_keys();
  ASSERT_EQ(verdict(with_header(R"({"alg":"ES256","kid":"p256"})"), set), "");
  for (const auto& attacks : {algorithm_attacks(), signature_attacks(), form_attacks()}) {
    for (const Attack& attack : attacks)
      EXPECT_EQ(verdict(attack.token, set), name(attack.error)) << attack.what;
  }
}

// More keys than a thread keeps ready, and several algorithms of one key: none stands in for another.
TEST(Token, keys_and_algorithms_by_turns_verify_and_do_not_vouch_for_each_other) {
  std::vector<KeyHandle> many;
  for (int i = 0; i < 12; ++i) many.push_back(test::make_ec("P-256"));
  const std::string header = R"({"alg":"ES256"})";
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < many.size(); ++i) {
      const KeySet own = key_set_of(test::jwk(many[i].get(), ""));
      const KeySet next = key_set_of(test::jwk(many[(i + 1) % many.size()].get(), ""));
      const std::string token = make_token(many[i].get(), "ES256", header, kClaims);
      EXPECT_EQ(verdict(token, own), "");
      EXPECT_EQ(verdict(token, next), name(TokenError::kBadSignature));
      EXPECT_EQ(verdict(token, own), "") << "a refusal spoils nothing";
    }
  }
  const KeySet rsa = key_set_of(test::jwk(keys().rsa.get(), ""));
  for (int round = 0; round < 3; ++round) {
    for (const char* algorithm : {"RS256", "PS256", "RS512", "PS384"}) {
      const std::string said = R"({"alg":")" + std::string(algorithm) + R"("})";
      EXPECT_EQ(verdict(make_token(keys().rsa.get(), algorithm, said, kClaims), rsa), "") << algorithm;
    }
  }
}

TEST(Token, an_algorithm_that_is_not_pinned_is_refused_though_the_key_could) {
  const KeySet set = all_public_keys();
  const std::string token = make_token(keys().rsa.get(), "RS512", R"({"alg":"RS512","kid":"rsa"})", kClaims);
  EXPECT_EQ(verdict(token, set), "");
  EXPECT_EQ(verdict(token, set, default_algorithms()), "unsupported-algorithm");
}

TEST(Token, a_failed_verification_leaves_no_error_in_the_threads_queue) {
  ERR_clear_error();
  for (const Attack& attack : signature_attacks()) {
    verdict(attack.token, all_public_keys());
    EXPECT_EQ(ERR_peek_error(), 0U) << attack.what;
  }
}

TEST(Token, types_of_access_tokens_are_accepted_in_any_case) {
  const KeySet set = all_public_keys();
  for (const char* type : {"JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt"}) {
    EXPECT_EQ(verdict(with_header(R"({"alg":"ES256","kid":"p256","typ":")" + std::string(type) + "\"}"), set),
              "")
        << type;
  }
}

TEST(Token, limits_hold_at_the_limit_and_break_one_past_it) {
  TokenLimits limits;
  const std::string token = with_header(R"({"alg":"ES256","kid":"p256"})");
  limits.token_bytes_max = static_cast<std::uint32_t>(token.size());
  EXPECT_TRUE(parse_token(token, limits).ok());
  limits.token_bytes_max -= 1;
  EXPECT_EQ(parse_token(token, limits).error(), TokenError::kMalformed);

  limits = TokenLimits{};
  limits.claims_depth_max = 4;
  EXPECT_TRUE(parse_token(with_payload(R"({"a":{"b":{"c":{}}}})"), limits).ok());
  EXPECT_EQ(parse_token(with_payload(R"({"a":{"b":{"c":{"d":{}}}}})"), limits).error(),
            TokenError::kMalformed);

  const std::string id(256, 'k');
  EXPECT_EQ(parse_token(with_header(R"({"alg":"ES256","kid":")" + id + "\"}"), {})->key_id, id);
}

TEST(Token, the_example_of_rfc_7515_a_3_verifies) {
  const KeySet set = key_set_of(
      R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})");
  const std::string token =
      "eyJhbGciOiJFUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
      "cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
  EXPECT_EQ(verdict(token, set), "");
  const auto claims = read_claims(*parse_token(token, {}), {});
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->issuer(), "joe");
  EXPECT_EQ(claims->expires_at_s, 1300819380);
  EXPECT_EQ(claims->text("http://example.com/is_root"), "true");
}

TEST(Introspection, says_whether_a_token_is_active_and_what_it_is) {
  const auto read = [](std::string_view json) { return read_introspection(json, {}); };
  const auto good = read(R"({"active":true,"sub":"a","scope":"x y","aud":["b"],"exp":9,"client_id":"c"})");
  ASSERT_TRUE(good);
  EXPECT_TRUE(good->active && good->expires);
  EXPECT_EQ(good->claims.subject(), "a");
  EXPECT_TRUE(good->claims.has_scope("y"));
  EXPECT_EQ(good->claims.expires_at_s, 9);
  const auto terse = read(R"({"active":true})");
  ASSERT_TRUE(terse);
  EXPECT_TRUE(terse->active);
  EXPECT_FALSE(terse->expires);
  // Whatever else is said of it.
  const auto inactive = read(R"({"active":false,"sub":7})");
  ASSERT_TRUE(inactive);
  EXPECT_FALSE(inactive->active);
  for (const std::string_view other :
       {R"({"active":true,"token_type":"refresh_token"})", R"({"active":true,"token_use":"refresh_token"})",
        R"({"active":true,"typ":"Refresh"})", R"({"active":true,"typ":"Offline"})",
        R"({"active":true,"typ":"ID"})"}) {
    const auto said = read(other);
    ASSERT_TRUE(said) << other;
    EXPECT_FALSE(said->active) << other;
  }
  for (const std::string_view access : {R"({"active":true,"token_type":"Bearer"})",
                                        R"({"active":true,"token_type":"DPoP","token_use":"access_token"})",
                                        R"({"active":true,"typ":"at+jwt","token_type":7})"}) {
    const auto said = read(access);
    ASSERT_TRUE(said) << access;
    EXPECT_TRUE(said->active) << access;
  }
  for (const std::string_view wrong :
       {R"({})", R"({"active":"true"})", R"({"active":1})", R"({"active":true,"exp":"9"})",
        R"({"active":true,"aud":7})", R"({"active":true,"active":false})", R"([true])", R"({"active":true)",
        ""}) {
    EXPECT_FALSE(read(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace caponier::jose
