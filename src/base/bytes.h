// Small, locale-free work on bytes: ASCII case, hexadecimal, base64url, constant-time comparison.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace caponier {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

// ASCII case-insensitive equality; for header names and schemes. Most comparisons end at the lengths, so that
// only the others are worth a call.
bool equal_ignoring_case(const char* a, const char* b, std::size_t size);
inline bool equals_ignore_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && equal_ignoring_case(a.data(), b.data(), a.size());
}
// Compares without telling by its duration where the two differ. Different lengths return false at once.
bool equals_constant_time(std::string_view a, std::string_view b);
std::string lower(std::string_view text);

// Value of a hexadecimal digit, or -1.
constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
std::string to_hex(std::string_view bytes);
// nullopt on odd length or a digit that is none.
std::optional<std::string> from_hex(std::string_view hex);

// RFC 4648 section 5 without padding. Decoding is strict: no padding, no whitespace, unused bits zero.
std::string base64url_encode(std::string_view bytes);
std::optional<std::string> base64url_decode(std::string_view text);
// RFC 4648 section 4, with padding (HTTP basic, PEM). Strict.
std::string base64_encode(std::string_view bytes);
std::optional<std::string> base64_decode(std::string_view text);

// Decimal digits only, no sign, no overflow.
std::optional<std::uint64_t> parse_decimal(std::string_view text);

// True if `text` is well-formed UTF-8 (no overlong forms, no surrogates, at most U+10FFFF).
bool is_utf8(std::string_view text);

}  // namespace caponier
