// RFC 3986 and, with the international characters, RFC 3987; RFC 6570 for templates.
#include <array>

#include "base/bytes.h"
#include "pattern/char_set.h"
#include "schema/format.h"

namespace caponier::schema {
namespace {

constexpr std::string_view kUnreservedMarks = "-._~";
constexpr std::string_view kSubDelimiters = "!$&'()*+,;=";

bool is_any_of(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

// ucschar of RFC 3987 section 2.2: no controls, no private use, no noncharacters.
bool is_international(char32_t c) {
  if (c < 0xA0 || (c >= 0xE000 && c <= 0xF8FF) || (c >= 0xFDD0 && c <= 0xFDEF)) return false;
  return (c & 0xFFFF) < 0xFFFE && c < 0xF0000 && !(c >= 0xE0000 && c < 0xE1000) &&
         !(c >= 0xFFF0 && c <= 0xFFFD);
}

bool is_private(char32_t c) {
  return (c >= 0xE000 && c <= 0xF8FF) || (c >= 0xF0000 && (c & 0xFFFF) < 0xFFFE);
}

struct Rules {
  std::string_view marks;  // beside letters, digits, unreserved marks and sub-delimiters
  bool international = false;
  bool private_use = false;
};

// Every character of `text` is one that `rules` allow, or a complete percent-encoding.
bool consists_of(std::string_view text, const Rules& rules) {
  std::size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (static_cast<unsigned char>(c) >= 0x80) {
      const char32_t wide = pattern::next_code_point(text, at);
      if (!rules.international) return false;
      if (!is_international(wide) && !(rules.private_use && is_private(wide))) return false;
      continue;
    }
    ++at;
    if (c == '%') {
      if (at + 2 > text.size() || hex_value(text[at]) < 0 || hex_value(text[at + 1]) < 0) return false;
      at += 2;
      continue;
    }
    if (!is_alpha(c) && !is_digit(c) && !is_any_of(c, kUnreservedMarks) && !is_any_of(c, kSubDelimiters) &&
        !is_any_of(c, rules.marks)) {
      return false;
    }
  }
  return true;
}

// IPv6 or "v1.something" between brackets.
bool is_ip_literal(std::string_view text) {
  if (text.empty() || to_lower(text[0]) != 'v') return is_ipv6(text);
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos || dot < 2 || dot + 1 == text.size()) return false;
  for (const char c : text.substr(1, dot - 1)) {
    if (hex_value(c) < 0) return false;
  }
  return text.find('%') == std::string_view::npos && consists_of(text.substr(dot + 1), {":"});
}

bool is_authority(std::string_view text, bool international) {
  if (const std::size_t at = text.find('@'); at != std::string_view::npos) {
    if (!consists_of(text.substr(0, at), {":", international})) return false;
    text.remove_prefix(at + 1);
  }
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || !is_ip_literal(text.substr(1, close - 1))) return false;
    port = text.substr(close + 1);
  } else {
    const std::size_t colon = text.find(':');
    if (!consists_of(text.substr(0, colon), {"", international})) return false;
    if (colon != std::string_view::npos) port = text.substr(colon);
  }
  if (port.empty()) return true;
  if (port[0] != ':') return false;
  for (const char c : port.substr(1)) {
    if (!is_digit(c)) return false;
  }
  return true;
}

// What follows the scheme.
bool is_hierarchy(std::string_view text, bool international) {
  if (const std::size_t hash = text.find('#'); hash != std::string_view::npos) {
    if (!consists_of(text.substr(hash + 1), {":@/?", international})) return false;
    text = text.substr(0, hash);
  }
  if (const std::size_t mark = text.find('?'); mark != std::string_view::npos) {
    if (!consists_of(text.substr(mark + 1), {":@/?", international, international})) return false;
    text = text.substr(0, mark);
  }
  if (text.starts_with("//")) {
    const std::size_t slash = text.find('/', 2);
    if (!is_authority(text.substr(2, slash == std::string_view::npos ? slash : slash - 2), international))
      return false;
    text = slash == std::string_view::npos ? std::string_view() : text.substr(slash);
  }
  return consists_of(text, {":@/", international});
}

// Length of the scheme that `text` begins with, or npos.
std::size_t scheme_length(std::string_view text) {
  if (text.empty() || !is_alpha(text[0])) return std::string_view::npos;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == ':') return i;
    if (!is_alpha(text[i]) && !is_digit(text[i]) && !is_any_of(text[i], "+-.")) break;
  }
  return std::string_view::npos;
}

// RFC 6570 section 2.3: names of letters, digits, underscores and percent-encodings, with single dots
// between.
bool is_variable_name(std::string_view name) {
  bool after_dot = true;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '.') {
      if (after_dot) return false;
      after_dot = true;
      continue;
    }
    if (c == '%') {
      if (i + 2 >= name.size() || hex_value(name[i + 1]) < 0 || hex_value(name[i + 2]) < 0) return false;
      i += 2;
    } else if (!is_alpha(c) && !is_digit(c) && c != '_') {
      return false;
    }
    after_dot = false;
  }
  return !after_dot;
}

bool is_variable(std::string_view text) {
  if (text.ends_with('*')) return is_variable_name(text.substr(0, text.size() - 1));
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return is_variable_name(text);
  const std::string_view length = text.substr(colon + 1);
  if (length.empty() || length.size() > 4 || length[0] == '0') return false;
  for (const char c : length) {
    if (!is_digit(c)) return false;
  }
  return is_variable_name(text.substr(0, colon));
}

bool is_expression(std::string_view text) {
  if (!text.empty() && is_any_of(text[0], "+#./;?&")) text.remove_prefix(1);
  while (true) {
    const std::size_t comma = text.find(',');
    if (!is_variable(text.substr(0, comma))) return false;
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
}

bool is_template_literal(std::string_view text) {
  // Everything but controls, space and these; the apostrophe by the erratum.
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7F || is_any_of(c, "\"<>\\^`{|}")) return false;
  }
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] == '%' &&
        (at + 2 >= text.size() || hex_value(text[at + 1]) < 0 || hex_value(text[at + 2]) < 0))
      return false;
    const char32_t c = pattern::next_code_point(text, at);
    if (c >= 0x80 && !is_international(c) && !is_private(c)) return false;
  }
  return true;
}

}  // namespace

bool is_uri(std::string_view text, bool international) {
  const std::size_t scheme = scheme_length(text);
  return scheme != std::string_view::npos && is_hierarchy(text.substr(scheme + 1), international);
}

bool is_uri_reference(std::string_view text, bool international) {
  if (is_uri(text, international)) return true;
  // A colon in the first segment of a relative path would read as the end of a scheme.
  const std::string_view first = text.substr(0, text.find_first_of("/?#"));
  return first.find(':') == std::string_view::npos && is_hierarchy(text, international);
}

bool is_uri_template(std::string_view text) {
  while (true) {
    const std::size_t open = text.find('{');
    if (!is_template_literal(text.substr(0, open))) return false;
    if (open == std::string_view::npos) return true;
    const std::size_t close = text.find('}', open);
    if (close == std::string_view::npos || !is_expression(text.substr(open + 1, close - open - 1)))
      return false;
    text.remove_prefix(close + 1);
  }
}

}  // namespace caponier::schema
