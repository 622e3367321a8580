// The hot path's promise: once warm, judging a request and writing its heads asks the heap for nothing.
#include <gtest/gtest.h>

#include "event/record.h"
#include "stages/finish/record.h"
#include "stages/scrub/scrub.h"
#include "stages/test_world.h"

#if !defined(CAPONIER_SANITIZED)
#include "base/test_allocations.h"

namespace caponier::stages {
namespace {

// Judges `request` as a connection does: on an exchange that is reset and filled in again.
void judge_once(const World& world, Request& request, std::string_view body, std::string& out) {
  Exchange& exchange = request.exchange;
  exchange.reset();
  exchange.plan = world.plan;
  exchange.now = {kNowS * 1000, 1'000'000'000};
  exchange.peer = &request.peer;
  exchange.head = &request.decoder.head();
  exchange.request_id = exchange.arena.copy("0123456789abcdef0123456789abcdef");
  exchange.trace_id = exchange.arena.copy("11112222333344445555666677778888");
  exchange.span_id = exchange.arena.copy("aaaabbbbccccdddd");
  ASSERT_TRUE(judge_head(world.state, exchange));
  if (!body.empty()) {
    ASSERT_TRUE(judge_body(world.state, exchange, body));
  }
  out.clear();
  ASSERT_TRUE(append_upstream_head(out, exchange));
  const std::array headers = {http::Header{"Content-Type", "application/json", http::Field::kContentType},
                              http::Header{"Server", "x", http::Field::kServer}};
  http::ResponseHead answer;
  answer.status = body.empty() ? 200 : 201;
  answer.headers = headers;
  answer.body = {http::BodyKind::kLength, 36};
  auto decision = judge_response(world.state, exchange, answer);
  ASSERT_TRUE(decision);
  if (body.empty()) {
    ASSERT_TRUE(decision->holds());
    ASSERT_TRUE(
        judge_response_body(world.state, exchange, *decision, R"([{"item":"tea","qty":1},2,"three"])"));
  }
  ASSERT_TRUE(append_response_head(out, exchange, answer));
  (void)make_record(exchange, {}, world.state.digest_key);
}

constexpr std::string_view kUnlimited =
    "      x-caponier: {rate_limit: {per_credential: 3/m, per_address: 5/m}}\n";
constexpr std::string_view kGenerous =
    "      x-caponier: {rate_limit: {per_credential: 900000/s, per_address: 900000/s}}\n";

std::string generous_contract() {
  std::string text(kContract);
  return text.replace(text.find(kUnlimited), kUnlimited.size(), kGenerous);
}

TEST(HotPath, a_warm_exchange_asks_the_heap_for_nothing) {
  World world(generous_contract());
  const std::string token = world.token(R"(,"scope":"orders:read orders:write")");
  Request reading(
      world, get("/v1/orders?limit=5&state=on+hold&id=1&id=2", token, "Accept: */*\r\nUser-Agent: me\r\n"));
  Request writing(world, "POST /v1/orders HTTP/1.1\r\nAuthorization: Bearer " + token +
                             "\r\nContent-Type: application/json\r\nContent-Length: 22\r\n");
  std::string out;
  out.reserve(8192);
  for (int i = 0; i < 3; ++i) {
    judge_once(world, reading, "", out);
    judge_once(world, writing, R"({"item":"tea","qty":1})", out);
  }
  const std::uint64_t before = allocations;
  judge_once(world, reading, "", out);
  EXPECT_EQ(allocations - before, 0U) << "reading";
  const std::uint64_t between = allocations;
  judge_once(world, writing, R"({"item":"tea","qty":1})", out);
  EXPECT_EQ(allocations - between, 0U) << "writing";
}

TEST(HotPath, nor_does_a_request_with_an_api_key) {
  World world(generous_contract());
  Request request(world, get("/v1/orders?limit=5&state=on+hold&id=1&id=2", {},
                             "X-API-Key: " + std::string(plan::kRobotKey) + "\r\n"));
  std::string out;
  out.reserve(8192);
  for (int i = 0; i < 3; ++i) judge_once(world, request, "", out);
  const std::uint64_t before = allocations;
  judge_once(world, request, "", out);
  EXPECT_EQ(allocations - before, 0U);
}

TEST(HotPath, nor_does_a_request_that_a_trusted_proxy_passes_on) {
  World world(generous_contract());
  config::ListenerRules rules;
  rules.trusted_proxies.push_back(*parse_address_range("192.0.2.0/24"));
  ServerNames names;
  ASSERT_TRUE(names.add("api.example.com", 0));
  Request reading(world, get("/v1/orders?limit=5", world.token(R"(,"scope":"orders:read")"),
                             "X-Forwarded-For: 2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff, 192.0.2.9\r\n"));
  reading.peer.rules = &rules;
  reading.peer.server_names = &names;
  std::string out;
  out.reserve(8192);
  for (int i = 0; i < 3; ++i) judge_once(world, reading, "", out);
  const std::uint64_t before = allocations;
  judge_once(world, reading, "", out);
  EXPECT_EQ(allocations - before, 0U);
  EXPECT_EQ(reading.exchange.peer->text, "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff");
}

}  // namespace
}  // namespace caponier::stages

#endif
