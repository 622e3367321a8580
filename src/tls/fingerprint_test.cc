#include "tls/fingerprint.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <string>

#include "base/test_folder.h"

namespace caponier::tls {
namespace {

TEST(Fingerprint, it_is_the_same_for_the_same_and_another_for_anything_else) {
  EXPECT_EQ(fingerprint_of("a", "b", "c"), fingerprint_of("a", "b", "c"));
  std::set<std::string> all;
  const std::string_view parts[] = {"x", "y", "xy", ""};
  for (const std::string_view authorities : parts) {
    for (const std::string_view chain : parts) {
      for (const std::string_view key : parts) all.insert(fingerprint_of(authorities, chain, key));
    }
  }
  EXPECT_EQ(all.size(), 64U);
}

TEST(Fingerprint, it_holds_nothing_of_a_key) {
  EXPECT_EQ(fingerprint_of("a", "b", "a very secret key").find("secret"), std::string::npos);
}

TEST(Fingerprint, a_change_of_the_systems_authorities_changes_it) {
  const TestFolder folder;
  const std::string bundle = folder.file("bundle.pem");
  ASSERT_EQ(setenv("SSL_CERT_FILE", bundle.c_str(), 1), 0);
  const std::string without = fingerprint_of("", "", "");
  folder.write("bundle.pem", "authorities");
  const std::string with = fingerprint_of("", "", "");
  EXPECT_NE(with, without);
  EXPECT_EQ(with, fingerprint_of("", "", ""));
  const std::string own = fingerprint_of("own", "", "");
  ASSERT_EQ(unsetenv("SSL_CERT_FILE"), 0);
  EXPECT_EQ(own, fingerprint_of("own", "", "")) << "who brings authorities does not depend on the system's";
}

}  // namespace
}  // namespace caponier::tls
