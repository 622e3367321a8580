#include "schema/format.h"

#include <array>

#include "base/bytes.h"
#include "pattern/pattern.h"

namespace caponier::schema {
namespace {

struct Row {
  std::string_view name;
  Format format;
  std::string_view description;
};

constexpr std::array kRows = {
    Row{"date", Format::kDate, "a date such as 2026-01-31"},
    Row{"date-time", Format::kDateTime, "a date and time with offset, such as 2026-01-31T23:59:59Z"},
    Row{"time", Format::kTime, "a time with offset, such as 23:59:59Z"},
    Row{"duration", Format::kDuration, "an ISO 8601 duration such as P1DT12H"},
    Row{"email", Format::kEmail, "an e-mail address"},
    Row{"hostname", Format::kHostname, "a host name"},
    Row{"ipv4", Format::kIpv4, "an IPv4 address"},
    Row{"ipv6", Format::kIpv6, "an IPv6 address"},
    Row{"uri", Format::kUri, "an absolute URI"},
    Row{"uri-reference", Format::kUriReference, "a URI or a relative reference"},
    Row{"iri", Format::kIri, "an absolute IRI"},
    Row{"iri-reference", Format::kIriReference, "an IRI or a relative reference"},
    Row{"uri-template", Format::kUriTemplate, "a URI template"},
    Row{"uuid", Format::kUuid, "a UUID"},
    Row{"json-pointer", Format::kJsonPointer, "a JSON pointer"},
    Row{"relative-json-pointer", Format::kRelativeJsonPointer, "a relative JSON pointer"},
    Row{"regex", Format::kRegex, "a regular expression"},
    Row{"byte", Format::kByte, "base64"},
    Row{"int32", Format::kInt32, "a 32-bit integer"},
    Row{"int64", Format::kInt64, "a 64-bit integer"},
    Row{"float", Format::kFloat, "a single-precision number"},
    Row{"double", Format::kDouble, "a double-precision number"},
    Row{"password", Format::kAnnotation, ""},
    Row{"binary", Format::kAnnotation, ""},
    Row{"idn-email", Format::kIdnEmail, "an e-mail address"},
    Row{"idn-hostname", Format::kIdnHostname, "a host name"},
};

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen ? text[i] != '-' : hex_value(text[i]) < 0) return false;
  }
  return true;
}

// RFC 6901 section 3.
bool is_json_pointer(std::string_view text) {
  if (!text.empty() && text[0] != '/') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '~') continue;
    if (i + 1 >= text.size() || (text[i + 1] != '0' && text[i + 1] != '1')) return false;
  }
  return true;
}

bool is_relative_json_pointer(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  if (digits == 0 || (digits > 1 && text[0] == '0')) return false;
  const std::string_view rest = text.substr(digits);
  return rest == "#" || is_json_pointer(rest);
}

// RFC 4648 section 4, padded; does not decode, so that nothing is allocated.
bool is_base64(std::string_view text) {
  if (text.size() % 4 != 0) return false;
  std::size_t padding = 0;
  while (padding < 2 && text.ends_with('=')) {
    text.remove_suffix(1);
    ++padding;
  }
  for (const char c : text) {
    if (!is_alpha(c) && !is_digit(c) && c != '+' && c != '/') return false;
  }
  return true;
}

}  // namespace

std::optional<Format> format_named(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.name == name) return row.format;
  }
  return std::nullopt;
}

std::vector<std::string_view> format_names() {
  std::vector<std::string_view> out;
  for (const Row& row : kRows) out.push_back(row.name);
  return out;
}

std::string_view description(Format format) {
  for (const Row& row : kRows) {
    if (row.format == format) return row.description;
  }
  return {};
}

bool has_format(Format format, std::string_view text) {
  switch (format) {
    case Format::kDate:
      return is_date(text);
    case Format::kDateTime:
      return is_date_time(text);
    case Format::kTime:
      return is_time(text);
    case Format::kDuration:
      return is_duration(text);
    case Format::kEmail:
      return is_email(text);
    case Format::kHostname:
      return is_hostname(text);
    case Format::kIdnHostname:
      return is_idn_hostname(text);
    case Format::kIdnEmail:
      return is_idn_email(text);
    case Format::kIpv4:
      return is_ipv4(text);
    case Format::kIpv6:
      return is_ipv6(text);
    case Format::kUri:
    case Format::kIri:
      return is_uri(text, format == Format::kIri);
    case Format::kUriReference:
    case Format::kIriReference:
      return is_uri_reference(text, format == Format::kIriReference);
    case Format::kUriTemplate:
      return is_uri_template(text);
    case Format::kUuid:
      return is_uuid(text);
    case Format::kJsonPointer:
      return is_json_pointer(text);
    case Format::kRelativeJsonPointer:
      return is_relative_json_pointer(text);
    case Format::kRegex:
      return !pattern::syntax_error(text);
    case Format::kByte:
      return is_base64(text);
    default:
      return true;
  }
}

}  // namespace caponier::schema
