// Another contract, configuration, certificate or key file for a gateway that runs: taken whole or not at
// all.
#pragma once

#include <string>
#include <string_view>

#include "cli/house.h"
#include "cli/seen_files.h"

namespace caponier::cli {

struct ReloadOutcome {
  bool done = false;
  std::string json;  // for who asked
  SeenFiles files;   // that were read, or were to be
};

// Loads all there is again. What is wrong goes to standard error and the decision log with its place, and
// what is in force stays. `why`: "SIGHUP", "a file changed".
ReloadOutcome reload(House& house, std::string_view why);

}  // namespace caponier::cli
