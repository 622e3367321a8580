// Percent-encoding, byte by byte: which bytes stand for themselves where, and how an escape is read and
// written. Internal to this room.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "base/result.h"

namespace caponier::uri {

enum class ByteClass : std::uint8_t {
  kPlain,
  kSlash,
  kPercent,
  kSemicolon,
  kBackslash,
  kControl,
  kForbidden
};

// By byte: pchar of RFC 3986 section 3.3 without ';' is plain.
inline constexpr std::array<ByteClass, 256> kPathClass = [] {
  std::array<ByteClass, 256> classes{};
  for (std::size_t c = 0; c < 256; ++c) {
    classes[c] = c < 0x20 || c == 0x7F ? ByteClass::kControl : ByteClass::kForbidden;
  }
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,=:@";
  for (const char c : kPlain) classes[static_cast<unsigned char>(c)] = ByteClass::kPlain;
  classes['/'] = ByteClass::kSlash;
  classes['%'] = ByteClass::kPercent;
  classes[';'] = ByteClass::kSemicolon;
  classes['\\'] = ByteClass::kBackslash;
  return classes;
}();

inline ByteClass path_class(char c) {
  return kPathClass[static_cast<unsigned char>(c)];
}

constexpr bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

// RFC 3986 section 2.3.
bool is_unreserved(char c);
// The byte that the escape at `at` stands for, or -1; `at` points to a '%' before `end`.
int read_escape(const char* at, const char* end);
// Three bytes at `out`, upper case; returns one past them.
char* write_escape(char* out, char byte);

struct EscapeRules {
  bool plus_is_space = false;
  bool line_text = false;         // tabs and line breaks are text, too
  std::string_view refused = {};  // bytes that no escape may stand for
};
enum class EscapeError : std::uint8_t { kBadEscape, kRefused, kControlCharacter, kInvalidUtf8 };
struct EscapeFault {
  EscapeError error;
  char byte = 0;  // of kRefused
};

// `raw` without its escapes, in `arena`: the one decoder of everything in this room that becomes a value.
Result<std::string_view, EscapeFault> decode_escapes(std::string_view raw, const EscapeRules& rules,
                                                     Arena& arena);

}  // namespace caponier::uri
