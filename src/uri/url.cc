#include "uri/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "uri/escape.h"

namespace caponier::uri {
namespace {

constexpr std::size_t kUrlBytesMax = 2048;
constexpr std::size_t kHostBytesMax = 253;
constexpr std::size_t kLabelBytesMax = 63;

// The address in its one spelling (RFC 5952), or nullopt.
std::optional<std::string> canonical_ipv6(std::string_view text) {
  const auto is_part = [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; };
  if (!std::all_of(text.begin(), text.end(), is_part)) return std::nullopt;
  in6_addr address{};
  if (inet_pton(AF_INET6, std::string(text).c_str(), &address) != 1) return std::nullopt;
  char canonical[INET6_ADDRSTRLEN];
  if (inet_ntop(AF_INET6, &address, canonical, sizeof canonical) == nullptr) return std::nullopt;
  return canonical;
}

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > kLabelBytesMax || label.front() == '-' || label.back() == '-')
    return false;
  return std::all_of(label.begin(), label.end(),
                     [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_'; });
}

// Whether resolvers could take a name that ends in this label for an IPv4 address: "1", "0x7f".
bool is_numeric(std::string_view label) {
  if (label.size() > 1 && label[0] == '0' && to_lower(label[1]) == 'x') return true;
  return std::all_of(label.begin(), label.end(), is_digit);
}

Result<std::string, std::string> parse_name(std::string_view text) {
  if (text.empty()) return Err(std::string("the host is missing"));
  if (text.size() > kHostBytesMax) return Err(std::string("the host is longer than 253 bytes"));
  std::string_view rest = text;
  std::string_view label;
  while (true) {
    const std::size_t dot = rest.find('.');
    label = rest.substr(0, dot);
    if (!is_label(label)) {
      return Err(std::string("the host is neither a name of letters, digits, '-' and '_' nor an IP address"));
    }
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  if (is_numeric(label)) {
    in_addr address{};
    if (inet_pton(AF_INET, std::string(text).c_str(), &address) != 1) {
      return Err(std::string("the host looks like an IPv4 address, but is not four decimal numbers"));
    }
  }
  return lower(text);
}

Result<std::uint16_t, std::string> parse_port(std::string_view text, bool zero_allowed) {
  const auto port = text.size() <= 5 ? parse_decimal(text) : std::nullopt;
  if (!port || *port > 65535 || (*port == 0 && !zero_allowed)) {
    return Err(std::string("the port is not a number from ") + (zero_allowed ? "0" : "1") + " to 65535");
  }
  return static_cast<std::uint16_t>(*port);
}

// HOST, HOST:PORT, [IPV6], [IPV6]:PORT into `url`; returns the sentence of an error, or nothing. The port
// stays as it is when there is none.
std::optional<std::string> parse_authority(std::string_view text, bool zero_port_allowed, Url& url,
                                           bool& has_port) {
  if (text.find('@') != std::string_view::npos) return "a user name or password does not belong into a URL";
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    auto address = close == std::string_view::npos ? std::nullopt : canonical_ipv6(text.substr(1, close - 1));
    if (!address) return "the host in brackets is not an IPv6 address";
    url.host = *std::move(address);
    rest = text.substr(close + 1);
  } else {
    const std::size_t colon = text.find(':');
    auto host = parse_name(text.substr(0, colon));
    if (!host) return host.error();
    url.host = *std::move(host);
    rest = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
  }
  has_port = !rest.empty();
  if (!has_port) return std::nullopt;
  if (rest.front() != ':') return "something other than a port follows the host";
  const auto port = parse_port(rest.substr(1), zero_port_allowed);
  if (!port) return port.error();
  url.port = *port;
  return std::nullopt;
}

// Takes the scheme and "://" off `text`, if it has one of ours.
std::optional<bool> take_scheme(std::string_view& text) {
  const std::size_t end = text.find("://");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view scheme = text.substr(0, end);
  const bool https = equals_ignore_case(scheme, "https");
  if (!https && !equals_ignore_case(scheme, "http")) return std::nullopt;
  text.remove_prefix(end + 3);
  return https;
}

bool is_well_escaped(std::string_view text, std::string_view also_allowed) {
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at != end; ++at) {
    const ByteClass byte = path_class(*at);
    if (byte == ByteClass::kPercent) {
      if (read_escape(at, end) < 0) return false;
      at += 2;
    } else if (byte != ByteClass::kPlain && byte != ByteClass::kSlash && byte != ByteClass::kSemicolon &&
               also_allowed.find(*at) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::string Url::authority() const {
  std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (https ? 443 : 80)) text += ":" + std::to_string(port);
  return text;
}

std::string Url::text() const {
  return (https ? "https://" : "http://") + authority() + path + (query.empty() ? "" : "?" + query);
}

Result<Url, std::string> parse_url(std::string_view text) {
  if (text.size() > kUrlBytesMax) return Err(std::string("the URL is longer than 2048 bytes"));
  if (text.find('#') != std::string_view::npos)
    return Err(std::string("a fragment ('#') does not belong here"));
  const auto https = take_scheme(text);
  if (!https) return Err(std::string("the URL does not begin with https:// or http://"));
  Url url{.https = *https, .port = static_cast<std::uint16_t>(*https ? 443 : 80)};
  const std::string_view authority = text.substr(0, text.find_first_of("/?"));
  bool has_port = false;
  if (auto problem = parse_authority(authority, false, url, has_port)) return Err(*std::move(problem));
  text.remove_prefix(authority.size());
  const std::size_t question = text.find('?');
  const std::string_view path = text.substr(0, question);
  const std::string_view query =
      question == std::string_view::npos ? std::string_view() : text.substr(question + 1);
  if (!is_well_escaped(path, {}) || !is_well_escaped(query, "?")) {
    return Err(std::string("the URL holds a character that must be percent-encoded"));
  }
  url.path = path.empty() ? "/" : path;
  url.query = query;
  return url;
}

Result<Url, std::string> parse_listen(std::string_view text) {
  if (text.size() > kUrlBytesMax) return Err(std::string("the address is longer than 2048 bytes"));
  Url url{.https = true, .path = "/"};
  if (text.find("://") != std::string_view::npos) {
    const auto https = take_scheme(text);
    if (!https) return Err(std::string("only https:// and http:// can be listened to"));
    url.https = *https;
    if (text.ends_with('/')) text.remove_suffix(1);
  }
  if (text.find_first_of("/?#") != std::string_view::npos) {
    return Err(std::string("an address to listen to is HOST:PORT, without a path"));
  }
  bool has_port = false;
  if (auto problem = parse_authority(text, true, url, has_port)) return Err(*std::move(problem));
  if (!has_port) return Err(std::string("the port is missing: write HOST:PORT"));
  return url;
}

}  // namespace caponier::uri
