// What `check` found as SARIF 2.1.0 (OASIS), for code hosts and editors.
#pragma once

#include <string>

#include "base/diagnostic.h"
#include "cli/source_columns.h"

namespace caponier::cli {

// `diagnostics` sorted. The result ends with a line feed. Columns count code points; where a source cannot be
// read again, there is only the line.
std::string to_sarif(int exit_status, const Diagnostics& diagnostics, ReadSource read);

}  // namespace caponier::cli
