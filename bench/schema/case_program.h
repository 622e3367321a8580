// A schema of the bench as a program, by the public way for schemas that stand alone.
#pragma once

#include <string>
#include <string_view>

#include "base/diagnostic.h"
#include "schema/program.h"

namespace caponier::bench {

struct CaseOptions {
  std::string dialect;
  bool formats = false;
};

// What a set's set.json says.
CaseOptions case_options(std::string_view text);
// Null, with errors in `diagnostics`, if it does not compile.
schema::ProgramPtr compile_case(std::string_view text, const CaseOptions& options, Diagnostics& diagnostics);

}  // namespace caponier::bench
