#include "net/epoll_loop.h"

#include <gtest/gtest.h>

#include <thread>

#include "net/system_clock.h"
#include "net/task.h"

namespace caponier::net {
namespace {

class EpollLoopTest : public ::testing::Test {
 protected:
  SystemClock clock;
  EpollLoop loop{clock};
};

TEST_F(EpollLoopTest, runs_posted_work_in_order_on_its_own_thread) {
  std::vector<int> order;
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) loop.post([&order, i] { order.push_back(i); });
    loop.stop();
  });
  loop.run();
  other.join();
  ASSERT_EQ(order.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST_F(EpollLoopTest, work_may_post_more_work) {
  int depth = 0;
  std::function<void()> again = [&] {
    if (++depth == 10) {
      loop.stop();
    } else {
      loop.post(again);
    }
  };
  loop.post(again);
  loop.run();
  EXPECT_EQ(depth, 10);
}

TEST_F(EpollLoopTest, stopping_before_running_is_not_lost) {
  loop.stop();
  loop.run();
}

TEST_F(EpollLoopTest, work_for_a_loop_that_is_gone_is_dropped) {
  auto own = std::make_unique<EpollLoop>(clock);
  const auto mailbox = own->mailbox();
  auto token = std::make_shared<int>(1);
  mailbox->post([token] {});
  own.reset();
  mailbox->post([token] { FAIL(); });
  EXPECT_EQ(token.use_count(), 1);
}

Task<void> nap(Loop& loop, std::int64_t ms, std::int64_t& woke_ms) {
  co_await loop.sleep_until(loop.now_ms() + ms);
  woke_ms = loop.now_ms();
  loop.stop();
}

TEST_F(EpollLoopTest, sleeps_as_long_as_asked) {
  const std::int64_t begin_ms = loop.now_ms();
  std::int64_t woke_ms = 0;
  spawn(nap(loop, 30, woke_ms));
  loop.run();
  EXPECT_GE(woke_ms - begin_ms, 30);
}

TEST_F(EpollLoopTest, a_pulse_that_is_asked_for_twice_comes_once_a_turn) {
  struct Eager final : EpollLoop::Watched {
    explicit Eager(EpollLoop& the_loop) : loop(the_loop) {}
    void on_events(std::uint32_t) override {
      if (++calls == 20) loop.stop();
      if (calls > 20) return;
      loop.pulse(*this);
      loop.pulse(*this);
    }
    EpollLoop& loop;
    int calls = 0;
  } eager(loop);
  int turns = 0;
  loop.before_sleep = [&] { ++turns; };
  loop.pulse(eager);
  loop.pulse(eager);
  loop.run();
  EXPECT_LE(eager.calls, turns);
  loop.pulse(eager);
  loop.forget(eager);
  const int before = eager.calls;
  loop.stop();
  loop.run();
  EXPECT_EQ(eager.calls, before);
}

TEST_F(EpollLoopTest, calls_before_sleep_before_each_sleep) {
  int calls = 0;
  loop.before_sleep = [&] {
    if (++calls == 3) loop.stop();
    loop.post([] {});
  };
  loop.run();
  EXPECT_EQ(calls, 3);
}

}  // namespace
}  // namespace caponier::net
