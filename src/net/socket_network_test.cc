#include "net/socket_network.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "net/socket_listener.h"
#include "net/socket_stream.h"
#include "net/system_clock.h"

namespace caponier::net {
namespace {

const Address kLocal = *parse_address("127.0.0.1", 0);

class SocketNetworkTest : public ::testing::Test {
 public:
  ~SocketNetworkTest() override { destroy_spawned(); }

  std::unique_ptr<Listener> listen() {
    auto opened = network.listen(kLocal);
    EXPECT_TRUE(opened.ok());
    return std::move(*opened);
  }
  // Both ends of one connection.
  void connect_both() {
    listener = listen();
    spawn(keep_accepted(*this));
    spawn(keep_connected(*this, listener->address()));
    loop.run();
    ASSERT_TRUE(near);
    ASSERT_TRUE(far);
  }
  void arrived() {
    if (near && far) loop.stop();
  }
  static Task<void> keep_accepted(SocketNetworkTest& test) {
    auto accepted = co_await test.listener->accept();
    test.far = std::move(accepted.stream);
    test.arrived();
  }
  static Task<void> keep_connected(SocketNetworkTest& test, Address to) {
    auto connected = co_await test.network.connect(to, test.loop.now_ms() + 5000);
    if (connected) test.near = std::move(*connected);
    test.arrived();
  }
  // Runs one read to its end.
  IoResult read(Stream& stream, std::string& into, std::size_t bytes_max, std::int64_t wait_ms = 5000) {
    IoResult result;
    into.resize(bytes_max);
    spawn(read_once(*this, stream, into, wait_ms, result));
    loop.run();
    into.resize(result.bytes);
    return result;
  }
  static Task<void> read_once(SocketNetworkTest& test, Stream& stream, std::string& into,
                              std::int64_t wait_ms, IoResult& result) {
    result = co_await stream.read(into.data(), into.size(), test.loop.now_ms() + wait_ms);
    test.loop.stop();
  }

