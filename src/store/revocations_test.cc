#include "store/revocations.h"

#include <gtest/gtest.h>

#include "base/test_folder.h"
#include "store/identity_database.h"

namespace caponier::store {
namespace {

using plan::Revocation;
using plan::RevocationKind;

constexpr std::int64_t kNow = 1'769'903'999;

class RevocationsTest : public testing::Test {
 protected:
  void SetUp() override {
    auto database = open_identity_database(folder_.file("identity.db"));
    ASSERT_TRUE(database.ok()) << database.error();
    database_ = std::move(*database);
  }
  [[nodiscard]] std::string refusal(const Revocation& revocation) const {
    const auto done = revoke(*database_, revocation, "", {kNow, "test"});
    return done.ok() ? "" : done.error().sentence;
  }
  TestFolder folder_;
  std::unique_ptr<Database> database_;
};

TEST_F(RevocationsTest, one_is_kept_listed_and_removed) {
  const auto made =
      revoke(*database_, {RevocationKind::kTokenId, "https://i", "7", 0, kNow + 10}, "lost", {kNow, "t"});
  ASSERT_TRUE(made.ok()) << made.error().sentence;
  const auto listed = list_revocations(*database_, kNow);
  ASSERT_EQ(listed->size(), 1U);
  EXPECT_EQ(listed->front().id, made->id);
  EXPECT_EQ(listed->front().reason, "lost");
  EXPECT_EQ(list_revocations(*database_, kNow + 10)->size(), 0U);
  EXPECT_TRUE(remove_revocation(*database_, made->id, {kNow, "t"}).ok());
  EXPECT_EQ(remove_revocation(*database_, made->id, {kNow, "t"}).error().kind, KeyFault::Kind::kNotFound);
  EXPECT_EQ(changes_after(*database_, 0)->size(), 2U);
}

TEST_F(RevocationsTest, revoked_again_it_lasts_as_long_as_the_longest_was_to) {
  const Revocation shorter{RevocationKind::kSubject, "", "alice", kNow, kNow + 10};
  const Revocation longer{RevocationKind::kSubject, "", "alice", kNow - 5, kNow + 20};
  const Revocation ever{RevocationKind::kSubject, "", "alice", kNow, 0};
  ASSERT_TRUE(revoke(*database_, shorter, "", {kNow, "t"}).ok());
  EXPECT_EQ(revoke(*database_, longer, "", {kNow, "t"})->until_s, kNow + 20);
  EXPECT_EQ(list_revocations(*database_, kNow)->front().before_s, kNow);
  EXPECT_EQ(revoke(*database_, ever, "", {kNow, "t"})->until_s, 0);
  EXPECT_EQ(revoke(*database_, shorter, "", {kNow, "t"})->until_s, 0);
  EXPECT_EQ(list_revocations(*database_, kNow)->size(), 1U);
}

TEST_F(RevocationsTest, what_says_too_little_or_too_much_is_refused) {
  EXPECT_NE(refusal({RevocationKind::kTokenId, "", "7", 0, 0}), "");
  EXPECT_NE(refusal({RevocationKind::kIssuerKey, "", "k", 0, 0}), "");
  EXPECT_NE(refusal({RevocationKind::kSubject, "", "", 0, 0}), "");
  EXPECT_NE(refusal({RevocationKind::kSubject, "", "a\nb", 0, 0}), "");
  EXPECT_NE(refusal({RevocationKind::kSubject, "", std::string(1025, 'a'), 0, 0}), "");
  EXPECT_EQ(refusal({RevocationKind::kSubject, "", std::string(1024, 'a'), 0, 0}), "");
  EXPECT_NE(refusal({RevocationKind::kSubject, "", "a", 0, kNow}), "");
  EXPECT_EQ(refusal({RevocationKind::kSubject, "", "a", 0, kNow + kRevocationForMaxS}), "");
  EXPECT_NE(refusal({RevocationKind::kSubject, "", "a", 0, kNow + kRevocationForMaxS + 1}), "");
}

}  // namespace
}  // namespace caponier::store
