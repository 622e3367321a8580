#include "cli/supervisor.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>

#include "cli/reload.h"

namespace caponier::cli {
namespace {

constexpr int kRestMs = 100;  // between two looks that must see the same
constexpr int kLooksMax = 50;
constexpr int kLookMs = 1000;  // at what becomes due without anybody's doing

}  // namespace

sigset_t awaited_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

Supervisor::Supervisor() : wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  const sigset_t set = awaited_signals();
  signals_ = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

Supervisor::~Supervisor() {
  ::close(signals_);
  ::close(wake_);
}

void Supervisor::ask_reload(std::function<void(gateway::AdminAnswer)> done) {
  {
    const std::lock_guard lock(mutex_);
    asking_.push_back(std::move(done));
  }
  const std::uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof one);
}

Supervisor::Asking Supervisor::take_asking() {
  std::uint64_t count = 0;
  (void)!::read(wake_, &count, sizeof count);
  const std::lock_guard lock(mutex_);
  return std::exchange(asking_, {});
}

// The signal that ends, or 0.
int Supervisor::take_signals(bool& hung_up) const {
  signalfd_siginfo signal{};
  while (::read(signals_, &signal, sizeof signal) == static_cast<ssize_t>(sizeof signal)) {
    if (signal.ssi_signo != SIGHUP) return static_cast<int>(signal.ssi_signo);
    hung_up = true;
  }
  return 0;
}

void Supervisor::reload_now(House& house, std::string_view why, const Asking& asking) {
  ReloadOutcome outcome = reload(house, why);
  if (!outcome.done) {
    // Those of what stays in force as well; one that was not read was not what it was refused for.
    for (const auto& [file, seen] : house.loaded->files->all()) outcome.files.note(file);
  }
  files_.watch(std::move(outcome.files));
  for (const auto& done : asking) {
    done({static_cast<std::uint16_t>(outcome.done ? 200 : 409), "application/json", outcome.json});
  }
}

void Supervisor::look_at_files(House& house) {
  SeenFiles last = files_.now();
  for (int look = 0; look < kLooksMax; ++look) {
    // A signal, or somebody who asks, does not wait: a reload takes what is there, and the end needs nothing.
    std::array<pollfd, 2> waits = {{{signals_, POLLIN, 0}, {wake_, POLLIN, 0}}};
    if (::poll(waits.data(), waits.size(), kRestMs) > 0) return;
    files_.take_notices();
    SeenFiles now = files_.now();
    if (now == last) break;
    last = std::move(now);
  }
  if (files_.changed()) reload_now(house, "a file changed", {});
}

// True once somebody else accepts.
bool Supervisor::hand_over(House& house) {
  int successor = 0;
  if (!house.handover.proceed({house.gateway->listening(), house.state->lock_descriptor()}, successor))
    return false;
  record(house, "handed-over", "to process " + std::to_string(successor));
  std::fprintf(stderr, "caponier: process %d has taken over\n", successor);
  return true;
}

int Supervisor::run(House& house) {
  files_.watch(*house.loaded->files);
  for (;;) {
    // Between its reading and its being watched, nobody gave notice.
    if (files_.changed()) look_at_files(house);
    const auto [comers, successor] = house.handover.descriptors();
    std::array<pollfd, 5> waits = {{{signals_, POLLIN, 0},
                                    {wake_, POLLIN, 0},
                                    {files_.fd(), POLLIN, 0},
                                    {comers, POLLIN, 0},
                                    {successor, POLLIN, 0}}};
    const int rest = house.assertion_keeper->active() ? kLookMs : -1;
    const int patience = files_.changed() ? 0 : rest;
    if (::poll(waits.data(), waits.size(), patience) < 0 && errno != EINTR) return SIGTERM;
    house.assertion_keeper->look(house.clock.now().wall_s());
    if ((waits[3].revents | waits[4].revents) != 0 && hand_over(house)) return 0;
    bool hung_up = false;
    if (const int ending = take_signals(hung_up); ending != 0) return ending;
    if (const Asking asking = take_asking(); hung_up || !asking.empty()) {
      reload_now(house, hung_up ? "SIGHUP" : "the admin surface was asked", asking);
    }
    if (waits[2].revents != 0) files_.take_notices();
  }
}

}  // namespace caponier::cli
