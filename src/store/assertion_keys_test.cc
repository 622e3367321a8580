// Keys over months, by a clock of the test's own.
#include "store/assertion_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "base/test_folder.h"
#include "plan/assertion_keys.h"
#include "store/assertion_keeper.h"
#include "store/state_dir.h"

namespace caponier::store {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kNow = 1'769'903'999;
constexpr std::int64_t kDayS = 24 * 3600;

AssertionKeyRules rules(jose::Algorithm algorithm = jose::Algorithm::kES256) {
  AssertionKeyRules out;
  out.algorithm = algorithm;
  out.rotate_every_s = 30 * kDayS;
  return out;
}

AssertionKeyPtr made(jose::Algorithm algorithm = jose::Algorithm::kES256) {
  return std::make_shared<const jose::AssertionKey>(
      std::move(jose::AssertionKey::generate(algorithm).value()));
}

std::string signs(const KeptAssertionKeys& keys, std::int64_t now_s) {
  const auto key = signing_key(keys, rules(), now_s);
  return key == nullptr ? "nobody" : key->id();
}

TEST(AssertionKeyRotation, a_successor_is_published_before_it_signs_and_its_predecessor_after) {
  KeptAssertionKeys keys;
  ASSERT_TRUE(advance(keys, rules(), kNow).value());
  const std::string first = signs(keys, kNow);
  ASSERT_EQ(keys.size(), 1U);
  const std::int64_t due = next_due_s(keys, rules(), kNow);
  EXPECT_EQ(due, kNow + 30 * kDayS - kPublishedAheadS);
  EXPECT_FALSE(advance(keys, rules(), due - 1).value());

  ASSERT_TRUE(advance(keys, rules(), due).value());
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(signs(keys, due), first);
  EXPECT_EQ(signs(keys, due + kPublishedAheadS - 1), first);
  const std::int64_t changeover = next_due_s(keys, rules(), due);
  EXPECT_EQ(changeover, due + kPublishedAheadS);
  const std::string second = signs(keys, changeover);
  EXPECT_NE(second, first);

  ASSERT_TRUE(advance(keys, rules(), changeover).value());
  EXPECT_THAT(published_set(keys), HasSubstr(first));
  EXPECT_EQ(next_due_s(keys, rules(), changeover), changeover + kPublishedAfterS);
  // The longest token that it signed has ended by then.
  EXPECT_GT(kPublishedAfterS, 2 * 60);
  ASSERT_TRUE(advance(keys, rules(), changeover + kPublishedAfterS).value());
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys[0].id, second);
}

TEST(AssertionKeyRotation, what_does_not_sign_any_more_keeps_no_private_half) {
  KeptAssertionKeys keys;
  ASSERT_TRUE(advance(keys, rules(), kNow).ok());
  ASSERT_TRUE(rotate(keys, Rotation::kAhead, kNow).ok());
  ASSERT_TRUE(advance(keys, rules(), kNow + kPublishedAheadS).value());
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0].key, nullptr);
  const std::string text = to_text(keys);
  EXPECT_EQ(text.find("PRIVATE KEY", text.find("END PRIVATE KEY") + 20), std::string::npos);
}

TEST(AssertionKeyRotation, a_gateway_that_slept_for_years_still_publishes_ahead) {
  KeptAssertionKeys keys;
  ASSERT_TRUE(advance(keys, rules(), kNow).ok());
  const std::string first = signs(keys, kNow);
  const std::int64_t later = kNow + 1000 * kDayS;
  ASSERT_TRUE(advance(keys, rules(), later).value());
  EXPECT_EQ(signs(keys, later), first);
  EXPECT_EQ(keys.size(), 2U);
  EXPECT_FALSE(advance(keys, rules(), later).value());
}

TEST(AssertionKeyRotation, a_clock_that_goes_back_leaves_somebody_to_sign) {
  KeptAssertionKeys keys;
  ASSERT_TRUE(advance(keys, rules(), kNow).ok());
  const std::string first = signs(keys, kNow);
  ASSERT_TRUE(advance(keys, rules(), kNow - 100 * kDayS).ok());
  EXPECT_EQ(signs(keys, kNow - 100 * kDayS), first);
}

