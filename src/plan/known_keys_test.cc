#include "plan/known_keys.h"

#include <gtest/gtest.h>

#include "plan/key_format.h"
#include "plan/test_random.h"

namespace caponier::plan {
namespace {

constexpr std::int64_t kNow = 1'769'903'999;

class KnownKeysTest : public testing::Test {
 protected:
  struct Made {
    std::shared_ptr<KnownKey> key;
    std::string secret;
  };
  std::string secret_of(const std::string& id) {
    std::string bytes(32, '\0');
    random_.fill(bytes.data(), bytes.size());
    return std::string(make_key(id, bytes).reveal());
  }
  Made make() {
    Made made{std::make_shared<KnownKey>(), {}};
    made.key->id = make_key_id(random_);
    made.secret = secret_of(made.key->id);
    made.key->digest = hasher_->of_key(made.secret);
    return made;
  }
  [[nodiscard]] KnownKeys with(const KnownKeys& from, const std::vector<KnownKeyPtr>& keys) const {
    return KnownKeys(from, keys);
  }
  CountingRandom random_;
  std::shared_ptr<const KeyHasher> hasher_ = std::make_shared<const KeyHasher>("a secret of this test alone");
  KnownKeys none_{hasher_};
};

TEST_F(KnownKeysTest, each_of_many_keys_is_found_by_its_secret_and_by_its_id) {
  std::vector<Made> made;
  std::vector<KnownKeyPtr> keys;
  for (int i = 0; i < 20'000; ++i) {
    made.push_back(make());
    keys.push_back(made.back().key);
  }
  const KnownKeys all = with(none_, keys);
  EXPECT_EQ(all.size(), 20'000U);
  for (const Made& one : made) {
    const FoundKey found = all.find(one.secret, kNow);
    ASSERT_EQ(found.fit, KeyFit::kValid);
    EXPECT_EQ(found.key->get(), one.key.get());
    EXPECT_EQ(all.find_id(one.key->id)->get(), one.key.get());
  }
  std::size_t count = 0;
  all.for_each([&count](const KnownKeyPtr&) { ++count; });
  EXPECT_EQ(count, 20'000U);
}

TEST_F(KnownKeysTest, an_empty_index_knows_nobody) {
  EXPECT_EQ(none_.find(make().secret, kNow).fit, KeyFit::kUnknown);
  EXPECT_EQ(none_.find("", kNow).fit, KeyFit::kMalformed);
  EXPECT_EQ(none_.find_id("cap_1a2b3c4d"), nullptr);
  EXPECT_EQ(KnownKeys(nullptr).find(make().secret, kNow).fit, KeyFit::kUnknown);
}

TEST_F(KnownKeysTest, another_secret_for_an_id_that_is_known_is_unknown) {
  const Made made = make();
  const KnownKeys keys = with(none_, {made.key});
  EXPECT_EQ(keys.find(secret_of(made.key->id), kNow).fit, KeyFit::kUnknown);
}

TEST_F(KnownKeysTest, under_another_hash_key_nobody_is_known) {
  const Made made = make();
  const KnownKeys other = with(KnownKeys(std::make_shared<const KeyHasher>("another")), {made.key});
  EXPECT_EQ(other.find(made.secret, kNow).fit, KeyFit::kUnknown);
}

TEST_F(KnownKeysTest, a_key_ends_with_its_time) {
  const Made made = make();
  made.key->expires_at_s = kNow;
  const KnownKeys keys = with(none_, {made.key});
  EXPECT_EQ(keys.find(made.secret, kNow - 1).fit, KeyFit::kValid);
  EXPECT_EQ(keys.find(made.secret, kNow).fit, KeyFit::kExpired);
}

TEST_F(KnownKeysTest, a_revoked_key_is_told_from_an_unknown_one) {
  const Made made = make();
  made.key->revoked = true;
  const KnownKeys keys = with(none_, {made.key});
  const FoundKey found = keys.find(made.secret, kNow);
  EXPECT_EQ(found.fit, KeyFit::kRevoked);
  EXPECT_EQ((*found.key)->id, made.key->id);
}

TEST_F(KnownKeysTest, after_a_rotation_both_secrets_hold_for_the_overlap) {
  const Made made = make();
  const std::string before = made.secret;
  const std::string after = secret_of(made.key->id);
  made.key->previous = made.key->digest;
  made.key->digest = hasher_->of_key(after);
  made.key->previous_until_s = kNow + 10;
  const KnownKeys keys = with(none_, {made.key});
  EXPECT_EQ(keys.find(before, kNow + 9).fit, KeyFit::kValid);
  EXPECT_EQ(keys.find(before, kNow + 10).fit, KeyFit::kReplaced);
  EXPECT_EQ(keys.find(after, kNow).fit, KeyFit::kValid);
  EXPECT_EQ(keys.find(after, kNow + 10).fit, KeyFit::kValid);
}

TEST_F(KnownKeysTest, a_change_leaves_the_index_before_as_it_was) {
  const Made a = make();
  const Made b = make();
  const KnownKeys first = with(none_, {a.key, b.key});
  const auto revoked = std::make_shared<KnownKey>();
  revoked->id = a.key->id;
  revoked->digest = a.key->digest;
  revoked->revoked = true;
  const KnownKeys second = with(first, {revoked});
  EXPECT_EQ(first.find(a.secret, kNow).fit, KeyFit::kValid);
  EXPECT_EQ(second.find(a.secret, kNow).fit, KeyFit::kRevoked);
  EXPECT_EQ(second.find(b.secret, kNow).key->get(), b.key.get());
  EXPECT_EQ(second.size(), 2U);
}

TEST_F(KnownKeysTest, its_use_is_noted_once_a_minute) {
  const Made made = make();
  made.key->note_use(kNow);
  made.key->note_use(kNow + 59);
  EXPECT_EQ(made.key->last_used_s.load(), kNow);
  made.key->note_use(kNow + 60);
  EXPECT_EQ(made.key->last_used_s.load(), kNow + 60);
}

TEST(KeyRights, a_list_that_is_empty_allows_all_and_another_what_it_names) {
  KeyRights rights;
  const AddressBytes here = *parse_ip("192.0.2.7");
  EXPECT_TRUE(rights.serves_scheme("key") && rights.allows_operation("a", "GET /a") &&
              rights.allows_address(here));
  rights.schemes = {"partnerKey"};
  rights.operations = {"listOrders", "GET /orders/{id}"};
  rights.addresses = {*parse_address_range("192.0.2.0/28"), *parse_address_range("2001:db8::/32")};
  EXPECT_TRUE(rights.serves_scheme("partnerKey"));
  EXPECT_FALSE(rights.serves_scheme("key"));
  EXPECT_TRUE(rights.allows_operation("listOrders", "GET /orders"));
  EXPECT_TRUE(rights.allows_operation("getOrder", "GET /orders/{id}"));
  EXPECT_FALSE(rights.allows_operation("deleteOrder", "DELETE /orders/{id}"));
  EXPECT_TRUE(rights.allows_address(here));
  EXPECT_FALSE(rights.allows_address(*parse_ip("192.0.2.16")));
  EXPECT_TRUE(rights.allows_address(*parse_ip("2001:db8::1")));
}

}  // namespace
}  // namespace caponier::plan
