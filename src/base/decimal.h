// Decimal digits of unsigned numbers, without a locale and without asking the heap.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace caponier {

inline constexpr std::size_t kDecimalDigitsMax = 20;  // of 64 bits

inline constexpr auto kTwoDigits = [] {
  std::array<std::array<char, 2>, 100> texts{};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    texts[i] = {static_cast<char>('0' + i / 10), static_cast<char>('0' + i % 10)};
  }
  return texts;
}();

// Both return where the digits end.
inline char* write_two_digits(char* to, std::size_t below_100) {
  std::memcpy(to, kTwoDigits[below_100].data(), 2);
  return to + 2;
}
// `to` has room for kDecimalDigitsMax.
inline char* write_decimal(char* to, std::uint64_t number) {
  if (number >= 100) return write_two_digits(write_decimal(to, number / 100), number % 100);
  if (number >= 10) return write_two_digits(to, number);
  *to = static_cast<char>('0' + number);
  return to + 1;
}

}  // namespace caponier
