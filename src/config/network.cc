#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "config/sections.h"
#include "uri/url.h"

namespace caponier::config {
namespace {

// A host name or an address, IPv6 with or without its brackets, without port.
bool is_host(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty() || host.size() > 253) return false;
  if (std::count(host.begin(), host.end(), ':') >= 2) {
    return std::all_of(host.begin(), host.end(),
                       [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; });
  }
  return std::all_of(host.begin(), host.end(),
                     [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_'; });
}

}  // namespace

void read_hosts(Reader& reader, const Node& root, Config& config) {
  for (const std::string& host : reader.texts(root, "hosts")) {
    if (!is_host(host)) {
      reader.error(*root.find("hosts"), "invalid-value", quote(host) + " is not a host name",
                   "Write the name alone, without scheme, port and path.");
      continue;
    }
    const bool bracketed = host.front() == '[';
    config.hosts.push_back(lower(bracketed ? std::string_view(host).substr(1, host.size() - 2) : host));
  }
}

// RFC 6454, section 6.1: scheme, host, and port unless it is the scheme's own; as browsers write it.
void read_origins(Reader& reader, const Node& root, Config& config) {
  for (const std::string& origin : reader.texts(root, "origins")) {
    const auto url = uri::parse_url(origin);
    const std::string written = url ? (url->https ? "https://" : "http://") + url->authority() : "";
    if (!url || !equals_ignore_case(written, origin)) {
      reader.error(
          *root.find("origins"), "invalid-value", quote(origin) + " is not an origin",
          "Write scheme and host as browsers do: https://app.example.com, without path and default port.");
      continue;
    }
    config.origins.push_back(lower(origin));
  }
}

}  // namespace caponier::config
