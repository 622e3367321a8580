#include "plan/key_hasher.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace caponier::plan {
namespace {

std::string hex(const KeyDigest& digest) {
  return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

TEST(KeyHasher, it_is_hmac_sha256_of_rfc4231) {
  EXPECT_EQ(hex(KeyHasher(std::string(20, '\x0b'))("Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex(KeyHasher("Jefe")("what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(
      hex(KeyHasher(std::string(131, '\xaa'))("Test Using Larger Than Block-Size Key - Hash Key First")),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(KeyHasher, it_begins_anew_for_each_text) {
  const KeyHasher hasher("a key of this test");
  const KeyDigest first = hasher("one");
  EXPECT_NE(hasher("two"), first);
  EXPECT_EQ(hasher("one"), first);
}

}  // namespace
}  // namespace caponier::plan
