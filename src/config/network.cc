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

constexpr std::string_view kListenerKeys[] = {"name", "listen", "certificate", "key", "surface"};

// localhost, 127.0.0.0/8 and ::1.
bool is_loopback(std::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  // Names of which all characters are digits and dots are addresses: uri refuses any other spelling.
  return host.starts_with("127.") &&
         std::all_of(host.begin(), host.end(), [](char c) { return is_digit(c) || c == '.'; });
}

void check_listener(Reader& reader, const Node& node, const Listener& listener) {
  const auto url = uri::parse_listen(listener.listen);
  if (!url.ok()) {
    reader.error(*node.find("listen"), "invalid-value",
                 quote(listener.listen) + " is not an address to listen on: " + url.error(),
                 "Write it as HOST:PORT, https://HOST:PORT or http://HOST:PORT.");
    return;
  }
  if (listener.certificate_file.empty() != listener.key_file.empty()) {
    reader.error(node, "missing-key", "a certificate and its key go together",
                 listener.key_file.empty() ? "Add `key`." : "Add `certificate`.");
  }
  if (listener.surface == Surface::kAdmin && !is_loopback(url->host)) {
    reader.error(*node.find("listen"), "admin-reachable",
                 "whoever reaches the admin surface can read the metrics and reload the gateway",
                 "Listen on 127.0.0.1 or [::1].");
  }
  if (url->https) return;
  if (!listener.certificate_file.empty()) {
    reader.error(node, "invalid-value", "a listener that speaks plain HTTP has no certificate",
                 "Write `listen` with https, or remove `certificate` and `key`.");
  }
  if (listener.surface == Surface::kPublic && !is_loopback(url->host)) {
    reader.error(
        *node.find("listen"), "plain-http", "plain HTTP is served on loopback only",
        "Write https, or mark the listener with `surface: internal` if only your own network reaches it.");
  }
}

Surface read_surface(Reader& reader, const Node& listener) {
  const auto text = reader.text(listener, "surface");
  for (const Surface surface : {Surface::kPublic, Surface::kInternal, Surface::kAdmin}) {
    if (!text || *text == name(surface)) return surface;
  }
  const std::string_view meant = did_you_mean(*text, {"public", "internal", "admin"});
  reader.error(*listener.find("surface"), "invalid-value", quote(*text) + " is not a surface",
               meant.empty() ? "Write public, internal or admin." : "Did you mean " + quote(meant) + '?');
  return Surface::kPublic;
}

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

void read_listeners(Reader& reader, const Node& root, Config& config) {
  const Node* list = reader.array(root, "listeners");
  if (list == nullptr) return;
  for (const Node& node : *list) {
    if (!reader.check_keys(node, kListenerKeys, "a listener")) continue;
    reader.required(node, "listen", "a listener");
    Listener listener;
    listener.origin = reader.origin_of(node);
    listener.listen = reader.text(node, "listen").value_or("");
    listener.surface = read_surface(reader, node);
    listener.name = reader.text(node, "name").value_or(std::string(name(listener.surface)));
    listener.certificate_file = reader.file(node, "certificate").value_or("");
    listener.key_file = reader.file(node, "key").value_or("");
    if (!listener.listen.empty()) check_listener(reader, node, listener);
    for (const Listener& other : config.listeners) {
      if (other.name != listener.name) continue;
      reader.error(node, "duplicate-name", "two listeners have the name " + quote(listener.name),
                   "Give each listener a `name` of its own.");
    }
    config.listeners.push_back(std::move(listener));
  }
}

std::string_view name(Surface surface) {
  switch (surface) {
    case Surface::kPublic:
      return "public";
    case Surface::kInternal:
      return "internal";
    case Surface::kAdmin:
      return "admin";
  }
  return "";
}

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
