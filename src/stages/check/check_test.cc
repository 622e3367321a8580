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
  auto verdict = check(*request.exchange.head, matched, answer(status, headers, kind));
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
  EXPECT_TRUE(check(*request.exchange.head, matched, answer(304, {}, none)));
}

}  // namespace
}  // namespace caponier::stages
