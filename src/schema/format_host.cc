// Names and addresses: RFC 1123 host names, RFC 2673 and 4291 addresses, RFC 5321 mailboxes.
#include "base/bytes.h"
#include "schema/format.h"

namespace caponier::schema {
namespace {

// RFC 5321 section 4.1.2, atext with dots between.
bool is_dot_string(std::string_view text) {
  bool after_dot = true;
  for (const char c : text) {
    if (c == '.') {
      if (after_dot) return false;
      after_dot = true;
      continue;
    }
    if (!is_atom_character(c)) return false;
    after_dot = false;
  }
  return !after_dot;
}

bool is_quoted_string(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return false;
  text = text.substr(1, text.size() - 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') return false;
    if (text[i] == '\\' && ++i == text.size()) return false;
    if (text[i] < ' ' || text[i] > '~') return false;
  }
  return true;
}

// Groups of one to four hexadecimal digits between colons, the last possibly an IPv4 address: how many 16-bit
// groups, or -1. Empty text is no group.
int ipv6_groups(std::string_view text, bool ipv4_allowed) {
  if (text.empty()) return 0;
  int count = 0;
  while (true) {
    const std::size_t colon = text.find(':');
    const std::string_view group = text.substr(0, colon);
    if (colon == std::string_view::npos && ipv4_allowed && group.find('.') != std::string_view::npos) {
      return is_ipv4(group) ? count + 2 : -1;
    }
    if (group.empty() || group.size() > 4) return -1;
    for (const char c : group) {
      if (hex_value(c) < 0) return -1;
    }
    ++count;
    if (colon == std::string_view::npos) return count;
    text.remove_prefix(colon + 1);
  }
}

}  // namespace

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
  for (const char c : label) {
    if (!is_alpha(c) && !is_digit(c) && c != '-') return false;
  }
  return true;
}

bool is_atom_character(char c) {
  return is_alpha(c) || is_digit(c) ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool is_mail_domain(std::string_view domain) {
  if (!domain.starts_with('[')) return is_hostname(domain);
  if (!domain.ends_with(']')) return false;
  domain = domain.substr(1, domain.size() - 2);
  return domain.starts_with("IPv6:") ? is_ipv6(domain.substr(5)) : is_ipv4(domain);
}

bool is_hostname(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  while (true) {
    const std::size_t dot = text.find('.');
    const std::string_view label = text.substr(0, dot);
    if (!is_label(label)) return false;
    // Names of the form "ab--c" belong to IDNA, which has given a meaning to "xn--" only.
    const bool reserved = label.size() >= 4 && label[2] == '-' && label[3] == '-';
    if (reserved && to_lower(label[0]) == 'x' && to_lower(label[1]) == 'n' && !is_a_label(label))
      return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_ipv4(std::string_view text) {
  for (int part = 0; part < 4; ++part) {
    std::size_t digits = 0;
    int value = 0;
    while (digits < text.size() && digits < 3 && is_digit(text[digits]))
      value = value * 10 + (text[digits++] - '0');
    if (digits == 0 || value > 255 || (digits > 1 && text[0] == '0')) return false;
    text.remove_prefix(digits);
    if (part == 3) break;
    if (!text.starts_with('.')) return false;
    text.remove_prefix(1);
  }
  return text.empty();
}

bool is_ipv6(std::string_view text) {
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) return ipv6_groups(text, true) == 8;
  const int before = ipv6_groups(text.substr(0, gap), false);
  const int after = ipv6_groups(text.substr(gap + 2), true);
  return before >= 0 && after >= 0 && before + after < 8;
}

bool is_email(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at > 64 || text.size() > 254) return false;  // npos, too
  const std::string_view local = text.substr(0, at);
  return (is_dot_string(local) || is_quoted_string(local)) && is_mail_domain(text.substr(at + 1));
}

}  // namespace caponier::schema
