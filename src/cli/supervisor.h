// What the main thread does while the workers serve: waits for signals, for changes of the files, and for
// whoever asks for a reload, and does one reload at a time.
#pragma once

#include <signal.h>

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "cli/file_watch.h"
#include "cli/house.h"

namespace caponier::cli {

// SIGTERM and SIGINT end, SIGHUP reloads. Blocked in every thread.
sigset_t awaited_signals();

class Supervisor {
 public:
  Supervisor();
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // From any thread; `done` is called by the main thread, once.
  void ask_reload(std::function<void(gateway::AdminAnswer)> done);
  // Until a signal ends it: which one; 0: another process accepts in its place.
  int run(House& house);

 private:
  using Asking = std::vector<std::function<void(gateway::AdminAnswer)>>;
  Asking take_asking();
  int take_signals(bool& hung_up) const;
  static bool hand_over(House& house);
  void reload_now(House& house, std::string_view why, const Asking& asking);
  // The files are written one after the other: they are left alone until they rest.
  void look_at_files(House& house);

  FileWatch files_;
  int signals_;
  int wake_;
  std::mutex mutex_;
  Asking asking_;
};

}  // namespace caponier::cli
