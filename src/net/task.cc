#include "net/task.h"

#include <array>
#include <new>

namespace caponier::net {

namespace {

#if defined(CAPONIER_SANITIZED)
constexpr bool kPooled = false;  // so that a sanitizer sees every frame end
#else
constexpr bool kPooled = true;
#endif

constexpr std::size_t kStepBytes = 64;
constexpr std::size_t kPooledBytesMax = std::size_t{8} * 1024;
constexpr std::size_t kClasses = kPooledBytesMax / kStepBytes;

struct FreeFrame {
  FreeFrame* next;
};

// Trivially destructible, so that a frame that ends while the thread does finds it usable.
thread_local std::array<FreeFrame*, kClasses> free_frames{};
thread_local bool thread_ended = false;

struct PoolGuard {
  PoolGuard() = default;
  PoolGuard(const PoolGuard&) = delete;
  PoolGuard& operator=(const PoolGuard&) = delete;
  ~PoolGuard() {
    thread_ended = true;
    for (FreeFrame*& head : free_frames) {
      while (head != nullptr) ::operator delete(std::exchange(head, head->next));
    }
  }
};

constexpr std::size_t class_of(std::size_t bytes) {
  return (bytes - 1) / kStepBytes;
}

}  // namespace

void* allocate_frame(std::size_t bytes) {
  if (!kPooled || bytes > kPooledBytesMax) return ::operator new(bytes);
  FreeFrame*& head = free_frames[class_of(bytes)];
  if (head != nullptr) return std::exchange(head, head->next);
  thread_local PoolGuard guard;
  static_cast<void>(guard);
  return ::operator new((class_of(bytes) + 1) * kStepBytes);
}

void free_frame(void* frame, std::size_t bytes) noexcept {
  if (!kPooled || bytes > kPooledBytesMax || thread_ended) {
    ::operator delete(frame);
    return;
  }
  FreeFrame*& head = free_frames[class_of(bytes)];
  head = new (frame) FreeFrame{head};
}

namespace {

// The frame that owns a spawned task. All of a thread's are linked, so that those that will never go on can
// be found.
struct Spawned {
  struct promise_type;
  struct Link {
    Link* next = this;
    Link* previous = this;
  };
  struct promise_type : Link {
    promise_type();
    promise_type(const promise_type&) = delete;
    promise_type& operator=(const promise_type&) = delete;
    ~promise_type() {
      next->previous = previous;
      previous->next = next;
    }
    static void* operator new(std::size_t bytes) { return allocate_frame(bytes); }
    static void operator delete(void* frame, std::size_t bytes) noexcept { free_frame(frame, bytes); }
    Spawned get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

thread_local Spawned::Link spawned;

Spawned::promise_type::promise_type() {
  next = &spawned;
  previous = spawned.previous;
  previous->next = this;
  spawned.previous = this;
}

Spawned run(Task<void> task) {
  co_await task;
}

}  // namespace

void spawn(Task<void> task) {
  run(std::move(task));
}

std::size_t destroy_spawned() {
  std::size_t count = 0;
  // The youngest first: a task that another one started may refer to what that one owns.
  while (spawned.previous != &spawned) {
    auto& promise = static_cast<Spawned::promise_type&>(*spawned.previous);
    std::coroutine_handle<Spawned::promise_type>::from_promise(promise).destroy();
    ++count;
  }
  return count;
}

}  // namespace caponier::net
