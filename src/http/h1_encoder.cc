#include "http/h1_encoder.h"

#include <charconv>

#include "http/characters.h"

namespace caponier::http {
namespace {

// True if every byte may stand in a field value (RFC 9110 section 5.5).
bool is_value(std::string_view value) {
  const char* const end = value.data() + value.size();
  for (const char* at = find_control(value.data(), end); at != end; at = find_control(at + 1, end)) {
    if (*at != '\t') return false;
  }
  return true;
}

template <int kBase>
void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  const std::to_chars_result result = std::to_chars(digits, digits + sizeof digits, number, kBase);
  out.append(digits, result.ptr);
}

}  // namespace

void append_status_line(std::string& out, std::uint16_t status) {
  out.append("HTTP/1.1 ");
  append_number<10>(out, status);
  out.push_back(' ');
  out.append(reason_phrase(status));
  out.append("\r\n");
}

bool append_request_line(std::string& out, std::string_view method, std::string_view target) {
  if (!is_token(method) || target.empty() || !all_of_class(target, kTargetCharacter)) return false;
  out.append(method);
  out.push_back(' ');
  out.append(target);
  out.append(" HTTP/1.1\r\n");
  return true;
}

bool append_header(std::string& out, std::string_view name, std::string_view value) {
  if (!is_token(name) || !is_value(value)) return false;
  out.append(name);
  out.append(": ");
  out.append(value);
  out.append("\r\n");
  return true;
}

void append_content_length(std::string& out, std::uint64_t bytes) {
  out.append("Content-Length: ");
  append_number<10>(out, bytes);
  out.append("\r\n");
}

void append_chunk_head(std::string& out, std::uint64_t bytes) {
  append_number<16>(out, bytes);
  out.append("\r\n");
}

void append_last_chunk(std::string& out) {
  out.append("0\r\n\r\n");
}

}  // namespace caponier::http
