#include "store/key_file.h"

#include <gtest/gtest.h>
#include <openssl/sha.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <set>

#include "base/bytes.h"
#include "base/test_folder.h"
#include "store/key_format.h"
#include "store/state_dir.h"

namespace caponier::store {
namespace {

constexpr std::int64_t kNow = 1'769'903'999;

// Counts: predictable, and never the same twice.
class Counting final : public RandomSource {
 public:
  void fill(void* out, std::size_t bytes) override {
    auto* at = static_cast<unsigned char*>(out);
    for (std::size_t i = 0; i < bytes; ++i) at[i] = static_cast<unsigned char>(next_++ * 37 % 251);
  }

 private:
  unsigned next_ = 1;
};

class KeyFileTest : public testing::Test {
 protected:
  void write(const std::string& text) const { ASSERT_TRUE(write_file_whole(path_, text).ok()); }
  [[nodiscard]] std::string text() const { return *read_file(path_, 1 << 20); }
  [[nodiscard]] std::string load_error() const {
    const auto index = load_key_file(path_);
    return index.ok() ? "" : index.error();
  }
  Result<NewKey, std::string> create(const std::string& subject = "alice", std::int64_t expires_at_s = 0) {
    return create_key(path_, subject, {"orders:read", "orders:write"}, expires_at_s, kNow, random_);
  }
  TestFolder folder_;
  std::string root_ = folder_.path();
  std::string path_ = folder_.file("keys");
  Counting random_;
};

plan::KeyDigest digest_of(std::string_view key) {
  plan::KeyDigest digest{};
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data());
  return digest;
}

std::string line(const std::string& id, const std::string& digest, const std::string& more = "") {
  return R"({"id":")" + id + R"(","subject":"a","scopes":[],"sha256":")" + digest + "\"" + more + "}";
}
const std::string kDigest(64, 'a');

TEST_F(KeyFileTest, a_new_key_is_found_by_its_digest_with_all_it_grants) {
  const auto made = create("alice", kNow + 60);
  ASSERT_TRUE(made.ok()) << made.error();
  const auto index = load_key_file(path_);
  ASSERT_TRUE(index.ok()) << index.error();
  const plan::ApiKey* const key = (*index)->find(digest_of(made->key.reveal()));
  ASSERT_NE(key, nullptr);
  EXPECT_EQ(key->id, made->id);
  EXPECT_EQ(key->subject, "alice");
  EXPECT_EQ(key->scopes, (std::vector<std::string>{"orders:read", "orders:write"}));
  EXPECT_EQ(key->expires_at_s, kNow + 60);
  EXPECT_EQ((*index)->find(digest_of("cap_guess")), nullptr);
}

