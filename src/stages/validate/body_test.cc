#include "stages/validate/body.h"

#include <gtest/gtest.h>

#include "stages/match/match.h"
#include "stages/test_world.h"

namespace caponier::stages {
namespace {

struct Posted {
  Posted(const World& world, std::string_view line, std::string_view headers)
      : request(world, std::string(line) + " HTTP/1.1\r\n" + std::string(headers)),
        matched(std::move(*match(request.exchange))) {}
  Verdict<HeadDecision> head() { return validate_body_head(*request.exchange.head, matched); }

  Request request;
  Matched matched;
};

TEST(ValidateBodyHead, decides_before_a_byte_is_read) {
  World world;
  struct Case {
    std::string_view line, headers, expected;
  };
  for (const Case& c : {
           Case{"POST /v1/orders", "Content-Type: application/json\r\nContent-Length: 2\r\n", "none"},
           Case{"POST /v1/orders", "Content-Type: application/json; charset=UTF-8\r\nContent-Length: 2\r\n",
                "none"},
           Case{"POST /v1/orders", "Content-Type: APPLICATION/Json\r\nTransfer-Encoding: chunked\r\n",
                "none"},
           Case{"POST /v1/orders", "", "body-missing"},
           Case{"POST /v1/orders", "Content-Type: application/json\r\nContent-Length: 0\r\n", "body-missing"},
           Case{"POST /v1/orders", "Content-Length: 2\r\n", "media-type-undeclared"},
           Case{"POST /v1/orders", "Content-Type: text/plain\r\nContent-Length: 2\r\n",
                "media-type-undeclared"},
           Case{"POST /v1/orders", "Content-Type: application\r\nContent-Length: 2\r\n",
                "media-type-undeclared"},
           Case{"POST /v1/orders", "Content-Type: application/json; charset=utf-16\r\nContent-Length: 2\r\n",
                "media-type-undeclared"},
           Case{"POST /v1/orders",
                "Content-Type: application/json\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n",
                "media-type-undeclared"},
           Case{"POST /v1/orders",
                "Content-Type: application/json\r\nContent-Encoding: br\r\nContent-Length: 2\r\n",
                "content-encoding-refused"},
           Case{"POST /v1/orders",
                "Content-Type: application/json\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 2\r\n",
                "content-encoding-refused"},
           Case{"POST /v1/orders",
                "Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Encoding: gzip\r\n"
                "Content-Length: 2\r\n",
                "content-encoding-refused"},
           Case{"POST /v1/orders",
                "Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n", "none"},
           Case{"PUT /v1/files", "Content-Type: image/png\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n",
                "content-encoding-refused"},
           Case{"POST /v1/orders",
                "Content-Type: application/json\r\nContent-Encoding: identity\r\nContent-Length: 2\r\n",
                "none"},
           Case{"POST /v1/orders", "Content-Type: application/json\r\nContent-Length: 1048576\r\n", "none"},
           Case{"POST /v1/orders", "Content-Type: application/json\r\nContent-Length: 1048577\r\n",
                "body-too-large"},
           Case{"GET /v1/orders", "", "none"},
           Case{"GET /v1/orders", "Content-Length: 0\r\n", "none"},
           Case{"GET /v1/orders", "Content-Length: 1\r\n", "body-undeclared"},
           Case{"GET /v1/orders", "Transfer-Encoding: chunked\r\n", "body-undeclared"},
           Case{"PUT /v1/files", "", "none"},
           Case{"PUT /v1/files", "Content-Type: image/png\r\nContent-Length: 1000\r\n", "none"},
           Case{"PUT /v1/files", "Content-Type: image/png\r\nContent-Length: 1001\r\n", "body-too-large"},
           Case{"PUT /v1/files", "Content-Type: video/mp4\r\nContent-Length: 5\r\n", "media-type-undeclared"},
       }) {
    Posted posted(world, c.line, c.headers);
    auto verdict = posted.head();
    EXPECT_EQ(verdict ? "none" : id(verdict.denial()->reason), c.expected) << c.line << "\n" << c.headers;
  }
}

TEST(ValidateBodyHead, judged_bodies_are_buffered_and_opaque_ones_stream) {
  World world;
  for (const auto& [type, buffered] :
       {std::pair("application/json", true), std::pair("application/octet-stream", false),
        std::pair("image/png", false)}) {
    Posted posted(world, "PUT /v1/files",
                  "Content-Type: " + std::string(type) + "\r\nTransfer-Encoding: chunked\r\n");
    auto verdict = posted.head();
    ASSERT_TRUE(verdict) << type;
    EXPECT_EQ(verdict->buffer_body, buffered) << type;
    EXPECT_EQ(verdict->body_bytes_max, 1000U) << type;
    EXPECT_NE(verdict->body, nullptr) << type;
  }
  Posted none(world, "PUT /v1/files", "");
  EXPECT_EQ(none.head()->body, nullptr);
}

Denial judged(const World& world, std::string_view body, std::string_view line = "POST /v1/orders") {
  Posted posted(world, line, "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n");
  const HeadDecision decision = *posted.head();
  auto verdict = validate_body(posted.request.exchange, posted.matched, decision, body);
  if (verdict) return deny(Reason::kNone, "");
  Denial denial = std::move(*verdict.denial());
  EXPECT_EQ(denial.where.substr(0, 13), "openapi.yaml:") << body;
  denial.where = {};
  return denial;
}

TEST(ValidateBody, what_the_schema_does_not_allow_is_refused) {
  World world;
  struct Case {
    std::string_view body, expected;
  };
  for (const Case& c : {
           Case{R"({"item":"tea","qty":1})", "none"},
           Case{R"({"item":"tea","qty":100})", "none"},
           Case{R"({"item":"tea","qty":101})", "body-invalid"},
           Case{R"({"item":"tea","qty":"1"})", "body-invalid"},
           Case{R"({"item":"tea"})", "body-invalid"},
           Case{R"([])", "body-invalid"},
           Case{R"({"item":"tea","qty":1,"isAdmin":true})", "body-invalid"},
           Case{R"({"item":"tea","qty":1,"qty":2})", "body-malformed"},
           Case{R"({"item":"tea","qty":1} )", "none"},
           Case{R"({"item":"tea","qty":1}x)", "body-malformed"},
           Case{R"({"item":"tea","qty":01})", "body-malformed"},
           Case{R"({"item":"tea)", "body-malformed"},
           Case{" ", "body-malformed"},
           Case{"", "body-missing"},
           Case{"\xef\xbb\xbf{}", "body-malformed"},
       }) {
    EXPECT_EQ(id(judged(world, c.body).reason), c.expected) << c.body;
  }
}

TEST(ValidateBody, an_empty_chunked_body_is_none_where_none_is_needed) {
  World world;
  EXPECT_EQ(judged(world, "", "PUT /v1/files").reason, Reason::kNone);
}

TEST(ValidateBody, the_bound_of_the_operation_holds_whatever_was_announced) {
  World world;
  const std::string at = "{\"a\":\"" + std::string(1000 - 8, 'x') + "\"}";
  EXPECT_EQ(judged(world, at, "PUT /v1/files").reason, Reason::kNone);
  EXPECT_EQ(judged(world, at + " ", "PUT /v1/files").reason, Reason::kBodyTooLarge);
}

TEST(ValidateBody, mass_assignment_is_named_by_pointer_and_rule_and_never_by_value) {
  World world;
  const Denial denial = judged(world, R"({"item":"tea","qty":1,"isAdmin":"hunter2"})");
  EXPECT_EQ(denial.public_pointer, "/isAdmin");
  EXPECT_FALSE(denial.public_rule.empty());
  EXPECT_EQ((denial.detail + denial.public_rule).find("hunter2"), std::string::npos);
}

TEST(ValidateBody, a_secret_sent_as_a_name_is_not_kept) {
  World world;
  const Denial plain = judged(world, R"({"item":"tea","qty":1,"isAdmin":1})");
  EXPECT_EQ(plain.detail.substr(0, 10), "/isAdmin: ");
  const Denial secret = judged(world, R"({"item":"tea","qty":1,"hunter2hunter2hunter2":1})");
  EXPECT_EQ(secret.detail.substr(0, 8), "/{...}: ");
  EXPECT_EQ(secret.detail.find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace caponier::stages
