#include "event/redact.h"

#include <gtest/gtest.h>

#include <string>

#include "event/record.h"

namespace caponier::event {
namespace {

std::string redacted(std::string_view path, std::size_t bytes_max = kUntrustedBytesMax) {
  std::string out(bytes_max, '?');
  out.resize(redact_path(path, out.data(), bytes_max));
  return out;
}

struct PathCase {
  std::string path;
  std::string expected;
};

TEST(RedactPath, segments_that_could_be_a_credential_or_a_person_do_not_reach_the_log) {
  const PathCase cases[] = {
      {"/", "/"},
      {"", ""},
      {"/orders/17/items", "/orders/17/items"},
      {"/wp-admin/admin-ajax.php", "/wp-admin/admin-ajax.php"},
      {"//a///b/", "//a///b/"},
      {"/" + std::string(24, 'a'), "/" + std::string(24, 'a')},
      {"/" + std::string(25, 'a'), "/{...}"},
      {"/reset/eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln/x", "/reset/{...}/x"},
      {"/reset/eyJ", "/reset/{...}"},
      {"/k/0123456789abcdef", "/k/{...}"},
      {"/k/0123456789abcde", "/k/0123456789abcde"},
      {"/k/AbCdEfGhIjKlMnOp", "/k/{...}"},
      {"/k/AbCdEfGhIjKlMn+=", "/k/{...}"},
      {"/k/customer-profiles-all", "/k/customer-profiles-all"},
      {"/pay/4111111111111111", "/pay/{...}"},
      {"/u/alice@example.org", "/u/{...}"},
      {"/u/alice%40example.org", "/u/{...}"},
      {"/search?token=secret", "/search"},
      {"/k/cap_1a2b3c4d_" + std::string(43, 'x') + "_aaaaaa", "/k/{...}"},
  };
  for (const PathCase& c : cases) EXPECT_EQ(redacted(c.path), c.expected) << c.path;
}

TEST(RedactPath, the_bound_is_kept_and_no_segment_is_shown_in_part) {
  EXPECT_EQ(redacted("/abc/defg", 9), "/abc/defg");
  EXPECT_EQ(redacted("/abc/defg", 8), "/abc/");
  EXPECT_EQ(redacted("/abc/defg", 4), "/abc");
  EXPECT_EQ(redacted("/abc/" + std::string(30, 'x'), 9), "/abc/");
  EXPECT_EQ(redacted("/abc/" + std::string(30, 'x'), 10), "/abc/{...}");
  EXPECT_EQ(redacted(std::string(5000, '/')).size(), kUntrustedBytesMax);
}

TEST(Cut, it_never_splits_a_character) {
  EXPECT_EQ(cut("abc", 3), "abc");
  EXPECT_EQ(cut("abcd", 3), "abc");
  EXPECT_EQ(cut("ab\xc3\xa9", 3), "ab");
  EXPECT_EQ(cut("a\xe2\x82\xac", 3), "a");
  EXPECT_EQ(cut("\xf0\x9f\x98\x80", 3), "");
  EXPECT_EQ(cut("", 0), "");
  // Not UTF-8 at all: the bound still holds.
  EXPECT_LE(cut(std::string(100, '\x80'), 50).size(), 50U);
}

TEST(IsPersonal, addresses_and_names_are) {
  EXPECT_TRUE(is_personal("alice@example.org"));
  EXPECT_TRUE(is_personal("Alice Example"));
  EXPECT_FALSE(is_personal("alice"));
  EXPECT_FALSE(is_personal("auth0|5f7c8ec7c33c6c004bbafe82"));
  EXPECT_FALSE(is_personal("hash:0011223344556677"));
}

TEST(IsCredentialName, only_names_of_credentials_are) {
  EXPECT_TRUE(is_credential_name("token:00112233445566778899aabbccddeeff"));
  EXPECT_TRUE(is_credential_name("key:cap_1a2b3c4d"));
  EXPECT_TRUE(is_credential_name("certificate:0011223344556677"));
  EXPECT_FALSE(is_credential_name("Bearer eyJhbGciOiJFUzI1NiJ9"));
  EXPECT_TRUE(is_credential_name("token:" + std::string(122, 'a')));
  EXPECT_FALSE(is_credential_name("token:" + std::string(123, 'a')));
}

}  // namespace
}  // namespace caponier::event
