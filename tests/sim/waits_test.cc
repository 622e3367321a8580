// Every wait has an end, and every bound holds, on a clock that jumps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "sim/world.h"

namespace caponier::sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// A client that sends `text` and reads what comes; how it went, and how long it took.
struct Raw {
  std::string text;
  std::string later;  // sent `later_ms` after that
  std::int64_t later_ms = 0;
  bool drips = false;        // `later` byte by byte, each `later_ms` after the one before
  std::int64_t pace_ms = 0;  // between two reads
  std::int64_t reads_for_ms = 300'000;
  std::string back;
  net::IoStatus end = net::IoStatus::kOk;
  std::int64_t took_ms = 0;
  bool done = false;
};

net::Task<void> send_raw(World* world, Raw* raw) {
  net::Loop& loop = world->loop;
  const std::int64_t began = loop.now_ms();
  auto stream =
      co_await world->network.connect(*net::parse_address("127.0.0.1", kGatewayPort), loop.now_ms() + 1000);
  if (stream) {
    co_await (*stream)->write(raw->text, {}, net::kNoDeadline);
    if (!raw->later.empty()) {
      const std::size_t step = raw->drips ? 1 : raw->later.size();
      for (std::size_t at = 0; at < raw->later.size(); at += step) {
        co_await loop.sleep_until(loop.now_ms() + raw->later_ms);
        const std::string_view piece = std::string_view(raw->later).substr(at, step);
        const auto sent = co_await (*stream)->write(piece, {}, net::kNoDeadline);
        if (!sent.ok()) break;
      }
    }
    std::string block(4096, '\0');
    for (;;) {
      const auto read = co_await (*stream)->read(block.data(), block.size(), began + raw->reads_for_ms);
      raw->end = read.status;
      if (!read.ok()) break;
      raw->back.append(block, 0, read.bytes);
      co_await loop.sleep_until(loop.now_ms() + raw->pace_ms);
    }
  }
  raw->took_ms = loop.now_ms() - began;
  raw->done = true;
}

void run_raw(World& world, Raw& raw) {
  net::spawn(send_raw(&world, &raw));
  world.loop.run_until([&raw] { return raw.done; });
  world.run();
  EXPECT_EQ(world.unrest, "");
}

std::vector<std::string> reasons(const World& world) {
  std::vector<std::string> found;
  for (const Record& record : world.records) found.push_back(record.type + " " + record.reason);
  return found;
}

std::string head(std::string_view line, std::string_view headers) {
  return std::string(line) + " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: sim/1\r\nAuthorization: Bearer " +
         api().good + "\r\n" + std::string(headers) + "\r\n";
}

const TimeLimits& times() {
  return api().plan->limits.time;
}

Answer answer_nothing(const Seen& /*seen*/) {
  Answer answer;
  answer.delay_ms = 10'000'000;
  return answer;
}

TEST(Waits, a_quiet_connection_is_closed_without_a_record) {
  World world(api(), 1, {});
  Raw raw;
  run_raw(world, raw);
  EXPECT_EQ(raw.end, net::IoStatus::kClosed);
  EXPECT_EQ(raw.took_ms, times().head_ms);
  EXPECT_THAT(reasons(world), ElementsAre());
}

