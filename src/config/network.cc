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

constexpr std::string_view kListenerKeys[] = {"name", "listen", "certificate", "key", "internal"};

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
  if (url->https) return;
  if (!listener.certificate_file.empty()) {
    reader.error(node, "invalid-value", "a listener that speaks plain HTTP has no certificate",
                 "Write `listen` with https, or remove `certificate` and `key`.");
  }
  if (!listener.internal && !is_loopback(url->host)) {
    reader.error(*node.find("listen"), "plain-http", "plain HTTP is served on loopback only",
                 "Write https, or mark the listener with `internal: true`.");
  }
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
    listener.name = reader.text(node, "name").value_or(listener.name);
    listener.certificate_file = reader.file(node, "certificate").value_or("");
    listener.key_file = reader.file(node, "key").value_or("");
    listener.internal = reader.boolean(node, "internal").value_or(false);
    if (!listener.listen.empty()) check_listener(reader, node, listener);
    for (const Listener& other : config.listeners) {
      if (other.name != listener.name) continue;
      reader.error(node, "duplicate-name", "two listeners have the name " + quote(listener.name),
                   "Give each listener a `name` of its own.");
    }
    config.listeners.push_back(std::move(listener));
  }
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

}  // namespace caponier::config
