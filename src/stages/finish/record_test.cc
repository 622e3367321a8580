#include "stages/finish/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stages/test_world.h"

namespace caponier::stages {
namespace {

constexpr DigestKey kKey = {1, 2};

TEST(Record, tells_what_happened_and_by_which_line) {
  World world;
  Request request(world, get("/v1/orders", world.token(), "User-Agent: curl\r\n"));
  auto verdict = request.judge();
  ASSERT_NE(verdict.denial(), nullptr);
  Outcome outcome;
  outcome.status = 403;
  outcome.denial = verdict.denial();
  outcome.duration_us = 12;
  const event::ExchangeRecord record = make_record(request.exchange, outcome, kKey);
  EXPECT_EQ(record.method, "GET");
  EXPECT_EQ(record.operation, "listOrders");
  EXPECT_EQ(record.path, "/v1/orders");
  EXPECT_EQ(record.raw_path.text, "");
  EXPECT_EQ(record.reason, Reason::kScopeMissing);
  EXPECT_EQ(record.stage, "authorize");
  EXPECT_EQ(record.where.substr(0, 13), "openapi.yaml:");
  EXPECT_EQ(record.issuer, "https://login.example/");
  EXPECT_EQ(record.subject.text, "alice");
  EXPECT_EQ(record.user_agent.text, "curl");
  EXPECT_EQ(record.status, 403);
  EXPECT_EQ(record.duration_us, 12);
  EXPECT_EQ(record.peer, "192.0.2.1");
}

TEST(Record, personal_subjects_are_hashed) {
  World world;
  for (const std::string_view subject : {"alice@example.com", "Alice Smith", "a\\tb"}) {
    Request request(world, get("/v1/public", world.token(R"(,"sub":")" + std::string(subject) + "\"")));
    ASSERT_TRUE(request.judge());
    const event::ExchangeRecord record = make_record(request.exchange, {}, kKey);
    EXPECT_THAT(std::string(record.subject.text), testing::MatchesRegex("hash:[0-9a-f]{16}")) << subject;
  }
}

TEST(Record, the_clients_trace_is_recorded_if_it_is_one) {
  World world;
  const std::string id = "4bf92f3577b34da6a3ce929d0e0e4736";
  const auto recorded = [&world](const std::string& traceparent) {
    Request request(world, get("/v1/public", "", "traceparent: " + traceparent + "\r\n"));
    (void)request.judge();
    return std::string(make_record(request.exchange, {}, kKey).client_trace_id);
  };
  EXPECT_EQ(recorded("00-" + id + "-00f067aa0ba902b7-01"), id);
  EXPECT_EQ(recorded("00-" + id + "-00f067aa0ba902b7-0"), "");
  EXPECT_EQ(recorded("00_" + id + "-00f067aa0ba902b7-01"), "");
  EXPECT_EQ(recorded("00-" + std::string(31, 'a') + "G-00f067aa0ba902b7-01"), "");
  EXPECT_EQ(recorded("00-" + std::string(32, '0') + "-00f067aa0ba902b7-01"), "");
  EXPECT_EQ(recorded("eyJhbGciOiJFUzI1NiJ9"), "");
}

TEST(Record, an_unmatched_path_is_kept_apart_as_untrusted) {
  World world;
  Request request(world, "BREW /v1/nothing HTTP/1.1\r\n");
  ASSERT_FALSE(request.judge());
  const event::ExchangeRecord record = make_record(request.exchange, {}, kKey);
  EXPECT_EQ(record.method, "OTHER");
  EXPECT_EQ(record.path, "");
  EXPECT_EQ(record.operation, "");
  EXPECT_EQ(record.raw_path.text, "/v1/nothing");
}

TEST(Record, of_an_exchange_that_never_began_is_empty_and_safe) {
  Exchange exchange;
  const event::ExchangeRecord record = make_record(exchange, {}, kKey);
  EXPECT_EQ(record.status, 0);
  EXPECT_EQ(record.method, "");
}

}  // namespace
}  // namespace caponier::stages
