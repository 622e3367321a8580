// Text in aligned columns of bounded width. Cells come from documents: control characters are shown as '?'.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace caponier::cli {

class TextTable {
 public:
  explicit TextTable(std::vector<std::string> heads) { rows_.push_back(std::move(heads)); }
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  // Columns are narrowed, the widest first and none below its head, until a line has at most `width_max`
  // characters; what does not fit continues below in its column.
  void append(std::string& out, std::size_t width_max) const;

 private:
  [[nodiscard]] std::vector<std::size_t> widths(std::size_t width_max) const;
  std::vector<std::vector<std::string>> rows_;
};

// `text` without what would drive a terminal.
std::string visible(std::string_view text);

}  // namespace caponier::cli
