#include "yaml/position.h"

#include <algorithm>

namespace caponier::yaml {
namespace {

// Bytes of the line break at the front of `text`, or 0: what libyaml takes for one (YAML 1.1, section 5.4).
std::size_t break_size(std::string_view text) {
  if (text.starts_with("\r\n")) return 2;
  if (text.front() == '\n' || text.front() == '\r') return 1;
  if (text.starts_with("\xC2\x85")) return 2;
  if (text.starts_with("\xE2\x80\xA8") || text.starts_with("\xE2\x80\xA9")) return 3;
  return 0;
}

bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}
bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

SourcePosition position(std::size_t line, std::size_t column) {
  return {.line = static_cast<std::uint32_t>(line + 1), .column = static_cast<std::uint32_t>(column + 1)};
}

}  // namespace

LineIndex::LineIndex(std::string_view text)
    : text_(text), ascii_(std::all_of(text.begin(), text.end(), is_ascii)), starts_{0} {
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const std::size_t size = c == '\n' || c == '\r' || !is_ascii(c) ? break_size(text.substr(at)) : 0;
    at += size == 0 ? 1 : size;
    if (size > 0) starts_.push_back(at);
  }
}

SourcePosition LineIndex::at(std::size_t line, std::size_t column) {
  if (ascii_ || line >= starts_.size()) return position(line, column);
  if (line != line_) {
    line_ = line;
    column_ = 0;
    offset_ = starts_[line];
  }
  for (; column_ < column && offset_ < text_.size(); ++column_) {
    ++offset_;
    while (offset_ < text_.size() && is_continuation(text_[offset_])) ++offset_;
  }
  for (; column_ > column && offset_ > starts_[line]; --column_) {
    --offset_;
    while (offset_ > starts_[line] && is_continuation(text_[offset_])) --offset_;
  }
  return position(line, offset_ - starts_[line]);
}

SourcePosition LineIndex::at_offset(std::size_t offset) const {
  const auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
  return position(static_cast<std::size_t>(after - starts_.begin()) - 1, offset - *(after - 1));
}

}  // namespace caponier::yaml
