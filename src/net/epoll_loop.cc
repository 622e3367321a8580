#include "net/epoll_loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace caponier::net {

namespace {

constexpr std::int64_t kSleepMsMax = 60'000;

int must(int fd, const char* what) {
  if (fd >= 0) return fd;
  std::perror(what);
  std::abort();
}

}  // namespace

EpollLoop::Mailbox::Mailbox() : event_fd_(must(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd")) {}

EpollLoop::Mailbox::~Mailbox() {
  ::close(event_fd_);
}

void EpollLoop::Mailbox::post(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  waiting_.push_back(std::move(work));
  if (waiting_.size() > 1) return;  // the loop has been woken for the first
  const std::uint64_t one = 1;
  static_cast<void>(!::write(event_fd_, &one, sizeof one));
}

EpollLoop::EpollLoop(Clock& clock)
    : Loop(clock.now()),
      clock_(clock),
      epoll_fd_(must(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      mailbox_(std::make_shared<Mailbox>()),
      mailbox_events_(*this) {
  if (!watch(mailbox_->event_fd_, EPOLLIN | EPOLLET, mailbox_events_)) must(-1, "epoll_ctl");
}

EpollLoop::~EpollLoop() {
  ::close(epoll_fd_);
  std::vector<std::function<void()>> dropped;
  const std::lock_guard lock(mailbox_->mutex_);
  mailbox_->closed_ = true;
  dropped.swap(mailbox_->waiting_);
}

bool EpollLoop::watch(int fd, std::uint32_t events, Watched& watched) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &watched;
  return ::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) == 0;
}

void EpollLoop::unwatch(int fd) const {
  ::epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
}

void EpollLoop::forget(Watched& watched) {
  for (std::size_t i = batch_next_; i < batch_end_; ++i) {
    if (batch_[i].data.ptr == &watched) batch_[i].data.ptr = nullptr;
  }
  for (auto* list : {&pulses_, &pulsing_}) {
    for (Watched*& pulse : *list) {
      if (pulse == &watched) pulse = nullptr;
    }
  }
  watched.pulse_due_ = false;
}

// However often it is asked for within a turn: two pulses that each ask twice would be four in the next turn.
void EpollLoop::pulse(Watched& watched) {
  if (!std::exchange(watched.pulse_due_, true)) pulses_.push_back(&watched);
}

void EpollLoop::run() {
  while (!stopping_) take_turn();
  stopping_ = false;
}

void EpollLoop::stop() {
  post([this] { stopping_ = true; });
}

void EpollLoop::take_turn() {
  if (before_sleep) before_sleep();
  const std::int64_t sleep_ms = pulses_.empty() ? timers_.next_in(now_ms(), kSleepMsMax) : 0;
  const int count =
      ::epoll_wait(epoll_fd_, batch_.data(), static_cast<int>(batch_.size()), static_cast<int>(sleep_ms));
  now_ = clock_.now();
  ++turn_;
  batch_end_ = count > 0 ? static_cast<std::size_t>(count) : 0;
  for (batch_next_ = 0; batch_next_ < batch_end_;) {
    const epoll_event& event = batch_[batch_next_++];
    if (event.data.ptr != nullptr) static_cast<Watched*>(event.data.ptr)->on_events(event.events);
  }
  batch_next_ = batch_end_ = 0;
  timers_.advance(now_ms());
  hand_out_pulses();
}

void EpollLoop::empty_mailbox() {
  std::uint64_t count = 0;
  static_cast<void>(!::read(mailbox_->event_fd_, &count, sizeof count));
  {
    const std::lock_guard lock(mailbox_->mutex_);
    posted_.swap(mailbox_->waiting_);
  }
  for (auto& work : posted_) work();
  posted_.clear();
}

void EpollLoop::hand_out_pulses() {
  if (pulses_.empty()) return;
  pulsing_.swap(pulses_);
  // forget() blanks entries of both lists while this runs.
  for (std::size_t i = 0; i < pulsing_.size(); ++i) {
    Watched* const watched = pulsing_[i];
    if (watched == nullptr) continue;
    watched->pulse_due_ = false;
    watched->on_events(0);
  }
  pulsing_.clear();
}

}  // namespace caponier::net
