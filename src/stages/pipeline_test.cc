#include "stages/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "event/record.h"
#include "plan/key_format.h"
#include "stages/finish/record.h"
#include "stages/scrub/scrub.h"
#include "stages/test_world.h"

namespace caponier::stages {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Pipeline, each_stage_refuses_in_its_turn) {
  World world;
  const std::string reader = world.token(R"(,"scope":"orders:read")");
  const std::string writer = world.token(R"(,"scope":"orders:write")");
  struct Case {
    std::string head, reason, stage;
  };
  const auto post = [](const std::string& token, std::string_view headers) {
    return "POST /v1/orders HTTP/1.1\r\nAuthorization: Bearer " + token + "\r\n" + std::string(headers);
  };
  for (const Case& c : {
           Case{get("/v1/nothing", "nonsense"), "path-undeclared", "match"},
           Case{get("/v1/orders?bad=1"), "credential-missing", "authenticate"},
           Case{get("/v1/orders?bad=1", writer), "scope-missing", "authorize"},
           Case{get("/v1/orders?bad=1", reader), "parameter-undeclared", "validate"},
           // Who may not write is not asked for the body.
           Case{post(reader,
                     "Content-Type: text/plain\r\nContent-Length: 9999999\r\nExpect: 100-continue\r\n"),
                "scope-missing", "authorize"},
           Case{post(writer, "Content-Type: text/plain\r\nContent-Length: 5\r\n"), "media-type-undeclared",
                "validate"},
           Case{get("/v1/customers/bob/orders/x?bad=1", world.token()), "not-owner", "authorize"},
       }) {
    Request request(world, c.head);
    auto verdict = request.judge();
    ASSERT_NE(verdict.denial(), nullptr) << c.head;
    EXPECT_EQ(id(verdict.denial()->reason), c.reason) << c.head;
    EXPECT_EQ(verdict.denial()->stage, c.stage) << c.head;
  }
}

TEST(Pipeline, three_needs_take_one_token) {
  World world;
  world.install_keys(jose::SigningKey::generate().value());
  Request request(world, get("/v1/orders", world.token(R"(,"scope":"orders:read")")));
  for (int i = 0; i < 3; ++i) {
    request.exchange.keys_asked = false;  // as if each time another thing were needed
    auto verdict = request.judge();
    ASSERT_NE(verdict.need(), nullptr);
  }
  world.install_keys(world.signer);
  ASSERT_TRUE(request.judge());
  ASSERT_TRUE(request.judge());
  EXPECT_EQ(request.exchange.limited->remaining, 2U);
  // Of the address's budget of requests one was taken as well.
  const std::uint32_t burst = world.plan->limits.connections.requests_per_address_burst;
  for (std::uint32_t i = 1; i < burst; ++i) {
    Request other(world, get("/v1/nothing"));
    ASSERT_EQ(id(other.reason()), "path-undeclared") << i;
  }
  Request last(world, get("/v1/nothing"));
  EXPECT_EQ(id(last.reason()), "too-many-requests-address");
}

TEST(Pipeline, guessing_credentials_ends_in_429_and_silence_is_not_counted) {
  World world;
  const std::uint32_t burst = world.plan->limits.connections.failed_authentications_per_address_burst;
  for (std::uint32_t i = 0; i < 2 * burst; ++i) {
    Request silent(world, get("/v1/orders"));
    ASSERT_EQ(id(silent.reason()), "credential-missing");
  }
  for (std::uint32_t i = 0; i < burst; ++i) {
    // Each of another identity: it is the address that guesses.
    const Secret key = plan::make_key("cap_robot" + std::to_string(100 + i), std::string(32, 'x'));
    Request guess(world, get("/v1/orders", {}, "X-API-Key: " + std::string(key.reveal()) + "\r\n"));
    ASSERT_EQ(id(guess.reason()), "api-key-unknown") << i;
  }
  Request right(world, get("/v1/orders", {},
                           "X-API-Key: cap_robot001_cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI_0kykaH\r\n"));
  EXPECT_EQ(id(right.reason()), "too-many-failed-authentications");
}

