#include "store/sealer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "base/test_folder.h"

namespace caponier::store {
namespace {

using testing::HasSubstr;
using testing::Not;

// Another text each time.
class Counting final : public RandomSource {
 public:
  void fill(void* out, std::size_t bytes) override {
    for (std::size_t i = 0; i < bytes; ++i) static_cast<unsigned char*>(out)[i] = next_++;
  }

 private:
  unsigned char next_ = 1;
};

constexpr std::int64_t kDay = 24 * 3600;

TEST(Sealer, opens_what_it_sealed_about_the_same_thing_and_nothing_else) {
  const TestFolder folder;
  Counting random;
  auto sealer = Sealer::open(folder.file("keys"), 1000, random);
  ASSERT_TRUE(sealer) << sealer.error();
  const std::string sealed = sealer->seal("planted secret", "session-1");
  EXPECT_THAT(sealed, Not(HasSubstr("planted")));
  EXPECT_NE(sealed, sealer->seal("planted secret", "session-1"));
  const auto opened = sealer->open(sealed, "session-1");
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->reveal(), "planted secret");
  EXPECT_FALSE(sealer->open(sealed, "session-2"));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string other = sealed;
    other[i] = static_cast<char>(other[i] ^ 1);
    EXPECT_FALSE(sealer->open(other, "session-1")) << i;
    EXPECT_FALSE(sealer->open(sealed.substr(0, i), "session-1")) << i;
  }
  EXPECT_FALSE(sealer->open(sealed + "x", "session-1"));
  const auto empty = sealer->open(sealer->seal("", "a"), "a");
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->reveal(), "");
}

TEST(Sealer, takes_another_key_each_month_and_reads_by_the_older_ones_for_as_long_as_needed) {
  const TestFolder folder;
  Counting random;
  const std::string path = folder.file("keys");
  auto sealer = Sealer::open(path, 1000, random);
  ASSERT_TRUE(sealer);
  const std::string first = sealer->seal("one", "a");
  ASSERT_TRUE(sealer->rotate(1000 + 30 * kDay));
  EXPECT_EQ(sealer->keys(), 1U);
  ASSERT_TRUE(sealer->rotate(1001 + 30 * kDay));
  EXPECT_EQ(sealer->keys(), 2U);
  EXPECT_TRUE(sealer->open(first, "a"));
  // Another process has the same keys.
  auto other = Sealer::open(path, 1002 + 30 * kDay, random);
  ASSERT_TRUE(other);
  EXPECT_TRUE(other->open(first, "a"));
  EXPECT_TRUE(other->open(sealer->seal("two", "a"), "a"));
  ASSERT_TRUE(sealer->rotate(1000 + 61 * kDay));
  EXPECT_TRUE(sealer->open(first, "a"));
  ASSERT_TRUE(sealer->rotate(1001 + 61 * kDay));
  EXPECT_FALSE(sealer->open(first, "a"));
}

TEST(Sealer, goes_on_with_the_keys_that_it_has_when_the_file_cannot_be_read) {
  const TestFolder folder;
  Counting random;
  auto sealer = Sealer::open(folder.file("keys"), 1000, random);
  ASSERT_TRUE(sealer);
  const std::string sealed = sealer->seal("one", "a");
  folder.write("keys", "damaged");
  EXPECT_FALSE(sealer->rotate(1001));
  EXPECT_EQ(sealer->keys(), 1U);
  EXPECT_TRUE(sealer->open(sealed, "a"));
  EXPECT_TRUE(sealer->open(sealer->seal("two", "a"), "a"));
}

TEST(Sealer, seals_with_nothing_that_is_not_on_disk) {
  const TestFolder folder;
  std::filesystem::create_directory(folder.file("state"));
  Counting random;
  auto sealer = Sealer::open(folder.file("state/keys"), 1000, random);
  ASSERT_TRUE(sealer);
  const std::string sealed = sealer->seal("one", "a");
  // It is time for another key, and there is no place for it.
  std::filesystem::rename(folder.file("state"), folder.file("away"));
  EXPECT_FALSE(sealer->rotate(1001 + 30 * kDay));
  EXPECT_TRUE(sealer->open(sealed, "a"));
  const std::string meanwhile = sealer->seal("two", "a");
  std::filesystem::rename(folder.file("away"), folder.file("state"));
  const auto restarted = Sealer::open(folder.file("state/keys"), 1001 + 30 * kDay, random);
  ASSERT_TRUE(restarted);
  EXPECT_TRUE(restarted->open(meanwhile, "a")) << "a restart opens it";
}

TEST(Sealer, keeps_its_keys_for_the_owner_alone_and_refuses_a_file_that_is_none) {
  const TestFolder folder;
  Counting random;
  const std::string path = folder.file("keys");
  ASSERT_TRUE(Sealer::open(path, 1000, random));
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  for (const char* text : {"x\n", "1000 ab\n", "1000\n", "-1 00\n"}) {
    folder.write("bad", text);
    const auto bad = Sealer::open(folder.file("bad"), 1000, random);
    ASSERT_FALSE(bad) << text;
    EXPECT_THAT(bad.error(), HasSubstr("is no file of session keys"));
  }
}

}  // namespace
}  // namespace caponier::store
