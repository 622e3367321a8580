#include "stages/authenticate/sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "stages/identity_world.h"

namespace caponier::stages {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kStrict = "https://strict.example/";
constexpr std::string_view kTarget = "https://api.example.com/v1/proof";

struct Senders : testing::Test {
  World world{kIdentityContract, identity_config()};
  Sender alice;
  Sender mallory;
  const std::string digest = std::string(64, 'a');
  // 32 bytes of 0xaa.
  const std::string by_certificate =
      R"(,"cnf":{"x5t#S256":")" + base64url_encode(std::string(32, '\xaa')) + R"("})";
  const std::string by_key = R"(,"cnf":{"jkt":")" + alice.thumbprint() + R"("})";

  std::string ask(std::string_view target, const std::string& headers,
                  std::shared_ptr<const CertificateNames> client = nullptr) const {
    return Asked(world, target, headers, std::move(client)).answer();
  }
};

TEST_F(Senders, a_token_bound_to_a_certificate_is_of_use_over_its_connection_only) {
  const std::string token = world.token(by_certificate);
  EXPECT_EQ(ask("/any", bearer(token), certificate("", digest)), "alice");
  EXPECT_EQ(ask("/any", bearer(token), certificate("", std::string(64, 'b'))), "token-of-another-sender");
  EXPECT_EQ(ask("/any", bearer(token)), "token-of-another-sender");
  // The cache knows the token by now, and still asks whose it is.
  EXPECT_EQ(ask("/any", bearer(token), certificate("", digest)), "alice");
}

TEST_F(Senders, a_binding_that_cannot_be_checked_refuses) {
  for (const std::string_view confirmation :
       {R"({"kid":"a"})", R"({"jwk":{"kty":"EC"}})", R"({})", R"({"x5t#S256":"", "jkt":""})"}) {
    const std::string token = world.token(R"(,"cnf":)" + std::string(confirmation));
    EXPECT_EQ(ask("/any", bearer(token), certificate("", digest)), "token-of-another-sender") << confirmation;
  }
  for (const std::string_view confirmation :
       {R"("a")", R"({"x5t#S256":"AAAA"})", R"({"x5t#S256":1})", R"({"jkt":[]})"}) {
    const std::string token = world.token(R"(,"cnf":)" + std::string(confirmation));
    EXPECT_EQ(ask("/any", bearer(token), certificate("", digest)), "token-claims") << confirmation;
  }
}

TEST_F(Senders, an_issuer_whose_tokens_must_be_bound_has_no_others) {
  EXPECT_EQ(ask("/strict", bearer(world.token("", kStrict))), "token-unbound");
  const std::string bound = world.token(by_certificate, kStrict);
  EXPECT_EQ(ask("/strict", bearer(bound), certificate("", digest)), "alice");
  for (const auto& [word, extra, expected] : {
           std::tuple("certificate", by_certificate, "alice"),
           {"certificate", by_key, "token-unbound"},
           {"dpop", by_certificate, "token-unbound"},
           {"if_bound", std::string(), "alice"},
       }) {
    const World other(kIdentityContract, identity_config("bound_tokens: " + std::string(word)));
    Asked asked(other, "/strict", bearer(other.token(extra, kStrict)), certificate("", digest));
    EXPECT_EQ(asked.answer(), expected) << word << extra;
  }
}

TEST_F(Senders, a_token_bound_to_a_key_needs_a_proof_of_it) {
  const std::string token = world.token(by_key);
  EXPECT_EQ(ask("/proof", dpop(token) + alice.proof(token, kTarget)), "alice");
  // Stolen, and sent as if it were anybody's.
  EXPECT_EQ(ask("/any", bearer(token)), "token-of-another-sender");
  EXPECT_EQ(ask("/proof", dpop(token)), "dpop-proof-invalid");
  EXPECT_EQ(ask("/proof", dpop(token) + mallory.proof(token, kTarget, "m-1")), "token-of-another-sender");
  // A token that is bound to nothing proves nothing by a proof.
  const std::string loose = world.token();
  EXPECT_EQ(ask("/proof", dpop(loose) + alice.proof(loose, kTarget, "id-2")), "token-of-another-sender");
  EXPECT_EQ(ask("/proof", bearer(loose)), "credential-malformed");
  // Where tokens of any kind serve, so does this one.
  EXPECT_EQ(ask("/any", dpop(token) + alice.proof(token, "https://api.example.com/v1/any", "id-3")), "alice");
}

TEST_F(Senders, a_proof_is_of_one_request_and_of_now) {
  const std::string token = world.token(by_key);
  const std::string other = world.token(by_key, "https://login.example/", 200);
  int id = 0;
  const auto ask_with = [&](std::string_view uri, std::int64_t issued_at_s = kNowS,
                            std::string_view method = "GET", std::string_view of = {}) {
    return ask("/proof", dpop(token) + alice.proof(of.empty() ? token : of, uri, "n-" + std::to_string(++id),
                                                   "", issued_at_s, method));
  };
  const TokenLimits limits;
  for (const std::string_view uri :
       {"https://api.example.com/v1/proof", "https://API.example.com:443/v1/proof",
        "https://api.example.com/v1/proof?query=1", "https://api.example.com/v1/%70roof"}) {
    EXPECT_EQ(ask_with(uri), "alice") << uri;
  }
  for (const std::string_view uri :
       {"http://api.example.com/v1/proof", "https://api.example.com:8443/v1/proof",
        "https://evil.example/v1/proof", "https://api.example.com/v1/other",
        "https://api.example.com/v1/proof/", "https://user@api.example.com/v1/proof", "/v1/proof", ""}) {
    EXPECT_EQ(ask_with(uri), "dpop-proof-invalid") << uri;
  }
  EXPECT_EQ(ask_with(kTarget, kNowS, "POST"), "dpop-proof-invalid");
  EXPECT_EQ(ask_with(kTarget, kNowS, "get"), "dpop-proof-invalid");
  EXPECT_EQ(ask_with(kTarget, kNowS, "GET", other), "dpop-proof-invalid");
  EXPECT_EQ(ask_with(kTarget, kNowS - limits.proof_age_max_s), "alice");
  EXPECT_EQ(ask_with(kTarget, kNowS - limits.proof_age_max_s - 1), "dpop-proof-invalid");
  EXPECT_EQ(ask_with(kTarget, kNowS + limits.proof_ahead_max_s), "alice");
  EXPECT_EQ(ask_with(kTarget, kNowS + limits.proof_ahead_max_s + 1), "dpop-proof-invalid");
}

TEST_F(Senders, a_proof_serves_once) {
  const std::string token = world.token(by_key);
  const std::string proof = alice.proof(token, kTarget);
  EXPECT_EQ(ask("/proof", dpop(token) + proof), "alice");
  EXPECT_EQ(ask("/proof", dpop(token) + proof), "dpop-proof-replayed");
  EXPECT_EQ(ask("/proof", dpop(token) + alice.proof(token, kTarget, "id-2")), "alice");
  EXPECT_EQ(
      ask("/proof", dpop(token) + alice.proof(token, kTarget, "id-3") + alice.proof(token, kTarget, "id-4")),
      "dpop-proof-invalid");
  // Remembered for as long as it could be accepted, and no longer.
  const TokenLimits limits;
  Asked later(world, "/proof", dpop(token) + proof);
  later.request.exchange.now.steady_us += (limits.proof_age_max_s + limits.proof_ahead_max_s) * 1'000'000;
  EXPECT_EQ(later.answer(), "dpop-proof-replayed");
  // Whatever the clock on the wall says meanwhile.
  const std::int64_t whole_s = limits.proof_age_max_s + limits.proof_ahead_max_s;
  for (const auto& [wall_s, expected] :
       {std::pair<std::int64_t, const char*>{-limits.proof_ahead_max_s, "dpop-proof-replayed"},
        {limits.proof_age_max_s, "dpop-proof-replayed"},
        {whole_s, "dpop-proof-invalid"}}) {
    Asked jumped(world, "/proof", dpop(token) + proof);
    jumped.request.exchange.now.wall_ms += wall_s * 1000;
    EXPECT_EQ(jumped.answer(), expected) << wall_s;
  }
}

TEST_F(Senders, a_nonce_is_handed_out_where_the_issuer_wants_one) {
  const World nonces(kIdentityContract, identity_config("bound_tokens: dpop, dpop_nonce: true"));
  const std::string token = nonces.token(by_key, kStrict);
  const std::string_view target = "https://api.example.com/v1/strict";
  Asked first(nonces, "/strict", dpop(token) + alice.proof(token, target));
  EXPECT_EQ(first.answer(), "dpop-nonce-needed");
  constexpr std::string_view kName = "DPoP-Nonce: ";
  const std::size_t at = first.challenges.find(kName);
  ASSERT_NE(at, std::string::npos) << first.challenges;
  EXPECT_THAT(first.challenges, HasSubstr("error=\"use_dpop_nonce\""));
  const std::string nonce = first.challenges.substr(at + kName.size(), 32);
  // The proof that lacked it was not used up.
  const auto with = [&](std::string_view id, const std::string& text) {
    return dpop(token) + alice.proof(token, target, id, R"(,"nonce":")" + text + "\"");
  };
  EXPECT_EQ(Asked(nonces, "/strict", with("id-1", nonce)).answer(), "alice");
  EXPECT_EQ(Asked(nonces, "/strict", with("id-2", std::string(32, '0'))).answer(), "dpop-nonce-needed");
  for (const auto& [later_s, expected] : {std::pair(120, "alice"), std::pair(240, "dpop-nonce-needed")}) {
    const std::string proof = alice.proof(token, target, "late-" + std::to_string(later_s),
                                          R"(,"nonce":")" + nonce + "\"", kNowS + later_s);
    Asked later(nonces, "/strict", dpop(token) + proof);
    later.request.exchange.now.wall_ms += later_s * 1000;
    later.request.exchange.now.steady_us += later_s * 1'000'000;
    EXPECT_EQ(later.answer(), expected) << later_s;
  }
  // The clock on the wall is set back to when a proof was new, after everybody has forgotten that it was
  // used.
  Asked jumped(nonces, "/strict", with("id-1", nonce));
  jumped.request.exchange.now.steady_us += 3600LL * 1'000'000;
  EXPECT_EQ(jumped.answer(), "dpop-nonce-needed");
}

TEST_F(Senders, who_has_no_token_is_told_how_to_send_one) {
  Asked any(world, "/any", "");
  EXPECT_EQ(any.answer(), "credential-missing");
  EXPECT_EQ(any.challenges, "WWW-Authenticate: Bearer realm=\"api\"\r\n");
  Asked proof(world, "/proof", "");
  EXPECT_EQ(proof.answer(), "credential-missing");
  EXPECT_THAT(proof.challenges, StartsWith("WWW-Authenticate: DPoP realm=\"api\", algs=\"RS256"));
  Asked strict(world, "/strict", "");
  EXPECT_EQ(strict.answer(), "credential-missing");
  EXPECT_THAT(strict.challenges,
              StartsWith("WWW-Authenticate: Bearer realm=\"api\"\r\nWWW-Authenticate: DPoP"));
}

}  // namespace
}  // namespace caponier::stages
