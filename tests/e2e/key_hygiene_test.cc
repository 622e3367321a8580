// Keys that are worth nothing: refused one by one and named to whoever is in charge, while the rest of their
// set is used.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/upstream.h"
#include "jose/test_keys.h"
#include "jose/test_roca.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;

constexpr const char* kName = "https://issuer.example";

struct BadKey {
  std::string id;
  std::string jwk;
  std::string reason;
};

std::string rsa_jwk(const std::string& modulus, const std::string& exponent, const std::string& id) {
  return R"({"kty":"RSA","n":")" + base64url_encode(modulus) + R"(","e":")" + base64url_encode(exponent) +
         R"(","kid":")" + id + "\"}";
}

std::vector<BadKey> bad_keys() {
  const std::string e("\x01\x00\x01", 3);
  const std::string strong = jose::test::param_bytes(jose::test::make_rsa(2048).get(), "n", 0);
  const jose::KeyHandle curve = jose::test::make_ec("P-256");
  std::string y = jose::test::param_bytes(curve.get(), "qy", 32);
  y[31] = static_cast<char>(y[31] ^ 1);
  const std::string off_curve = R"({"kty":"EC","crv":"P-256","kid":"off-curve","x":")" +
                                base64url_encode(jose::test::param_bytes(curve.get(), "qx", 32)) +
                                R"(","y":")" + base64url_encode(y) + "\"}";
  const auto ec = [&curve](const std::string& more) { return jose::test::jwk(curve.get(), more); };
  return {
      {"weak", rsa_jwk(jose::test::param_bytes(jose::test::make_rsa(1024).get(), "n", 0), e, "weak"),
       "1024 bits"},
      {"exponent-one", rsa_jwk(strong, "\x01", "exponent-one"), "exponent"},
      {"exponent-even", rsa_jwk(strong, std::string("\x01\x00\x02", 3), "exponent-even"), "even"},
      {"exponent-huge", rsa_jwk(strong, std::string(9, '\x7f'), "exponent-huge"), "2^32"},
      {"roca", rsa_jwk(jose::test::vulnerable_modulus(), e, "roca"), "CVE-2017-15361"},
      {"secret", R"({"kty":"oct","kid":"secret","k":"c2hvcnQ"})", "40 bits"},
      {"off-curve", off_curve, "not on the curve"},
      {"for-encryption", ec(R"(,"kid":"for-encryption","use":"enc")"), "use"},
      {"other-operation", ec(R"(,"kid":"other-operation","key_ops":["sign"])"), "key_ops"},
      {"other-algorithm", ec(R"(,"kid":"other-algorithm","alg":"RS256")"), "alg"},
      {"private", ec(R"(,"kid":"private","d":"AAAA")"), "private key"},
      {"twice", ec(R"(,"kid":"twice")"), "same kid"},
  };
}

class KeyHygiene : public testing::Test {
 protected:
  KeyHygiene() {
    const std::string good = issuer_.key_set();
    const std::size_t begins = good.find('[') + 1;
    set_ = "{\"keys\":[\n";
    for (const BadKey& bad : bad_) set_ += bad.jwk + ",\n";
    set_ += bad_.back().jwk + ",\n" + good.substr(begins, good.rfind(']') - begins) + "\n]}\n";
  }

  std::vector<BadKey> bad_ = bad_keys();
  Issuer issuer_{kName};
  std::string set_;
  TestFolder folder_;
};

TEST_F(KeyHygiene, bad_keys_are_named_in_the_log_and_the_good_one_is_used) {
  Upstream upstream(echoing());
  Upstream keys(answering(answer_text(200, "application/jwk-set+json", set_)));
  Gateway gateway({.contract = kContract,
                   .upstream = upstream.url(),
                   .config = "hosts: [localhost]\nissuers:\n  - {issuer: \"" + std::string(kName) +
                             "\", audiences: [api], jwks_uri: \"" + keys.url() +
                             "/keys\", allow_internal_addresses: true}\n",
                   .dev = false});
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const Message answer =
      gateway.ask(request_text("GET", "/items/1", bearer(issuer_.token("alice", "items:read"))));
  EXPECT_EQ(answer.status(), 200) << gateway.process().err();
  ASSERT_TRUE(eventually([&gateway] { return gateway.log().find("\"keys\"") != std::string::npos; }));
  for (const BadKey& bad : bad_) {
    const std::string log = gateway.log();
    const std::size_t named = log.find("refused " + bad.id + ": ");
    ASSERT_NE(named, std::string::npos) << bad.id << log;
    EXPECT_THAT(log.substr(named, log.find(';', named) - named), HasSubstr(bad.reason));
  }
}

TEST_F(KeyHygiene, bad_keys_are_named_by_check_with_their_place) {
  const std::string file = folder_.write("keys.json", set_);
  const Finished done = run_caponier(
      {"check", "--contract", folder_.write("api.yaml", kContract), "--upstream", "http://127.0.0.1:1",
       "--listen", "http://127.0.0.1:0", "--config",
       folder_.write("caponier.yaml", "issuers:\n  - {issuer: \"" + std::string(kName) +
                                          "\", audiences: [api], jwks_file: \"" + file + "\"}\n")});
  EXPECT_EQ(done.status, 1) << done.err;
  for (std::size_t i = 0; i < bad_.size(); ++i) {
    const std::string place = file + ":" + std::to_string(i + 2) + ":1: ";
    EXPECT_THAT(done.out, HasSubstr(place + "key " + bad_[i].id + " of " + kName + " is not used: "));
  }
}

TEST_F(KeyHygiene, a_set_without_a_usable_key_is_told_by_check) {
  const std::string file = folder_.write("keys.json", R"({"keys":[{"kty":"oct","k":"AAAA"}]})");
  const Finished done = run_caponier(
      {"check", "--contract", folder_.write("api.yaml", kContract), "--config",
       folder_.write("caponier.yaml",
                     "upstream: {url: \"http://127.0.0.1:1\"}\nlisteners: [{listen: "
                     "\"http://127.0.0.1:0\"}]\nissuers:\n  - {issuer: \"" +
                         std::string(kName) + "\", audiences: [api], jwks_file: \"" + file + "\"}\n")});
  EXPECT_EQ(done.status, 1) << done.err;
  EXPECT_THAT(done.out, HasSubstr("[bad-key-set]"));
}

TEST_F(KeyHygiene, bad_keys_are_named_by_token_verify) {
  const Finished done = run_caponier({"token", "verify", "--keys", folder_.write("keys.json", set_),
                                      "--issuer", kName, issuer_.token("alice", "items:read")});
  EXPECT_EQ(done.status, 0) << done.out << done.err;
  for (const BadKey& bad : bad_) {
    // Of a private key that somebody here names, the public half is used.
    if (bad.id == "private") continue;
    EXPECT_THAT(done.err, HasSubstr("key " + bad.id + " is not used: ")) << bad.reason;
  }
}

}  // namespace
}  // namespace caponier::e2e
