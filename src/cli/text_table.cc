#include "cli/text_table.h"

#include <algorithm>
#include <utility>

namespace caponier::cli {
namespace {

constexpr std::size_t kGap = 2;
// The first column says what the row is about: it is narrowed when the others are that much narrower.
constexpr std::size_t kFirstColumnBonus = 16;

bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

// Characters, as far as one code point is one column wide.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

// Bytes that the first `columns` characters of `text` take.
std::size_t bytes_of(std::string_view text, std::size_t columns) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if (continues(text[at])) continue;
    if (columns-- == 0) break;
  }
  return at;
}

// The first line of `text` that fits, taken off it: cut at a space or after a mark that ends a part,
// whichever comes last, else anywhere.
std::string take_line(std::string_view& text, std::size_t width) {
  const std::size_t fits = bytes_of(text, width);
  if (fits == text.size()) return std::string(std::exchange(text, {}));
  std::size_t cut = 0;
  if (const std::size_t space = text.substr(0, fits + 1).rfind(' '); space != std::string_view::npos)
    cut = space;
  const std::size_t mark = text.substr(0, fits).find_last_of("/,:=._-");
  if (mark != std::string_view::npos) cut = std::max(cut, mark + 1);
  if (cut == 0) cut = fits;
  std::string line(text.substr(0, cut));
  text.remove_prefix(cut);
  while (text.starts_with(' ')) text.remove_prefix(1);
  return line;
}

}  // namespace

std::string visible(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool c1 = c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (c1) ++i;
    out += c < 0x20 || c == 0x7f || c1 ? '?' : text[i];
  }
  return out;
}

std::vector<std::size_t> TextTable::widths(std::size_t width_max) const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::size_t total = kGap * (widths.size() - 1);
  for (const std::size_t width : widths) total += width;
  while (total > width_max) {
    std::size_t widest = 0;
    // Nothing is narrower than its head.
    const auto claim = [&](std::size_t i) {
      if (widths[i] <= width_of(rows_.front()[i])) return std::size_t{0};
      return widths[i] + (i == 0 ? 0 : kFirstColumnBonus);
    };
    for (std::size_t i = 1; i < widths.size(); ++i) {
      if (claim(i) > claim(widest)) widest = i;
    }
    if (claim(widest) == 0) break;
    --widths[widest];
    --total;
  }
  return widths;
}

void TextTable::append(std::string& out, std::size_t width_max) const {
  const std::vector<std::size_t> columns = widths(width_max);
  for (const auto& row : rows_) {
    std::vector<std::string> cells;
    for (const std::string& cell : row) cells.push_back(visible(cell));
    std::vector<std::string_view> rest(cells.begin(), cells.end());
    const auto left = [&rest] {
      return std::any_of(rest.begin(), rest.end(), [](auto text) { return !text.empty(); });
    };
    do {
      std::string line;
      std::size_t until = 0;
      for (std::size_t i = 0; i < columns.size(); ++i) {
        line.append(until - width_of(line), ' ');
        line += take_line(rest[i], columns[i]);
        until += columns[i] + kGap;
      }
      line.erase(line.find_last_not_of(' ') + 1);
      out += line + '\n';
    } while (left());
  }
}

}  // namespace caponier::cli
