#include "uri/escape.h"

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/canary.h"
#include "uri/path.h"

namespace caponier::uri {
namespace {

constexpr char kHex[] = "0123456789ABCDEF";

}  // namespace

bool is_unreserved(char c) {
  return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

int read_escape(const char* at, const char* end) {
  if (end - at < 3) return -1;
  const int high = hex_value(at[1]);
  const int low = hex_value(at[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

char* write_escape(char* out, char byte) {
  const auto value = static_cast<unsigned char>(byte);
  *out++ = '%';
  *out++ = kHex[value >> 4];
  *out++ = kHex[value & 0xF];
  return out;
}

Result<std::string_view, EscapeFault> decode_escapes(std::string_view raw, const EscapeRules& rules,
                                                     Arena& arena) {
  char* const decoded = static_cast<char*>(arena.allocate(raw.size(), 1));
  char* out = decoded;
  const char* const end = raw.data() + raw.size();
  for (const char* at = raw.data(); at != end; ++at) {
    char byte = *at;
    if (byte == '%') {
      const int escape = read_escape(at, end);
      if (escape < 0) return Err(EscapeFault{EscapeError::kBadEscape});
      byte = static_cast<char>(escape);
      if (rules.refused.find(byte) != std::string_view::npos)
        return Err(EscapeFault{EscapeError::kRefused, byte});
      at += 2;
    } else if (byte == '+' && rules.plus_is_space) {
      byte = ' ';
    }
    const bool line_text = rules.line_text && (byte == '\t' || byte == '\n' || byte == '\r');
    if (is_control(byte) && !line_text && !canary("escaped-control"))
      return Err(EscapeFault{EscapeError::kControlCharacter});
    *out++ = byte;
  }
  const std::string_view text(decoded, static_cast<std::size_t>(out - decoded));
  if (!is_utf8(text)) return Err(EscapeFault{EscapeError::kInvalidUtf8});
  return text;
}

void append_encoded(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    char escape[3];
    write_escape(escape, c);
    out.append(escape, sizeof escape);
  }
}

std::optional<std::string> decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at != end; ++at) {
    if (*at != '%') {
      decoded += *at;
      continue;
    }
    const int byte = read_escape(at, end);
    if (byte < 0) return std::nullopt;
    decoded += static_cast<char>(byte);
    at += 2;
  }
  return decoded;
}

}  // namespace caponier::uri
