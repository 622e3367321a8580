// What a plain scalar is in the YAML 1.2 core schema (section 10.3.2). Internal to this room.
#pragma once

#include <string>
#include <string_view>

#include "base/tree.h"

namespace caponier::yaml {

enum class ScalarError : std::uint8_t {
  kNone,
  kNotANumber,      // .nan and .inf: JSON has no such numbers
  kNumberTooLarge,  // more digits than anyone compares exactly, or a hexadecimal or octal number beyond 64
                    // bits
};

struct Scalar {
  NodeKind kind = NodeKind::kString;
  bool boolean = false;
  std::string text;  // of a number: as JSON writes it, with the digits that were written
  ScalarError error = ScalarError::kNone;
};

// `text` is left to strings: whoever finds kString keeps the text as it is.
Scalar resolve_plain(std::string_view text);

}  // namespace caponier::yaml
