#include "base/address.h"

#include <gtest/gtest.h>

namespace caponier {
namespace {

TEST(AddressRanges, hold_what_begins_alike) {
  struct Case {
    const char* range;
    const char* address;
    bool inside;
  };
  for (const Case& c :
       {Case{"10.0.0.0/8", "10.255.0.1", true}, Case{"10.0.0.0/8", "11.0.0.0", false},
        Case{"192.0.2.128/25", "192.0.2.127", false}, Case{"192.0.2.128/25", "192.0.2.200", true},
        Case{"192.0.2.7", "192.0.2.7", true}, Case{"192.0.2.7", "192.0.2.8", false},
        Case{"2001:db8::/32", "2001:db8:1::9", true}, Case{"2001:db8::/32", "2001:db9::", false},
        Case{"::1", "::1", true}, Case{"10.0.0.0/8", "::ffff:10.0.0.1", true}, Case{"::/8", "::1", true},
        Case{"::/8", "10.0.0.1", false}, Case{"::ffff:10.0.0.0/104", "10.1.1.1", true}}) {
    const auto range = parse_address_range(c.range);
    ASSERT_TRUE(range) << c.range;
    EXPECT_EQ(range->contains(*parse_ip(c.address)), c.inside) << c.range << ' ' << c.address;
  }
}

TEST(AddressRanges, that_are_none_are_refused) {
  for (const char* text :
       {"", "/8", "10.0.0/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0.1/8",
        "2001:db8::1/64", "2001:db8::/129", "[::1]", "localhost", "::1%lo", "010.0.0.0/8", "10.0.0.0 /8"}) {
    EXPECT_FALSE(parse_address_range(text)) << text;
  }
}

TEST(Addresses, are_written_as_they_are_read) {
  for (const char* text : {"192.0.2.7", "2001:db8::9", "::1", "::"})
    EXPECT_EQ(ip_text(*parse_ip(text)), text);
  EXPECT_EQ(ip_text(*parse_ip("::ffff:192.0.2.7")), "192.0.2.7");
  EXPECT_FALSE(parse_ip(std::string(60, '1')));
}

}  // namespace
}  // namespace caponier
