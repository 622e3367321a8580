#include "net/task.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>
#include <thread>

namespace caponier::net {
namespace {

struct Gate {
  std::coroutine_handle<> waiting;
  [[nodiscard]] bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) { waiting = handle; }
  void await_resume() const {}
};

Task<int> answer(int value) {
  co_return value;
}
Task<std::string> through(Gate& gate, std::string text) {
  co_await gate;
  co_return text + std::to_string(co_await answer(2));
}
Task<void> store(Gate& gate, std::string& into) {
  into = co_await through(gate, "a");
}

TEST(Task, runs_to_its_first_wait_and_goes_on_from_there) {
  Gate gate;
  std::string result;
  spawn(store(gate, result));
  EXPECT_EQ(result, "");
  gate.waiting.resume();
  EXPECT_EQ(result, "a2");
  EXPECT_EQ(destroy_spawned(), 0U);
}

TEST(Task, a_task_never_started_costs_nothing_but_its_frame) {
  Gate gate;
  std::string result;
  { const auto task = store(gate, result); }
  EXPECT_FALSE(gate.waiting);
}

struct Flag {
  explicit Flag(bool& flag) : set(flag) {}
  ~Flag() { set = true; }
  Flag(const Flag&) = delete;
  Flag& operator=(const Flag&) = delete;
  bool& set;
};
Task<void> hold(Gate& gate, bool& destroyed) {
  const Flag flag(destroyed);
  co_await gate;
}
Task<void> hold_inside(Gate& gate, bool& destroyed) {
  co_await hold(gate, destroyed);
}

TEST(Task, suspended_tasks_can_be_destroyed_with_all_they_hold) {
  Gate one;
  Gate two;
  bool first = false;
  bool second = false;
  spawn(hold(one, first));
  spawn(hold_inside(two, second));
  EXPECT_EQ(destroy_spawned(), 2U);
  EXPECT_TRUE(first);
  EXPECT_TRUE(second);
}

Task<int> count_down(int depth) {
  if (depth == 0) co_return 0;
  const int below = co_await count_down(depth - 1);
  co_return below + 1;
}
Task<void> sum(int& into) {
  into = co_await count_down(500);
}

TEST(Task, nests) {
  int depth = 0;
  spawn(sum(depth));
  EXPECT_EQ(depth, 500);
}

#if !defined(CAPONIER_SANITIZED)
TEST(FramePool, reuses_frames_of_a_size_class) {
  void* first = allocate_frame(100);
  free_frame(first, 100);
  void* second = allocate_frame(128);
  EXPECT_EQ(first, second);
  void* other = allocate_frame(129);
  EXPECT_NE(first, other);
  free_frame(second, 128);
  free_frame(other, 129);
}
#endif

TEST(FramePool, gives_every_size_its_own_memory) {
  std::map<void*, std::size_t> frames;
  for (std::size_t bytes = 1; bytes < 20'000; bytes += 97) {
    void* frame = allocate_frame(bytes);
    std::memset(frame, 0x5a, bytes);
    EXPECT_TRUE(frames.emplace(frame, bytes).second);
  }
  for (const auto& [frame, bytes] : frames) free_frame(frame, bytes);
}

TEST(FramePool, gives_its_memory_back_when_the_thread_ends) {
  std::thread([] {
    int depth = 0;
    spawn(sum(depth));
    EXPECT_EQ(depth, 500);
  }).join();
}

}  // namespace
}  // namespace caponier::net