TEST(Waits, half_a_head_is_answered_408_when_its_time_is_over) {
  World world(api(), 1, {});
  Raw raw{.text = "GET /v1/open/1 HTTP/1.1\r\nHost: local"};
  run_raw(world, raw);
  EXPECT_THAT(raw.back, StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(reasons(world), ElementsAre("undecodable request-timeout"));
}

TEST(Waits, half_a_head_and_an_end_is_recorded) {
  World world(api(), 1, {});
  Visit& visit = world.add_visit();
  visit.requests.push_back(get_thing(2, api().good));
  visit.requests.back().sent_bytes = 30;
  world.run();
  EXPECT_EQ(world.verdict(), "");
  EXPECT_THAT(reasons(world), ElementsAre("undecodable client-closed"));
}

TEST(Waits, a_judged_body_that_stops_is_answered_408) {
  World world(api(), 1, {});
  Raw raw{.text = head("POST /v1/things", "Content-Type: application/json\r\nContent-Length: 50\r\n") + "{"};
  run_raw(world, raw);
  EXPECT_THAT(raw.back, StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(reasons(world), ElementsAre("exchange request-timeout"));
  EXPECT_TRUE(world.upstream->seen().empty());
}

TEST(Waits, a_streamed_body_that_stops_is_answered_408_and_aborted_upstream) {
  World world(api(), 1, {});
  world.choose = answer_nothing;
  Raw raw{.text =
              head("PUT /v1/files/1", "Content-Type: application/octet-stream\r\nContent-Length: 50\r\n") +
              "{"};
  run_raw(world, raw);
  EXPECT_THAT(raw.back, StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(reasons(world), ElementsAre("exchange request-timeout"));
  ASSERT_EQ(world.upstream->seen().size(), 1U);
  EXPECT_FALSE(world.upstream->seen()[0]->whole);
}

TEST(Waits, a_streamed_body_over_its_bound_is_413_and_never_whole_upstream) {
  for (const std::size_t over : {0U, 1U}) {
    World world(api(), 1, {});
    Visit& visit = world.add_visit();
    visit.requests.push_back(put_file(world.dice, 1, api().good, kFileBytesMax + over, true));
    visit.requests.back().status = over > 0 ? 413 : 200;
    world.run();
    ASSERT_TRUE(visit.responses[0]);
    EXPECT_EQ(visit.responses[0]->status, over > 0 ? 413 : 200);
    ASSERT_EQ(world.upstream->seen().size(), 1U);
    EXPECT_EQ(world.upstream->seen()[0]->whole, over == 0);
    EXPECT_EQ(world.unrest, "");
  }
}

TEST(Waits, a_silent_upstream_is_504) {
  World world(api(), 1, {});
  world.choose = answer_nothing;
  Raw raw{.text = head("GET /v1/things/1", "")};
  raw.reads_for_ms = times().upstream_first_byte_ms + 10;
  run_raw(world, raw);
  EXPECT_THAT(raw.back, StartsWith("HTTP/1.1 504 "));
  EXPECT_THAT(reasons(world), ElementsAre("exchange upstream-timeout"));
}

// The upstream's time begins when it has the body, however long that takes.
TEST(Waits, an_upload_longer_than_the_first_byte_timeout_is_answered) {
  Limits limits;
  limits.time.upstream_first_byte_ms = 2000;
  const Api quick(&limits);
  World world(quick, 1, {});
  Raw raw;
  raw.text = "PUT /v1/files/1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + quick.good +
             "\r\nUser-Agent: sim/1\r\nContent-Type: application/octet-stream\r\nContent-Length: "
             "20\r\n\r\n0123456789";
  raw.later = "0123456789";
  raw.later_ms = 9000;
  raw.reads_for_ms = 20'000;
  run_raw(world, raw);
  EXPECT_THAT(raw.back, StartsWith("HTTP/1.1 200 "));
}

// What is left of the upload must not hold up the refusal.
TEST(Waits, the_death_of_the_upstream_within_an_upload_is_answered_at_once) {
  World world(api(), 1, {});
  world.choose = [](const Seen&) {
    Answer answer;
    answer.early = true;
    answer.dies_at = 0;
    answer.resets = true;
    return answer;
  };
  Raw raw{.text =
              head("PUT /v1/files/1", "Content-Type: application/octet-stream\r\nContent-Length: 50\r\n") +
              "{"};
  raw.reads_for_ms = 100;
  run_raw(world, raw);
  EXPECT_THAT(raw.back, StartsWith("HTTP/1.1 502 "));
}

TEST(Waits, an_early_answer_to_an_upload_arrives_and_ends_the_connection) {
  World world(api(), 1, {});
  world.choose = [](const Seen& seen) {
    Answer answer;
    answer.early = true;
    answer.bytes = response_bytes(seen.id, 422, thing(seen.id, 50), Framing::kLength, false);
    return answer;
  };
  Raw raw{.text =
              head("PUT /v1/files/1", "Content-Type: application/octet-stream\r\nContent-Length: 50\r\n") +
              "{"};
  raw.reads_for_ms = 2000;
  run_raw(world, raw);
  EXPECT_THAT(raw.back, StartsWith("HTTP/1.1 422 "));
  EXPECT_THAT(raw.back, HasSubstr("Connection: close\r\n"));
  EXPECT_EQ(raw.end, net::IoStatus::kClosed);
  EXPECT_EQ(reasons(world).size(), 1U);
}

TEST(Waits, a_client_that_goes_away_before_its_invited_body_is_recorded_at_once) {
  World world(api(), 1, {});
  Raw raw{.text = head(
              "PUT /v1/files/1",
              "Content-Type: application/octet-stream\r\nContent-Length: 50\r\nExpect: 100-continue\r\n")};
  raw.reads_for_ms = 50;
  run_raw(world, raw);
  EXPECT_EQ(raw.back, "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_THAT(reasons(world), ElementsAre("exchange client-closed"));
}

TEST(Waits, connections_of_an_address_are_bounded_and_the_refused_one_is_recorded) {
  Limits limits;
  limits.connections.per_address_max = 2;
  const Api tight(&limits);
  World world(tight, 1, {});
  std::array<Raw, 3> clients;
  for (Raw& raw : clients) net::spawn(send_raw(&world, &raw));
  world.loop.run_for(1000);
  EXPECT_EQ(world.shared.connections.total(), 2U);
  EXPECT_TRUE(clients[2].done);
  EXPECT_EQ(clients[2].end, net::IoStatus::kReset);
  world.loop.run_for(20'000);
  world.run();
  EXPECT_EQ(world.unrest, "");
  EXPECT_THAT(reasons(world), ElementsAre("refused connection-refused"));
}

TEST(Waits, connections_of_all_addresses_of_one_network_of_ipv6_are_counted_together) {
  Limits limits;
  limits.connections.per_address_max = 2;
  const Api tight(&limits);
  World world(tight, 1, {});
  std::array<Raw, 4> clients;
  const std::array<const char*, 4> addresses = {"2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:ff::3",
                                                "2001:db8:1:3::1"};
  for (std::size_t i = 0; i < clients.size(); ++i) {
    world.network.set_client_address(*net::parse_address(addresses[i], 1));
    net::spawn(send_raw(&world, &clients[i]));
    world.loop.run_for(10);
  }
  world.loop.run_for(1000);
  EXPECT_EQ(world.shared.connections.total(), 3U);
  EXPECT_TRUE(clients[2].done);
  EXPECT_FALSE(clients[3].done) << "of another network";
  world.loop.run_for(20'000);
  world.run();
  EXPECT_EQ(world.unrest, "");
  EXPECT_THAT(reasons(world), ElementsAre("refused connection-refused"));
}

// Much of an answer, for whoever asks.
Answer answer_much(const Seen& seen) {
  Answer answer;
  answer.bytes = response_bytes(seen.id, 200, thing(seen.id, 4'000'000), Framing::kLength, false);
  return answer;
}

TEST(Waits, a_client_that_reads_slower_than_the_answer_comes_has_as_much_time_as_others) {
  Weather weather;
  weather.faults.buffer_bytes = 4000;
  World world(api(), 1, weather);
  world.choose = answer_much;
  Raw raw{.text = head("GET /v1/things/1", ""), .pace_ms = 1000};
  run_raw(world, raw);
  EXPECT_THAT(raw.back, StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(raw.end, net::IoStatus::kReset);
  EXPECT_GE(raw.took_ms, times().exchange_ms);
  EXPECT_LE(raw.took_ms, times().exchange_ms + times().write_progress_ms);
  EXPECT_THAT(reasons(world), ElementsAre("exchange exchange-timeout"));
}

TEST(Waits, framing_byte_by_byte_is_progress_until_the_exchange_is_over) {
  World world(api(), 1, {});
  Raw raw{
      .text = head("POST /v1/things", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n") +
              "8\r\n{\"id\":1}\r\n0\r\n",
      .later = "X-T: " + std::string(3000, 'a'),
      .later_ms = 10'000,
      .drips = true,
      .reads_for_ms = 1'000'000};
  run_raw(world, raw);
  EXPECT_LE(raw.took_ms, times().exchange_ms + 3 * raw.later_ms);
  EXPECT_THAT(reasons(world), ElementsAre("exchange exchange-timeout"));
  EXPECT_TRUE(world.upstream->seen().empty());
}

TEST(Waits, over_the_memory_bound_those_who_were_let_in_do_not_grow) {
  World world(api(), 1, {});
  Raw raw{.text = head("POST /v1/things", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"),
          .later = "3e8\r\n" + std::string(1000, ' ') + "\r\n",
          .later_ms = 1000};
  net::spawn(send_raw(&world, &raw));
  world.loop.run_for(500);
  world.shared.in_flight_bytes = api().plan->limits.memory.in_flight_bytes_max;
  world.loop.run_until([&raw] { return raw.done; });
  world.shared.in_flight_bytes = 0;
  world.run();
  EXPECT_THAT(raw.back, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(reasons(world), ElementsAre("exchange overloaded"));
}

TEST(Waits, over_the_memory_bound_new_work_is_shed_and_taken_again_later) {
  World world(api(), 1, {});
  world.shared.in_flight_bytes = api().plan->limits.memory.in_flight_bytes_max;
  Visit& visit = world.add_visit();
  visit.requests.push_back(get_thing(1, api().good));
  visit.requests.back().allowed = false;
  visit.requests.back().status = 503;
  visit.requests.push_back(get_thing(2, api().good));
  net::spawn(pay(&world.network, &visit, 1, 1000));
  world.loop.run_until([&visit] { return !visit.responses.empty() && visit.responses[0].has_value(); });
  world.shared.in_flight_bytes = 0;
  world.loop.run_until([&visit] { return visit.done; });
  ASSERT_TRUE(visit.responses[0] && visit.responses[1]);
  EXPECT_EQ(visit.responses[0]->status, 503);
}

TEST(Waits, one_byte_below_the_memory_bound_work_is_taken) {
  World world(api(), 1, {});
  world.shared.in_flight_bytes = api().plan->limits.memory.in_flight_bytes_max - 1;
  Visit& visit = world.add_visit();
  visit.requests.push_back(get_thing(1, api().good));
  net::spawn(pay(&world.network, &visit, 1, 1000));
  world.loop.run_until([&visit] { return visit.done; });
  ASSERT_TRUE(visit.responses[0]);
  EXPECT_EQ(visit.responses[0]->status, 200);
}

TEST(Waits, gathered_bodies_are_no_longer_counted_when_their_connections_are_gone) {
  World world(api(), 1, {});
  for (std::uint32_t id = 1; id <= 100; ++id) {
    Visit& visit = world.add_visit();
    visit.requests.push_back(post_thing(id, api().good, thing(id, 1900), true));
  }
  world.run();
  EXPECT_EQ(world.verdict(), "");
}

net::Task<void> watch_memory(World* world, std::uint64_t* most) {
  while (std::ranges::any_of(world->visits, [](const auto& visit) { return !visit->done; })) {
    *most = std::max(*most, world->shared.in_flight_bytes.load());
    co_await world->loop.sleep_until(world->loop.now_ms() + 1);
  }
}

TEST(Waits, what_a_client_of_http_2_has_read_of_a_long_answer_is_not_kept) {
  constexpr std::size_t kAnswerBytes = 4'000'000;
  Weather weather;
  weather.faults.buffer_bytes = 4000;  // so that something always waits
  World world(api(), 1, weather);
  world.choose = [](const Seen& seen) {
    Answer answer;
    answer.bytes = response_bytes(seen.id, 200, thing(seen.id, kAnswerBytes), Framing::kLength, false);
    return answer;
  };
  Visit& visit = world.add_visit();
  visit.http2 = true;
  visit.requests.push_back(get_thing(1, api().good));
  std::uint64_t most = 0;
  net::spawn(watch_memory(&world, &most));
  world.run();
  EXPECT_EQ(world.verdict(), "");
  EXPECT_GT(most, 100'000U);
  EXPECT_LT(most, 700'000U);
}

}  // namespace
}  // namespace caponier::sim
