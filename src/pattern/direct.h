// Matching without an engine: literals, and anchored sequences of character classes that never need to go
// back.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pattern/ast.h"

namespace caponier::pattern {

class Direct {
 public:
  // nullopt where the pattern is not of a shape that runs directly.
  static std::optional<Direct> from(const Ast& ast);
  [[nodiscard]] bool matches(std::string_view text) const;

 private:
  enum class Shape : std::uint8_t { kEquals, kPrefix, kSuffix, kContains, kSequence };
  struct Item {
    std::array<std::uint64_t, 2> ascii{};  // one bit for each of the first 128 code points
    std::vector<Range> wide;               // the rest, sorted
    CharSet set;
    std::uint32_t min = 1;
    std::uint32_t max = 1;

    [[nodiscard]] bool has_wide(char32_t c) const;
  };
  // Of a sequence of at most 8 items, none of which takes anything beyond ASCII: bytes are code points then.
  struct Narrow {
    std::array<std::uint8_t, 256> accepts{};  // by byte: a bit for each item that takes it
    std::string positions;                    // where every item has one length: the bit of each byte's item
    bool fixed = false;
  };
  static constexpr std::size_t kNarrowItemsMax = 8;
  static constexpr std::size_t kPositionsMax = 64;

  [[nodiscard]] bool matches_sequence(std::string_view text) const;
  [[nodiscard]] bool matches_narrow(std::string_view text) const;
  static const char* skip_item(const Item& item, const char* at, const char* end);
  static bool is_deterministic(const std::vector<Item>& items);
  static std::optional<Item> item_of(const Term& term);
  void take_prefix();
  void narrow();

  Shape shape_ = Shape::kContains;
  bool to_end_ = false;
  std::string literal_;      // of a sequence: what it begins with
  std::vector<Item> items_;  // of a sequence: what follows
  std::unique_ptr<const Narrow> narrow_;
};

}  // namespace caponier::pattern
