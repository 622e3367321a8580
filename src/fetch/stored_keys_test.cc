#include "fetch/stored_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/test_folder.h"
#include "store/state_dir.h"

namespace caponier::fetch {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const StoredKeys kKeys = {"https://issuer.example", "https://issuer.example/keys", 1'800'000'000'123,
                          "{\"keys\":[\n\"\\u0000\x01\"]}"};

TEST(StoredKeys, come_back_as_they_were) {
  const auto keys = parse_stored_keys(to_text(kKeys));
  ASSERT_TRUE(keys) << keys.error();
  EXPECT_EQ(keys->issuer, kKeys.issuer);
  EXPECT_EQ(keys->place, kKeys.place);
  EXPECT_EQ(keys->fetched_at_ms, kKeys.fetched_at_ms);
  EXPECT_EQ(keys->text, kKeys.text);
}

TEST(StoredKeys, what_is_torn_or_of_another_form_is_refused) {
  const std::string good = to_text(kKeys);
  for (std::size_t size = 0; size + 1 < good.size(); size += 7)
    EXPECT_FALSE(parse_stored_keys(good.substr(0, size)).ok()) << size;
  for (const char* text :
       {"[]", "{}", R"({"version":2,"issuer":"i","place":"p","fetched_at_ms":1,"set":"s"})",
        R"({"version":1,"issuer":"i","place":"p","fetched_at_ms":-1,"set":"s"})",
        R"({"version":1,"issuer":"i","place":"p","fetched_at_ms":1e300,"set":"s"})",
        R"({"version":1,"issuer":"i","place":"p","fetched_at_ms":1,"set":{}})",
        R"({"version":1,"version":1,"issuer":"i","place":"p","fetched_at_ms":1,"set":"s"})"})
    EXPECT_FALSE(parse_stored_keys(text).ok()) << text;
}

TEST(KeyArchive, keeps_a_file_for_the_owner_alone_for_each_issuer) {
  const TestFolder folder;
  StoredKeys other = kKeys;
  other.place = "https://elsewhere.example/keys";
  {
    KeyArchive archive(folder.path(), [](const std::string& why) { ADD_FAILURE() << why; });
    for (int i = 0; i < 100; ++i) archive.keep(kKeys);
    archive.keep(other);
  }
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    ++files;
    struct stat status {};
    ASSERT_EQ(stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
  }
  EXPECT_EQ(files, 2U);
  const KeyArchive archive(folder.path(), [](const std::string&) {});
  const auto keys = archive.read(kKeys.issuer, kKeys.place, 1000);
  ASSERT_TRUE(keys) << keys.error();
  EXPECT_EQ(keys->text, kKeys.text);
}

TEST(KeyArchive, what_is_not_there_is_no_error_and_what_is_not_its_own_is_one) {
  const TestFolder folder;
  KeyArchive archive(folder.path(), [](const std::string&) {});
  const auto nothing = archive.read("https://nobody.example", "https://nobody.example/keys", 1000);
  ASSERT_TRUE(nothing) << nothing.error();
  EXPECT_THAT(nothing->text, IsEmpty());
  ASSERT_TRUE(store::write_file_whole(folder.file(stored_keys_name("a", "b")), to_text(kKeys)));
  const auto foreign = archive.read("a", "b", 1000);
  ASSERT_FALSE(foreign);
  EXPECT_THAT(foreign.error(), HasSubstr("another issuer"));
}

TEST(KeyArchive, tells_what_it_cannot_write) {
  const TestFolder folder;
  std::string told;
  {
    KeyArchive archive(folder.file("not-there"), [&told](std::string why) { told = std::move(why); });
    archive.keep(kKeys);
  }
  EXPECT_THAT(told, HasSubstr("cannot write"));
}

TEST(KeyArchive, without_a_directory_keeps_nothing) {
  KeyArchive archive("", [](const std::string& why) { ADD_FAILURE() << why; });
  archive.keep(kKeys);
  const auto nothing = archive.read(kKeys.issuer, kKeys.place, 1000);
  ASSERT_TRUE(nothing);
  EXPECT_THAT(nothing->text, IsEmpty());
}

}  // namespace
}  // namespace caponier::fetch
