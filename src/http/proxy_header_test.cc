#include "http/proxy_header.h"

#include <gtest/gtest.h>

#include <string>

namespace caponier::http {
namespace {

using namespace std::string_literals;

constexpr std::uint32_t kBytesMax = 2048;

struct Read {
  Result<HeadStatus, ProxyHeaderError> outcome;
  ProxyHeader header;
  [[nodiscard]] bool complete() const { return outcome && *outcome == HeadStatus::kComplete; }
};

Read read(const std::string& bytes, std::uint32_t bytes_max = kBytesMax) {
  ProxyHeader header;
  auto outcome = decode_proxy_header(bytes, bytes_max, header);
  return {outcome, header};
}

// Whole, byte by byte, and with the connection's own bytes behind it: always the same.
Read read_in_every_way(const std::string& bytes) {
  Read whole = read(bytes);
  for (std::size_t count = 0; count < bytes.size(); ++count) {
    const Read part = read(bytes.substr(0, count));
    if (part.outcome && *part.outcome == HeadStatus::kNeedMore) continue;
    EXPECT_EQ(part.outcome.ok(), whole.outcome.ok()) << count;
    EXPECT_FALSE(part.complete()) << "complete before its end: " << count;
  }
  if (whole.complete()) {
    const Read followed = read(bytes + "\x16\x03\x01 GET / PROXY \r\n");
    EXPECT_TRUE(followed.complete());
    EXPECT_EQ(followed.header.bytes, bytes.size());
    EXPECT_EQ(followed.header.client, whole.header.client);
  }
  return whole;
}

std::string v2(char command, char protocol, const std::string& rest) {
  return "\r\n\r\n\0\r\nQUIT\n"s + command + protocol + static_cast<char>(rest.size() >> 8) +
         static_cast<char>(rest.size() & 0xff) + rest;
}

const std::string kFour = "\xc0\x00\x02\x07\x0a\x00\x00\x01\x30\x39\x01\xbb"s;
const std::string kSix =
    "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x09" + std::string(16, '\x01') + "\x30\x39\x01\xbb";

TEST(ProxyHeader, version_1_names_the_client) {
  struct Case {
    const char* line;
    const char* client;  // null: nobody
  };
  for (const Case& c :
       {Case{"PROXY TCP4 192.0.2.7 10.0.0.1 12345 443\r\n", "192.0.2.7"},
        Case{"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255"},
        Case{"PROXY TCP6 2001:db8::9 2001:db8::1 12345 443\r\n", "2001:db8::9"},
        Case{"PROXY TCP6 ::ffff:192.0.2.7 ::ffff:10.0.0.1 1 0\r\n", "192.0.2.7"},
        Case{"PROXY UNKNOWN\r\n", nullptr}, Case{"PROXY UNKNOWN 192.0.2.7 whatever this is\r\n", nullptr}}) {
    const Read got = read_in_every_way(c.line);
    ASSERT_TRUE(got.complete()) << c.line;
    EXPECT_EQ(got.header.names_client, c.client != nullptr) << c.line;
    if (c.client != nullptr) {
      EXPECT_EQ(ip_text(got.header.client), c.client);
    }
  }
}

TEST(ProxyHeader, version_1_that_is_malformed_is_refused) {
  struct Case {
    std::string line;
    ProxyHeaderError error;
  };
  using enum ProxyHeaderError;
  for (const Case& c : {Case{"GET / HTTP/1.1\r\n", kNoHeader},
                        Case{"proxy TCP4 ", kNoHeader},
                        Case{"\x16\x03\x01", kNoHeader},
                        Case{"PROXY TCP4 192.0.2.7 10.0.0.1 12345 443\n", kMalformedLine},
                        Case{"PROXY TCP4  192.0.2.7 10.0.0.1 12345 443\r\n", kMalformedLine},
                        Case{"PROXY TCP4 192.0.2.7 10.0.0.1 12345 443 \r\n", kMalformedLine},
                        Case{"PROXY TCP4 192.0.2.7 10.0.0.1 12345\r\n", kMalformedLine},
                        Case{"PROXY TCP4 192.0.2.7 10.0.0.1 12345 443 1\r\n", kMalformedLine},
                        Case{"PROXY TCP4 192.0.2.7 10.0.0.1 012345 443\r\n", kMalformedLine},
                        Case{"PROXY TCP4 192.0.2.7 10.0.0.1 65536 443\r\n", kMalformedLine},
                        Case{"PROXY TCP4 192.0.2.7 10.0.0.1 -1 443\r\n", kMalformedLine},
                        Case{"PROXY TCP4\t192.0.2.7 10.0.0.1 1 443\r\n", kMalformedLine},
                        Case{"PROXY TCP4 192.0.2.7\r10.0.0.1 1 443\r\n", kMalformedLine},
                        Case{"PROXY TCP5 192.0.2.7 10.0.0.1 1 443\r\n", kMalformedLine},
                        Case{"PROXY UNKNOWNS\r\n", kMalformedLine},
                        Case{"PROXY \r\n", kMalformedLine},
                        Case{"PROXY UNKNOWN \x80\r\n", kMalformedLine},
                        Case{"PROXY TCP4 2001:db8::9 2001:db8::1 1 443\r\n", kAddressUnreadable},
                        Case{"PROXY TCP6 192.0.2.7 10.0.0.1 1 443\r\n", kAddressUnreadable},
                        Case{"PROXY TCP4 192.0.2.007 10.0.0.1 1 443\r\n", kAddressUnreadable},
                        Case{"PROXY TCP4 192.0.2.7 somewhere 1 443\r\n", kAddressUnreadable},
                        Case{"PROXY TCP6 fe80::1%eth0 ::1 1 443\r\n", kAddressUnreadable}}) {
    const Read got = read_in_every_way(c.line);
    ASSERT_FALSE(got.outcome.ok()) << c.line;
    EXPECT_EQ(got.outcome.error(), c.error) << c.line;
    EXPECT_FALSE(name(got.outcome.error()).empty());
  }
}

TEST(ProxyHeader, version_1_has_107_bytes_and_not_one_more) {
  const std::string begin = "PROXY UNKNOWN ";
  EXPECT_TRUE(read_in_every_way(begin + std::string(107 - 2 - begin.size(), 'x') + "\r\n").complete());
  const Read over = read(begin + std::string(108 - 2 - begin.size(), 'x') + "\r\n");
  ASSERT_FALSE(over.outcome.ok());
  EXPECT_EQ(over.outcome.error(), ProxyHeaderError::kTooLong);
  EXPECT_FALSE(read("PROXY " + std::string(101, 'x')).outcome.ok()) << "and is not waited for";
}

TEST(ProxyHeader, version_2_names_the_client) {
  const Read four = read_in_every_way(v2('\x21', '\x11', kFour));
  ASSERT_TRUE(four.complete());
  EXPECT_EQ(ip_text(four.header.client), "192.0.2.7");
  const Read six = read_in_every_way(v2('\x21', '\x21', kSix));
  ASSERT_TRUE(six.complete());
  EXPECT_EQ(ip_text(six.header.client), "2001:db8::9");
  // Whatever the proxy adds is skipped: here an ALPN of two bytes, and an empty field.
  const Read with_fields = read_in_every_way(v2('\x21', '\x11', kFour + "\x01\x00\x02h2\x04\x00\x00"s));
  ASSERT_TRUE(with_fields.complete());
  EXPECT_TRUE(with_fields.header.names_client);
}

TEST(ProxyHeader, version_2_that_names_nobody_stands_for_the_proxy_itself) {
  for (const std::string& bytes : {v2('\x20', '\0', ""), v2('\x20', '\x11', kFour), v2('\x20', '\x77', "?"),
                                   v2('\x21', '\0', ""), v2('\x21', '\0', "anything")}) {
    const Read got = read_in_every_way(bytes);
    ASSERT_TRUE(got.complete());
    EXPECT_FALSE(got.header.names_client);
    EXPECT_EQ(got.header.bytes, bytes.size());
  }
}

TEST(ProxyHeader, version_2_that_is_malformed_is_refused) {
  struct Case {
    std::string bytes;
    ProxyHeaderError error;
  };
  using enum ProxyHeaderError;
  for (const Case& c :
       {Case{v2('\x11', '\x11', kFour), kVersionUnknown}, Case{v2('\x31', '\x11', kFour), kVersionUnknown},
        Case{v2('\x22', '\x11', kFour), kCommandUnknown},
        Case{v2('\x21', '\x12', kFour), kProtocolUnsupported},
        Case{v2('\x21', '\x31', std::string(216, '/')), kProtocolUnsupported},
        Case{v2('\x21', '\x10', kFour), kProtocolUnsupported},
        Case{v2('\x21', '\x11', kFour.substr(1)), kAddressTooShort},
        Case{v2('\x21', '\x21', kFour), kAddressTooShort}, Case{v2('\x21', '\x11', ""), kAddressTooShort},
        Case{v2('\x21', '\x11', kFour + "\x01"), kFieldsMalformed},
        Case{v2('\x21', '\x11', kFour + "\x01\x00\x03h2"s), kFieldsMalformed},
        Case{"\r\n\r\n\0\r\nQUIT\r"s, kNoHeader}, Case{"\r\n\r\n\r\n", kNoHeader}}) {
    const Read got = read_in_every_way(c.bytes);
    ASSERT_FALSE(got.outcome.ok());
    EXPECT_EQ(got.outcome.error(), c.error) << name(c.error);
  }
}

TEST(ProxyHeader, version_2_has_the_bound_and_not_one_byte_more) {
  const std::string bytes = v2('\x21', '\x11', kFour + "\x01\x00\x02h2"s);
  const auto size = static_cast<std::uint32_t>(bytes.size());
  EXPECT_TRUE(read(bytes, size).complete());
  const Read over = read(bytes, size - 1);
  ASSERT_FALSE(over.outcome.ok());
  EXPECT_EQ(over.outcome.error(), ProxyHeaderError::kTooLong);
  EXPECT_FALSE(read(bytes.substr(0, 16), size - 1).outcome.ok()) << "and is not waited for";
}

}  // namespace
}  // namespace caponier::http
