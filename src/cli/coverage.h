// What a Plan enforces, as a table that a person can read: one row per operation.
#pragma once

#include <string>

#include "base/diagnostic.h"
#include "plan/plan.h"

namespace caponier::cli {

// Aligned columns, at most 100 characters wide; longer texts continue in their column.
void append_coverage_table(std::string& out, const plan::Plan& plan);
// Whose tokens each scheme takes, what is not exposed, and where policy that is not default comes from.
void append_coverage_details(std::string& out, const plan::Plan& plan);
// One line per finding.
void append_findings(std::string& out, const Diagnostics& diagnostics);

}  // namespace caponier::cli
