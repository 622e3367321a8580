#include "http/field_values.h"

#include <arpa/inet.h>

#include <algorithm>

#include "base/bytes.h"
#include "http/characters.h"

namespace caponier::http {
namespace {

constexpr std::size_t kHostNameBytesMax = 255;
constexpr std::size_t kPortDigitsMax = 5;
constexpr unsigned kPortMax = 65535;

bool is_ipv6(std::string_view text) {
  char terminated[INET6_ADDRSTRLEN] = {};
  if (text.empty() || text.size() >= sizeof terminated) return false;
  std::copy(text.begin(), text.end(), terminated);
  in6_addr address{};
  return inet_pton(AF_INET6, terminated, &address) == 1;
}

bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > kHostNameBytesMax) return false;
  char before = '.';
  for (const char c : text) {
    if (!is_class(c, kAuthorityCharacter) || (c == '.' && before == '.')) return false;
    before = c;
  }
  return true;
}

bool is_port(std::string_view text) {
  if (text.empty() || text.size() > kPortDigitsMax) return false;
  unsigned port = 0;
  for (char c : text) {
    if (!is_digit(c)) return false;
    port = port * 10 + static_cast<unsigned>(c - '0');
  }
  return port >= 1 && port <= kPortMax;
}

}  // namespace

bool is_authority(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || !is_ipv6(text.substr(1, close - 1))) return false;
    const std::string_view rest = text.substr(close + 1);
    return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
  }
  const std::size_t colon = text.find(':');
  if (!is_host_name(text.substr(0, colon))) return false;
  return colon == std::string_view::npos || is_port(text.substr(colon + 1));
}

void ConnectionOptions::add(std::string_view value) {
  if (equals_ignore_case(value, "keep-alive")) {
    keep_alive = true;
    return;
  }
  while (!value.empty()) {
    const std::size_t comma = value.find(',');
    const std::string_view option = trim(value.substr(0, comma));
    if (equals_ignore_case(option, "close")) close = true;
    if (equals_ignore_case(option, "keep-alive")) keep_alive = true;
    value = comma == std::string_view::npos ? std::string_view{} : value.substr(comma + 1);
  }
}

}  // namespace caponier::http
