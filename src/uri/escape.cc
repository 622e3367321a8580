#include "uri/escape.h"

#include <optional>
#include <string>

#include "base/bytes.h"
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
