#include "upstream/http2_session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/test_net.h"
#include "upstream/pool.h"
#include "upstream/test_h2_server.h"

namespace caponier::upstream {
namespace {

using namespace http::h2;

const net::Address kServer = *net::parse_address("127.0.0.1", 9000);

// One exchange, as the driver does it.
struct Asked {
  Pool::Lease lease;
  std::optional<std::string> refused;  // why there is no connection
  bool reads = true;                   // the body
  bool done = false;
  bool broken = false;
  std::string body;
};

struct World {
  World() = default;
  explicit World(const PoolLimits& given) : limits(given) {}
  ~World() { net::destroy_spawned(); }

  static net::Task<void> ask(World* self, Asked* into) {
    into->lease = self->pool.take_idle();
    if (!into->lease) {
      auto connected = co_await self->pool.connect(self->loop.now_ms() + 10'000);
      if (!connected) {
        into->refused = connected.error().detail;
        co_return;
      }
      into->lease = std::move(*connected);
    }
    std::string text = "GET /a HTTP/1.1\r\nHost: x.test\r\n";
    const RequestBody no_body;
    into->lease->begin(http::Method::kGet, false);
    const auto sent = co_await into->lease->send(text, no_body, net::kNoDeadline, net::kNoDeadline);
    if (!sent.ok()) into->broken = true;
    while (!into->broken) {
      const auto read = co_await into->lease->receive(net::kNoDeadline);
      if (!read.ok()) {
        into->broken = true;
      } else if (*into->lease->read_head() == http::HeadStatus::kComplete) {
        break;
      }
    }
    into->lease->begin_body();
    while (into->reads && !into->broken && !into->lease->complete()) {
      const auto piece = into->lease->read_body();
      into->body.append(piece->data);
      if (piece->advanced || into->lease->complete()) continue;
      const auto read = co_await into->lease->receive(net::kNoDeadline);
      into->broken = !read.ok();
    }
    into->done = true;
  }
  Asked& start(bool reads = true) {
    asked.push_back(std::make_unique<Asked>());
    asked.back()->reads = reads;
    net::spawn(ask(this, asked.back().get()));
    loop.run_for(5);
    return *asked.back();
  }
  // What the upstream says of the first connection.
  void say(std::string_view frames) {
    server.connections.at(0)->say(frames);
    loop.run_for(5);
  }
  std::string answer(std::uint32_t stream) { return headers(stream, block({{":status", "204"}})); }

  net::SimLoop loop;
  net::SimNetwork network{loop, 1};
  BlockPool blocks;
  PoolLimits limits;
  Pool pool{network, blocks, {kServer, "", "", nullptr, UpstreamProtocol::kHttp2}, limits};
  TestH2Server server{network, kServer};
  std::vector<std::unique_ptr<Asked>> asked;
};

TEST(Http2Session, exchanges_that_come_while_it_opens_wait_for_it_and_share_it) {
  World world;
  net::SimFaults slow;
  slow.delay_ms_max = 3;
  world.network.set_faults(slow);
  for (int i = 0; i < 10; ++i) {
    world.asked.push_back(std::make_unique<Asked>());
    net::spawn(World::ask(&world, world.asked.back().get()));
  }
  world.loop.run_for(50);
  ASSERT_EQ(world.server.connections.size(), 1U);
  for (std::uint32_t stream = 1; stream <= 19; stream += 2) world.say(world.answer(stream));
  for (const auto& one : world.asked) EXPECT_TRUE(one->done && !one->broken);
}

TEST(Http2Session, as_many_share_it_as_the_upstream_allows_and_we_do) {
  for (const std::uint32_t theirs : {2U, 1000U}) {
    PoolLimits limits;
    limits.http2.streams_max = 3;
    World world(limits);
    world.server.settings = std::string("\0\3", 2) + u32(theirs);
    const std::uint32_t most = std::min(theirs, 3U);
    for (std::uint32_t i = 0; i < most; ++i) world.start();
    EXPECT_EQ(world.server.connections.size(), 1U);
    world.start();
    EXPECT_EQ(world.server.connections.size(), 2U);
  }
}

TEST(Http2Session, an_upstream_that_allows_no_streams_is_no_connection) {
  World world;
  world.server.settings = std::string("\0\3", 2) + u32(0);
  EXPECT_EQ(world.start().refused, "127.0.0.1:9000: HTTP/2: it allows no streams");
}

TEST(Http2Session, is_used_again_and_closed_when_it_was_idle_for_as_long_as_the_limit) {
  World world;
  Asked& first = world.start();
  world.say(world.answer(1));
  ASSERT_TRUE(first.done);
  EXPECT_FALSE(first.lease->reused());
  Pool::give_back(std::move(first.lease));
  EXPECT_EQ(world.pool.idle(), 1U);
  world.loop.run_for(world.limits.idle_ms - 10);
  Asked& second = world.start();
  EXPECT_TRUE(second.lease->reused());
  world.say(world.answer(3));
  ASSERT_TRUE(second.done);
  Pool::give_back(std::move(second.lease));
  world.loop.run_for(world.limits.idle_ms - 10);
  EXPECT_EQ(world.pool.idle(), 1U);
  world.loop.run_for(20);
  EXPECT_EQ(world.pool.idle(), 0U);
  EXPECT_TRUE(world.server.connections.at(0)->ended);
}

TEST(Http2Session, one_that_is_given_up_is_cancelled_and_the_others_go_on) {
  World world;
  Asked& first = world.start();
  Asked& second = world.start();
  first.lease->abort();
  world.loop.run_for(5);
  std::string cancel;
  append_reset(cancel, 1, ErrorCode::kCancel);
  EXPECT_TRUE(world.server.connections.at(0)->seen.ends_with(cancel));
  world.say(headers(1, block({{":status", "200"}}), false) + data(1, "late", true) + world.answer(3));
  EXPECT_TRUE(second.done && !second.broken);
}

TEST(Http2Session, whoever_is_silent_is_asked_whether_he_is_there_and_left_if_he_is_not) {
  for (const bool answers : {false, true}) {
    World world;
    Asked& silent = world.start();
    world.loop.run_for(1500);
    silent.lease->abort();
    world.loop.run_for(5);
    silent.lease.reset();
    std::string ping;
    append_ping(ping, "caponier", false);
    ASSERT_TRUE(world.server.connections.at(0)->seen.ends_with(ping));
    ping.clear();
    append_ping(ping, "caponier", true);
    if (answers) world.say(ping);
    world.loop.run_for(world.limits.connect_ms + 10);
    EXPECT_EQ(world.pool.idle(), answers ? 1U : 0U);
  }
}

TEST(Http2Session, goaway_ends_those_above_its_last_stream_as_unprocessed_and_serves_the_others) {
  World world;
  Asked& first = world.start();
  Asked& second = world.start();
  std::string away;
  append_go_away(away, 1, ErrorCode::kNoError);
  world.say(away);
  EXPECT_TRUE(second.done && second.broken);
  EXPECT_EQ(second.lease->fault(), Fault::kUnprocessed);
  EXPECT_FALSE(first.done);
  world.start();
  EXPECT_EQ(world.server.connections.size(), 2U) << "nothing new goes to who goes away";
  world.say(world.answer(1));
  EXPECT_TRUE(first.done && !first.broken);
  Pool::give_back(std::move(first.lease));
  second.lease.reset();
  world.loop.run_for(5);
  EXPECT_TRUE(world.server.connections.at(0)->ended);
}

TEST(Http2Session, the_death_of_the_connection_is_that_of_its_exchanges) {
  World world;
  Asked& first = world.start();
  Asked& second = world.start();
  world.server.connections.at(0)->stream->abort();
  world.loop.run_for(5);
  EXPECT_TRUE(first.broken && second.broken);
  EXPECT_TRUE(first.lease->silent());
  EXPECT_EQ(first.lease->fault(), Fault::kNone);
  EXPECT_EQ(world.pool.take_idle(), nullptr);
}

TEST(Http2Session, what_came_before_a_break_is_read_first_and_is_not_the_whole) {
  World world;
  Asked& asked = world.start();
  std::string reset;
  append_reset(reset, 1, ErrorCode::kInternalError);
  world.say(headers(1, block({{":status", "200"}}), false) + data(1, "part") + reset);
  EXPECT_TRUE(asked.broken);
  EXPECT_EQ(asked.body, "part");
  EXPECT_EQ(asked.lease->fault_detail(), "reset by the upstream: INTERNAL_ERROR");
}

TEST(Http2Session, a_whole_answer_followed_by_no_error_is_whole) {
  World world;
  Asked& asked = world.start();
  std::string reset;
  append_reset(reset, 1, ErrorCode::kNoError);
  world.say(headers(1, block({{":status", "200"}}), false) + data(1, "all", true) + reset);
  EXPECT_TRUE(asked.done && !asked.broken);
  EXPECT_EQ(asked.body, "all");
}

TEST(Http2Session, data_beyond_the_window_of_a_stream_that_nobody_reads_is_malformed) {
  for (const std::size_t over : {0U, 1U}) {
    World world;
    Asked& asked = world.start(false);
    Asked& other = world.start();
    world.say(headers(1, block({{":status", "200"}}), false));
    for (std::size_t left = world.limits.http2.stream_window_bytes + over; left > 0;) {
      const std::size_t bytes = std::min<std::size_t>(left, kFrameBytesMax);
      world.say(data(1, std::string(bytes, 'x')));
      left -= bytes;
    }
    EXPECT_EQ(asked.lease->fault(), over == 1 ? Fault::kMalformed : Fault::kNone);
    world.say(world.answer(3));
    EXPECT_TRUE(other.done && !other.broken) << "it is a matter of one stream";
  }
}

struct Bound {
  const char* name;
  std::uint32_t Http2Limits::*limit;
  std::string (*one)();
  std::uint32_t before;  // that the beginning has taken already
};

TEST(Http2Session, work_for_nothing_is_bounded_at_each_limit) {
  const Bound bounds[] = {
      {"settings", &Http2Limits::settings_max, [] { return frame(FrameType::kSettings, 0, 0); }, 1},
      {"acknowledgements", &Http2Limits::settings_max, [] { return frame(FrameType::kSettings, kAck, 0); },
       1},
      {"pings", &Http2Limits::pings_max, [] { return frame(FrameType::kPing, 0, 0, "12345678"); }, 0},
      {"priorities", &Http2Limits::priorities_max,
       [] { return frame(FrameType::kPriority, 0, 1, u32(3) + std::string(1, 'x')); }, 0},
      {"unknown frames", &Http2Limits::empty_frames_max,
       [] { return frame(static_cast<FrameType>(0x77), 0, 0, "x"); }, 0},
      {"empty data", &Http2Limits::empty_frames_max, [] { return data(1, ""); }, 0},
      {"small windows", &Http2Limits::small_windows_max,
       [] { return frame(FrameType::kWindowUpdate, 0, 0, u32(1)); }, 0},
  };
  for (const Bound& bound : bounds) {
    for (const std::uint32_t over : {0U, 1U}) {
      SCOPED_TRACE(bound.name);
      PoolLimits limits;
      limits.http2.*(bound.limit) = 20;
      World world(limits);
      Asked& asked = world.start();
      world.say(headers(1, block({{":status", "200"}}), false));
      for (std::uint32_t i = 0; i < 20 - bound.before + over; ++i) world.say(bound.one());
      EXPECT_EQ(asked.broken, over == 1);
      EXPECT_EQ(asked.lease->fault(), over == 1 ? Fault::kMalformed : Fault::kNone);
    }
  }
}

TEST(Http2Session, heads_are_bounded_as_those_of_http_1) {
  for (const std::uint32_t over : {0U, 1U}) {
    PoolLimits limits;
    limits.http.interim_answers_max = 3;
    World interim(limits);
    Asked& asked = interim.start();
    for (std::uint32_t i = 0; i < 3 + over; ++i) interim.say(headers(1, block({{":status", "103"}}), false));
    EXPECT_EQ(asked.broken, over == 1);

    limits.http2.continuations_max = 3;
    World continuations(limits);
    Asked& other = continuations.start();
    std::string frames = frame(FrameType::kHeaders, kEndStream, 1, block({{":status", "204"}}));
    for (std::uint32_t i = 1; i < 3 + over; ++i)
      frames += frame(FrameType::kContinuation, 0, 1, field("a", "b"));
    continuations.say(frames + frame(FrameType::kContinuation, kEndHeaders, 1));
    EXPECT_EQ(other.broken, over == 1);

    limits.http.header_count_max = 3;
    World fields(limits);
    Asked& many = fields.start();
    std::string head = block({{":status", "204"}});
    for (std::uint32_t i = 0; i < 3 + over; ++i) head += field("a", "b");
    fields.say(headers(1, head));
    EXPECT_EQ(many.broken, over == 1);
  }
}

net::Task<void> upload(Pool::Lease* lease, const std::string* bytes, bool* done) {
  std::string text = "POST /a HTTP/1.1\r\nHost: x.test\r\n";
  RequestBody body;
  body.data = *bytes;
  body.length = {http::BodyKind::kLength, bytes->size()};
  (*lease)->begin(http::Method::kPost, false);
  const auto sent = co_await (*lease)->send(text, body, net::kNoDeadline, net::kNoDeadline);
  *done = sent.ok();
}

TEST(Http2Session, what_waits_to_leave_counts_as_memory_until_it_has_left) {
  World world;
  net::SimFaults slow;
  slow.delay_ms_max = 10;
  slow.buffer_bytes = 2000;
  world.network.set_faults(slow);
  Asked& first = world.start();
  world.loop.run_for(200);
  world.say(world.answer(1));
  world.loop.run_for(200);
  ASSERT_TRUE(first.done);
  Pool::give_back(std::move(first.lease));
  const std::string bytes(50'000, 'b');
  bool done = false;
  auto lease = world.pool.take_idle();
  ASSERT_NE(lease, nullptr);
  net::spawn(upload(&lease, &bytes, &done));
  EXPECT_TRUE(done) << "all of it is in the room for output";
  EXPECT_GE(world.blocks.bytes_in_use(), bytes.size() - slow.buffer_bytes);
  world.loop.run_for(2000);
  EXPECT_GE(world.server.connections.at(0)->seen.size(), bytes.size());
  lease.reset();
  world.loop.run_for(100);
  EXPECT_LT(world.blocks.bytes_in_use(), 5000U) << "what is quiet keeps little";
}

net::Task<void> read_head(Pool::Lease* lease, bool* done) {
  const auto read = co_await (*lease)->receive(net::kNoDeadline);
  if (!read.ok()) co_return;
  const auto status = (*lease)->read_head();
  *done = status && *status == http::HeadStatus::kComplete;
}

// The body waits for the upstream's window, and the upstream answers: each is told in its turn, and then it
// is quiet.
TEST(Http2Session, an_answer_is_read_while_the_body_waits_for_room) {
  World world;
  Asked& first = world.start();
  world.say(world.answer(1));
  ASSERT_TRUE(first.done);
  Pool::give_back(std::move(first.lease));
  auto lease = world.pool.take_idle();
  ASSERT_NE(lease, nullptr);
  const std::string bytes(100'000, 'b');  // more than a window
  bool sent = false;
  bool answered = false;
  net::spawn(upload(&lease, &bytes, &sent));
  net::spawn(read_head(&lease, &answered));
  world.loop.run_for(5);
  ASSERT_FALSE(sent);
  world.server.connections.at(0)->say(
      frame(FrameType::kHeaders, kEndHeaders, 3, block({{":status", "200"}})));
  std::size_t turns = 0;
  (void)world.loop.run_until([&] { return answered || ++turns > 1000; }, 100);
  EXPECT_TRUE(answered);
  EXPECT_LT(turns, 100U);
  EXPECT_FALSE(sent) << "and the body still waits";
  net::destroy_spawned();  // the upload, before what it writes to
}

net::Task<void> connect_within(World* world, std::int64_t ms, std::optional<Pool::Connected>* outcome) {
  auto connected = co_await world->pool.connect(world->loop.now_ms() + ms);
  outcome->emplace(std::move(connected));
}

TEST(Http2Session, who_has_no_time_to_open_it_fails_alone) {
  World world;
  net::SimFaults slow;
  slow.delay_ms_max = 100;
  world.network.set_faults(slow);
  std::optional<Pool::Connected> hurried;
  std::optional<Pool::Connected> patient;
  net::spawn(connect_within(&world, 1, &hurried));
  net::spawn(connect_within(&world, 2000, &patient));
  world.loop.run_for(5);
  ASSERT_TRUE(hurried);
  ASSERT_FALSE(*hurried);
  EXPECT_EQ((*hurried).error().error, ConnectError::kTimedOut);
  EXPECT_FALSE(patient);
  world.loop.run_for(1000);
  ASSERT_TRUE(patient);
  EXPECT_TRUE(*patient) << "it opens one itself";
}

net::Task<void> say_much(Pool::Lease* lease, const std::string* bytes, net::IoResult* sent, bool* ended) {
  std::string text = "POST /a HTTP/1.1\r\nHost: x.test\r\n";
  RequestBody body;
  body.open = true;
  body.length = {http::BodyKind::kChunked, 0};
  (*lease)->begin(http::Method::kPost, false);
  co_await (*lease)->send(text, body, net::kNoDeadline, net::kNoDeadline);
  auto sending = (*lease)->send_body(*bytes, true, net::kNoDeadline);
  *sent = co_await std::move(sending);
  *ended = true;
}

TEST(Http2Session, who_waits_for_a_window_of_an_exchange_that_is_aborted_waits_no_longer) {
  World world;
  Asked& first = world.start();
  world.loop.run_for(200);
  world.say(world.answer(1));
  world.loop.run_for(200);
  ASSERT_TRUE(first.done);
  Pool::give_back(std::move(first.lease));
  const std::string bytes(200'000, 'b');
  net::IoResult sent;
  bool ended = false;
  auto lease = world.pool.take_idle();
  ASSERT_NE(lease, nullptr);
  net::spawn(say_much(&lease, &bytes, &sent, &ended));
  world.loop.run_for(1000);
  ASSERT_FALSE(ended) << "the upstream opens no window";
  lease->abort();
  world.loop.run_for(10);
  EXPECT_TRUE(ended);
  EXPECT_EQ(sent.status, net::IoStatus::kReset);
}

}  // namespace
}  // namespace caponier::upstream
