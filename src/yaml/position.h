// libyaml counts lines and code points; people and editors want lines and bytes. Internal to this room.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"

namespace caponier::yaml {

class LineIndex {
 public:
  explicit LineIndex(std::string_view text);

  // Of the code point `column` in line `line`, both counted from 0. Walks from the place that was asked for
  // last, so that asking for all places of a long line in their order takes one walk.
  [[nodiscard]] SourcePosition at(std::size_t line, std::size_t column);
  // Of a byte.
  [[nodiscard]] SourcePosition at_offset(std::size_t offset) const;

 private:
  std::string_view text_;
  bool ascii_;
  std::vector<std::size_t> starts_;
  std::size_t line_ = 0;  // of the place that was asked for last
  std::size_t column_ = 0;
  std::size_t offset_ = 0;
};

}  // namespace caponier::yaml
