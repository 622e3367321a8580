// Tokens that somebody made to be let in, by the name of the attack, against the real gateway: each is a 401
// that says nothing, and a record that says which.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <array>
#include <ctime>

#include "base/bytes.h"
#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/upstream.h"
#include "jose/test_keys.h"

namespace caponier::e2e {
namespace {

using jose::test::make_token;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kName = "https://issuer.example";
constexpr const char* kPartner = "https://partner.example";

std::string set_of(EVP_PKEY* key, const std::string& id) {
  return R"({"keys":[)" + jose::test::jwk(key, R"(,"kid":")" + id + "\"") + "]}";
}

std::string claims(const std::string& more = {}, const std::string& issuer = kName,
                   const std::string& audience = R"("api")") {
  const std::int64_t now = std::time(nullptr);
  return R"({"iss":")" + issuer + R"(","sub":"alice","aud":)" + audience + R"(,"scope":"items:read","iat":)" +
         std::to_string(now) + R"(,"exp":)" + std::to_string(now + 300) + more + "}";
}

// HS256 with something public as the secret.
std::string with_hmac(const std::string& secret) {
  const std::string input = jose::test::signing_input(R"({"alg":"HS256","kid":"k"})", claims());
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(input.data()), input.size(), mac.data(), &size);
  return input + "." + base64url_encode({reinterpret_cast<const char*>(mac.data()), size});
}

std::string public_pem(EVP_PKEY* key) {
  const jose::BioHandle bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PUBKEY(bio.get(), key);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

struct Attack {
  const char* what;
  std::string token;
  const char* reason;
};

class TokenAttacks : public testing::Test {
 protected:
  [[nodiscard]] Options options() {
    Options options{.contract = kContract, .upstream = upstream_.url(), .dev = false};
    options.config =
        "hosts: [localhost]\nlimits: {connections: {failed_authentications_per_address_burst: "
        "1000, failed_authentications_per_identity_burst: 1000}}\nissuers:\n"
        "  - {issuer: \"" +
        std::string(kName) + "\", audiences: [api, \"https://api.example\"], jwks_file: keys.json}\n" +
        "  - {issuer: \"" + kPartner + "\", audiences: [api], jwks_file: partner.json}\n" +
        "security_schemes: {bearer: {issuers: [\"" + kName + "\", \"" + kPartner + "\"]}}\n";
    options.files = {{"keys.json", set_of(key_.get(), "k")}, {"partner.json", set_of(partner_.get(), "p")}};
    return options;
  }
  [[nodiscard]] std::string token(const std::string& header_more, const std::string& payload) const {
    return make_token(key_.get(), "RS256", R"({"alg":"RS256","kid":"k")" + header_more + "}", payload);
  }
  static std::string as_request(const std::string& token) {
    return request_text("GET", "/items/1", bearer(token));
  }
  [[nodiscard]] std::vector<Attack> attacks() const;

  jose::KeyHandle key_ = jose::test::make_rsa(2048);
  jose::KeyHandle partner_ = jose::test::make_ec("P-256");
  jose::KeyHandle attacker_ = jose::test::make_rsa(2048);
  Upstream upstream_{echoing()};
  Upstream evil_{answering(answer_text(200, "application/json", set_of(attacker_.get(), "k")))};
};

std::vector<Attack> TokenAttacks::attacks() const {
  const std::string good = claims();
  const std::string none = jose::test::signing_input(R"({"alg":"none"})", good) + ".";
  const std::string valid = token("", good);
  const std::string jwk = jose::test::jwk(attacker_.get(), "");
  const auto forged = [&](const std::string& header_more) {
    return make_token(attacker_.get(), "RS256", R"({"alg":"RS256","kid":"k")" + header_more + "}", good);
  };
  const std::string url = evil_.url();
  return {
      {"algorithm none", none, "token-algorithm"},
      {"algorithm NoNe", jose::test::signing_input(R"({"alg":"NoNe"})", good) + ".", "token-algorithm"},
      {"hmac with the public key as pem", with_hmac(public_pem(key_.get())), "token-algorithm"},
      {"hmac with the public key as jwk", with_hmac(set_of(key_.get(), "k")), "token-algorithm"},
      {"hmac with nothing", with_hmac(""), "token-algorithm"},
      {"a key in the header (jwk)", forged(R"(,"jwk":)" + jwk), "token-type"},
      {"a url of keys in the header (jku)", forged(R"(,"jku":")" + url + "/keys\""), "token-type"},
      {"a url of certificates in the header (x5u)", forged(R"(,"x5u":")" + url + "/c\""), "token-type"},
      {"a certificate in the header (x5c)", forged(R"(,"x5c":["AAAA"])"), "token-type"},
      {"an extension that nobody knows (crit)", token(R"(,"crit":["x"],"x":1)", good), "token-type"},
      {"a payload that is not encoded (b64)", token(R"(,"b64":false)", good), "token-type"},
      {"a logout token", token(R"(,"typ":"logout+jwt")", good), "token-type"},
      {"a dpop proof", token(R"(,"typ":"dpop+jwt")", good), "token-type"},
      {"a token in a token", token(R"(,"cty":"JWT")", valid), "token-type"},
      {"an encrypted token", valid + ".AAAA.AAAA", "credential-malformed"},
      {"alg twice in the header", token(R"(,"alg":"none")", good), "credential-malformed"},
      {"a claim twice", token("", claims(R"(,"sub":"admin")")), "credential-malformed"},
      {"a claim twice, once escaped", token("", claims(R"(,"\u0073ub":"admin")")), "credential-malformed"},
      {"a token of 9 KiB", token("", claims(R"(,"pad":")" + std::string(9000, 'x') + "\"")),
       "credential-malformed"},
      {"claims forty deep", token("", claims(R"(,"d":)" + std::string(40, '[') + std::string(40, ']'))),
       "credential-malformed"},
      {"a kid that is a path",
       make_token(key_.get(), "RS256", R"({"alg":"RS256","kid":"../../../../dev/null"})", good),
       "token-unknown-key"},
      {"a kid that is sql", make_token(key_.get(), "RS256", R"({"alg":"RS256","kid":"x' OR '1'='1"})", good),
       "token-unknown-key"},
      {"a key of somebody else", forged(""), "token-bad-signature"},
      {"claims of another token",
       jose::test::signing_input(R"({"alg":"RS256","kid":"k"})", claims(R"(,"a":1)")) +
           valid.substr(valid.rfind('.')),
       "token-bad-signature"},
      {"no signature", valid.substr(0, valid.rfind('.') + 1), "credential-malformed"},
      {"the key of another issuer", make_token(partner_.get(), "ES256", R"({"alg":"ES256","kid":"p"})", good),
       "token-unknown-key"},
      {"an issuer that nobody trusts", token("", claims("", "https://evil.example")), "token-wrong-issuer"},
      {"an issuer with a slash behind", token("", claims("", std::string(kName) + "/")),
       "token-wrong-issuer"},
      {"an audience that only begins alike", token("", claims("", kName, R"("api2")")),
       "token-wrong-audience"},
      {"a list of other audiences", token("", claims("", kName, R"(["a","b"])")), "token-wrong-audience"},
      {"no audience", token("", claims("", kName, "[]")), "token-wrong-audience"},
  };
}

