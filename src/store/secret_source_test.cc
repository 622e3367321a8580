#include "store/secret_source.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>

#include "base/test_folder.h"

namespace caponier::store {
namespace {

using Kind = SecretReference::Kind;

TEST(SecretSource, a_secret_comes_from_a_file_without_its_line_feed) {
  const TestFolder folder;
  const std::string path = folder.write("secret", "hunter2 and more\n");
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  const auto secret = read_secret({Kind::kFile, path});
  ASSERT_TRUE(secret.ok()) << secret.error();
  EXPECT_EQ(secret->reveal(), "hunter2 and more");
}

TEST(SecretSource, a_file_that_others_can_read_is_refused_and_its_text_not_told) {
  const TestFolder folder;
  const std::string path = folder.write("secret", "hunter2");
  for (const mode_t mode : {0640, 0604, 0660}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    const auto secret = read_secret({Kind::kFile, path});
    ASSERT_FALSE(secret.ok());
    EXPECT_EQ(secret.error(), path + " holds a secret and can be read by others; run: chmod 600 " + path);
  }
}

TEST(SecretSource, a_secret_comes_from_the_environment) {
  setenv("CAPONIER_TEST_SECRET", "from the environment", 1);
  EXPECT_EQ(read_secret({Kind::kEnvironment, "CAPONIER_TEST_SECRET"})->reveal(), "from the environment");
  setenv("CAPONIER_TEST_SECRET", "", 1);
  EXPECT_EQ(read_secret({Kind::kEnvironment, "CAPONIER_TEST_SECRET"}).error(),
            "the secret at env://CAPONIER_TEST_SECRET is empty");
  unsetenv("CAPONIER_TEST_SECRET");
  EXPECT_EQ(read_secret({Kind::kEnvironment, "CAPONIER_TEST_SECRET"}).error(),
            "the environment has no CAPONIER_TEST_SECRET");
}

TEST(SecretSource, a_secret_comes_from_systemd) {
  const TestFolder folder;
  folder.write("hash-key", "of the service\n");
  unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_FALSE(read_secret({Kind::kSystemd, "hash-key"}).ok());
  setenv("CREDENTIALS_DIRECTORY", folder.path().c_str(), 1);
  EXPECT_EQ(read_secret({Kind::kSystemd, "hash-key"})->reveal(), "of the service");
  EXPECT_FALSE(read_secret({Kind::kSystemd, "another"}).ok());
  unsetenv("CREDENTIALS_DIRECTORY");
}

TEST(SecretSource, a_secret_has_a_bound) {
  const TestFolder folder;
  const std::string path = folder.write("secret", std::string(kSecretBytesMax, 'x'));
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  EXPECT_TRUE(read_secret({Kind::kFile, path}).ok());
  folder.write("secret", std::string(kSecretBytesMax + 1, 'x'));
  EXPECT_FALSE(read_secret({Kind::kFile, path}).ok());
}

}  // namespace
}  // namespace caponier::store
