// Report-only, through the real binary: what would have been refused passes as it came, and stands in the log
// and in the metrics.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kContract = R"(openapi: 3.1.0
info: {title: Orders, version: '1'}
components:
  securitySchemes:
    bearer: {type: http, scheme: bearer}
security: [{bearer: ['orders:read']}]
paths:
  /orders:
    get:
      operationId: list
      x-caponier: {rate_limit: {per_address: 2/h}}
      parameters:
        - {name: limit, in: query, schema: {type: integer}}
        - {name: theme, in: cookie, schema: {type: string, enum: [dark, light]}}
      responses: {'200': {description: ok, content: {text/plain: {}}}}
    post:
      operationId: create
      requestBody: {content: {application/json: {schema: {type: object, properties: {a: {type: integer}}}}}}
      responses: {'200': {description: ok, content: {application/json: {schema: {type: object}}}}}
  /closed:
    get:
      operationId: closed
      x-caponier: {report_only: false}
      parameters: [{name: limit, in: query, schema: {type: integer}}]
      responses: {'200': {description: ok, content: {text/plain: {}}}}
  /hidden:
    get:
      operationId: hidden
      x-caponier: {exposed: false}
      responses: {'200': {description: ok}}
)";

constexpr const char* kStages = "defaults: {report_only: {reason: week one}}\n";
constexpr const char* kEverything =
    "defaults: {report_only: {reason: week one, authentication: {reason: legacy}, undeclared: {reason: "
    "old}}}\n"
    "listeners: [{listen: 'http://127.0.0.1:0'}, {listen: 'http://127.0.0.1:0', surface: admin}]\n";

class ReportOnly : public testing::Test {
 protected:
  explicit ReportOnly(const char* config = kStages) : gateway_({kContract, upstream_.url(), config}) {}

  Message get(std::string_view path, std::string_view fields = {}) {
    return gateway_.ask(request_text("GET", path, fields));
  }
  std::string reported(const Message& answer) { return gateway_.record_of(answer)["reported.reason"]; }
  [[nodiscard]] std::string reader() const { return bearer(gateway_.token("ann", "orders:read")); }

  Upstream upstream_{answering(answer_text(200, "text/plain", "ok"))};
  Gateway gateway_;
};

class ReportOnlyEverything : public ReportOnly {
 protected:
  ReportOnlyEverything() : ReportOnly(kEverything) {}
};

TEST_F(ReportOnly, what_would_be_refused_passes_as_it_came_and_is_recorded) {
  const Message query =
      get("/orders?limit=a+b&other=%7e", reader() + "Cookie: theme=pink\r\nCookie: x=1\r\n");
  EXPECT_EQ(query.status(), 200);
  Record record = gateway_.record_of(query);
  EXPECT_EQ(record["reason"], "");
  EXPECT_EQ(record["reported.stage"], "validate");
  EXPECT_THAT(record["reported.where"], HasSubstr("api.yaml:"));
  const Message scope = get("/orders", bearer(gateway_.token("ann", "nothing")));
  EXPECT_EQ(scope.status(), 200);
  EXPECT_EQ(reported(scope), "scope-missing");
  const Message limit = get("/orders", reader());
  EXPECT_EQ(limit.status(), 200);
  EXPECT_EQ(reported(limit), "rate-limited");
  const std::vector<Message> sent = upstream_.requests();
  ASSERT_EQ(sent.size(), 3U);
  EXPECT_THAT(sent[0].start_line, HasSubstr("/orders?limit=a+b&other=%7e "));
  EXPECT_EQ(sent[0].header("Cookie"), "theme=pink; x=1");
}

TEST_F(ReportOnly, several_refusals_of_one_request_are_recorded_together) {
  const Message answer = gateway_.ask(request_text(
      "POST", "/orders?x=1", bearer(gateway_.token("ann", "nothing")) + "Content-Type: application/json\r\n",
      "{\"a\":\"no\"}"));
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(gateway_.record_of(answer)["reported.reason"],
            "scope-missing,parameter-undeclared,body-invalid,response-media-type-undeclared");
  EXPECT_EQ(upstream_.requests().at(0).body, "{\"a\":\"no\"}");
}

