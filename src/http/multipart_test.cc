#include "http/multipart.h"

#include <gtest/gtest.h>

#include <string>

namespace caponier::http {
namespace {

std::string part(std::string_view head, std::string_view body) {
  return "--b\r\n" + std::string(head) + "\r\n\r\n" + std::string(body) + "\r\n";
}

std::string named(std::string_view name, std::string_view body = "x") {
  return part("Content-Disposition: form-data; name=\"" + std::string(name) + "\"", body);
}

std::string outcome(const std::string& body, std::string_view boundary = "b", FormLimits limits = {}) {
  Arena arena;
  const auto parts = parse_multipart(body, boundary, limits, arena);
  return parts ? "read " + std::to_string(parts->size()) : std::string(name(parts.error()));
}

TEST(Multipart, parts_are_what_was_sent) {
  Arena arena;
  const std::string body =
      named("a", "one") +
      part(
          "content-disposition:form-data;name=f;  filename=\"a \xc3\xa9.png\"\r\nContent-Type: image/png\r\n"
          "X-Note: hi\r\nContent-Length: 9\r\nContent-Transfer-Encoding: BINARY",
          "\r\n--c\r\n\r\n") +
      named("empty", "") + "--b--\r\n";
  const auto parts = parse_multipart(body, "b", {}, arena);
  ASSERT_TRUE(parts.ok()) << name(parts.error());
  ASSERT_EQ(parts->size(), 3U);
  EXPECT_EQ((*parts)[0].name, "a");
  EXPECT_EQ((*parts)[0].body, "one");
  EXPECT_FALSE((*parts)[0].filename);
  EXPECT_EQ((*parts)[1].name, "f");
  EXPECT_EQ((*parts)[1].filename, "a \xc3\xa9.png");
  EXPECT_EQ((*parts)[1].content_type, "image/png");
  ASSERT_EQ((*parts)[1].others.size(), 1U);
  EXPECT_EQ((*parts)[1].others[0].value, "hi");
  EXPECT_EQ((*parts)[1].body, "\r\n--c\r\n\r\n");
  EXPECT_EQ((*parts)[2].body, "");
}

TEST(Multipart, attacks_are_refused) {
  struct Case {
    std::string body;
    std::string_view expected;
  };
  const std::string end = "--b--";
  const std::string disposition = "Content-Disposition: form-data; name=\"a\"";
  for (const Case& c : {
           Case{"", "bad-delimiter"},
           Case{"preamble\r\n" + named("a") + end, "bad-delimiter"},
           Case{named("a") + end + "\r\nepilogue", "trailing-bytes"},
           Case{named("a"), "truncated"},
           Case{"--b\n" + disposition + "\n\nx\n--b--", "bad-delimiter"},
           Case{"--b \r\n" + disposition + "\r\n\r\nx\r\n--b--", "bad-delimiter"},
           Case{named("a") + "--bx\r\n\r\n", "bad-delimiter"},
           Case{part("X: y", "x") + end, "content-disposition"},
           Case{part("Content-Disposition: attachment; name=\"a\"", "x") + end, "content-disposition"},
           Case{part("Content-Disposition: form-data", "x") + end, "content-disposition"},
           Case{part("Content-Disposition: form-data; name=\"\"", "x") + end, "content-disposition"},
           Case{part("Content-Disposition: form-data; name=\"a\"; name=\"b\"", "x") + end,
                "content-disposition"},
           Case{part("Content-Disposition: form-data; name=\"a\\\"b\"", "x") + end, "content-disposition"},
           Case{part("Content-Disposition: form-data; name=\"a", "x") + end, "content-disposition"},
           Case{part(disposition + "; filename*=utf-8''x", "x") + end, "content-disposition"},
           Case{part(disposition + "; filename=\"../../etc/passwd\"", "x") + end, "file-name"},
           Case{part(disposition + "; filename=\"a\\b\"", "x") + end, "content-disposition"},
           Case{part(disposition + "; filename=\"..\"", "x") + end, "file-name"},
           Case{part(disposition + "\r\n" + disposition, "x") + end, "repeated-header"},
           Case{part(disposition + "\r\nContent-Type: a/b\r\nContent-Type: a/b", "x") + end,
                "repeated-header"},
           Case{part(disposition + "\r\n folded: x", "x") + end, "header-line"},
           Case{part(disposition + "\r\nX y", "x") + end, "header-line"},
           Case{part(disposition + "\r\nX: a\nb", "x") + end, "header-line"},
           Case{part(disposition + "\r\nContent-Transfer-Encoding: base64", "x") + end, "transfer-encoding"},
           Case{part(disposition + "\r\nContent-Length: 2", "x") + end, "content-length"},
           // What some readers take for a delimiter: behind a bare line feed, within a line, within a head.
           Case{named("a", "x\n--b\r\n" + disposition + "\r\n\r\nadmin") + end, "bad-delimiter"},
           Case{named("a", "x\r--b\r\n" + disposition + "\r\n\r\nadmin") + end, "bad-delimiter"},
           Case{named("a", "x--b--") + end, "bad-delimiter"},
           Case{named("a", "--b") + end, "header-line"},
           Case{named("a", "---b") + end, "bad-delimiter"},
           Case{part(disposition + "\r\nX: --b", "x") + end, "bad-delimiter"},
           Case{named("a", "x--c- -b") + end, "read 1"},
       }) {
    EXPECT_EQ(outcome(c.body), c.expected) << c.body;
  }
  for (const std::string& boundary : {std::string(), std::string("a b "), std::string("a b"),
                                      std::string("a,b"), std::string("a\"b"), std::string(71, 'b')}) {
    EXPECT_EQ(outcome(named("a") + end, boundary), "bad-boundary") << boundary;
  }
}

TEST(Multipart, every_bound_holds_at_the_limit_and_one_past_it) {
  FormLimits limits;
  limits.parts_max = 2;
  limits.part_headers_max = 1;
  limits.part_head_bytes_max = 60;
  const std::string head = "Content-Disposition: form-data; name=a";  // 38 bytes, and two line ends
  const auto with = [&](const std::string& more) {
    return outcome(part(head + more, "x") + "--b--", "b", limits);
  };
  EXPECT_EQ(outcome(part(head, "") + part(head, "") + "--b--", "b", limits), "read 2");
  EXPECT_EQ(outcome(part(head, "") + part(head, "") + part(head, "") + "--b--", "b", limits),
            "too-many-parts");
  EXPECT_EQ(with("\r\nA: 1"), "read 1");
  EXPECT_EQ(with("\r\nA: 1\r\nB: 2"), "too-many-headers");
  EXPECT_EQ(with("\r\nA: " + std::string(60 - 38 - 2 - 2 - 2 - 3, 'x')), "read 1");
  EXPECT_EQ(with("\r\nA: " + std::string(61 - 38 - 2 - 2 - 2 - 3, 'x')), "header-too-long");
}

TEST(Multipart, a_body_that_is_cut_anywhere_is_not_whole) {
  const std::string body = named("a", "one") + named("b", "two") + "--b--";
  for (std::size_t size = 0; size < body.size(); ++size)
    EXPECT_NE(outcome(body.substr(0, size)), "read 2") << size;
  EXPECT_EQ(outcome(body), "read 2");
}

}  // namespace
}  // namespace caponier::http
