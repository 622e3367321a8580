// What the parser makes of a pattern, and the emitters and the direct matcher read.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pattern/char_set.h"
#include "pattern/pattern.h"

namespace caponier::pattern {

inline constexpr std::uint32_t kUnbounded = std::numeric_limits<std::uint32_t>::max();

enum class TermKind : std::uint8_t {
  kSet,
  kConcat,  // of none: matches the empty text
  kAlternate,
  kRepeat,
  kGroup,  // capturing; others leave no trace
  kStart,
  kEnd,
  kWordBoundary,
  kNotWordBoundary,
  kLook,
  kBackReference,
};

struct Term {
  TermKind kind;
  std::uint32_t offset = 0;  // in the pattern
  CharSet set;
  std::vector<std::unique_ptr<Term>> children;
  std::uint32_t min = 0;  // kRepeat
  std::uint32_t max = 0;
  bool lazy = false;
  std::uint32_t group = 0;  // kGroup, kBackReference: from 1
  bool negative = false;    // kLook
  bool behind = false;
};
using TermPtr = std::unique_ptr<Term>;

struct Ast {
  TermPtr root;
  std::uint32_t group_count = 0;
  bool needs_backtracking = false;  // look-around or back-references
};

Result<Ast, PatternError> parse(std::string_view pattern);

// Text for the engines. RE2: empty where it cannot say it.
std::string to_re2(const Ast& ast);
std::string to_pcre2(const Ast& ast);

}  // namespace caponier::pattern