TEST(AssertionKeyRotation, another_algorithm_comes_with_overlap) {
  KeptAssertionKeys keys;
  ASSERT_TRUE(advance(keys, rules(), kNow).ok());
  const AssertionKeyRules other = rules(jose::Algorithm::kEdDSA);
  ASSERT_TRUE(advance(keys, other, kNow + 1).value());
  EXPECT_EQ(signing_key(keys, other, kNow + 1)->algorithm(), jose::Algorithm::kES256);
  ASSERT_TRUE(advance(keys, other, kNow + 1 + kPublishedAheadS).value());
  EXPECT_EQ(signing_key(keys, other, kNow + 1 + kPublishedAheadS)->algorithm(), jose::Algorithm::kEdDSA);
}

TEST(AssertionKeyRotation, given_keys_and_own_ones_follow_each_other_with_overlap) {
  KeptAssertionKeys keys;
  ASSERT_TRUE(advance(keys, rules(), kNow).ok());
  const std::string own = signs(keys, kNow);
  AssertionKeyRules given = rules();
  given.given = made();
  given.given_next = made();
  ASSERT_TRUE(advance(keys, given, kNow + 1).value());
  EXPECT_EQ(signing_key(keys, given, kNow + 1), given.given);
  EXPECT_EQ(keys.size(), 3U);
  EXPECT_EQ(to_text(keys).find("PRIVATE"), std::string::npos);
  EXPECT_FALSE(advance(keys, given, kNow + 2).value());
  EXPECT_FALSE(rotate(keys, Rotation::kAhead, kNow + 2).ok());

  ASSERT_TRUE(advance(keys, given, kNow + 1 + kPublishedAfterS).value());
  EXPECT_EQ(published_set(keys).find(own), std::string::npos);
  // And back.
  const std::int64_t back = kNow + 1000;
  ASSERT_TRUE(advance(keys, rules(), back).value());
  EXPECT_NE(signs(keys, back), "nobody");
  EXPECT_THAT(published_set(keys), HasSubstr(given.given->id()));
}

TEST(AssertionKeyRotation, there_are_never_more_than_so_many) {
  KeptAssertionKeys keys;
  AssertionKeyRules given = rules();
  for (std::size_t i = 0; i < kAssertionKeysMax; ++i) {
    given.given = made(jose::Algorithm::kEdDSA);
    ASSERT_TRUE(advance(keys, given, kNow).ok()) << i;
  }
  EXPECT_EQ(keys.size(), kAssertionKeysMax);
  EXPECT_TRUE(parse_assertion_keys(to_text(keys)).ok());
  EXPECT_FALSE(advance(keys, rules(), kNow).ok());
  given.given = made(jose::Algorithm::kEdDSA);
  EXPECT_FALSE(advance(keys, given, kNow).ok());
  // They end by themselves.
  EXPECT_TRUE(advance(keys, rules(), kNow + kPublishedAfterS).ok());
}

TEST(AssertionKeyText, comes_back_as_it_was) {
  KeptAssertionKeys keys;
  ASSERT_TRUE(advance(keys, rules(), kNow).ok());
  ASSERT_TRUE(rotate(keys, Rotation::kAhead, kNow).ok());
  const auto again = parse_assertion_keys(to_text(keys));
  ASSERT_TRUE(again.ok()) << again.error();
  EXPECT_EQ(to_text(*again), to_text(keys));
}

TEST(AssertionKeyText, that_is_damaged_is_refused) {
  KeptAssertionKeys keys;
  ASSERT_TRUE(advance(keys, rules(), kNow).ok());
  const std::string good = to_text(keys);
  for (const std::string& bad :
       {std::string(), std::string("[]"), good.substr(0, good.size() / 2),
        std::string(R"({"version":2,"keys":[]})"), std::string(R"({"version":1,"keys":[{}]})")}) {
    EXPECT_FALSE(parse_assertion_keys(bad).ok()) << bad;
  }
  std::string other_id = good;
  other_id.replace(other_id.find("\"kid\":\"") + 7, 4, "0000");
  EXPECT_FALSE(parse_assertion_keys(other_id).ok());
}

