#include "store/identity_store.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>

#include "base/test_folder.h"
#include "plan/test_random.h"
#include "store/revocations.h"

namespace caponier::store {
namespace {

constexpr std::int64_t kNow = 1'769'903'999;

class FixedClock final : public Clock {
 public:
  Now now() override { return {kNow * 1000, steady_ms.load() * 1000}; }
  std::atomic<std::int64_t> steady_ms{1000};
};

// What the store tells, for whoever waits for it.
class Told {
 public:
  void tell(std::string text) {
    const std::lock_guard lock(mutex_);
    texts_.push_back(std::move(text));
    more_.notify_all();
  }
  [[nodiscard]] bool hears(const std::string& text) {
    std::unique_lock lock(mutex_);
    return more_.wait_for(lock, std::chrono::seconds(20),
                          [&] { return std::find(texts_.begin(), texts_.end(), text) != texts_.end(); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable more_;
  std::vector<std::string> texts_;
};

class IdentityStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    auto database = open_identity_database(path_);
    ASSERT_TRUE(database.ok()) << database.error();
    other_ = std::move(*database);
  }
  void open() {
    auto store =
        IdentityStore::open(path_, hasher_, facts_, clock_,
                            {[this](const Change& change) { told_.tell(change.what + " " + change.id); },
                             [this](const std::string& sentence) { told_.tell(sentence); }});
    ASSERT_TRUE(store.ok()) << store.error();
    store_ = std::move(*store);
  }
  NewKey make(const Database& database) {
    KeyRequest request;
    request.subject = "billing";
    request.addresses = {"192.0.2.0/24"};
    return std::move(*create_key(database, *hasher_, request, {kNow, "test"}, random_));
  }
  [[nodiscard]] plan::KeyFit fit(const Secret& key) const {
    return facts_->get()->keys->find(key.reveal(), kNow).fit;
  }

  TestFolder folder_;
  std::string path_ = folder_.file("identity.db");
  std::unique_ptr<Database> other_;  // as the command line has it
  Hasher hasher_ = std::make_shared<const plan::KeyHasher>("a hash key of this test alone");
  std::shared_ptr<plan::IdentitySource> facts_ = std::make_shared<plan::IdentitySource>();
  plan::CountingRandom random_;
  FixedClock clock_;
  Told told_;
  std::unique_ptr<IdentityStore> store_;
};

TEST_F(IdentityStoreTest, what_is_there_is_known_from_the_start) {
  const NewKey key = make(*other_);
  EXPECT_EQ(fit(key.key), plan::KeyFit::kUnknown);
  open();
  EXPECT_EQ(fit(key.key), plan::KeyFit::kValid);
}

TEST_F(IdentityStoreTest, what_another_process_changes_is_known_soon) {
  open();
  const std::uint64_t before = facts_->epoch();
  const NewKey key = make(*other_);
  ASSERT_TRUE(told_.hears("key-created " + key.id));
  EXPECT_EQ(fit(key.key), plan::KeyFit::kValid);
  EXPECT_GT(facts_->epoch(), before);
  ASSERT_TRUE(revoke_key(*other_, key.id, "", {kNow, "test"}).ok());
  ASSERT_TRUE(told_.hears("key-revoked " + key.id));
  EXPECT_EQ(fit(key.key), plan::KeyFit::kRevoked);
}

TEST_F(IdentityStoreTest, what_is_asked_for_is_in_force_when_it_is_answered) {
  open();
  std::promise<void> done;
  std::optional<NewKey> key;
  store_->ask([&](const Database& database, const plan::KeyHasher&) { key.emplace(make(database)); },
              [&] { done.set_value(); });
  done.get_future().wait();
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(fit(key->key), plan::KeyFit::kValid);
}

TEST_F(IdentityStoreTest, revocations_are_known_from_the_start_and_soon_after_they_are_made) {
  const auto find = [this](const char* id) {
    plan::RevocableToken token;
    token.issuer = "https://i";
    token.token_id = id;
    return facts_->get()->revocations->find(token, kNow);
  };
  const auto revoke_id = [this](const char* id) {
    return revoke(*other_, {plan::RevocationKind::kTokenId, "https://i", id, 0, 0}, "", {kNow, "test"});
  };
  ASSERT_TRUE(revoke_id("7").ok());
  open();
  EXPECT_TRUE(find("7").has_value());
  EXPECT_FALSE(find("8").has_value());
  ASSERT_TRUE(revoke_id("8").ok());
  ASSERT_TRUE(told_.hears("revoked 2"));
  EXPECT_TRUE(find("8").has_value());
  ASSERT_TRUE(remove_revocation(*other_, 1, {kNow, "test"}).ok());
  ASSERT_TRUE(told_.hears("revocation-removed 1"));
  EXPECT_FALSE(find("7").has_value());
}

TEST_F(IdentityStoreTest, an_address_that_cannot_be_read_opens_no_door) {
  const NewKey key = make(*other_);
  ASSERT_TRUE(other_->execute("UPDATE keys SET addresses = 'nonsense'").ok());
  open();
  const auto keys = facts_->get()->keys;
  const auto& rights = *(*keys->find_id(key.id))->rights;
  EXPECT_FALSE(rights.allows_address(*parse_ip("192.0.2.1")));
}

TEST_F(IdentityStoreTest, uses_are_written_down_at_times_and_at_the_end) {
  const NewKey key = make(*other_);
  open();
  const auto keys = facts_->get()->keys;
  const plan::KnownKeyPtr known = *keys->find_id(key.id);
  known->note_use(kNow + 5);
  ASSERT_TRUE(revoke_key(*other_, key.id, "", {kNow, "test"}).ok());
  ASSERT_TRUE(told_.hears("key-revoked " + key.id));
  store_.reset();
  EXPECT_EQ(find_key(*other_, key.id)->last_used_s, kNow + 5);
}

TEST_F(IdentityStoreTest, a_database_that_cannot_be_read_any_more_leaves_in_force_what_was_known) {
  const NewKey key = make(*other_);
  open();
  ASSERT_TRUE(other_->execute("DROP TABLE changes").ok());
  ASSERT_TRUE(told_.hears(path_ + ": no such table: changes"));
  EXPECT_EQ(fit(key.key), plan::KeyFit::kValid);
}

TEST_F(IdentityStoreTest, who_missed_changes_that_are_gone_reads_everything_anew) {
  open();
  ASSERT_TRUE(other_->execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('changes', 500)").ok());
  const NewKey key = make(*other_);
  ASSERT_TRUE(told_.hears("key-created " + key.id));
  EXPECT_EQ(fit(key.key), plan::KeyFit::kValid);
}

TEST_F(IdentityStoreTest, a_copy_from_the_past_that_is_put_back_is_what_holds_from_then_on) {
  open();
  const NewKey first = make(*other_);
  ASSERT_TRUE(told_.hears("key-created " + first.id));
  const NewKey second = make(*other_);
  ASSERT_TRUE(told_.hears("key-created " + second.id));
  {
    auto all = Transaction::begin(*other_);
    ASSERT_TRUE(all.ok());
    ASSERT_TRUE(other_->execute("DELETE FROM changes").ok());
    ASSERT_TRUE(other_->execute("UPDATE sqlite_sequence SET seq = 0 WHERE name = 'changes'").ok());
    ASSERT_TRUE(all->commit().ok());
  }
  ASSERT_TRUE(told_.hears(path_ + " is of an earlier time than it was: all of it was read anew"));
  const NewKey third = make(*other_);
  ASSERT_TRUE(told_.hears("key-created " + third.id));
  EXPECT_EQ(fit(third.key), plan::KeyFit::kValid);
}

TEST_F(IdentityStoreTest, another_file_in_its_place_is_told) {
  open();
  ASSERT_EQ(rename(path_.c_str(), folder_.file("moved").c_str()), 0);
  EXPECT_TRUE(told_.hears(
      path_ + " is another file than the one that was opened: what changes in it is not seen; restart"));
}

}  // namespace
}  // namespace caponier::store
