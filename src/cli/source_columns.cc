#include "cli/source_columns.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace caponier::cli {

const SourceColumns::Source& SourceColumns::source(const std::string& file) {
  const auto [known, is_new] = sources_.try_emplace(file);
  Source& source = known->second;
  if (!is_new) return source;
  auto text = read_(file);
  if (!text) return source;
  source.text = std::move(*text);
  source.starts.push_back(0);
  for (std::size_t at = source.text.find('\n'); at != std::string::npos; at = source.text.find('\n', at + 1))
    source.starts.push_back(at + 1);
  return source;
}

std::optional<std::size_t> SourceColumns::code_points(const std::string& file, SourcePosition position) {
  if (position.line == 0 || position.column == 0) return std::nullopt;
  const Source& from = source(file);
  if (position.line > from.starts.size()) return std::nullopt;
  const std::size_t start = from.starts[position.line - 1];
  const std::size_t end = std::min(from.text.find('\n', start), from.text.size());
  const std::size_t bytes = position.column - 1;
  if (bytes > end - start) return std::nullopt;
  const std::string_view before = std::string_view(from.text).substr(start, bytes);
  const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
  return static_cast<std::size_t>(std::count_if(before.begin(), before.end(), begins)) + 1;
}

}  // namespace caponier::cli
