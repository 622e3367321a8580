#include "store/argon2.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/test_random.h"

namespace caponier::store {
namespace {

bool fits(std::string_view hash, std::string_view password) {
  const auto parsed = plan::parse_password_hash(hash);
  if (!parsed) ADD_FAILURE() << parsed.error();
  return parsed && is_password_of(*parsed, password);
}

// As Debian's argon2 prints them: echo -n PASSWORD | argon2 SALT -id -k 7168 -t 2 -p P -e
TEST(Argon2, hashes_of_the_command_line_tool_fit_their_passwords) {
  constexpr std::string_view kOneLane =
      "$argon2id$v=19$m=7168,t=2,p=1$c2FsdHNhbHRzYWx0$2QRbxYA/z/p8L"
      "VQ2DZu3Tr+ICVIb/+W6m8Km0E0zz9Y";
  constexpr std::string_view kTwoLanes =
      "$argon2id$v=19$m=7168,t=2,p=2$c2FsdHNhbHRzYWx0$WjNhZKqEJongc"
      "ENu2w1U4/amKlOf3Mcaw5Vm8N9LZKE";
  for (const std::string_view hash : {kOneLane, kTwoLanes}) {
    EXPECT_TRUE(fits(hash, "open sesame"));
    EXPECT_FALSE(fits(hash, "open sesam"));
    EXPECT_FALSE(fits(hash, ""));
  }
}

TEST(Argon2, a_password_that_is_set_is_the_one_that_fits_and_no_salt_comes_twice) {
  plan::CountingRandom random;
  const auto one = hash_password("correct horse", random);
  const auto two = hash_password("correct horse", random);
  ASSERT_TRUE(one && two);
  EXPECT_NE(*one, *two);
  EXPECT_THAT(*one, testing::StartsWith("$argon2id$v=19$m=19456,t=2,p=1$"));
  EXPECT_TRUE(fits(*one, "correct horse"));
  EXPECT_FALSE(fits(*two, "correct Horse"));
}

}  // namespace
}  // namespace caponier::store
