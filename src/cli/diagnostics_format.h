// What `check` found, for programs: JSON of our own. For SARIF, see sarif.h.
#pragma once

#include <string>

#include "base/diagnostic.h"

namespace caponier::cli {

// Whether it can be served, and the counts that go with it.
struct CheckOutcome {
  bool loads = false;
  int exit_status = 2;
  std::string contract;  // the document, as it was named; may be empty
  std::size_t operations = 0;
  std::size_t not_exposed = 0;
};

// `diagnostics` sorted. The result ends with a line feed.
std::string to_json(const CheckOutcome& outcome, const Diagnostics& diagnostics);

}  // namespace caponier::cli