  SystemClock clock;
  EpollLoop loop{clock};
  Resolver resolver;
  SocketNetwork network{loop, resolver};
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Stream> near;
  std::unique_ptr<Stream> far;
};

TEST_F(SocketNetworkTest, bytes_arrive_head_and_body_in_one_write) {
  connect_both();
  EXPECT_EQ(near->try_write("head ", "body").bytes, 9U);
  std::string text;
  EXPECT_TRUE(read(*far, text, 100).ok());
  EXPECT_EQ(text, "head body");
}

TEST_F(SocketNetworkTest, a_read_past_its_deadline_times_out_and_the_stream_still_works) {
  connect_both();
  std::string text;
  EXPECT_EQ(read(*far, text, 10, 20).status, IoStatus::kTimedOut);
  EXPECT_TRUE(near->try_write("late", "").ok());
  EXPECT_TRUE(read(*far, text, 10).ok());
  EXPECT_EQ(text, "late");
}

TEST_F(SocketNetworkTest, after_a_short_read_nothing_is_tried_until_more_arrives) {
  connect_both();
  near->try_write("abc", "");
  std::string text;
  EXPECT_EQ(read(*far, text, 10).bytes, 3U);
  // Bytes that the kernel has, but has not told of: no system call finds them.
  near->try_write("def", "");
  char byte = 0;
  EXPECT_EQ(far->try_read(&byte, 1).status, IoStatus::kWouldBlock);
  EXPECT_EQ(read(*far, text, 2).bytes, 2U);
  // A full read may have left more.
  EXPECT_TRUE(far->try_read(&byte, 1).ok());
  EXPECT_EQ(byte, 'f');
  EXPECT_EQ(far->try_read(&byte, 1).status, IoStatus::kWouldBlock);
}

TEST_F(SocketNetworkTest, a_flood_does_not_keep_the_loop_from_others) {
  connect_both();
  near->try_write(std::string(1000, 'x'), "");
  std::string text;
  EXPECT_EQ(read(*far, text, 1).bytes, 1U);
  char byte = 0;
  int reads = 0;  // a new turn: loop.run() ends in one of its own
  while (far->try_read(&byte, 1).ok()) ++reads;
  EXPECT_EQ(reads, SocketStream::kReadsPerTurnMax);
  // The rest comes in the next turn, though the kernel has nothing new to say.
  EXPECT_EQ(read(*far, text, 1000).bytes, 999U - SocketStream::kReadsPerTurnMax);
}

TEST_F(SocketNetworkTest, an_end_that_comes_with_the_last_bytes_is_not_lost) {
  connect_both();
  near->try_write("bye", "");
  near->shutdown();
  std::string text;
  EXPECT_EQ(read(*far, text, 100).bytes, 3U);
  EXPECT_EQ(read(*far, text, 100).status, IoStatus::kClosed);
  EXPECT_EQ(read(*far, text, 100).status, IoStatus::kClosed);
  // The other direction is still open.
  far->try_write("answer", "");
  EXPECT_TRUE(read(*near, text, 100).ok());
  EXPECT_EQ(text, "answer");
}

TEST_F(SocketNetworkTest, an_end_after_a_short_read_is_not_lost) {
  connect_both();
  near->try_write("bye", "");
  std::string text;
  EXPECT_EQ(read(*far, text, 100).bytes, 3U);
  near.reset();
  EXPECT_EQ(read(*far, text, 100).status, IoStatus::kClosed);
}

TEST_F(SocketNetworkTest, an_abort_shows_as_a_reset_not_as_an_end) {
  connect_both();
  near->try_write("half an ans", "");
  std::string text;
  EXPECT_EQ(read(*far, text, 100).bytes, 11U);
  near->abort();
  EXPECT_EQ(read(*far, text, 100).status, IoStatus::kReset);
  EXPECT_EQ(near->try_write("x", "").status, IoStatus::kReset);
  EXPECT_EQ(near->try_read(text.data(), 1).status, IoStatus::kReset);
  near->shutdown();
}

TEST_F(SocketNetworkTest, an_abort_wakes_who_waits_on_this_side) {
  connect_both();
  loop.post([&] { far->abort(); });
  std::string text;
  EXPECT_EQ(read(*far, text, 100).status, IoStatus::kReset);
}

Task<void> write_all(Stream& stream, std::string bytes, std::int64_t deadline_ms, IoResult& result) {
  result = co_await stream.write(bytes, "", deadline_ms);
}
Task<void> drain(Loop& loop, Stream& stream, std::size_t& total) {
  std::string into(100'000, '\0');
  while (true) {
    const auto result = co_await stream.read(into.data(), into.size(), kNoDeadline);
    if (!result.ok()) break;
    total += result.bytes;
  }
  loop.stop();
}

TEST_F(SocketNetworkTest, a_long_write_waits_for_the_reader_and_loses_nothing) {
  connect_both();
  constexpr std::size_t kBytes = 20'000'000;
  IoResult written;
  std::size_t total = 0;
  spawn(write_all(*near, std::string(kBytes, 'x'), kNoDeadline, written));
  EXPECT_EQ(written.bytes, 0U);  // it does not fit into the kernel's buffers
  loop.post([&] { spawn(drain(loop, *far, total)); });
  loop.before_sleep = [&] {
    if (written.bytes == kBytes) near->shutdown();
  };
  loop.run();
  EXPECT_EQ(total, kBytes);
}

TEST_F(SocketNetworkTest, a_write_to_one_who_does_not_read_times_out_and_tells_how_much_left) {
  connect_both();
  IoResult written;
  spawn(write_all(*near, std::string(50'000'000, 'x'), loop.now_ms() + 50, written));
  std::string text;
  read(*near, text, 1, 100);
  EXPECT_EQ(written.status, IoStatus::kTimedOut);
  EXPECT_GT(written.bytes, 0U);
  EXPECT_LT(written.bytes, 50'000'000U);
}

struct Destroyer final : Waiter {
  void ready() override {
    for (auto* stream : streams) stream->reset();
    loop->stop();
  }
  std::vector<std::unique_ptr<Stream>*> streams;
  Loop* loop = nullptr;
};

TEST_F(SocketNetworkTest, a_waiter_may_destroy_its_stream_and_others_of_the_same_batch) {
  connect_both();
  auto first = std::move(near);
  auto second = std::move(far);
  listener.reset();
  connect_both();
  // Both pairs have something to say in the same batch; whoever comes first destroys both readers.
  Destroyer destroyer;
  destroyer.streams = {&second, &far};
  destroyer.loop = &loop;
  char byte = 0;
  for (auto* stream : {second.get(), far.get()}) {
    EXPECT_EQ(stream->try_read(&byte, 1).status, IoStatus::kWouldBlock);
    stream->wait(Direction::kRead, &destroyer);
  }
  first->try_write("x", "");
  near->try_write("y", "");
  loop.run();
  EXPECT_FALSE(second);
  EXPECT_FALSE(far);
}

TEST_F(SocketNetworkTest, a_refused_connection_says_so) {
  auto gone = listen();
  const Address address = gone->address();
  gone.reset();
  listener = listen();
  std::string error;
  spawn([](SocketNetworkTest& test, Address to, std::string& why) -> Task<void> {
    auto connected = co_await test.network.connect(to, test.loop.now_ms() + 5000);
    if (!connected) why = connected.error();
    test.loop.stop();
  }(*this, address, error));
  loop.run();
  EXPECT_EQ(error, "Connection refused");
}

TEST_F(SocketNetworkTest, a_closed_listener_ends_its_accept) {
  listener = listen();
  bool ended = false;
  spawn([](SocketNetworkTest& test, bool& flag) -> Task<void> {
    const auto while_closing = co_await test.listener->accept();
    const auto afterwards = co_await test.listener->accept();
    flag = while_closing.stream == nullptr && afterwards.stream == nullptr;
    test.loop.stop();
  }(*this, ended));
  loop.post([&] { listener->close(); });
  loop.run();
  EXPECT_TRUE(ended);
}

TEST_F(SocketNetworkTest, workers_share_a_port_that_strangers_cannot_probe_free) {
  listener = listen();
  EXPECT_TRUE(network.listen(listener->address()).ok());
  const auto probed = probe_exclusive(listener->address());
  ASSERT_FALSE(probed.ok());
  EXPECT_EQ(probed.error(), "Address already in use");
  const Address address = listener->address();
  listener.reset();
  EXPECT_TRUE(probe_exclusive(address).ok());
}

TEST_F(SocketNetworkTest, no_delay_holds_on_both_sides) {
  connect_both();
  for (auto* stream : {near.get(), far.get()}) {
    int on = 0;
    socklen_t bytes = sizeof on;
    ASSERT_EQ(::getsockopt(dynamic_cast<SocketStream&>(*stream).fd(), IPPROTO_TCP, TCP_NODELAY, &on, &bytes),
              0);
    EXPECT_EQ(on, 1);
  }
}

TEST_F(SocketNetworkTest, without_descriptors_a_connection_is_closed_at_once_and_the_next_one_works) {
  listener = listen();
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(listener->address().port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(client, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(client) + 1;
  // Every number below the limit must be taken, for accept() to fail.
  std::vector<int> fillers;
  ::setrlimit(RLIMIT_NOFILE, &none);
  for (int fd = ::dup(client); fd >= 0; fd = ::dup(client)) fillers.push_back(fd);

  spawn(keep_accepted(*this));  // tries at once
  ::setrlimit(RLIMIT_NOFILE, &before);
  for (const int fd : fillers) ::close(fd);
  char byte = 0;
  EXPECT_LE(::recv(client, &byte, 1, 0), 0);
  ::close(client);
  spawn(keep_connected(*this, listener->address()));
  loop.run();
  EXPECT_TRUE(far);
}

TEST_F(SocketNetworkTest, names_resolve_off_the_loop) {
  Resolver::Found found = Err(std::string("not called"));
  spawn([](SocketNetworkTest& test, Resolver::Found& into) -> Task<void> {
    into = co_await test.network.resolve("localhost", 80, test.loop.now_ms() + 5000);
    test.loop.stop();
  }(*this, found));
  loop.run();
  ASSERT_TRUE(found.ok()) << found.error();
  for (const Address& address : *found) {
    EXPECT_TRUE(address.is_loopback());
    EXPECT_EQ(address.port, 80);
  }
}

TEST_F(SocketNetworkTest, a_lookup_past_its_deadline_times_out_and_its_late_answer_is_dropped) {
  Resolver::Found found = Err(std::string("not called"));
  spawn([](SocketNetworkTest& test, Resolver::Found& into) -> Task<void> {
    into = co_await test.network.resolve("localhost", 80, test.loop.now_ms() - 1);
    co_await test.loop.sleep_until(test.loop.now_ms() + 20);
    test.loop.stop();
  }(*this, found));
  // The answer is posted only after the timer has fired, because the loop is not running yet.
  loop.timers().advance(loop.now_ms());
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error(), "resolving the name timed out");
  loop.run();
}

TEST_F(SocketNetworkTest, what_cannot_be_a_name_is_not_looked_up) {
  for (const std::string& host : {std::string(), std::string(254, 'a'), std::string("a\0b", 3)}) {
    Resolver::Found found = std::vector<Address>{};
    resolver.lookup(host, 1, [&](Resolver::Found answer) { found = std::move(answer); });
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error(), "not a host name");
  }
}

}  // namespace
}  // namespace caponier::net