TEST(Pipeline, refused_callers_are_counted_by_their_limit) {
  World world;
  const std::string poor = world.token();
  for (int i = 0; i < 3; ++i) {
    Request request(world, get("/v1/orders", poor));
    ASSERT_EQ(id(request.reason()), "scope-missing");
  }
  Request request(world, get("/v1/orders", poor));
  EXPECT_EQ(id(request.reason()), "rate-limited");
}

TEST(Pipeline, a_body_is_judged_only_after_its_head) {
  World world;
  Request request(world, get("/v1/orders"));
  auto verdict = judge_body(world.state, request.exchange, "{}");
  ASSERT_NE(verdict.denial(), nullptr);
  EXPECT_EQ(verdict.denial()->reason, Reason::kNoVerdict);
}

TEST(Pipeline, head_body_and_answer_of_an_allowed_request) {
  World world;
  Request request(world, "POST /v1/orders HTTP/1.1\r\nAuthorization: Bearer " +
                             world.token(R"(,"scope":"orders:write")") +
                             "\r\nContent-Type: application/json\r\nContent-Length: 22\r\n");
  auto head = request.judge();
  ASSERT_TRUE(head);
  EXPECT_TRUE(head->buffer_body);
  EXPECT_TRUE(judge_body(world.state, request.exchange, R"({"item":"tea","qty":1})"));
  http::ResponseHead answer;
  answer.status = 201;
  EXPECT_TRUE(judge_response(world.state, request.exchange, answer));
  answer.status = 302;
  answer.body.kind = http::BodyKind::kChunked;
  EXPECT_FALSE(judge_response(world.state, request.exchange, answer));
}

TEST(Pipeline, a_reset_exchange_remembers_nothing) {
  World world;
  Request request(world, get("/v1/orders", world.token(R"(,"scope":"orders:read")")));
  ASSERT_TRUE(request.judge());
  Exchange& exchange = request.exchange;
  exchange.needs = 3;
  exchange.keys_asked = true;
  exchange.limit_refused.emplace();
  exchange.reset();
  EXPECT_EQ(exchange.plan, nullptr);
  EXPECT_EQ(exchange.peer, nullptr);
  EXPECT_EQ(exchange.head, nullptr);
  EXPECT_EQ(exchange.now.wall_ms, 0);
  EXPECT_TRUE(exchange.request_id.empty());
  EXPECT_FALSE(exchange.admitted || exchange.matched || exchange.principal || exchange.limited ||
               exchange.authorized || exchange.parameters || exchange.head_decision ||
               exchange.limit_refused);
  EXPECT_EQ(exchange.needs, 0U);
  EXPECT_FALSE(exchange.keys_asked);
  EXPECT_EQ(exchange.arena.bytes_in_use(), 0U);
}

TEST(Pipeline, no_secret_reaches_the_answer_or_the_record) {
  World world;
  const std::string secret = "planted-secret";
  for (const std::string& head : {
           get("/v1/orders?token=" + secret),
           get("/v1/orders?limit=" + secret, world.token(R"(,"scope":"orders:read")")),
           get("/v1/orders", secret),
           get("/v1/orders", {}, "X-API-Key: " + secret + "\r\n"),
           get("/v1/orders", {}, "Authorization: Basic " + secret + "\r\n"),
           get("/v1/orders", world.token(R"(,"scope":"orders:read")"), "X-Tenant: " + secret + "\r\n"),
           get("/v1/public", {}, "Cookie: a=" + secret + "\r\n"),
           get("/v1/customers/alice/orders/" + secret + "?must=1", world.token()),
       }) {
    Request request(world, head);
    auto verdict = request.judge();
    std::string text;
    Outcome outcome;
    if (verdict.denial() != nullptr) {
      text += append_refusal(text, request.exchange, *verdict.denial());
      outcome.denial = verdict.denial();
    }
    event::append(text, make_record(request.exchange, outcome, world.state.digest_key));
    EXPECT_THAT(text, Not(HasSubstr(secret))) << head;
    EXPECT_THAT(text, Not(HasSubstr("eyJ"))) << head;
  }
}

}  // namespace
}  // namespace caponier::stages
