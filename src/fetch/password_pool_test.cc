#include "fetch/password_pool.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "net/epoll_loop.h"
#include "net/system_clock.h"
#include "net/task.h"
#include "plan/test_random.h"
#include "store/argon2.h"

namespace caponier::fetch {
namespace {

using Check = stages::PasswordCheck;

class PasswordPoolTest : public testing::Test {
 protected:
  static net::Task<void> ask(PasswordPoolTest* test, stages::NeedPassword need, std::int64_t deadline_ms,
                             Check* check) {
    auto asking = test->pool.verify(test->loop, need, deadline_ms);
    *check = co_await asking;
    if (--test->left == 0) test->loop.stop();
  }
  void spawn(std::string_view password, std::uint64_t asker, Check& check, std::int64_t within_ms = 60'000) {
    ++left;
    net::spawn(ask(this, {hash, password, asker}, loop.now_ms() + within_ms, &check));
  }

  plan::CountingRandom random;
  const std::string hash = store::hash_password("open sesame", random).value();
  net::SystemClock clock;
  net::EpollLoop loop{clock};
  PasswordPool pool;
  int left = 0;
};

TEST_F(PasswordPoolTest, tells_a_right_password_from_a_wrong_one) {
  Check right = Check::kUnasked;
  Check wrong = Check::kUnasked;
  spawn("open sesame", 1, right);
  spawn("open sesami", 1, wrong);
  loop.run();
  EXPECT_EQ(right, Check::kRight);
  EXPECT_EQ(wrong, Check::kWrong);
}

TEST_F(PasswordPoolTest, who_asks_too_much_waits_for_nothing_and_others_are_served) {
  std::vector<std::string> guesses;
  for (std::size_t i = 0; i <= kPasswordsWaitingOfOneMax; ++i) guesses.push_back("guess" + std::to_string(i));
  std::vector<Check> checks(guesses.size(), Check::kUnasked);
  for (std::size_t i = 0; i < guesses.size(); ++i) spawn(guesses[i], 1, checks[i]);
  Check other = Check::kUnasked;
  spawn("open sesame", 2, other);
  loop.run();
  for (std::size_t i = 0; i < kPasswordsWaitingOfOneMax; ++i) EXPECT_EQ(checks[i], Check::kWrong) << i;
  EXPECT_EQ(checks.back(), Check::kUnavailable);
  EXPECT_EQ(other, Check::kRight);
}

TEST_F(PasswordPoolTest, no_more_wait_than_may_and_the_same_question_is_asked_once) {
  std::vector<std::string> guesses;
  for (std::size_t i = 0; i <= kPasswordsWaitingMax; ++i) guesses.push_back("guess" + std::to_string(i));
  std::vector<Check> checks(guesses.size(), Check::kUnasked);
  for (std::size_t i = 0; i < guesses.size(); ++i) spawn(guesses[i], i, checks[i]);
  // Of a question that waits already there may be any number.
  std::vector<Check> same(100, Check::kUnasked);
  for (Check& check : same) spawn(guesses[kPasswordsWaitingMax - 1], 7, check);
  loop.run();
  EXPECT_EQ(std::count(checks.begin(), checks.end(), Check::kUnavailable), 1);
  EXPECT_EQ(checks.back(), Check::kUnavailable);
  EXPECT_EQ(std::count(same.begin(), same.end(), Check::kWrong), 100);
}

TEST_F(PasswordPoolTest, who_has_waited_long_enough_goes_without_an_answer) {
  Check late = Check::kUnasked;
  spawn("open sesame", 1, late, 0);
  loop.run();
  EXPECT_EQ(late, Check::kUnavailable);
  pool.stop();
  Check closed = Check::kUnasked;
  spawn("open sesame", 1, closed);
  loop.run();
  EXPECT_EQ(closed, Check::kUnavailable);
}

}  // namespace
}  // namespace caponier::fetch