class Keeper : public testing::Test {
 protected:
  AssertionKeeper make() {
    return AssertionKeeper(folder_.path(), source_,
                           {[this](const std::string& sentence) { changes_.push_back(sentence); },
                            [this](const std::string& sentence) { troubles_.push_back(sentence); }});
  }
  std::string signs() { return source_->get()->signing ? source_->get()->signing->id() : ""; }
  static plan::IdentityToken token() {
    plan::IdentityToken out;
    out.rotate_every_s = 30 * kDayS;
    return out;
  }

  TestFolder folder_;
  std::shared_ptr<plan::AssertionKeySource> source_ = std::make_shared<plan::AssertionKeySource>();
  std::vector<std::string> changes_;
  std::vector<std::string> troubles_;
};

TEST_F(Keeper, rotates_by_the_clock_alone) {
  AssertionKeeper keeper = make();
  EXPECT_FALSE(keeper.active());
  ASSERT_TRUE(keeper.use(token(), kNow).ok());
  EXPECT_TRUE(keeper.active());
  const std::string first = signs();
  keeper.look(kNow + 30 * kDayS - kPublishedAheadS);
  EXPECT_EQ(signs(), first);
  EXPECT_EQ(changes_.size(), 2U);
  keeper.look(kNow + 30 * kDayS);
  EXPECT_NE(signs(), first);
  EXPECT_THAT(source_->get()->key_set, HasSubstr(first));
  keeper.look(kNow + 30 * kDayS + kPublishedAfterS);
  EXPECT_EQ(source_->get()->key_set.find(first), std::string::npos);
}

TEST_F(Keeper, two_processes_at_a_handover_use_the_same_keys) {
  AssertionKeeper before = make();
  ASSERT_TRUE(before.use(token(), kNow).ok());
  const std::string first = signs();
  AssertionKeeper after = make();
  ASSERT_TRUE(after.use(token(), kNow + 1).ok());
  EXPECT_EQ(signs(), first);
  // Both find a rotation due: one key is made.
  const std::int64_t due = kNow + 30 * kDayS - kPublishedAheadS;
  std::thread other([&] { before.look(due); });
  after.look(due);
  other.join();
  EXPECT_EQ(parse_assertion_keys(read_file(folder_.file(kAssertionKeysFile), 1 << 20).value())->size(), 2U);
}

TEST_F(Keeper, what_it_cannot_read_changes_nothing_and_is_told_once) {
  AssertionKeeper keeper = make();
  ASSERT_TRUE(keeper.use(token(), kNow).ok());
  const std::string first = signs();
  folder_.write(kAssertionKeysFile, "{");
  keeper.look(kNow + 1);
  keeper.look(kNow + 2);
  keeper.look(kNow + 60);
  EXPECT_EQ(signs(), first);
  ASSERT_EQ(troubles_.size(), 1U);
  EXPECT_THAT(troubles_[0], HasSubstr("identity-token-keys.json"));
}

TEST_F(Keeper, a_key_that_is_no_key_is_refused_before_it_is_used) {
  AssertionKeeper keeper = make();
  plan::IdentityToken wrong = token();
  folder_.write("key.pem", "not a key");
  chmod(folder_.file("key.pem").c_str(), 0600);
  wrong.key = {SecretReference::Kind::kFile, folder_.file("key.pem")};
  const auto used = keeper.use(wrong, kNow);
  ASSERT_FALSE(used.ok());
  EXPECT_THAT(used.error(), HasSubstr("cannot sign identity tokens"));
  EXPECT_FALSE(keeper.active());
}

TEST_F(Keeper, who_is_killed_while_it_writes_leaves_a_whole_file) {
  for (int round = 0; round < 20; ++round) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      for (std::int64_t now = kNow + round * 1000 * kDayS;; now += 31 * kDayS) {
        auto file = AssertionKeyFile::open(folder_.path());
        auto keys = file->read();
        if (!keys || !advance(*keys, rules(jose::Algorithm::kEdDSA), now) || !file->write(*keys)) _exit(1);
      }
    }
    usleep(static_cast<useconds_t>(2000 + round * 500));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status));
    const auto file = AssertionKeyFile::open(folder_.path());
    ASSERT_TRUE(file.ok());
    EXPECT_TRUE(file->read().ok()) << file->read().error();
  }
}

}  // namespace
}  // namespace caponier::store
