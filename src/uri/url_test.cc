#include "uri/url.h"

#include <gtest/gtest.h>

namespace caponier::uri {
namespace {

TEST(ParseUrl, parts_and_text_are_those_of_the_one_spelling) {
  struct Case {
    std::string_view text;
    bool https;
    std::string_view host;
    std::uint16_t port;
    std::string_view path;
    std::string_view query;
    std::string_view written;
  };
  const Case cases[] = {
      {"https://example.com", true, "example.com", 443, "/", "", "https://example.com/"},
      {"HTTP://Example.COM:80/A", false, "example.com", 80, "/A", "", "http://example.com/A"},
      {"https://h:80/x?y=z?", true, "h", 80, "/x", "y=z?", "https://h:80/x?y=z?"},
      {"https://h?q", true, "h", 443, "/", "q", "https://h/?q"},
      {"http://127.0.0.1:65535/", false, "127.0.0.1", 65535, "/", "", "http://127.0.0.1:65535/"},
      {"https://[::1]:8443/k", true, "::1", 8443, "/k", "", "https://[::1]:8443/k"},
      {"https://[2001:DB8:0:0::1]", true, "2001:db8::1", 443, "/", "", "https://[2001:db8::1]/"},
      {"http://my_service.default.svc-1", false, "my_service.default.svc-1", 80, "/", "",
       "http://my_service.default.svc-1/"},
      {"https://h/.well-known/%7Ex;v=1", true, "h", 443, "/.well-known/%7Ex;v=1", "",
       "https://h/.well-known/%7Ex;v=1"},
  };
  for (const Case& c : cases) {
    const auto url = parse_url(c.text);
    ASSERT_TRUE(url) << c.text << ": " << url.error();
    EXPECT_EQ(url->https, c.https) << c.text;
    EXPECT_EQ(url->host, c.host) << c.text;
    EXPECT_EQ(url->port, c.port) << c.text;
    EXPECT_EQ(url->path, c.path) << c.text;
    EXPECT_EQ(url->query, c.query) << c.text;
    EXPECT_EQ(url->text(), c.written) << c.text;
    EXPECT_EQ(parse_url(url->text())->text(), c.written) << c.text;
  }
}

TEST(ParseUrl, what_could_be_read_in_two_ways_is_refused) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv,
                                      "example.com"sv,
                                      "//example.com"sv,
                                      "ftp://h"sv,
                                      "file:///etc/passwd"sv,
                                      "https:/h"sv,
                                      "https://"sv,
                                      "https:///x"sv,
                                      "https://:443"sv,
                                      "https://user@h"sv,
                                      "https://user:secret@h/"sv,
                                      "https://a@b@c"sv,
                                      "https://h/#f"sv,
                                      "https://h#"sv,
                                      "https://h:"sv,
                                      "https://h:0"sv,
                                      "https://h:65536"sv,
                                      "https://h:+1"sv,
                                      "https://h:000080"sv,
                                      "https://h:80x"sv,
                                      "https://h:1:2"sv,
                                      "https://[::1"sv,
                                      "https://[::1]x"sv,
                                      "https://[::1%25eth0]"sv,
                                      "https://[127.0.0.1]"sv,
                                      "https://[]"sv,
                                      "https://::1"sv,
                                      "https://a..b"sv,
                                      "https://.a"sv,
                                      "https://a."sv,
                                      "https://-a"sv,
                                      "https://a-"sv,
                                      "https://a b"sv,
                                      "https://a%2eb"sv,
                                      "https://1"sv,
                                      "https://127.1"sv,
                                      "https://2130706433"sv,
                                      "https://0x7f.1"sv,
                                      "https://0177.0.0.1"sv,
                                      "https://1.2.3.4.5"sv,
                                      "https://256.1.1.1"sv,
                                      "https://a.1"sv,
                                      "https://h/ x"sv,
                                      "https://h/%zz"sv,
                                      "https://h/a\\b"sv,
                                      "https://h\\@evil"sv,
                                      "https://h/\xC3\xA9"sv,
                                      "https://h/?a b"sv,
                                      "https://h/?%"sv,
                                      "https://h\0.evil"sv,
                                      "https://[::1\0]"sv,
                                      "https://\xC3\xA9"sv,
                                      "https://h/\r\nX: y"sv}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
}

TEST(ParseUrl, lengths_are_bounded) {
  const std::string label(63, 'a');
  EXPECT_TRUE(parse_url("https://" + label));
  EXPECT_FALSE(parse_url("https://" + label + "a"));
  const std::string long_host = label + "." + label + "." + label + "." + std::string(61, 'a');
  EXPECT_TRUE(parse_url("https://" + long_host));
  EXPECT_FALSE(parse_url("https://" + long_host + "a"));
  const std::string url = "https://h/" + std::string(2048 - 10, 'a');
  EXPECT_TRUE(parse_url(url));
  EXPECT_FALSE(parse_url(url + "a"));
}

TEST(ParseListen, address_and_scheme_are_read) {
  struct Case {
    std::string_view text;
    bool https;
    std::string_view host;
    std::uint16_t port;
  };
  const Case cases[] = {
      {"127.0.0.1:8443", true, "127.0.0.1", 8443}, {"[::1]:8443", true, "::1", 8443},
      {"https://0.0.0.0:0", true, "0.0.0.0", 0},   {"http://localhost:8080", false, "localhost", 8080},
      {"http://[::]:80/", false, "::", 80},
  };
  for (const Case& c : cases) {
    const auto url = parse_listen(c.text);
    ASSERT_TRUE(url) << c.text << ": " << url.error();
    EXPECT_EQ(url->https, c.https) << c.text;
    EXPECT_EQ(url->host, c.host) << c.text;
    EXPECT_EQ(url->port, c.port) << c.text;
  }
}

TEST(ParseListen, what_is_no_address_is_refused) {
  for (const std::string_view text :
       {"", "8443", ":8443", "localhost", "localhost:", "h:70000", "h:-1", "::1:8443", "[::1]", "https://h",
        "tcp://h:1", "h:1/", "https://h:1/x", "u@h:1", "h:1#x"}) {
    EXPECT_FALSE(parse_listen(text)) << text;
  }
}

}  // namespace
}  // namespace caponier::uri
