// The configuration's `operations`: which operations an entry chooses, and what it says about them.
#pragma once

#include <string_view>
#include <vector>

#include "plan/compilation.h"
#include "plan/policy_members.h"

namespace caponier::plan {

// `pattern` is "METHOD /path/pattern"; METHOD may be "*", a segment "*" stands for one, a last "**" for any
// rest, also an empty one. `path` is a template.
bool matches_pattern(std::string_view pattern, http::Method method, std::string_view path);

class Overrides {
 public:
  explicit Overrides(Compilation& compilation);

  // What is said for this operation, in the order of the file.
  std::vector<const Members*> of(const openapi::Operation& operation);
  // Reports the entries that chose nothing.
  void report_unused(Compilation& compilation) const;

 private:
  struct Entry {
    const config::OperationOverride* source;
    Members members;
    bool used = false;
  };
  std::vector<Entry> entries_;
};

}  // namespace caponier::plan
