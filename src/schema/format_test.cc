#include "schema/format.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace caponier::schema {
namespace {

struct Row {
  Format format;
  std::vector<std::string> yes;
  std::vector<std::string> no;
};

TEST(Format, texts_have_their_format_or_not) {
  const std::string label(63, 'a');
  const std::vector<Row> rows = {
      {Format::kDate,
       {"2024-02-29", "2000-02-29", "0000-01-01"},
       {"2023-02-29", "1900-02-29", "2024-13-01", "2024-00-10", "2024-04-31", "2024-4-01", "2024-01-01 "}},
      {Format::kTime,
       {"23:59:59Z", "00:00:00.1+01:00", "23:59:60Z", "01:29:60+01:30"},
       {"24:00:00Z", "12:00:00", "12:00:00.Z", "12:00:61Z", "12:59:60Z", "12:00:00+24:00"}},
      {Format::kDateTime,
       {"2026-01-31T23:59:59Z", "2026-01-31t23:59:59.123456+05:30"},
       {"2026-01-31 23:59:59Z", "2026-02-30T00:00:00Z", "2026-01-31T"}},
      {Format::kDuration,
       {"P1Y2M3DT4H5M6S", "P2W", "PT0S", "P1M2D"},
       {"P", "PT", "P1", "P1Y2D", "PT1H2S", "P1WT1H", "P1Y1W", "1D"}},
      {Format::kEmail,
       {"a@b", "\"a b\"@c.d", "a.b+c@[127.0.0.1]", "x@[IPv6:::1]", std::string(64, 'a') + "@b"},
       {"a", "@b", "a@", ".a@b", "a..b@c", "a@b_c", "a@[1.2.3]", std::string(65, 'a') + "@b"}},
      {Format::kHostname,
       {"a", "a-b.c", label + ".com"},
       {"", ".", "a.", "-a", "a-", "a_b", label + "a.com",
        label + "." + label + "." + label + "." + std::string(62, 'a')}},
      {Format::kHostname, {"a--b.com", "xn--ll-0ea", "XN--LL-0EA.a"}, {"xn--x", "xn--a", "a.xn--l-fda"}},
      {Format::kIdnHostname,
       {"a.b", "l\xC2\xB7l",
        "\xC3\xBC\xE3\x80\x82"
        "a",
        "\xD7\x90.a"},
       {"", ".", "a.", "l\xC2\xB7", "ab--c", "0a.\xD7\x90", "0a.xn--4db",
        "\xD7\x90"
        "0\xD9\xA0",
        std::string(300, 'a'), "\xC3\xBC" + std::string(300, 'a')}},
      {Format::kIdnEmail,
       {"a@b", "\xC3\xBC@b", "\"\xC3\xBC \"@b", "a@\xC3\xBC.b", "a.\xC3\xBC@[127.0.0.1]"},
       {"a", "@b", "\xC3\xBC@", "\xC3\xBC..a@b", "\xC3\xBC.@b", "a@l\xC2\xB7", "\"\xC3\xBC\"\"@b",
        "a@\xC3\xBC" + std::string(2000, 'a')}},
      {Format::kIpv4,
       {"0.0.0.0", "255.255.255.255"},
       {"256.0.0.0", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.4 "}},
      {Format::kIpv6,
       {"::", "::1", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4", "1::8"},
       {"1", ":::", "1:2:3:4:5:6:7", "1::2::3", "1:2:3:4:5:6:7::8", "fe80::1%eth0", "12345::"}},
      {Format::kUri,
       {"http://a/b?c#d", "urn:x:y", "http://[::1]:80/", "a:"},
       {"/a", "a", "http://a b", "http://[::1", "http://a:b/", "http://\xC3\xA9/", "a:%4"}},
      {Format::kUriReference, {"", "/a", "a/b:c", "#f", "//h"}, {"a b", "1:b", "/%zz", "/["}},
      {Format::kIri, {"http://\xC3\xA9/"}, {"/\xC3\xA9", "http://\xC2\x80/"}},
      {Format::kIriReference, {"/\xC3\xA9"}, {"/ \xC3\xA9"}},
      {Format::kUriTemplate, {"/a/{b}", "{?x,y*}", "{v:1000}"}, {"{", "}", "{}", "{v:0}", "{a..b}"}},
      {Format::kUuid,
       {"2eb8aa08-AA98-11ea-b4aa-73b441d16380"},
       {"2eb8aa08aa9811eab4aa73b441d16380", "2eb8aa08-aa98-11ea-b4aa-73b441d1638g"}},
      {Format::kJsonPointer, {"", "/a~0~1"}, {"a", "/~", "/~2"}},
      {Format::kRelativeJsonPointer, {"0", "1/a", "0#"}, {"/a", "01/a", "-1", "0##"}},
      {Format::kRegex, {"^a+$"}, {"a**", "("}},
      {Format::kByte, {"", "YQ==", "YWI=", "YWJj"}, {"YQ", "YQ=", "Y===", "YW-j", "YQ==YQ=="}},
  };
  for (const Row& row : rows) {
    for (const std::string& text : row.yes)
      EXPECT_TRUE(has_format(row.format, text)) << description(row.format) << ": " << text;
    for (const std::string& text : row.no)
      EXPECT_FALSE(has_format(row.format, text)) << description(row.format) << ": " << text;
  }
}

}  // namespace
}  // namespace caponier::schema
