#include "event/redact.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"

namespace caponier::event {
namespace {

constexpr std::size_t kSegmentBytesMax = 24;
constexpr std::size_t kTokenBytesMin = 16;
constexpr std::size_t kCredentialNameBytesMax = 128;
constexpr std::string_view kOpaque = "{...}";

bool is_base64_character(char c) {
  return is_digit(c) || is_alpha(c) || c == '-' || c == '_' || c == '+' || c == '=' || c == '.' || c == '~';
}

// Words are letters of one case, with separators; what mixes digits or cases over this length may be random.
bool is_random_looking(std::string_view segment) {
  bool digit = false;
  bool upper = false;
  bool small = false;
  for (const char c : segment) {
    if (!is_base64_character(c)) return false;
    digit = digit || is_digit(c);
    upper = upper || (c >= 'A' && c <= 'Z');
    small = small || (c >= 'a' && c <= 'z');
  }
  return digit || (upper && small);
}

}  // namespace

std::string_view cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  // At most three continuation bytes belong to one character; more of them are no UTF-8 and are cut anywhere.
  for (int back = 0; back < 3 && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80; ++back)
    --end;
  return text.substr(0, end);
}

bool is_opaque_segment(std::string_view segment) {
  if (segment.size() > kSegmentBytesMax) return true;
  if (segment.starts_with("eyJ")) return true;  // {" in base64: a JWT, or a part of one
  if (segment.find('@') != std::string_view::npos || segment.find("%40") != std::string_view::npos)
    return true;
  return segment.size() >= kTokenBytesMin && is_random_looking(segment);
}

std::size_t redact_path(std::string_view path, char* out, std::size_t bytes_max) {
  path = path.substr(0, path.find('?'));
  std::size_t size = 0;
  while (true) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    const std::string_view shown = is_opaque_segment(segment) ? kOpaque : segment;
    if (shown.size() > bytes_max - size) return size;
    std::copy(shown.begin(), shown.end(), out + size);
    size += shown.size();
    if (end == path.size() || size == bytes_max) return size;
    out[size++] = '/';
    path.remove_prefix(end + 1);
  }
}

bool is_personal(std::string_view subject) {
  return std::ranges::any_of(
      subject, [](char c) { return c == '@' || c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
}

bool is_credential_name(std::string_view credential) {
  return credential.size() <= kCredentialNameBytesMax &&
         (credential.starts_with("token:") || credential.starts_with("key:") ||
          credential.starts_with("certificate:") || credential.starts_with("subject:") ||
          credential.starts_with("user:"));
}

}  // namespace caponier::event
