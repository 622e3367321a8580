// Columns in code points, as other tools count them: diagnostics count bytes.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"

namespace caponier::cli {

// The text of a file, if it can be read.
using ReadSource = std::function<std::optional<std::string>(const std::string& file)>;

class SourceColumns {
 public:
  explicit SourceColumns(ReadSource read) : read_(std::move(read)) {}

  // From 1 on. Nothing where the source cannot be read, or has no such place.
  std::optional<std::size_t> code_points(const std::string& file, SourcePosition position);

 private:
  struct Source {
    std::string text;
    std::vector<std::size_t> starts;  // of its lines
  };
  const Source& source(const std::string& file);

  ReadSource read_;
  std::map<std::string, Source> sources_;  // no lines: cannot be read
};

}  // namespace caponier::cli
