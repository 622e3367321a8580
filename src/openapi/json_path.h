// JSONPath (RFC 9535) as far as overlays need it: every selector and segment, filters with comparisons,
// existence tests and logic, the functions length, count and value. Left out are match and search, whose
// regular expressions are another language. Parsed once, bounded, then asked of a tree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/tree.h"

namespace caponier::openapi {

struct JsonPathLimits {
  std::size_t bytes_max = 8 * 1024;
  std::size_t depth_max = 32;            // of parentheses, filters and queries within filters
  std::uint64_t steps_max = 20'000'000;  // values looked at by one query
};

struct JsonPathError {
  std::size_t at;  // byte of the expression
  std::string message;
};

struct Condition;

struct Selector {
  enum class Kind : std::uint8_t { kName, kWildcard, kIndex, kSlice, kFilter };
  Kind kind = Kind::kWildcard;
  std::string name;
  std::int64_t index = 0;
  std::optional<std::int64_t> from;
  std::optional<std::int64_t> to;
  std::int64_t step = 1;
  std::shared_ptr<const Condition> filter;
};

struct Segment {
  bool descendants = false;
  std::vector<Selector> selectors;
};

class JsonPath {
 public:
  static Result<JsonPath, JsonPathError> parse(std::string_view text, const JsonPathLimits& limits = {});

  // The nodes that it selects below `root`, in document order, each as often as it is selected. Nothing if
  // that takes more steps than the limit.
  [[nodiscard]] std::optional<std::vector<const Node*>> select(const Node& root) const;
  // True if it can select one node at most (RFC 9535, "singular query").
  [[nodiscard]] bool is_singular() const;

 private:
  friend class JsonPathParser;
  friend class JsonPathSelection;
  bool from_root_ = true;  // '$'; false: '@', within a filter
  std::vector<Segment> segments_;
  std::uint64_t steps_max_ = 0;
};

// A term of a comparison: a literal, a query for one value, or a function of a query.
struct Term {
  enum class Kind : std::uint8_t { kNothing, kLiteral, kQuery, kLength, kCount, kValue };
  Kind kind = Kind::kNothing;
  NodeKind literal = NodeKind::kNull;  // of kLiteral
  bool boolean = false;
  std::string text;                       // of a string or number
  std::shared_ptr<const JsonPath> query;  // of the other kinds
};

struct Condition {
  enum class Kind : std::uint8_t {
    kAnd,
    kOr,
    kNot,
    kExists,
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual
  };
  Kind kind = Kind::kExists;
  std::vector<Condition> parts;  // kAnd, kOr, kNot
  Term left;                     // kExists: its query
  Term right;
};

}  // namespace caponier::openapi
