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

constexpr std::string_view kListenerKeys[] = {"name",
                                              "listen",
                                              "certificate",
                                              "key",
                                              "certificates",
                                              "client_certificates",
                                              "surface",
                                              "proxy_protocol",
                                              "trusted_proxies",
                                              "forwarded_header",
                                              "redirect"};
constexpr std::string_view kCertificateKeys[] = {"certificate", "key"};
constexpr std::string_view kClientKeys[] = {"mode", "ca", "crl"};
constexpr std::size_t kRangesMax = 1000;
constexpr std::size_t kCertificatesMax = 1000;

// localhost, 127.0.0.0/8 and ::1.
bool is_loopback(std::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  // Names of which all characters are digits and dots are addresses: uri refuses any other spelling.
  return host.starts_with("127.") &&
         std::all_of(host.begin(), host.end(), [](char c) { return is_digit(c) || c == '.'; });
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

std::vector<AddressRange> read_ranges(Reader& reader, const Node& listener, std::string_view key) {
  std::vector<AddressRange> ranges;
  const Node* list = reader.array(listener, key);
  if (list == nullptr) return ranges;
  if (list->first_child == nullptr || list->child_count > kRangesMax) {
    reader.error(*list, "invalid-value",
                 quote(key) + " takes from 1 to " + std::to_string(kRangesMax) + " address ranges",
                 "Write for instance [10.0.0.0/8], or remove it.");
    return ranges;
  }
  for (const Node& element : *list) {
    const auto range = element.is_string()
                           ? parse_address_range(element.text)
                           : Result<AddressRange, std::string>(Err(std::string("it is no text")));
    if (!range) {
      reader.error(element, "invalid-value", "this is not a range of addresses: " + range.error(),
                   "Write for instance 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32.");
    } else if (range->bits == 0 || (range->bits == kMappedBits && is_ipv4(range->prefix))) {
      reader.error(element, "everybody", "this range is everybody, so that anybody could claim any address",
                   "List the addresses of your proxies alone.");
    } else {
      ranges.push_back(*range);
    }
  }
  return ranges;
}

void read_forwarded_header(Reader& reader, const Node& node, ListenerRules& rules) {
  const auto text = reader.text(node, "forwarded_header");
  if (!text) return;
  if (*text == "forwarded") {
    rules.forwarded_header = ForwardedHeader::kForwarded;
  } else if (*text != "x-forwarded-for") {
    reader.error(*node.find("forwarded_header"), "invalid-value",
                 quote(*text) + " is not a header that tells the client's address",
                 "Write x-forwarded-for or forwarded.");
  }
  if (rules.trusted_proxies.empty()) {
    reader.error(*node.find("forwarded_header"), "invalid-value",
                 "`forwarded_header` means nothing without `trusted_proxies`",
                 "Add `trusted_proxies`, or remove it.");
  }
}

// Kept as the beginning of a Location.
void read_redirect(Reader& reader, const Node& node, ListenerRules& rules) {
  const auto text = reader.text(node, "redirect");
  if (!text) return;
  const auto url = uri::parse_url(*text);
  if (!url || !url->https || !url->query.empty() || !(url->path.empty() || url->path == "/")) {
    reader.error(*node.find("redirect"), "invalid-value", quote(*text) + " is not where https is spoken",
                 "Write scheme and host, without a path: https://api.example.com.");
    return;
  }
  rules.redirect = "https://" + url->authority();
}

void read_certificate(Reader& reader, const Node& at, Listener& listener) {
  CertificateFiles files;
  files.origin = reader.origin_of(at);
  files.certificate_file = reader.file(at, "certificate").value_or("");
  files.key_file = reader.file(at, "key").value_or("");
  if (files.certificate_file.empty() != files.key_file.empty()) {
    reader.error(at, "missing-key", "a certificate and its key go together",
                 files.key_file.empty() ? "Add `key`." : "Add `certificate`.");
  }
  if (!files.certificate_file.empty()) listener.certificates.push_back(std::move(files));
}

void read_certificates(Reader& reader, const Node& node, Listener& listener) {
  if (node.find("certificate") != nullptr || node.find("key") != nullptr) {
    read_certificate(reader, node, listener);
  }
  const Node* list = reader.array(node, "certificates");
  if (list == nullptr) return;
  if (!listener.certificates.empty()) {
    reader.error(*list, "invalid-value", "`certificates` and `certificate` exclude each other",
                 "Write all of them into `certificates`; the first is for every other name.");
    return;
  }
  if (list->first_child == nullptr || list->child_count > kCertificatesMax) {
    reader.error(*list, "invalid-value",
                 "`certificates` takes from 1 to " + std::to_string(kCertificatesMax) + " certificates");
  }
  for (const Node& entry : *list) {
    if (!reader.check_keys(entry, kCertificateKeys, "a certificate")) continue;
    reader.required(entry, "certificate", "a certificate");
    if (entry.find("certificate") != nullptr) read_certificate(reader, entry, listener);
  }
}

void read_client_certificates(Reader& reader, const Node& node, ClientCertificates& client) {
  const Node* object = reader.object(node, "client_certificates");
  if (object == nullptr || !reader.check_keys(*object, kClientKeys, "`client_certificates`")) return;
  client.origin = reader.origin_of(*object);
  reader.required(*object, "mode", "`client_certificates`");
  reader.required(*object, "ca", "`client_certificates`");
  client.ca_file = reader.file(*object, "ca").value_or("");
  client.crl_file = reader.file(*object, "crl").value_or("");
  const auto mode = reader.text(*object, "mode");
  if (!mode) return;
  if (*mode == "required") {
    client.mode = ClientCertificateMode::kRequired;
  } else if (*mode == "optional") {
    client.mode = ClientCertificateMode::kOptional;
  } else {
    reader.error(*object->find("mode"), "invalid-value",
                 quote(*mode) + " is not a mode of client certificates", "Write optional or required.");
  }
}

void check_admin(Reader& reader, const Node& node, const Listener& listener, const uri::Url& url) {
  const bool known_callers =
      url.https && listener.client_certificates.mode == ClientCertificateMode::kRequired;
  if (!known_callers && !is_loopback(url.host)) {
    reader.error(*node.find("listen"), "admin-reachable",
                 "whoever reaches the admin surface can read the metrics and reload the gateway",
                 "Listen on 127.0.0.1 or [::1], or with https and client_certificates: {mode: required}.");
  }
  for (const char* key : {"proxy_protocol", "trusted_proxies"}) {
    const Node* found = node.find(key);
    if (found == nullptr) continue;
    reader.error_at_key(*found, "invalid-value", quote(key) + " means nothing on the admin surface",
                        "Remove it.");
  }
}

void check_plain(Reader& reader, const Node& node, const Listener& listener, const uri::Url& url) {
  if (!listener.certificates.empty()) {
    reader.error(node, "invalid-value", "a listener that speaks plain HTTP has no certificate",
                 "Write `listen` with https, or remove `certificate` and `key`.");
  }
  if (const Node* client = node.find("client_certificates")) {
    reader.error_at_key(*client, "invalid-value", "plain HTTP asks for no client certificate",
                        "Write `listen` with https, or remove `client_certificates`.");
  }
  if (listener.surface == Surface::kPublic && !is_loopback(url.host) && node.find("redirect") == nullptr) {
    reader.error(*node.find("listen"), "plain-http", "plain HTTP is served on loopback only",
                 "Write https, send everybody there with `redirect: https://HOST`, or mark the listener with "
                 "`surface: internal` if only your own network reaches it.");
  }
}

void check_listener(Reader& reader, const Node& node, const Listener& listener) {
  const auto url = uri::parse_listen(listener.listen);
  if (!url.ok()) {
    reader.error(*node.find("listen"), "invalid-value",
                 quote(listener.listen) + " is not an address to listen on: " + url.error(),
                 "Write it as HOST:PORT, https://HOST:PORT or http://HOST:PORT.");
    return;
  }
  if (listener.surface == Surface::kAdmin) check_admin(reader, node, listener, *url);
  const Node* redirect = node.find("redirect");
  if (redirect != nullptr && (url->https || listener.surface != Surface::kPublic)) {
    reader.error_at_key(*redirect, "invalid-value",
                        "`redirect` is for public listeners that speak plain HTTP", "Remove it.");
  }
  if (!url->https) check_plain(reader, node, listener, *url);
}

Listener read_listener(Reader& reader, const Node& node) {
  Listener listener;
  listener.origin = reader.origin_of(node);
  listener.listen = reader.text(node, "listen").value_or("");
  listener.surface = read_surface(reader, node);
  listener.name = reader.text(node, "name").value_or(std::string(name(listener.surface)));
  read_certificates(reader, node, listener);
  read_client_certificates(reader, node, listener.client_certificates);
  listener.rules.proxy_protocol = read_ranges(reader, node, "proxy_protocol");
  listener.rules.trusted_proxies = read_ranges(reader, node, "trusted_proxies");
  read_forwarded_header(reader, node, listener.rules);
  read_redirect(reader, node, listener.rules);
  return listener;
}

}  // namespace

void read_listeners(Reader& reader, const Node& root, Config& config) {
  const Node* list = reader.array(root, "listeners");
  if (list == nullptr) return;
  for (const Node& node : *list) {
    if (!reader.check_keys(node, kListenerKeys, "a listener")) continue;
    reader.required(node, "listen", "a listener");
    Listener listener = read_listener(reader, node);
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

}  // namespace caponier::config
