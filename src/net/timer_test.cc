#include "net/timer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <vector>

namespace caponier::net {
namespace {

struct Timer final : TimerNode {
  explicit Timer(std::function<void()> f = [] {}) : action(std::move(f)) {}
  void expired() override {
    ++fired;
    action();
  }
  int fired = 0;
  std::function<void()> action;
};

TEST(TimerWheel, fires_at_its_time_and_not_a_millisecond_before) {
  TimerWheel wheel(1000);
  Timer timer;
  wheel.set(timer, 1010);
  EXPECT_EQ(wheel.next_in(1000, 500), 10);
  wheel.advance(1009);
  EXPECT_EQ(timer.fired, 0);
  wheel.advance(1010);
  EXPECT_EQ(timer.fired, 1);
  EXPECT_FALSE(timer.armed());
  EXPECT_EQ(wheel.next_in(1010, 500), 500);
}

TEST(TimerWheel, what_is_due_already_fires_with_the_next_advance) {
  TimerWheel wheel(1000);
  Timer past;
  Timer present;
  wheel.set(past, 3);
  wheel.set(present, 1000);
  EXPECT_EQ(wheel.next_in(1000, 500), 0);
  wheel.advance(1000);
  EXPECT_EQ(past.fired, 1);
  EXPECT_EQ(present.fired, 1);
}

TEST(TimerWheel, a_timer_set_for_now_while_firing_waits_for_the_next_call) {
  TimerWheel wheel(0);
  Timer timer;
  timer.action = [&] { wheel.set(timer, 5); };
  wheel.set(timer, 5);
  wheel.advance(5);
  EXPECT_EQ(timer.fired, 1);
  wheel.advance(5);
  EXPECT_EQ(timer.fired, 2);
}

TEST(TimerWheel, moving_and_cancelling) {
  TimerWheel wheel(0);
  Timer timer;
  wheel.set(timer, 10);
  wheel.set(timer, 20);
  wheel.advance(15);
  EXPECT_EQ(timer.fired, 0);
  TimerWheel::cancel(timer);
  EXPECT_FALSE(timer.armed());
  wheel.advance(30);
  EXPECT_EQ(timer.fired, 0);
  wheel.set(timer, 40);
  wheel.set(timer, kNoDeadline);
  EXPECT_FALSE(timer.armed());
}

TEST(TimerWheel, a_destroyed_timer_does_not_fire) {
  TimerWheel wheel(0);
  {
    auto timer = std::make_unique<Timer>([] { FAIL(); });
    wheel.set(*timer, 10);
  }
  wheel.advance(100);
}

TEST(TimerWheel, a_firing_timer_may_destroy_those_due_with_it) {
  TimerWheel wheel(0);
  std::unique_ptr<Timer> second;
  Timer first([&] { second.reset(); });
  second = std::make_unique<Timer>([] { FAIL(); });
  wheel.set(first, 10);
  wheel.set(*second, 10);
  wheel.advance(10);
  EXPECT_EQ(first.fired, 1);
}

TEST(TimerWheel, a_wheel_may_go_before_its_timers) {
  Timer timer;
  {
    TimerWheel wheel(0);
    wheel.set(timer, 10);
  }
  EXPECT_FALSE(timer.armed());
}

// Against the obvious implementation, over several turns of the wheel.
TEST(TimerWheel, agrees_with_a_sorted_list) {
  std::mt19937_64 random(7);
  std::int64_t now = 5000;
  TimerWheel wheel(now);
  std::vector<std::unique_ptr<Timer>> timers;
  std::vector<std::int64_t> due;
  for (int i = 0; i < 200; ++i) {
    timers.push_back(std::make_unique<Timer>());
    due.push_back(kNoDeadline);
  }
  for (int step = 0; step < 5000; ++step) {
    const auto i = static_cast<std::size_t>(random() % timers.size());
    if (random() % 4 == 0) {
      TimerWheel::cancel(*timers[i]);
      due[i] = kNoDeadline;
    } else {
      due[i] = now + static_cast<std::int64_t>(random() % (random() % 8 == 0 ? 20'000 : 300));
      wheel.set(*timers[i], due[i]);
    }
    const std::int64_t in_ms = wheel.next_in(now, 100'000);
    const std::int64_t earliest = *std::min_element(due.begin(), due.end());
    if (earliest != kNoDeadline) {
      ASSERT_LE(in_ms, std::max<std::int64_t>(0, earliest - now));
    }
    wheel.tighten();
    const std::int64_t exact = wheel.next_in(now, kNoDeadline);
    ASSERT_EQ(exact, earliest == kNoDeadline ? kNoDeadline : earliest - now);
    now += static_cast<std::int64_t>(random() % (random() % 50 == 0 ? 6000 : 10));
    wheel.advance(now);
    for (std::size_t k = 0; k < timers.size(); ++k) {
      ASSERT_EQ(timers[k]->armed(), due[k] != kNoDeadline && due[k] > now) << step;
      if (due[k] <= now) due[k] = kNoDeadline;
    }
  }
}

}  // namespace
}  // namespace caponier::net
