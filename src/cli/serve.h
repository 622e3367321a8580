// What `run` and `demo` share: everything from a loaded Plan to a served port, and down again on SIGTERM.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/dev_identity.h"
#include "cli/load_plan.h"
#include "store/state_dir.h"

namespace caponier::cli {

// What is known once the ports are open.
struct Serving {
  const plan::Plan& plan;
  const std::vector<std::string>& urls;
  const store::StateDir& state;
  const DevelopmentIssuer* development_issuer;  // null without --dev
  std::string ca_file;                          // of the local authority; empty if certificates were given
};

// SIGTERM and SIGINT are waited for, by one thread: call this before any thread starts.
void block_end_signals();

struct ServeHooks {
  // May print; runs once, before the line "ready URL".
  std::function<void(const Serving&)> on_ready;
  // Sees every batch of records before it is written, on the worker's thread; may be empty.
  std::function<void(std::string_view lines)> on_records;
};

// Serves until SIGTERM or SIGINT. Exit status: 0 after a drain, 2 if it could not start (clear lines have
// been printed).
int serve(const LoadRequest& request, const ServeHooks& hooks);

}  // namespace caponier::cli
