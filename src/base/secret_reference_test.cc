#include "base/secret_reference.h"

#include <gtest/gtest.h>

namespace caponier {
namespace {

TEST(SecretReference, the_place_of_a_secret_is_read_and_written_as_it_was) {
  using Kind = SecretReference::Kind;
  const std::pair<const char*, SecretReference> cases[] = {
      {"file:///run/secrets/x", {Kind::kFile, "/run/secrets/x"}},
      {"env://API_KEY_1", {Kind::kEnvironment, "API_KEY_1"}},
      {"systemd://hash-key", {Kind::kSystemd, "hash-key"}},
  };
  for (const auto& [text, expected] : cases) {
    const auto read = parse_secret_reference(text);
    ASSERT_TRUE(read.ok()) << text;
    EXPECT_EQ(*read, expected);
    EXPECT_EQ(read->text(), text);
  }
}

TEST(SecretReference, a_literal_is_refused_and_not_repeated) {
  for (const char* text : {"hunter2", "", "s3cr3t://x", "https://example/secret", "env:NAME"}) {
    const auto read = parse_secret_reference(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error(), "a secret is named by where it is, and never written here");
  }
}

TEST(SecretReference, a_place_that_cannot_be_is_refused) {
  for (const char* text : {"file://relative", "file://", "file:///", "env://", "env://1A", "env://A-B",
                           "systemd://", "systemd://..", "systemd://a/b", "env://A\nB"}) {
    EXPECT_FALSE(parse_secret_reference(text).ok()) << text;
  }
  EXPECT_TRUE(parse_secret_reference("file:///" + std::string(4096 - 8, 'a')).ok());
  EXPECT_FALSE(parse_secret_reference("file:///" + std::string(4096 - 7, 'a')).ok());
}

}  // namespace
}  // namespace caponier
