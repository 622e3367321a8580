// The values of `format` that are enforced, by the RFC that each names. Pure functions of a text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace caponier::schema {

enum class Format : std::uint8_t {
  // of strings
  kDate,
  kDateTime,
  kTime,
  kDuration,
  kEmail,
  kHostname,
  kIdnHostname,
  kIdnEmail,
  kIpv4,
  kIpv6,
  kUri,
  kUriReference,
  kIri,
  kIriReference,
  kUriTemplate,
  kUuid,
  kJsonPointer,
  kRelativeJsonPointer,
  kRegex,
  kByte,
  // of numbers
  kInt32,
  kInt64,
  kFloat,
  kDouble,
  // said for the reader's sake
  kAnnotation,
};

// nullopt: no format that anyone has defined.
std::optional<Format> format_named(std::string_view name);
std::vector<std::string_view> format_names();
// Of a string format: "an RFC 3339 date, such as 2026-01-31".
std::string_view description(Format format);

// Whether `text` (valid UTF-8) has the format. Numeric formats say yes.
bool has_format(Format format, std::string_view text);

bool is_date(std::string_view text);
bool is_time(std::string_view text);
bool is_date_time(std::string_view text);
bool is_duration(std::string_view text);
bool is_email(std::string_view text);
bool is_hostname(std::string_view text);
bool is_idn_hostname(std::string_view text);
bool is_idn_email(std::string_view text);
bool is_ipv4(std::string_view text);
bool is_ipv6(std::string_view text);
bool is_uri(std::string_view text, bool international);
bool is_uri_reference(std::string_view text, bool international);
bool is_uri_template(std::string_view text);

// Parts of the above: one label of a host name in ASCII; "xn--" with what IDNA 2008 registers; RFC 5321's
// atext; what follows the '@'.
bool is_label(std::string_view label);
bool is_a_label(std::string_view label);
bool is_atom_character(char c);
bool is_mail_domain(std::string_view domain);

}  // namespace caponier::schema
