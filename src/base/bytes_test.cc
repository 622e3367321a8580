#include "base/bytes.h"

#include <gtest/gtest.h>

namespace caponier {
namespace {

using std::string_literals::operator""s;

TEST(Bytes, header_names_compare_without_case_and_nothing_else) {
  EXPECT_TRUE(equals_ignore_case("Content-Type", "content-TYPE"));
  EXPECT_FALSE(equals_ignore_case("Content-Type", "Content_Type"));
  EXPECT_FALSE(equals_ignore_case("Host", "Hos"));
  // '@' and '`' differ by the same bit as upper and lower case do.
  EXPECT_FALSE(equals_ignore_case("@", "`"));
  EXPECT_FALSE(equals_ignore_case("[", "{"));
}

TEST(Bytes, equality_ignores_the_case_of_letters_only_at_every_length_and_place) {
  for (std::size_t size = 1; size <= 20; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int a = 0; a < 256; ++a) {
        // Those that differ in the bit of the case, and in the one beside it.
        for (const int b : {a ^ 0x20, a ^ 0x60, a}) {
          std::string one(size, 'x');
          std::string other(size, 'X');
          one[at] = static_cast<char>(a);
          other[at] = static_cast<char>(b);
          const bool same = to_lower(one[at]) == to_lower(other[at]);
          ASSERT_EQ(equals_ignore_case(one, other), same) << size << " " << at << " " << a << " " << b;
        }
      }
    }
  }
}

TEST(Bytes, constant_time_comparison_agrees_with_equality) {
  EXPECT_TRUE(equals_constant_time("", ""));
  EXPECT_TRUE(equals_constant_time("secret", "secret"));
  EXPECT_FALSE(equals_constant_time("secret", "secres"));
  EXPECT_FALSE(equals_constant_time("xecret", "secret"));
  EXPECT_FALSE(equals_constant_time("secret", "secre"));
}

TEST(Bytes, lower_leaves_bytes_outside_ascii_alone) {
  EXPECT_EQ(lower("ABZaz\xC3\x84-0"), "abzaz\xC3\x84-0");
}

TEST(Bytes, hexadecimal_goes_there_and_back) {
  EXPECT_EQ(to_hex("\x00\x7f\xff\x10"s), "007fff10");
  EXPECT_EQ(from_hex("007fFF10"), "\x00\x7f\xff\x10"s);
  EXPECT_EQ(from_hex(""), "");
  EXPECT_EQ(from_hex("0"), std::nullopt);
  EXPECT_EQ(from_hex("0g"), std::nullopt);
  EXPECT_EQ(from_hex("0x10"), std::nullopt);
}

TEST(Bytes, decimal_ends_at_the_largest_uint64) {
  EXPECT_EQ(parse_decimal("0"), 0U);
  EXPECT_EQ(parse_decimal("007"), 7U);
  EXPECT_EQ(parse_decimal("18446744073709551615"), UINT64_MAX);
  for (const char* bad :
       {"18446744073709551616", "99999999999999999999", "", "+1", "-1", " 1", "1 ", "0x1", "1e3"}) {
    EXPECT_EQ(parse_decimal(bad), std::nullopt) << bad;
  }
}

struct Base64Case {
  std::string plain;
  std::string url;
  std::string padded;
};

TEST(Bytes, base64_follows_rfc_4648_section_10) {
  const Base64Case cases[] = {
      {"", "", ""},
      {"f", "Zg", "Zg=="},
      {"fo", "Zm8", "Zm8="},
      {"foo", "Zm9v", "Zm9v"},
      {"foob", "Zm9vYg", "Zm9vYg=="},
      {"fooba", "Zm9vYmE", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
      {"\xfb\xff\xbf", "-_-_", "+/+/"},
  };
  for (const Base64Case& c : cases) {
    EXPECT_EQ(base64url_encode(c.plain), c.url);
    EXPECT_EQ(base64url_decode(c.url), c.plain);
    EXPECT_EQ(base64_encode(c.plain), c.padded);
    EXPECT_EQ(base64_decode(c.padded), c.plain);
  }
}

TEST(Bytes, base64_has_one_spelling_for_each_value) {
  for (const char* bad :
       {"Zg==", "Zh", "Zm9", "Z", "Zm9vY", "Zg\n", " Zg", "Zm+v", "Zm/v", "Zm9v=", "Z\xC3\xA9"}) {
    EXPECT_EQ(base64url_decode(bad), std::nullopt) << bad;
  }
  for (const char* bad :
       {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "=", "====", "Z===", "Zm-v", "Zm_v", "Zg==Zg=="}) {
    EXPECT_EQ(base64_decode(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(base64url_decode("Zg\0\0"s), std::nullopt);
}

struct Utf8Case {
  std::string text;
  bool good;
};

TEST(Bytes, utf8_is_judged_at_every_boundary_of_the_standard) {
  const Utf8Case cases[] = {
      {"", true},
      {"plain", true},
      {"\0"s, true},
      {"\x7f", true},
      {"\x80", false},
      {"\xbf", false},
      {"\xc1\xbf", false},  // overlong
      {"\xc2\x80", true},   // U+0080
      {"\xc2", false},      // cut
      {"\xc2\x7f", false},
      {"\xdf\xbf", true},       // U+07FF
      {"\xe0\x9f\xbf", false},  // overlong
      {"\xe0\xa0\x80", true},   // U+0800
      {"\xe0\xa0", false},
      {"\xed\x9f\xbf", true},   // U+D7FF
      {"\xed\xa0\x80", false},  // a surrogate
      {"\xee\x80\x80", true},
      {"\xef\xbf\xbf", true},
      {"\xf0\x8f\xbf\xbf", false},  // overlong
      {"\xf0\x90\x80\x80", true},   // U+10000
      {"\xf0\x90\x80", false},
      {"\xf4\x8f\xbf\xbf", true},  // U+10FFFF
      {"\xf4\x90\x80\x80", false},
      {"\xf5\x80\x80\x80", false},
      {"\xff", false},
  };
  for (const Utf8Case& c : cases) {
    // At every offset of the wide loop, followed by nothing and by more.
    for (std::size_t offset = 0; offset < 34; ++offset) {
      const std::string before(offset, 'a');
      EXPECT_EQ(is_utf8(before + c.text), c.good) << to_hex(c.text) << " at " << offset;
      EXPECT_EQ(is_utf8(before + c.text + std::string(20, 'z')), c.good)
          << to_hex(c.text) << " at " << offset;
    }
  }
}

}  // namespace
}  // namespace caponier
