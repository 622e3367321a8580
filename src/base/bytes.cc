#include "base/bytes.h"

#include <algorithm>
#include <cstring>

namespace caponier {
namespace {

constexpr std::uint64_t each_byte(std::uint64_t byte) {
  return byte * 0x0101010101010101ULL;
}

// True if the words are the same text but for the case of ASCII letters.
constexpr bool same_word(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t difference = a ^ b;
  if (difference == 0) return true;
  if ((difference & ~each_byte(0x20)) != 0) return false;
  // What differs in that bit has to be a letter.
  const std::uint64_t lower = a | each_byte(0x20);
  const std::uint64_t low_bits = lower & each_byte(0x7f);
  const std::uint64_t from_a = low_bits + each_byte(0x80 - 'a');
  const std::uint64_t past_z = low_bits + each_byte(0x80 - 'z' - 1);
  const std::uint64_t letters = from_a & ~past_z & ~lower & each_byte(0x80);
  return ((difference << 2) & ~letters) == 0;
}

template <class Word>
Word word_at(const char* text) {
  Word word;
  std::memcpy(&word, text, sizeof word);
  return word;
}

}  // namespace

// The last word overlaps the one before it, so that nothing outside the texts is read.
bool equal_ignoring_case(const char* a, const char* b, std::size_t size) {
  if (size >= 8) {
    const std::size_t last = size - 8;
    for (std::size_t at = 0; at < last; at += 8) {
      if (!same_word(word_at<std::uint64_t>(a + at), word_at<std::uint64_t>(b + at))) return false;
    }
    return same_word(word_at<std::uint64_t>(a + last), word_at<std::uint64_t>(b + last));
  }
  if (size >= 4) {
    const std::size_t last = size - 4;
    return same_word(word_at<std::uint32_t>(a), word_at<std::uint32_t>(b)) &&
           same_word(word_at<std::uint32_t>(a + last), word_at<std::uint32_t>(b + last));
  }
  for (std::size_t i = 0; i < size; ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

bool equals_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  // volatile keeps the compiler from leaving the loop once the outcome is known.
  volatile unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<unsigned char>(difference | (a[i] ^ b[i]));
  }
  return difference == 0;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), to_lower);
  return out;
}

std::string to_hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::optional<std::string> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = hex_value(hex[i]);
    const int low = hex_value(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (UINT64_MAX - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

}  // namespace caponier
