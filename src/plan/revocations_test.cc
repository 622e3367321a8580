#include "plan/revocations.h"

#include <gtest/gtest.h>

namespace caponier::plan {
namespace {

using Kind = RevocationKind;
constexpr std::int64_t kNow = 1'769'903'999;

// A token of alice's, by the client app, issued a minute ago.
RevocableToken alices() {
  return {"https://i", "alice", "app", "7", "key-1", kNow - 60, "aaa.bbb.ccc"};
}

std::optional<Kind> judged(const Revocation& revocation, const RevocableToken& token = alices(),
                           std::int64_t now_s = kNow) {
  const Revocation all[] = {{Kind::kTokenId, "https://other", "7", 0, 0}, revocation};
  return Revocations(all).find(token, now_s);
}

TEST(Revocations, each_kind_ends_what_it_names_and_nothing_else) {
  EXPECT_EQ(judged({Kind::kTokenId, "https://i", "7", 0, 0}), Kind::kTokenId);
  EXPECT_EQ(judged({Kind::kTokenId, "https://i", "8", 0, 0}), std::nullopt);
  EXPECT_EQ(judged({Kind::kToken, "", token_digest("aaa.bbb.ccc"), 0, 0}), Kind::kToken);
  EXPECT_EQ(judged({Kind::kToken, "", token_digest("aaa.bbx.ccc"), 0, 0}), std::nullopt);
  EXPECT_EQ(judged({Kind::kSubject, "https://i", "alice", kNow, 0}), Kind::kSubject);
  EXPECT_EQ(judged({Kind::kSubject, "", "alice", kNow, 0}), Kind::kSubject);
  EXPECT_EQ(judged({Kind::kSubject, "https://other", "alice", kNow, 0}), std::nullopt);
  EXPECT_EQ(judged({Kind::kClient, "", "app", kNow, 0}), Kind::kClient);
  EXPECT_EQ(judged({Kind::kClient, "", "alice", kNow, 0}), std::nullopt);
  EXPECT_EQ(judged({Kind::kIssuerKey, "https://i", "key-1", 0, 0}), Kind::kIssuerKey);
  EXPECT_EQ(judged({Kind::kIssuerKey, "https://i", "key-2", 0, 0}), std::nullopt);
}

TEST(Revocations, a_token_cannot_escape_by_another_spelling_of_its_signature) {
  EXPECT_EQ(judged({Kind::kToken, "", token_digest("aaa.bbb.another"), 0, 0}), Kind::kToken);
  EXPECT_NE(token_digest("opaque.a"), token_digest("opaque.b")) << "of an opaque one, everything counts";
}

TEST(Revocations, of_a_subject_the_tokens_that_were_issued_until_then_end) {
  RevocableToken token = alices();
  const Revocation revocation{Kind::kSubject, "", "alice", kNow, 0};
  token.issued_at_s = kNow;
  EXPECT_EQ(judged(revocation, token), Kind::kSubject);
  token.issued_at_s = kNow + 1;
  EXPECT_EQ(judged(revocation, token), std::nullopt);
  token.issued_at_s = 0;
  EXPECT_EQ(judged(revocation, token), Kind::kSubject) << "one that does not say when is old";
}

TEST(Revocations, of_a_subject_reach_tokens_of_a_clock_that_is_ahead_within_its_leeway) {
  RevocableToken token = alices();
  const Revocation revocation{Kind::kSubject, "", "alice", kNow, 0};
  token.leeway_s = 30;
  token.issued_at_s = kNow + 30;
  EXPECT_EQ(judged(revocation, token), Kind::kSubject);
  token.issued_at_s = kNow + 31;
  EXPECT_EQ(judged(revocation, token), std::nullopt);
}

TEST(Revocations, of_a_client_reach_it_as_authorized_party_too) {
  RevocableToken token = alices();
  token.authorized_party = "portal";
  EXPECT_EQ(judged({Kind::kClient, "", "portal", kNow, 0}, token), Kind::kClient);
  EXPECT_EQ(judged({Kind::kClient, "", "app", kNow, 0}, token), Kind::kClient);
  EXPECT_EQ(judged({Kind::kSubject, "", "portal", kNow, 0}, token), std::nullopt);
}

TEST(Revocations, end_when_they_may_be_forgotten) {
  const Revocation revocation{Kind::kTokenId, "https://i", "7", 0, kNow + 1};
  EXPECT_EQ(judged(revocation, alices(), kNow), Kind::kTokenId);
  EXPECT_EQ(judged(revocation, alices(), kNow + 1), std::nullopt);
}

TEST(Revocations, of_names_that_a_token_does_not_have_end_nothing) {
  EXPECT_EQ(judged({Kind::kSubject, "", "", kNow, 0}, {"https://i", "", "", "", "", 0, "t"}), std::nullopt);
  EXPECT_TRUE(Revocations().empty());
  EXPECT_EQ(Revocations().find(alices(), kNow), std::nullopt);
}

TEST(Revocations, kinds_have_names) {
  for (const Kind kind : {Kind::kTokenId, Kind::kToken, Kind::kSubject, Kind::kClient, Kind::kIssuerKey})
    EXPECT_EQ(revocation_kind(name(kind)), kind);
  EXPECT_EQ(revocation_kind("everything"), std::nullopt);
}

}  // namespace
}  // namespace caponier::plan
