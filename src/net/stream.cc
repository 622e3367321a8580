#include "net/stream.h"

#include <utility>

namespace caponier::net {

void Stream::ReadAwaiter::await_suspend(std::coroutine_handle<> handle) {
  handle_ = handle;
  stream_.wait(Direction::kRead, this);
  stream_.loop().timers().set(*this, deadline_ms_);
}

void Stream::ReadAwaiter::ready() {
  result_ = stream_.try_read(into_, bytes_max_);
  if (result_.status == IoStatus::kWouldBlock) {
    stream_.wait(Direction::kRead, this);
    return;
  }
  TimerWheel::cancel(*this);
  std::exchange(handle_, {}).resume();
}

void Stream::ReadAwaiter::expired() {
  stream_.wait(Direction::kRead, nullptr);
  result_ = {IoStatus::kTimedOut, 0};
  std::exchange(handle_, {}).resume();
}

void Stream::ReadAwaiter::give_up() {
  if (!handle_) return;
  TimerWheel::cancel(*this);
  expired();
}

bool Stream::WriteAwaiter::advance() {
  while (!first_.empty() || !second_.empty()) {
    const IoResult result = stream_.try_write(first_, second_);
    if (result.status == IoStatus::kWouldBlock) return false;
    if (!result.ok()) {
      status_ = result.status;
      return true;
    }
    written_ += result.bytes;
    const std::size_t of_first = result.bytes < first_.size() ? result.bytes : first_.size();
    first_.remove_prefix(of_first);
    second_.remove_prefix(result.bytes - of_first);
  }
  return true;
}

void Stream::WriteAwaiter::await_suspend(std::coroutine_handle<> handle) {
  handle_ = handle;
  stream_.wait(Direction::kWrite, this);
  set_timer();
}

void Stream::WriteAwaiter::set_timer() {
  Loop& loop = stream_.loop();
  const std::int64_t now_ms = loop.now_ms();
  loop.timers().set(*this, deadline_ms_ - now_ms > progress_ms_ ? now_ms + progress_ms_ : deadline_ms_);
}

void Stream::WriteAwaiter::ready() {
  const std::size_t before = written_;
  if (!advance()) {
    stream_.wait(Direction::kWrite, this);
    if (written_ > before && progress_ms_ != kNoDeadline) set_timer();
    return;
  }
  TimerWheel::cancel(*this);
  std::exchange(handle_, {}).resume();
}

void Stream::WriteAwaiter::expired() {
  stream_.wait(Direction::kWrite, nullptr);
  status_ = IoStatus::kTimedOut;
  std::exchange(handle_, {}).resume();
}

}  // namespace caponier::net
