#include "stages/check/check.h"

#include <gtest/gtest.h>

#include <vector>

#include "stages/match/match.h"
#include "stages/test_world.h"

namespace caponier::stages {
namespace {

http::ResponseHead answer(std::uint16_t status, std::span<const http::Header> headers,
                          http::BodyKind kind = http::BodyKind::kChunked) {
  http::ResponseHead head;
  head.status = status;
  head.headers = headers;
  head.body.kind = kind;
  return head;
}

http::Header type(std::string_view value) {
  return {"Content-Type", value, http::Field::kContentType};
}

std::string checked(const World& world, std::string_view line, std::uint16_t status,
                    const std::vector<http::Header>& headers,
                    http::BodyKind kind = http::BodyKind::kChunked) {
  Request request(world, std::string(line) + " HTTP/1.1\r\n");
  const Matched matched = *match(request.exchange);
  auto verdict = check(request.exchange, matched, answer(status, headers, kind));
  return std::string(verdict ? "none" : id(verdict.denial()->reason));
}

TEST(Check, an_undeclared_answer_does_not_leave) {
  World world;
  const std::string status = "response-status-undeclared";
  const std::string media_type = "response-media-type-undeclared";
  const auto none = http::BodyKind::kNone;
  EXPECT_EQ(checked(world, "GET /v1/orders", 200, {type("application/json")}), "none");
  EXPECT_EQ(checked(world, "GET /v1/orders", 200, {type("application/json; charset=utf-8")}), "none");
  EXPECT_EQ(checked(world, "GET /v1/orders", 200, {type("text/html")}), media_type);
  EXPECT_EQ(checked(world, "GET /v1/orders", 200, {}), media_type);
  EXPECT_EQ(checked(world, "GET /v1/orders", 200, {type("application/json"), type("text/html")}), media_type);
  EXPECT_EQ(checked(world, "GET /v1/orders", 200, {type("nonsense")}), media_type);
  EXPECT_EQ(checked(world, "GET /v1/orders", 201, {type("application/json")}), status);
  EXPECT_EQ(checked(world, "GET /v1/orders", 404, {type("application/problem+json")}), "none");
  EXPECT_EQ(checked(world, "GET /v1/orders", 418, {type("application/json")}), media_type);
  EXPECT_EQ(checked(world, "GET /v1/orders", 500, {type("application/json")}), status);
  EXPECT_EQ(checked(world, "GET /v1/orders", 999, {}, none), status);
  EXPECT_EQ(checked(world, "POST /v1/orders", 500, {}, none), "none");
  EXPECT_EQ(checked(world, "POST /v1/orders", 500, {type("text/html")}), media_type);
}

TEST(Check, answers_without_a_body_need_no_media_type) {
  World world;
  EXPECT_EQ(checked(world, "GET /v1/orders", 200, {}, http::BodyKind::kNone), "none");
  EXPECT_EQ(checked(world, "GET /v1/orders", 200, {}, http::BodyKind::kLength), "none");
  EXPECT_EQ(checked(world, "HEAD /v1/orders", 200, {}), "none");
  EXPECT_EQ(checked(world, "HEAD /v1/orders", 200, {type("application/json")}), "none");
  EXPECT_EQ(checked(world, "HEAD /v1/orders", 200, {type("text/html")}), "response-media-type-undeclared");
}

TEST(Check, not_modified_answers_a_condition_only) {
  World world;
  const auto none = http::BodyKind::kNone;
  EXPECT_EQ(checked(world, "GET /v1/public", 304, {}, none), "response-status-undeclared");
  Request request(world, "GET /v1/public HTTP/1.1\r\nIf-None-Match: \"a\"\r\n");
  const Matched matched = *match(request.exchange);
  EXPECT_TRUE(check(request.exchange, matched, answer(304, {}, none)));
}

constexpr std::string_view kAnswers = R"(openapi: 3.1.0
info: {title: Answers, version: '1'}
components:
  schemas:
    User:
      type: object
      required: [name]
      properties:
        name: {type: string, maxLength: 10}
        password: {type: string, writeOnly: true}
        tags: {type: array, items: {type: object, properties: {id: {type: integer}}}}
paths:
  /enforced:
    get:
      security: []
      x-caponier: {public: {reason: test}, response: {mode: enforce, bytes_max: 60}}
      responses: &responses
        '200':
          description: ok
          headers:
            X-Count: {required: true, schema: {type: integer, maximum: 9}}
            X-Tags: {schema: {type: array, items: {type: string, enum: [a, b]}}}
          content:
            application/json: {schema: {$ref: '#/components/schemas/User'}}
            text/plain: {}
  /stripped:
    get:
      security: []
      x-caponier: {public: {reason: test}, response: strip}
      responses: *responses
  /reported:
    get:
      security: []
      x-caponier: {public: {reason: test}, response: report}
      responses: *responses
  /any:
    get:
      security: []
      x-caponier: {public: {reason: test}, response: enforce}
      responses: {'200': {description: ok, content: {'*/*': {schema: {$ref: '#/components/schemas/User'}}}}}
  /applications:
    get:
      security: []
      x-caponier: {public: {reason: test}, response: strip}
      responses: {'200': {description: ok, content: {'application/*': {schema: {$ref: '#/components/schemas/User'}}}}}
  /streamed:
    get:
      security: []
      x-caponier: {public: {reason: test}, response: stream}
      responses: *responses
)";

struct Answered {
  std::string reason = "none";
  std::string body;
  std::string reported;
  std::string detail;
  bool holds = false;
};

Answered answered(const World& world, std::string_view path, std::string_view body,
                  std::vector<http::Header> headers = {{"X-Count", "3"}}) {
  Request request(world, "GET " + std::string(path) + " HTTP/1.1\r\n");
  Exchange& exchange = request.exchange;
  const Matched matched = *match(exchange);
  headers.push_back(type("application/json"));
  Answered out;
  auto decision = check(exchange, matched, answer(200, headers));
  if (!decision) {
    out.reason = id(decision.denial()->reason);
    EXPECT_EQ(decision.denial()->public_pointer + decision.denial()->public_rule, "");
    return out;
  }
  out.holds = decision->holds();
  if (decision->body != nullptr) {
    auto judged = check_body(exchange, *decision, body);
    if (judged) {
      out.body = judged->bytes;
    } else {
      out.reason = id(judged.denial()->reason);
      out.detail = judged.denial()->detail;
      EXPECT_EQ(judged.denial()->public_pointer + judged.denial()->public_rule, "");
    }
  }
  if (!exchange.reported.empty()) out.reported = id(exchange.reported.back().reason);
  return out;
}

struct AnswerWorld : World {
  AnswerWorld() : World(kAnswers, "upstream: http://127.0.0.1:9000\n") {}
};

TEST(Check, an_enforced_body_is_what_its_schema_says_within_its_bound) {
  const AnswerWorld world;
  struct Case {
    std::string body;
    std::string_view reason;
  };
  for (const Case& c : {
           Case{R"({"name":"a"})", "none"},
           Case{R"({"name":"a","tags":[{"id":1}]})", "none"},
           Case{R"({"name":"a","role":"admin"})", "response-body-invalid"},
           Case{R"({"name":"a","password":"x"})", "response-body-invalid"},
           Case{R"({"name":"much too long"})", "response-body-invalid"},
           Case{R"({})", "response-body-invalid"},
           Case{R"({"name":"a","name":"b"})", "response-body-malformed"},
           Case{R"({"name":)", "response-body-malformed"},
           Case{"", "response-body-malformed"},
           Case{R"({"name":"a"})" + std::string(60 - 12, ' '), "none"},
           Case{R"({"name":"a"})" + std::string(61 - 12, ' '), "response-body-too-large"},
       }) {
    const Answered got = answered(world, "/enforced", c.body);
    EXPECT_EQ(got.reason, c.reason) << c.body;
    EXPECT_TRUE(got.holds);
    EXPECT_EQ(got.body, c.reason == "none" ? c.body : "") << c.body;
    EXPECT_EQ(got.detail.find("admin"), std::string::npos);
  }
}

TEST(Check, json_is_judged_also_where_the_document_names_a_range_of_types) {
  const AnswerWorld world;
  EXPECT_EQ(answered(world, "/any", R"({"name":"a"})").reason, "none");
  EXPECT_EQ(answered(world, "/any", R"({"name":"a","passwordHash":"x"})").reason, "response-body-invalid");
  EXPECT_EQ(answered(world, "/applications", R"({"name":"a","passwordHash":"x"})").body, R"({"name":"a"})");
  // What is not JSON is not judged by a schema.
  Request request(world, "GET /any HTTP/1.1\r\n");
  const Matched matched = *match(request.exchange);
  const std::vector<http::Header> html = {type("text/html")};
  auto decision = check(request.exchange, matched, answer(200, html));
  ASSERT_TRUE(decision);
  EXPECT_FALSE(decision->holds());
  const std::vector<http::Header> old = {type("text/json; charset=utf-8")};
  auto judged = check(request.exchange, matched, answer(200, old));
  ASSERT_TRUE(judged);
  EXPECT_TRUE(judged->holds()) << "some servers still call it so";
  const std::vector<http::Header> pieces = {type("multipart/byteranges; boundary=b")};
  auto part = check(request.exchange, matched, answer(200, pieces));
  ASSERT_NE(part.denial(), nullptr);
  EXPECT_EQ(part.denial()->reason, Reason::kResponsePartial);
}

TEST(Check, a_stripped_body_loses_what_is_undeclared_or_write_only_and_the_rest_is_enforced) {
  const AnswerWorld world;
  struct Case {
    std::string_view body, reason, left;
  };
  for (const Case& c : {
           Case{R"({"name":"a"})", "none", R"({"name":"a"})"},
           Case{R"({"role":"admin", "name":"a","password":"x"})", "none", R"({"name":"a"})"},
           Case{R"({"name":"\u00e9","tags":[{"id":10,"secret":{"a":[1]}},{}]})", "none",
                "{\"name\":\"\xc3\xa9\",\"tags\":[{\"id\":10},{}]}"},
           Case{R"({"role":"admin"})", "response-body-invalid", ""},
           Case{R"({"role":"admin","name":7})", "response-body-invalid", ""},
           Case{R"({"name":7})", "response-body-invalid", ""},
           Case{R"([])", "response-body-invalid", ""},
           Case{R"({"name":"a"},)", "response-body-malformed", ""},
       }) {
    const Answered got = answered(world, "/stripped", c.body);
    EXPECT_EQ(got.reason, c.reason) << c.body;
    EXPECT_EQ(got.body, c.left) << c.body;
  }
}

TEST(Check, what_is_only_reported_leaves_and_is_noted) {
  const AnswerWorld world;
  const Answered bad = answered(world, "/reported", R"({"name":"a","role":"admin"})");
  EXPECT_EQ(bad.reason, "none");
  EXPECT_EQ(bad.reported, "response-body-invalid");
  EXPECT_EQ(bad.body, R"({"name":"a","role":"admin"})");
  EXPECT_FALSE(bad.holds);
  EXPECT_EQ(answered(world, "/reported", "{").reported, "response-body-malformed");
  EXPECT_EQ(answered(world, "/reported", "{}", {}).reported, "response-header-unmet");
  EXPECT_EQ(answered(world, "/reported", R"({"name":"a"})").reported, "");
}

TEST(Check, a_streamed_body_is_not_looked_at) {
  const AnswerWorld world;
  const Answered got = answered(world, "/streamed", "anything");
  EXPECT_EQ(got.reason, "none");
  EXPECT_FALSE(got.holds);
  EXPECT_EQ(answered(world, "/streamed", "anything", {}).reason, "response-header-unmet");
}

TEST(Check, declared_headers_are_required_and_judged) {
  const AnswerWorld world;
  const std::string body = R"({"name":"a"})";
  const std::string unmet = "response-header-unmet";
  EXPECT_EQ(answered(world, "/enforced", body, {}).reason, unmet);
  EXPECT_EQ(answered(world, "/enforced", body, {{"x-count", "9"}}).reason, "none");
  EXPECT_EQ(answered(world, "/enforced", body, {{"X-Count", "10"}}).reason, unmet);
  EXPECT_EQ(answered(world, "/enforced", body, {{"X-Count", "x"}}).reason, unmet);
  EXPECT_EQ(answered(world, "/enforced", body, {{"X-Count", "1"}, {"X-Tags", "a, b"}}).reason, "none");
  EXPECT_EQ(answered(world, "/enforced", body, {{"X-Count", "1"}, {"X-Tags", "a, c"}}).reason, unmet);
  EXPECT_EQ(answered(world, "/enforced", body, {{"X-Count", "1"}, {"X-Count", "10"}}).reason, unmet);
}

TEST(Check, a_part_of_a_body_that_is_to_be_judged_does_not_leave) {
  const World world(R"(openapi: 3.0.3
info: {title: Parts, version: '1'}
security: []
paths:
  /parts:
    get:
      x-caponier: {public: {reason: test}}
      responses: {'2XX': {description: ok, content: {application/json: {schema: {type: object}}, image/png: {}}}}
)",
                    "upstream: http://127.0.0.1:9000\n");
  const http::Header range{"Content-Range", "bytes 0-9/12"};
  EXPECT_EQ(checked(world, "GET /parts", 206, {type("application/json"), range}), "response-partial");
  // Whole, whatever the status says; judged by nobody; no part at all.
  EXPECT_EQ(checked(world, "GET /parts", 206, {type("application/json")}), "none");
  EXPECT_EQ(checked(world, "GET /parts", 206, {type("image/png"), range}), "none");
  EXPECT_EQ(checked(world, "GET /parts", 200, {type("application/json"), range}), "none");
}

TEST(Check, an_encoded_body_that_is_to_be_judged_does_not_leave) {
  const AnswerWorld world;
  const http::Header gzip{"Content-Encoding", "gzip", http::Field::kContentEncoding};
  EXPECT_EQ(answered(world, "/enforced", "{}", {{"X-Count", "1"}, gzip}).reason, "response-body-malformed");
  EXPECT_EQ(answered(world, "/streamed", "{}", {{"X-Count", "1"}, gzip}).reason, "none");
}

}  // namespace
}  // namespace caponier::stages
