// Sets of code points as a pattern names them: ranges, and Unicode properties that only the engines know.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace caponier::pattern {

inline constexpr char32_t kCodePointMax = 0x10FFFF;

struct Range {
  char32_t low;
  char32_t high;
  friend bool operator==(const Range&, const Range&) = default;
};

// A `\p{...}`: what stands between the braces for each engine. `re2` is empty where RE2 does not know it.
struct UnicodeProperty {
  std::string re2;
  std::string pcre2;
  bool negated = false;
};

struct CharSet {
  std::vector<Range> ranges;
  std::vector<UnicodeProperty> properties;
  bool negated = false;  // after normalise() only where there are properties

  void add(char32_t low, char32_t high) { ranges.push_back({low, high}); }
  void add(const CharSet& other);
  // Sorts and joins the ranges, resolves the negation where no property stands in the way, and takes the
  // surrogates out: valid UTF-8 never holds one.
  void normalise();
  [[nodiscard]] bool is_plain() const { return properties.empty(); }
  // The only member, if the set is plain and has exactly one.
  [[nodiscard]] std::optional<char32_t> single() const;
  // Both normalised and plain.
  [[nodiscard]] bool intersects(const CharSet& other) const;
};

// ECMA-262 section 22.2.2.9: 'd', 'D', 's', 'S', 'w', 'W'.
CharSet class_escape(char letter);
// Everything but the four line terminators.
CharSet dot();
// What `\p{body}` means, or nullopt if ECMA-262 knows no such property.
std::optional<UnicodeProperty> unicode_property(std::string_view body);

// ECMA-262, RegExpIdentifierName: ID_Start, $ or _, then ID_Continue, $ or the joiners.
bool is_group_name(std::string_view name);

void append_utf8(std::string& out, char32_t code_point);
// Reads one code point of valid UTF-8 at `at` and moves past it.
char32_t next_code_point(std::string_view text, std::size_t& at);

}  // namespace caponier::pattern
