#include "pattern/char_set.h"

#include <algorithm>

namespace caponier::pattern {
namespace {

std::vector<Range> joined(std::vector<Range> ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.low < b.low; });
  std::vector<Range> out;
  for (const Range& range : ranges) {
    if (!out.empty() && range.low <= out.back().high + 1) {
      out.back().high = std::max(out.back().high, range.high);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

std::vector<Range> complement(const std::vector<Range>& ranges) {
  std::vector<Range> out;
  char32_t next = 0;
  for (const Range& range : ranges) {
    if (range.low > next) out.push_back({next, range.low - 1});
    next = range.high + 1;
  }
  if (next <= kCodePointMax) out.push_back({next, kCodePointMax});
  return out;
}

std::vector<Range> without_surrogates(const std::vector<Range>& ranges) {
  constexpr char32_t kFirst = 0xD800;
  constexpr char32_t kLast = 0xDFFF;
  std::vector<Range> out;
  for (const Range& range : ranges) {
    if (range.low < kFirst) out.push_back({range.low, std::min<char32_t>(range.high, kFirst - 1)});
    if (range.high > kLast) out.push_back({std::max<char32_t>(range.low, kLast + 1), range.high});
  }
  return out;
}

}  // namespace

void CharSet::add(const CharSet& other) {
  ranges.insert(ranges.end(), other.ranges.begin(), other.ranges.end());
  properties.insert(properties.end(), other.properties.begin(), other.properties.end());
}

void CharSet::normalise() {
  ranges = joined(std::move(ranges));
  if (negated && properties.empty()) {
    ranges = complement(ranges);
    negated = false;
  }
  ranges = without_surrogates(ranges);
}

std::optional<char32_t> CharSet::single() const {
  if (!is_plain() || ranges.size() != 1 || ranges[0].low != ranges[0].high) return std::nullopt;
  return ranges[0].low;
}

bool CharSet::intersects(const CharSet& other) const {
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < ranges.size() && j < other.ranges.size()) {
    if (ranges[i].high < other.ranges[j].low) {
      ++i;
    } else if (other.ranges[j].high < ranges[i].low) {
      ++j;
    } else {
      return true;
    }
  }
  return false;
}

CharSet class_escape(char letter) {
  CharSet set;
  switch (letter) {
    case 'd':
    case 'D':
      set.add('0', '9');
      break;
    case 'w':
    case 'W':
      set.add('0', '9');
      set.add('A', 'Z');
      set.add('_', '_');
      set.add('a', 'z');
      break;
    default:
      // WhiteSpace and LineTerminator: the ASCII ones, NBSP, BOM, the Space_Separators and U+2028/9.
      set.ranges = {{0x09, 0x0D},     {0x20, 0x20},     {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
                    {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
  }
  set.negated = letter >= 'A' && letter <= 'Z';
  set.normalise();
  return set;
}

CharSet dot() {
  CharSet set;
  set.ranges = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};
  set.negated = true;
  set.normalise();
  return set;
}

void append_utf8(std::string& out, char32_t c) {
  const auto put = [&out](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6));
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | (c >> 18));
    put(0x80 | ((c >> 12) & 0x3F));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

char32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto byte = [text](std::size_t i) -> char32_t {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const char32_t first = byte(at);
  if (first < 0x80) return ++at, first;
  if (first < 0xE0) return at += 2, ((first & 0x1F) << 6) | (byte(at - 1) & 0x3F);
  if (first < 0xF0) {
    at += 3;
    return ((first & 0x0F) << 12) | ((byte(at - 2) & 0x3F) << 6) | (byte(at - 1) & 0x3F);
  }
  at += 4;
  return ((first & 0x07) << 18) | ((byte(at - 3) & 0x3F) << 12) | ((byte(at - 2) & 0x3F) << 6) |
         (byte(at - 1) & 0x3F);
}

}  // namespace caponier::pattern
