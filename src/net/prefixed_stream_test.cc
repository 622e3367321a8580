#include "net/prefixed_stream.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

#include "net/test_net.h"

namespace caponier::net {
namespace {

struct PrefixedStreams : testing::Test {
  SimLoop loop;
  SimNetwork network{loop, 1};
  SimNetwork::Pair ends = network.pair();

  static Task<void> take_all(Stream* from, std::string* into, bool* over) {
    std::array<char, 4> bytes{};
    for (;;) {
      const auto read = co_await from->read(bytes.data(), bytes.size(), kNoDeadline);
      if (!read.ok()) break;
      into->append(bytes.data(), read.bytes);
    }
    *over = true;
  }
};

TEST_F(PrefixedStreams, bring_the_prefix_and_then_what_comes) {
  PrefixedStream stream(std::move(ends.first), "read before, ");
  EXPECT_TRUE(stream.may_read());
  EXPECT_TRUE(ends.second->try_write("and after", "").ok());
  ends.second->shutdown();
  std::string got;
  bool over = false;
  spawn(take_all(&stream, &got, &over));
  EXPECT_TRUE(loop.run_until([&] { return over; }));
  EXPECT_EQ(got, "read before, and after");
}

TEST_F(PrefixedStreams, that_are_aborted_bring_nothing_more) {
  PrefixedStream stream(std::move(ends.first), "read before");
  stream.abort();
  std::array<char, 4> bytes{};
  EXPECT_EQ(stream.try_read(bytes.data(), bytes.size()).status, IoStatus::kReset);
}

}  // namespace
}  // namespace caponier::net
