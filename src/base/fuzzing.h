// What the fuzzers share. No part of the product.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

namespace caponier::fuzzing {

// What must hold whatever comes in: where it does not, the fuzzer has found something.
inline void require(bool condition) {
  if (!condition) std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// A text of whole lines, which bytes alone seldom become: each byte of `choices` (64 at most) names a line,
// or stands for itself.
inline std::string assemble(std::string_view choices, std::span<const std::string_view> lines) {
  std::string text;
  for (const char c : choices.substr(0, 64)) {
    const auto choice = static_cast<unsigned char>(c);
    if (choice < lines.size()) {
      text += lines[choice];
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace caponier::fuzzing
