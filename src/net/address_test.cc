#include <gtest/gtest.h>

#include "net/network.h"

namespace caponier::net {
namespace {

TEST(Address, literals_are_read_and_written_canonically) {
  const struct {
    const char* host;
    const char* host_text;
    const char* text;
    bool ipv4;
  } cases[] = {
      {"127.0.0.1", "127.0.0.1", "127.0.0.1:80", true},
      {"::1", "::1", "[::1]:80", false},
      {"[::1]", "::1", "[::1]:80", false},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1", "[2001:db8::1]:80", false},
      {"::ffff:10.1.2.3", "10.1.2.3", "10.1.2.3:80", true},
      {"0.0.0.0", "0.0.0.0", "0.0.0.0:80", true},
      {"255.255.255.255", "255.255.255.255", "255.255.255.255:80", true},
  };
  for (const auto& c : cases) {
    const auto address = parse_address(c.host, 80);
    ASSERT_TRUE(address) << c.host;
    EXPECT_EQ(address->host_text(), c.host_text);
    EXPECT_EQ(address->text(), c.text);
    EXPECT_EQ(address->is_ipv4(), c.ipv4) << c.host;
  }
}

TEST(Address, what_is_no_plain_literal_is_a_name) {
  for (const std::string_view host :
       {"", "localhost", "127.1", "2130706433", "0x7f.0.0.1", "127.0.0.01", "0177.0.0.1", "1.2.3.4.5",
        "1.2.3.256", "1.2.3.4 ", " 1.2.3.4", "[1.2.3.4]", "[::1", "::1]", "[]", "fe80::1%eth0",
        ":::", "1.2.3.4:80", "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001"}) {
    EXPECT_FALSE(parse_address(host, 80)) << host;
  }
  EXPECT_FALSE(parse_address(std::string_view("1.2.3.4\0x", 9), 80));
}

TEST(Address, nothing_internal_passes_for_public) {
  const struct {
    const char* host;
    bool internal;
  } cases[] = {
      // each range at its edges, and one past them
      {"0.0.0.0", true},
      {"0.255.255.255", true},
      {"1.0.0.0", false},
      {"9.255.255.255", false},
      {"10.0.0.0", true},
      {"10.255.255.255", true},
      {"11.0.0.0", false},
      {"100.63.255.255", false},
      {"100.64.0.0", true},
      {"100.127.255.255", true},
      {"100.128.0.0", false},
      {"126.255.255.255", false},
      {"127.0.0.0", true},
      {"127.255.255.255", true},
      {"128.0.0.0", false},
      {"169.253.255.255", false},
      {"169.254.169.254", true},
      {"169.255.0.0", false},
      {"172.15.255.255", false},
      {"172.16.0.0", true},
      {"172.31.255.255", true},
      {"172.32.0.0", false},
      {"192.0.0.0", true},
      {"192.0.0.255", true},
      {"192.0.1.0", false},
      {"192.0.2.0", true},
      {"192.0.2.255", true},
      {"192.0.3.0", false},
      {"192.88.99.1", true},
      {"192.167.255.255", false},
      {"192.168.0.0", true},
      {"192.168.255.255", true},
      {"192.169.0.0", false},
      {"198.17.255.255", false},
      {"198.18.0.0", true},
      {"198.19.255.255", true},
      {"198.20.0.0", false},
      {"198.51.99.255", false},
      {"198.51.100.0", true},
      {"198.51.101.0", false},
      {"203.0.112.255", false},
      {"203.0.113.0", true},
      {"203.0.114.0", false},
      {"223.255.255.255", false},
      {"224.0.0.0", true},
      {"239.255.255.255", true},
      {"240.0.0.0", true},
      {"255.255.255.255", true},
      {"8.8.8.8", false},
      {"::", true},
      {"::1", true},
      {"::127.0.0.1", true},
      {"::ffff:127.0.0.1", true},
      {"::ffff:8.8.8.8", false},
      {"64:ff9b::127.0.0.1", true},
      {"64:ff9b::8.8.8.8", false},
      {"64:ff9b:1::8.8.8.8", true},
      {"100::1", true},
      {"1fff:ffff::", true},
      {"2001::1", true},
      {"2001:1ff:ffff::", true},
      {"2001:200::", false},
      {"2001:db7:ffff::", false},
      {"2001:db8::1", true},
      {"2001:db9::", false},
      {"2002:7f00:1::", true},
      {"2002:808:808::", false},
      {"2606:4700:4700::1111", false},
      {"3ffe:ffff::", false},
      {"3fff::1", true},
      {"3fff:fff:ffff::", true},
      {"3fff:1000::", false},
      {"4000::", true},
      {"fc00::1", true},
      {"fdff::1", true},
      {"fe80::1", true},
      {"fec0::1", true},
      {"ff02::1", true},
  };
  for (const auto& c : cases) {
    const auto address = parse_address(c.host, 443);
    ASSERT_TRUE(address) << c.host;
    EXPECT_EQ(address->is_internal(), c.internal) << c.host;
  }
}

TEST(Address, loopback_is_127_and_1_alone) {
  for (const char* host : {"127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(parse_address(host, 0)->is_loopback()) << host;
  }
  for (const char* host :
       {"128.0.0.1", "126.255.255.255", "::2", "::", "0.0.0.0", "10.0.0.1", "::127.0.0.1"}) {
    EXPECT_FALSE(parse_address(host, 0)->is_loopback()) << host;
  }
}

}  // namespace
}  // namespace caponier::net
