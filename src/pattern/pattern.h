// The only regular expressions in the house: ECMA-262 with the u flag, as JSON Schema's `pattern` means them.
// A front end of our own parses the pattern, refuses what the standard forbids with its position, and emits
// RE2 (linear time) where RE2 can say exactly the same; look-around and back-references run in PCRE2 under a
// match limit. Simple anchored shapes run as direct code. Immutable once compiled, safe to share between
// threads.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace caponier::pattern {

struct PatternError {
  std::uint32_t offset;  // byte in the pattern
  std::string message;   // sentence
};

enum class Match : std::uint8_t {
  kYes,
  kNo,
  kLimit
};  // kLimit: gave up under the match limit; treat as a refusal

enum class Engine : std::uint8_t { kDirect, kRe2, kPcre2 };

class Pattern {
 public:
  // Unanchored search, as JSON Schema demands. `pattern` is UTF-8, at most 4096 bytes.
  static Result<Pattern, PatternError> compile(std::string_view pattern);
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();

  // `text` must be valid UTF-8.
  [[nodiscard]] Match matches(std::string_view text) const;
  [[nodiscard]] Engine engine() const;
  [[nodiscard]] const std::string& source() const;

 private:
  struct Program;
  explicit Pattern(std::unique_ptr<const Program> program);
  std::unique_ptr<const Program> program_;
};

// Only whether it is a pattern that the standard allows, for `format: regex`.
std::optional<PatternError> syntax_error(std::string_view pattern);

}  // namespace caponier::pattern
