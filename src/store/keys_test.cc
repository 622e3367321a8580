#include "store/keys.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/test_folder.h"
#include "plan/key_format.h"
#include "plan/test_random.h"
#include "store/hash_key.h"
#include "store/identity_database.h"

namespace caponier::store {
namespace {

constexpr std::int64_t kNow = 1'769'903'999;

class KeysTest : public testing::Test {
 protected:
  void SetUp() override {
    auto database = open_identity_database(path_);
    ASSERT_TRUE(database.ok()) << database.error();
    database_ = std::move(*database);
  }
  static KeyRequest request(const std::string& subject = "billing") {
    KeyRequest out;
    out.subject = subject;
    out.name = "nightly run";
    out.scopes = {"orders:read", "orders:write"};
    out.operations = {"listOrders", "GET /orders/{id}"};
    out.addresses = {"192.0.2.0/24", "2001:db8::/32"};
    out.plan = "gold";
    out.expires_s = kNow + 1000;
    return out;
  }
  NewKey make() {
    auto made = create_key(*database_, hasher_, request(), asking_, random_);
    if (!made) ADD_FAILURE() << made.error().sentence;
    return std::move(*made);
  }
  [[nodiscard]] KeyRecord record(const std::string& id) const { return *find_key(*database_, id); }
  TestFolder folder_;
  std::string path_ = folder_.file("identity.db");
  std::unique_ptr<Database> database_;
  plan::KeyHasher hasher_{"a hash key of this test alone"};
  plan::CountingRandom random_;
  Asking asking_{kNow, "test"};
};

TEST_F(KeysTest, a_key_is_kept_with_all_that_was_asked_and_without_its_secret) {
  const NewKey made = make();
  const KeyRecord kept = record(made.id);
  EXPECT_EQ(kept.id, made.id);
  EXPECT_EQ(kept.subject, "billing");
  EXPECT_EQ(kept.name, "nightly run");
  EXPECT_EQ(kept.scopes, request().scopes);
  EXPECT_EQ(kept.operations, request().operations);
  EXPECT_EQ(kept.addresses, request().addresses);
  EXPECT_EQ(kept.schemes, std::vector<std::string>());
  EXPECT_EQ(kept.plan, "gold");
  EXPECT_EQ(kept.created_s, kNow);
  EXPECT_EQ(kept.expires_s, kNow + 1000);
  EXPECT_EQ(kept.digest, hasher_.of_key(made.key.reveal()));
  EXPECT_EQ(kept.state(kNow + 999), "active");
  EXPECT_EQ(kept.state(kNow + 1000), "expired");
  const std::string secret(made.key.reveal().substr(13, 43));
  database_.reset();
  for (const char* end : {"", "-wal"}) {
    const auto bytes = read_file(path_ + end, 1 << 24);
    if (!bytes) continue;  // the log goes when the last one closes
    EXPECT_EQ(bytes->find(secret), std::string::npos);
  }
}

TEST_F(KeysTest, what_a_key_may_not_be_is_refused_with_a_sentence) {
  const auto refusal = [this](auto&& change) {
    KeyRequest wrong = request();
    change(wrong);
    const auto made = create_key(*database_, hasher_, wrong, asking_, random_);
    EXPECT_FALSE(made.ok());
    return made.ok() ? "" : made.error().sentence;
  };
  EXPECT_EQ(refusal([](KeyRequest& r) { r.subject = ""; }),
            "the subject must be 1 to 256 bytes of printable text");
  EXPECT_NE(refusal([](KeyRequest& r) { r.subject = std::string(257, 'a'); }), "");
  EXPECT_NE(refusal([](KeyRequest& r) { r.subject = "a\nb"; }), "");
  EXPECT_NE(refusal([](KeyRequest& r) { r.scopes = {"two words"}; }), "");
  EXPECT_NE(refusal([](KeyRequest& r) { r.scopes.assign(65, "a"); }), "");
  EXPECT_NE(refusal([](KeyRequest& r) { r.operations = {""}; }), "");
  EXPECT_NE(refusal([](KeyRequest& r) { r.operations.assign(257, "a"); }), "");
  EXPECT_NE(refusal([](KeyRequest& r) { r.addresses = {"192.0.2.1/24"}; }), "");
  EXPECT_NE(refusal([](KeyRequest& r) { r.addresses.assign(65, "192.0.2.1"); }), "");
  EXPECT_NE(refusal([](KeyRequest& r) { r.schemes.assign(17, "a"); }), "");
  EXPECT_EQ(refusal([](KeyRequest& r) { r.expires_s = kNow; }), "the time of expiry lies in the past");
  KeyRequest largest = request();
  largest.subject = std::string(256, 'a');
  largest.scopes.assign(64, "a");
  largest.operations.assign(256, "a");
  largest.addresses.assign(64, "192.0.2.1");
  largest.schemes.assign(16, "a");
  EXPECT_TRUE(create_key(*database_, hasher_, largest, asking_, random_).ok());
}

TEST_F(KeysTest, a_rotation_keeps_the_id_and_the_secret_before_for_the_overlap) {
  const NewKey made = make();
  const auto rotated = rotate_key(*database_, hasher_, made.id, 600, asking_, random_);
  ASSERT_TRUE(rotated.ok()) << rotated.error().sentence;
  EXPECT_EQ(rotated->id, made.id);
  EXPECT_NE(rotated->key.reveal(), made.key.reveal());
  const KeyRecord kept = record(made.id);
  EXPECT_EQ(kept.digest, hasher_.of_key(rotated->key.reveal()));
  EXPECT_EQ(kept.previous, hasher_.of_key(made.key.reveal()));
  EXPECT_EQ(kept.previous_until_s, kNow + 600);
  EXPECT_EQ(kept.rotated_s, kNow);
  EXPECT_FALSE(rotate_key(*database_, hasher_, made.id, -1, asking_, random_).ok());
  EXPECT_TRUE(rotate_key(*database_, hasher_, made.id, kOverlapMaxS, asking_, random_).ok());
  EXPECT_FALSE(rotate_key(*database_, hasher_, made.id, kOverlapMaxS + 1, asking_, random_).ok());
}

TEST_F(KeysTest, a_key_that_is_revoked_stays_so) {
  const NewKey made = make();
  ASSERT_TRUE(revoke_key(*database_, made.id, "found in a repository", asking_).ok());
  EXPECT_EQ(record(made.id).revoked_s, kNow);
  EXPECT_EQ(record(made.id).revoked_for, "found in a repository");
  EXPECT_EQ(record(made.id).state(kNow), "revoked");
  ASSERT_TRUE(revoke_key(*database_, made.id, "again", {kNow + 5, "test"}).ok());
  EXPECT_EQ(record(made.id).revoked_s, kNow);
  EXPECT_EQ(rotate_key(*database_, hasher_, made.id, 0, asking_, random_).error().sentence,
            "the key is revoked: make another one");
  EXPECT_FALSE(expire_key(*database_, made.id, 0, asking_).ok());
}

TEST_F(KeysTest, a_key_expires_when_it_is_told_to) {
  const NewKey made = make();
  ASSERT_TRUE(expire_key(*database_, made.id, kNow, asking_).ok());
  EXPECT_EQ(record(made.id).state(kNow), "expired");
  ASSERT_TRUE(expire_key(*database_, made.id, 0, asking_).ok());
  EXPECT_EQ(record(made.id).state(kNow + 1'000'000), "active");
  EXPECT_FALSE(expire_key(*database_, made.id, kNow - 1, asking_).ok());
}

TEST_F(KeysTest, an_id_that_nobody_has_is_told_and_what_is_no_id_is_not_repeated) {
  EXPECT_EQ(find_key(*database_, "cap_12345678").error().sentence, "there is no key cap_12345678");
  const NewKey made = make();
  EXPECT_EQ(revoke_key(*database_, made.key.reveal(), "", asking_).error().sentence,
            "this is no id of a key: cap_ and 8 characters");
}

TEST_F(KeysTest, keys_are_listed_in_pages) {
  std::vector<std::string> made;
  for (int i = 0; i < 5; ++i) made.push_back(make().id);
  std::sort(made.begin(), made.end());
  std::vector<std::string> listed;
  std::string after;
  for (;;) {
    const std::size_t before = listed.size();
    ASSERT_TRUE(list_keys(*database_, after, 2, [&](const KeyRecord& one) {
                  listed.push_back(one.id);
                  return true;
                }).ok());
    if (listed.size() == before) break;
    after = listed.back();
  }
  EXPECT_EQ(listed, made);
}

TEST_F(KeysTest, the_last_use_only_goes_forward) {
  const NewKey made = make();
  ASSERT_TRUE(note_uses(*database_, {{made.id, kNow + 60}}).ok());
  ASSERT_TRUE(note_uses(*database_, {{made.id, kNow}, {"cap_gonegone", kNow}}).ok());
  EXPECT_EQ(record(made.id).last_used_s, kNow + 60);
  EXPECT_EQ(*last_change(*database_), 1);  // nobody reads a key again because it was used
}

TEST_F(KeysTest, every_key_that_was_reported_survives_kill_9_of_the_process_that_makes_them) {
  database_.reset();
  int pipe_fds[2];
  ASSERT_EQ(pipe(pipe_fds), 0);
  const pid_t child = fork();
  if (child == 0) {
    auto database = open_identity_database(path_);
    for (;;) {
      auto made = create_key(**database, hasher_, request(), asking_, random_);
      if (!made || write(pipe_fds[1], made->id.data(), made->id.size()) < 0) _exit(1);
    }
  }
  close(pipe_fds[1]);
  std::vector<std::string> reported;
  char id[plan::kKeyIdBytes];
  const auto next = [&] { return read(pipe_fds[0], id, sizeof id) == static_cast<ssize_t>(sizeof id); };
  while (reported.size() < 40 && next()) reported.emplace_back(id, sizeof id);
  kill(child, SIGKILL);
  while (next()) reported.emplace_back(id, sizeof id);
  close(pipe_fds[0]);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  ASSERT_GE(reported.size(), 40U);
  auto database = open_identity_database(path_);
  ASSERT_TRUE(database.ok()) << database.error();
  for (const std::string& one : reported) EXPECT_TRUE(find_key(**database, one).ok()) << one;
  auto check = (*database)->prepare("PRAGMA integrity_check");
  ASSERT_TRUE(check->step().ok());
  EXPECT_EQ(check->text_at(0), "ok");
}

class HashKeyTest : public KeysTest {
 protected:
  void SetUp() override {
    KeysTest::SetUp();
    auto state = StateDir::open(folder_.file("state"));
    ASSERT_TRUE(state.ok());
    state_.emplace(std::move(*state));
  }
  [[nodiscard]] std::string error(const SecretReference& reference) {
    const auto hasher = load_hasher(*state_, reference, *database_, random_);
    return hasher.ok() ? "" : hasher.error();
  }
  std::optional<StateDir> state_;
};

TEST_F(HashKeyTest, one_is_made_for_the_owner_alone_and_found_again) {
  const auto first = load_hasher(*state_, {}, *database_, random_);
  ASSERT_TRUE(first.ok()) << first.error();
  struct stat status {};
  ASSERT_EQ(stat(state_->file(kHashKeyFile).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const auto again = load_hasher(*state_, {}, *database_, random_);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ((**first)("x"), (**again)("x"));
}

TEST_F(HashKeyTest, another_one_is_refused_once_there_are_keys) {
  setenv("CAPONIER_TEST_HASH_KEY", std::string(32, 'k').c_str(), 1);
  const SecretReference other{SecretReference::Kind::kEnvironment, "CAPONIER_TEST_HASH_KEY"};
  EXPECT_EQ(error({}), "");
  EXPECT_EQ(error(other), "");  // no key was made under the one before
  EXPECT_EQ(error({}), "");
  (void)make();
  EXPECT_EQ(error({}), "");
  EXPECT_EQ(error(other),
            "the API keys in " + path_ +
                " are hashed under another key than the one at env://CAPONIER_TEST_HASH_KEY: name "
                "that one under `api_keys: {hash_key: ...}`, and give the same --config everywhere");
  setenv("CAPONIER_TEST_HASH_KEY", std::string(31, 'k').c_str(), 1);
  EXPECT_EQ(
      error(other),
      "the key at env://CAPONIER_TEST_HASH_KEY is shorter than 32 bytes; make one: openssl rand -hex 32");
  unsetenv("CAPONIER_TEST_HASH_KEY");
}

}  // namespace
}  // namespace caponier::store