TEST_F(ReportOnly, bodies_of_any_kind_go_on_byte_by_byte) {
  const auto post = [this](std::string_view fields, std::string_view body) {
    return gateway_.ask(request_text("POST", "/orders", reader() + std::string(fields), body));
  };
  const Message type = post("Content-Type: text/weird\r\nContent-Encoding: br\r\n", "\x01\x02");
  EXPECT_EQ(type.status(), 200);
  EXPECT_THAT(reported(type), HasSubstr("media-type-undeclared"));
  const Message coding = post("Content-Type: application/json\r\nContent-Encoding: gzip\r\n", "not gzip");
  EXPECT_EQ(coding.status(), 200);
  EXPECT_THAT(reported(coding), HasSubstr("content-encoding-malformed"));
  const std::vector<Message> sent = upstream_.requests();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].body, "\x01\x02");
  EXPECT_EQ(sent[0].header("Content-Encoding"), "br");
  EXPECT_EQ(sent[1].body, "not gzip");
  EXPECT_EQ(sent[1].header("Content-Encoding"), "gzip");
}

TEST_F(ReportOnly, authentication_undeclared_paths_and_framing_stay_enforced) {
  EXPECT_EQ(get("/orders").status(), 401);
  EXPECT_EQ(get("/nowhere", reader()).status(), 404);
  EXPECT_EQ(get("/closed?limit=x", reader()).status(), 400);
  EXPECT_EQ(
      gateway_
          .ask("GET /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n")
          .status(),
      400);
  EXPECT_EQ(gateway_.ask(request_text("DELETE", "/orders", reader())).status(), 405);
  EXPECT_TRUE(upstream_.requests().empty());
}

TEST_F(ReportOnlyEverything, who_is_not_verified_passes_and_is_nobody) {
  const Message answer = get(
      "/orders", "Authorization: Bearer nonsense\r\nCaponier-Subject: admin\r\nX-Forwarded-User: admin\r\n");
  EXPECT_EQ(answer.status(), 200);
  Record record = gateway_.record_of(answer);
  EXPECT_EQ(record["reported.stage"], "authenticate");
  EXPECT_EQ(record["subject"], "");
  const Message sent = upstream_.requests().at(0);
  EXPECT_EQ(sent.header("Authorization"), "Bearer nonsense");
  EXPECT_EQ(sent.header("Caponier-Subject"), "");
  EXPECT_THAT(gateway_.log(), Not(HasSubstr("nonsense")));
  // Who is verified is somebody, and guessing is not punished where nothing is refused.
  for (int i = 0; i < 30; ++i) EXPECT_EQ(get("/orders", "Authorization: Bearer guess\r\n").status(), 200);
  EXPECT_EQ(get("/orders", reader()).status(), 200);
  EXPECT_EQ(upstream_.requests().back().header("Caponier-Subject"), "ann");
}

TEST_F(ReportOnlyEverything, undeclared_paths_pass_and_what_is_closed_stays_closed) {
  const Message answer = gateway_.ask(
      request_text("POST", "/old/./x?a=1", "Content-Type: text/x\r\nCookie: session=1\r\n", "anything"));
  EXPECT_EQ(answer.status(), 400);  // ambiguous paths mean nothing
  const Message passed = gateway_.ask(
      request_text("POST", "/old/x?a=1", "Content-Type: text/x\r\nCookie: session=1\r\n", "anything"));
  EXPECT_EQ(passed.status(), 200);
  Record record = gateway_.record_of(passed);
  EXPECT_EQ(record["operation"], "(undeclared)");
  EXPECT_EQ(record["raw_path"], "/old/x");
  EXPECT_EQ(record["reported.reason"], "path-undeclared");
  ASSERT_EQ(upstream_.requests().size(), 1U);
  const Message sent = upstream_.requests().at(0);
  EXPECT_EQ(sent.body, "anything");
  EXPECT_EQ(sent.header("Cookie"), "session=1");
  EXPECT_THAT(sent.start_line, HasSubstr("POST /old/x?a=1 "));
  EXPECT_EQ(get("/hidden", reader()).status(), 404);
  EXPECT_EQ(gateway_.ask(request_text("TRACE", "/old/x")).status(), 404);
  EXPECT_EQ(gateway_.ask(request_text("DELETE", "/orders")).status(), 405);
  EXPECT_EQ(upstream_.requests().size(), 1U);
  const Message metrics = ask(gateway_.port_of("admin"), request_text("GET", "/metrics"));
  EXPECT_THAT(
      metrics.body,
      HasSubstr("caponier_reported_total{operation=\"(undeclared)\",reason=\"path-undeclared\"} 1\n"));
}

}  // namespace
}  // namespace caponier::e2e
