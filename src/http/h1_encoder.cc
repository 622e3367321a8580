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

// Fields with one certain name, which is a token; the others are families, of which only the beginning is
// certain.
bool is_whole_name(Field field) {
  return field != Field::kOther && field != Field::kXForwarded && field != Field::kCaponier &&
         field != Field::kRateLimit;
}

}  // namespace

void append_status_line(TextWriter& out, std::uint16_t status) {
  out.put("HTTP/1.1 ").decimal(status).put(' ').put(reason_phrase(status)).put("\r\n");
}

bool append_request_line(TextWriter& out, std::string_view method, std::string_view target) {
  if (!is_token(method) || target.empty() || !all_of_class(target, kTargetCharacter)) return false;
  out.put(method).put(' ').put(target).put(" HTTP/1.1\r\n");
  return true;
}

bool append_header(TextWriter& out, std::string_view name, std::string_view value) {
  if (!is_token(name) || !is_value(value)) return false;
  out.put(name).put(": ").put(value).put("\r\n");
  return true;
}

bool append_header(TextWriter& out, const Header& header, std::string_view value) {
  if (!is_whole_name(header.field)) return append_header(out, header.name, value);
  if (!is_value(value)) return false;
  out.put(header.name).put(": ").put(value).put("\r\n");
  return true;
}

void append_content_length(TextWriter& out, std::uint64_t bytes) {
  out.put("Content-Length: ").decimal(bytes).put("\r\n");
}

void append_status_line(std::string& out, std::uint16_t status) {
  TextWriter text(out);
  append_status_line(text, status);
}

bool append_request_line(std::string& out, std::string_view method, std::string_view target) {
  TextWriter text(out);
  return append_request_line(text, method, target);
}

bool append_header(std::string& out, std::string_view name, std::string_view value) {
  TextWriter text(out);
  return append_header(text, name, value);
}

void append_content_length(std::string& out, std::uint64_t bytes) {
  TextWriter text(out);
  append_content_length(text, bytes);
}

void append_chunk_head(std::string& out, std::uint64_t bytes) {
  char digits[16];
  const std::to_chars_result result = std::to_chars(digits, digits + sizeof digits, bytes, 16);
  out.append(digits, result.ptr);
  out.append("\r\n");
}

void append_last_chunk(std::string& out) {
  out.append("0\r\n\r\n");
}

}  // namespace caponier::http