TEST_F(TokenAttacks, are_refused_one_like_the_other_and_told_apart_in_the_log) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  ASSERT_EQ(gateway.ask(as_request(token("", claims()))).status(), 200) << "an honest one";
  std::string body;
  for (const Attack& attack : attacks()) {
    const Message answer = gateway.ask(as_request(attack.token));
    EXPECT_EQ(answer.status(), 401) << attack.what;
    EXPECT_THAT(answer.header("WWW-Authenticate"), HasSubstr("Bearer")) << attack.what;
    EXPECT_EQ(gateway.record_of(answer)["reason"], attack.reason) << attack.what;
    EXPECT_THAT(answer.body, Not(HasSubstr(attack.reason))) << attack.what;
  }
  EXPECT_EQ(evil_.received(), "") << "no token chooses where keys come from";
  EXPECT_EQ(upstream_.requests().size(), 1U);
}

TEST_F(TokenAttacks, several_issuers_and_audiences_are_taken_where_they_are_named) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const std::string partner = make_token(partner_.get(), "ES256",
                                         R"({"alg":"ES256","kid":"p","typ":"at+jwt"})", claims("", kPartner));
  for (const std::string& good :
       {token("", claims()), token(R"(,"typ":"at+jwt")", claims()),
        token(R"(,"typ":"application/AT+JWT")", claims()),
        token("", claims("", kName, R"(["other","https://api.example"])")), partner})
    EXPECT_EQ(gateway.ask(as_request(good)).status(), 200);
  const std::string foreign = make_token(partner_.get(), "ES256", R"({"alg":"ES256","kid":"p"})",
                                         claims("", kPartner, R"("https://api.example")"));
  const Message answer = gateway.ask(as_request(foreign));
  EXPECT_EQ(answer.status(), 401) << "an audience belongs to its issuer";
  EXPECT_EQ(gateway.record_of(answer)["reason"], "token-wrong-audience");
}

}  // namespace
}  // namespace caponier::e2e
