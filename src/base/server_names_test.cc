#include "base/server_names.h"

#include <gtest/gtest.h>

#include <string>

namespace caponier {
namespace {

TEST(ServerNames, are_found_exactly_then_by_wildcard_and_else_by_default) {
  ServerNames names;
  EXPECT_TRUE(names.add("a.example.com", 0));
  EXPECT_TRUE(names.add("*.example.com", 1));
  EXPECT_TRUE(names.add("B.Example.com", 2));
  EXPECT_EQ(names.find("a.example.com"), 0U);
  EXPECT_EQ(names.find("x.example.com"), 1U);
  EXPECT_EQ(names.find("b.EXAMPLE.com."), 2U);
  EXPECT_EQ(names.find("x.y.example.com"), 0U) << "a wildcard stands for one label";
  EXPECT_EQ(names.find("example.com"), 0U);
  EXPECT_FALSE(names.covers("example.com"));
  EXPECT_TRUE(names.covers("z.example.com"));
  for (const char* host : {"", ".", ".example.com", "localhost", "192.0.2.1"}) {
    EXPECT_FALSE(names.covers(host)) << host;
  }
  EXPECT_EQ(names.find("*.example.com"), 1U);
}

TEST(ServerNames, stand_for_one_thing_each) {
  ServerNames names;
  EXPECT_TRUE(names.add("a.example.com", 0));
  EXPECT_TRUE(names.add("A.example.com", 0)) << "said twice is the same";
  EXPECT_FALSE(names.add("a.example.COM", 1));
}

TEST(ServerNames, longer_than_a_name_can_be_are_not_found) {
  ServerNames names;
  const std::string longest = std::string(251, 'a') + ".com";
  EXPECT_TRUE(names.add(longest, 3));
  EXPECT_TRUE(names.add("a" + longest, 4));
  EXPECT_EQ(names.find(longest), 3U);
  EXPECT_EQ(names.find("a" + longest), 0U);
}

}  // namespace
}  // namespace caponier
