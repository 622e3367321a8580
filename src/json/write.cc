#include "json/write.h"

#include <array>
#include <cstdint>

#include "base/canary.h"
#include "json/scan.h"

namespace caponier::json {
namespace {

constexpr char kHex[] = "0123456789abcdef";

// Bytes that stand for themselves whatever surrounds them.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x7F; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

void append_escape(std::string& out, std::uint32_t code_point) {
  const char escape[] = {'\\',
                         'u',
                         kHex[(code_point >> 12) & 0xF],
                         kHex[(code_point >> 8) & 0xF],
                         kHex[(code_point >> 4) & 0xF],
                         kHex[code_point & 0xF]};
  out.append(escape, sizeof escape);
}

void append_ascii_escape(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      if (canary("log-control")) {
        out += c;
        return;
      }
      append_escape(out, static_cast<unsigned char>(c));
  }
}

// Code points beyond ASCII that move the cursor, break the line or turn the direction of what follows.
constexpr bool is_deceptive(std::uint32_t c) {
  return (c >= 0x80 && c <= 0x9F) || c == 0x061C || c == 0x200E || c == 0x200F || c == 0x2028 ||
         c == 0x2029 || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  out += '"';
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    const char* const run = at;
    while (at != end && kPlain[static_cast<unsigned char>(*at)]) ++at;
    out.append(run, static_cast<std::size_t>(at - run));
    if (at == end) break;
    if (static_cast<unsigned char>(*at) < 0x80) {
      append_ascii_escape(out, *at++);
      continue;
    }
    const Utf8Sequence sequence = read_utf8(at, end);
    if (sequence.length == 0) {
      out += "\xEF\xBF\xBD";
      ++at;
      continue;
    }
    if (is_deceptive(sequence.code_point)) {
      append_escape(out, sequence.code_point);
    } else {
      out.append(at, sequence.length);
    }
    at += sequence.length;
  }
  out += '"';
}

}  // namespace caponier::json