TEST_F(KeyFileTest, the_file_holds_neither_the_key_nor_its_secret_part) {
  const auto made = create();
  ASSERT_TRUE(made.ok());
  const std::string key(made->key.reveal());
  EXPECT_EQ(text().find(key), std::string::npos);
  EXPECT_EQ(text().find(key.substr(kKeyIdBytes + 1, 43)), std::string::npos);
  struct stat status {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(KeyFileTest, a_key_has_the_published_form_and_a_checksum) {
  std::set<std::string> ids;
  for (int i = 0; i < 50; ++i) {
    const auto made = create();
    ASSERT_TRUE(made.ok());
    const std::string key(made->key.reveal());
    EXPECT_EQ(key.size(), kKeyBytes);
    EXPECT_TRUE(key.starts_with(made->id + "_"));
    EXPECT_EQ(key_id_of(key), made->id);
    EXPECT_TRUE(ids.insert(made->id).second);
  }
  EXPECT_EQ((*load_key_file(path_))->size(), 50U);
}

TEST_F(KeyFileTest, a_mistyped_key_has_no_id) {
  const auto made = create();
  const std::string key(made->key.reveal());
  for (std::size_t i = 0; i < key.size(); ++i) {
    std::string wrong = key;
    wrong[i] = wrong[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(key_id_of(wrong), std::nullopt) << i;
  }
  EXPECT_EQ(key_id_of(""), std::nullopt);
  EXPECT_EQ(key_id_of(key + "0"), std::nullopt);
  EXPECT_EQ(key_id_of(key.substr(0, 62)), std::nullopt);
  EXPECT_EQ(key_id_of(std::string(63, '_')), std::nullopt);
}

TEST_F(KeyFileTest, the_checksum_is_crc_32_in_base_62) {
  // The check value of CRC-32 is cbf43926 for "123456789": 3421780262.
  EXPECT_EQ(key_checksum("123456789"), "3jZRME");
  EXPECT_EQ(key_checksum(""), "000000");
}

TEST_F(KeyFileTest, a_line_that_a_crash_tore_is_overwritten_by_the_next_key) {
  ASSERT_TRUE(create("first").ok());
  const std::string whole = text();
  std::ofstream(path_, std::ios::app) << whole.substr(0, whole.size() / 2);
  EXPECT_EQ((*load_key_file(path_))->size(), 1U);
  ASSERT_TRUE(create("second").ok());
  EXPECT_EQ((*load_key_file(path_))->size(), 2U);
  EXPECT_TRUE(text().starts_with(whole));
  const std::string after = text();
  EXPECT_EQ(std::count(after.begin(), after.end(), '\n'), 2);
}

TEST_F(KeyFileTest, a_last_line_without_newline_is_kept_and_ended) {
  write(line("cap_aaaaaaaa", kDigest));
  EXPECT_EQ((*load_key_file(path_))->size(), 1U);
  ASSERT_TRUE(create().ok());
  EXPECT_EQ((*load_key_file(path_))->size(), 2U);
}

TEST_F(KeyFileTest, blank_lines_and_an_empty_file_are_fine) {
  write("");
  EXPECT_EQ((*load_key_file(path_))->size(), 0U);
  write("\n" + line("cap_aaaaaaaa", kDigest) + "\n \r\n\n");
  EXPECT_EQ((*load_key_file(path_))->size(), 1U);
}

struct BadLine {
  std::string text;
  std::string error;  // after "FILE:"
};

TEST_F(KeyFileTest, a_bad_line_is_named_and_not_quoted) {
  const std::string good = line("cap_aaaaaaaa", kDigest) + "\n";
  const std::string required = "`id`, `subject`, `scopes` and `sha256` are required";
  const BadLine cases[] = {
      {good + "{]\n", "2: not strict JSON (syntax)"},
      {good + "{\"id\":1\n", "2: not strict JSON (truncated)"},
      {"[]\n", "1: each line must be a JSON object"},
      {"{}\n", "1: " + required},
      {line("cap_short", kDigest) + "\n", "1: `id` must be \"cap_\" and eight letters or digits"},
      {line("cap_aaaa-aaa", kDigest) + "\n", "1: `id` must be \"cap_\" and eight letters or digits"},
      {line("cap_aaaaaaaa", "ab") + "\n", "1: `sha256` must be 64 hexadecimal digits"},
      {line("cap_aaaaaaaa", std::string(64, 'g')) + "\n", "1: `sha256` must be 64 hexadecimal digits"},
      {line("cap_aaaaaaaa", kDigest, R"(,"expires":1)") + "\n",
       "1: unknown member; known are id, subject, scopes, created_at, expires_at, sha256"},
      {line("cap_aaaaaaaa", kDigest, R"(,"expires_at":0)") + "\n",
       "1: `expires_at` must be a Unix time in seconds; leave it out for a key that does not expire"},
      {line("cap_aaaaaaaa", kDigest, R"(,"expires_at":"2030")") + "\n",
       "1: `expires_at` must be a Unix time in seconds; leave it out for a key that does not expire"},
      {good + good, "2: this key is in the file already"},
      {good + line("cap_aaaaaaab", kDigest) + "\n", "2: this key is in the file already"},
      {R"({"id":"cap_aaaaaaaa","subject":"a","scopes":"all","sha256":"x"})"
       "\n",
       "1: `scopes` must be an array of strings"},
      {R"({"id":"cap_aaaaaaaa","subject":"","scopes":[],"sha256":"x"})"
       "\n",
       "1: `subject` must be a string that is not empty"},
  };
  for (const BadLine& c : cases) {
    write(c.text);
    EXPECT_EQ(load_error(), path_ + ":" + c.error) << c.text;
    EXPECT_FALSE(create().ok()) << c.text;
    EXPECT_EQ(text(), c.text) << "a file that is not understood is left alone";
  }
}

TEST_F(KeyFileTest, a_file_that_others_can_write_to_is_refused) {
  write(line("cap_aaaaaaaa", kDigest) + "\n");
  ASSERT_EQ(chmod(path_.c_str(), 0620), 0);
  EXPECT_EQ(load_error(), path_ + " can be written by others; run: chmod go-w " + path_);
  EXPECT_FALSE(create().ok());
  ASSERT_EQ(chmod(path_.c_str(), 0644), 0);
  EXPECT_EQ(load_error(), "");
}

TEST_F(KeyFileTest, a_key_that_nobody_could_mean_is_not_made) {
  EXPECT_FALSE(create("").ok());
  EXPECT_FALSE(create(std::string(257, 'a')).ok());
  EXPECT_TRUE(create(std::string(256, 'a')).ok());
  EXPECT_FALSE(create("a\nb").ok());
  EXPECT_FALSE(create("a\xff").ok());
  EXPECT_FALSE(create("alice", kNow).ok());
  EXPECT_TRUE(create("alice", kNow + 1).ok());
  EXPECT_FALSE(create_key(path_, "a", {"two words"}, 0, kNow, random_).ok());
  EXPECT_FALSE(create_key(path_, "a", {""}, 0, kNow, random_).ok());
  EXPECT_TRUE(create_key(path_, "a", std::vector<std::string>(64, "s"), 0, kNow, random_).ok());
  EXPECT_FALSE(create_key(path_, "a", std::vector<std::string>(65, "s"), 0, kNow, random_).ok());
  EXPECT_FALSE(create_key(root_ + "/none/keys", "a", {}, 0, kNow, random_).ok());
}

TEST_F(KeyFileTest, a_missing_file_is_said_by_name) {
  EXPECT_EQ(load_error(), "cannot read " + path_ + ": No such file or directory");
}

}  // namespace
}  // namespace caponier::store
