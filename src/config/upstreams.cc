// `upstream` and `upstreams`: where requests go, and how each of these places is kept in health and bounds.
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

constexpr std::string_view kUpstreamKeys[] = {
    "url",         "endpoints",        "ca_file",        "server_name", "certificate", "key",
    "spiffe_id",   "resolve_interval", "health_check",   "ejection",    "retries",     "requests_max",
    "pending_max", "protocol",         "identity_token", "token"};
constexpr std::string_view kEjectionKeys[] = {"failures", "base", "max", "percent_max"};
constexpr std::string_view kHealthKeys[] = {"path", "interval", "timeout", "healthy", "unhealthy", "status"};
constexpr std::string_view kRetryKeys[] = {"attempts_max", "idempotent", "statuses", "budget_percent",
                                           "budget_min"};
constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kHour = 3600 * kSecond;

template <class T>
void set_integer(Reader& reader, const Node& object, std::string_view name, std::int64_t min,
                 std::int64_t max, T& into) {
  if (const auto value = reader.integer(object, name, min, max)) into = static_cast<T>(*value);
}

void set_duration(Reader& reader, const Node& object, std::string_view name, std::int64_t min_ms,
                  std::int64_t max_ms, std::int64_t& into) {
  if (const auto value = reader.duration_ms(object, name, min_ms, max_ms)) into = *value;
}

// Nothing but what a request line holds as it is.
bool is_plain_path(std::string_view path) {
  return path.starts_with('/') && path.size() <= 2048 &&
         std::all_of(path.begin(), path.end(), [](char c) { return c > 0x20 && c < 0x7F && c != '#'; });
}

void read_ejection(Reader& reader, const Node& node, EjectionRules& rules) {
  const Node* object = reader.object(node, "ejection");
  if (object == nullptr || !reader.check_keys(*object, kEjectionKeys, "`ejection`")) return;
  set_integer(reader, *object, "failures", 0, 1000, rules.failures);
  set_duration(reader, *object, "base", 100, kHour, rules.base_ms);
  set_duration(reader, *object, "max", 100, 24 * kHour, rules.max_ms);
  set_integer(reader, *object, "percent_max", 0, 100, rules.percent_max);
  if (rules.max_ms < rules.base_ms) {
    reader.error(*object, "invalid-value", "`max` is shorter than `base`", "Raise `max`, or lower `base`.");
  }
}

void read_health_check(Reader& reader, const Node& node, HealthCheckRules& rules) {
  const Node* object = reader.object(node, "health_check");
  if (object == nullptr || !reader.check_keys(*object, kHealthKeys, "`health_check`")) return;
  const Node* path = reader.required(*object, "path", "`health_check`");
  rules.path = reader.text(*object, "path").value_or("");
  if (!rules.path.empty() && !is_plain_path(rules.path)) {
    reader.error(*path, "invalid-value", quote(rules.path) + " is not a path to ask for",
                 "Begin it with a slash, and percent-encode what is not ASCII.");
  }
  set_duration(reader, *object, "interval", 100, kHour, rules.interval_ms);
  set_duration(reader, *object, "timeout", 10, 60 * kSecond, rules.timeout_ms);
  set_integer(reader, *object, "healthy", 1, 100, rules.healthy);
  set_integer(reader, *object, "unhealthy", 1, 100, rules.unhealthy);
  set_integer(reader, *object, "status", 200, 599, rules.status);
}

void read_retry_statuses(Reader& reader, const Node& retries, RetryRules& rules) {
  const Node* list = reader.array(retries, "statuses");
  if (list == nullptr) return;
  for (const Node& entry : *list) {
    const auto status = entry.is_number() ? entry.integer() : std::nullopt;
    if (status && *status >= 500 && *status <= 504) {
      rules.statuses = static_cast<std::uint16_t>(rules.statuses | (1U << (*status - 500)));
    } else {
      reader.error(entry, "invalid-value", "a status that is tried elsewhere is one from 500 to 504",
                   "Write statuses: [502, 503, 504].");
    }
  }
  if (rules.statuses != 0 && !rules.idempotent) {
    reader.error(*list, "invalid-value", "`statuses` are tried again for idempotent methods only",
                 "Add `idempotent: true`, or remove `statuses`.");
  }
}

void read_retries(Reader& reader, const Node& node, RetryRules& rules) {
  const Node* object = reader.object(node, "retries");
  if (object == nullptr || !reader.check_keys(*object, kRetryKeys, "`retries`")) return;
  set_integer(reader, *object, "attempts_max", 0, 5, rules.attempts_max);
  rules.idempotent = reader.boolean(*object, "idempotent").value_or(false);
  read_retry_statuses(reader, *object, rules);
  set_integer(reader, *object, "budget_percent", 0, 100, rules.budget_percent);
  set_integer(reader, *object, "budget_min", 0, 10'000, rules.budget_min);
}

void read_protocol(Reader& reader, const Node& node, UpstreamRules& rules) {
  const auto word = reader.text(node, "protocol");
  if (!word) return;
  if (*word == "http1") {
    rules.protocol = UpstreamProtocol::kHttp1;
  } else if (*word == "http2") {
    rules.protocol = UpstreamProtocol::kHttp2;
  } else if (*word != "auto") {
    reader.error(*node.find("protocol"), "invalid-value", quote(*word) + " is not a protocol of upstreams",
                 "Write auto, http1 or http2.");
  }
}

// The texts and their nodes of `endpoints`, or of `upstream` where that is a list.
void read_endpoints(Reader& reader, const Node& list, Upstream& upstream) {
  if (list.child_count == 0) {
    reader.error(list, "invalid-value", "an upstream needs at least one endpoint",
                 "Write [\"http://10.0.0.1:9000\", \"http://10.0.0.2:9000\"].");
  }
  if (list.child_count > kUpstreamEndpointsMax) {
    reader.error(list, "out-of-range",
                 "an upstream has at most " + std::to_string(kUpstreamEndpointsMax) + " endpoints");
    return;
  }
  for (const Node& entry : list) {
    if (!entry.is_string() || entry.text.empty()) {
      reader.error(entry, "wrong-type", "an endpoint is a URL, such as \"http://10.0.0.1:9000\"");
    } else if (upstream.url.empty()) {
      upstream.url = entry.text;
    } else {
      upstream.others.push_back({std::string(entry.text), reader.origin_of(entry)});
    }
  }
}

void read_tls(Reader& reader, const Node& node, Upstream& upstream) {
  upstream.ca_file = reader.file(node, "ca_file").value_or("");
  upstream.server_name = reader.text(node, "server_name").value_or("");
  upstream.certificate_file = reader.file(node, "certificate").value_or("");
  upstream.key_file = reader.file(node, "key").value_or("");
  upstream.spiffe_id = reader.text(node, "spiffe_id").value_or("");
  if (upstream.certificate_file.empty() != upstream.key_file.empty()) {
    reader.error(node, "missing-key", "a certificate and its key go together",
                 upstream.key_file.empty() ? "Add `key`." : "Add `certificate`.");
  }
  const std::string& id = upstream.spiffe_id;
  if (!id.empty() && (!id.starts_with("spiffe://") || id.size() <= 9 || id[9] == '/' || id.size() > 2048)) {
    reader.error(*node.find("spiffe_id"), "invalid-value", quote(id) + " is not a SPIFFE ID",
                 "Write it as spiffe://TRUST-DOMAIN/PATH.");
  }
}

// One spelling for all endpoints; the first one's scheme is everybody's.
void check_url(Reader& reader, const Node& at, const std::string& text,
               const std::optional<uri::Url>& first) {
  const auto url = uri::parse_url(text);
  if (!url.ok()) {
    reader.error(at, "invalid-value", quote(text) + " is not an upstream's URL: " + url.error(),
                 "Write it as http://HOST:PORT or https://HOST:PORT.");
    return;
  }
  if (!url->query.empty()) reader.error(at, "invalid-value", "an upstream's URL has no query", "Remove it.");
  if (first && first->https != url->https) {
    reader.error(at, "invalid-value", "the endpoints of one upstream are all https, or all http",
                 "Write the same scheme, or make it an upstream of its own.");
  }
}

const Node& node_of(const Node& node, std::size_t index) {
  const Node* list = node.is_array() ? &node : node.is_object() ? node.find("endpoints") : nullptr;
  if (list == nullptr || !list->is_array()) {
    const Node* url = node.is_object() ? node.find("url") : nullptr;
    return url == nullptr ? node : *url;
  }
  const Node* at = list->first_child;
  while (at != nullptr && index-- > 0) at = at->next;
  return at == nullptr ? *list : *at;
}

void check_upstream(Reader& reader, const Node& node, const Upstream& upstream) {
  check_url(reader, node_of(node, 0), upstream.url, std::nullopt);
  auto first = uri::parse_url(upstream.url);
  std::optional<uri::Url> scheme;
  if (first.ok()) scheme = *first;
  for (std::size_t i = 0; i < upstream.others.size(); ++i) {
    check_url(reader, node_of(node, i + 1), upstream.others[i].url, scheme);
  }
  if (!scheme || scheme->https) return;
  if (!upstream.ca_file.empty() || !upstream.server_name.empty()) {
    reader.error(node, "invalid-value", "`ca_file` and `server_name` mean nothing without https",
                 "Write the URL with https, or remove them.");
  }
  if (!upstream.certificate_file.empty() || !upstream.spiffe_id.empty()) {
    reader.error(node, "invalid-value", "`certificate` and `spiffe_id` mean nothing without https",
                 "Write the URL with https, or remove them.");
  }
}

Upstream read_one(Reader& reader, const Node& node, const std::string& what) {
  Upstream upstream;
  upstream.origin = reader.origin_of(node);
  if (node.is_array()) {
    read_endpoints(reader, node, upstream);
  } else if (node.is_string()) {
    upstream.url = reader.text(*node.parent, node.key).value_or("");
  } else {
    if (!reader.check_keys(node, kUpstreamKeys, what)) return upstream;
    const Node* endpoints = reader.array(node, "endpoints");
    if ((node.find("url") == nullptr) == (node.find("endpoints") == nullptr)) {
      reader.error(node, "missing-key", what + " needs exactly one of the keys \"url\" and \"endpoints\"",
                   "Add one of them.");
    }
    upstream.url = reader.text(node, "url").value_or("");
    if (endpoints != nullptr) read_endpoints(reader, *endpoints, upstream);
    read_tls(reader, node, upstream);
    read_protocol(reader, node, upstream.rules);
    read_upstream_identity(reader, node, upstream);
    read_upstream_token(reader, node, upstream);
    set_duration(reader, node, "resolve_interval", kSecond, kHour, upstream.rules.resolve_ms);
    read_health_check(reader, node, upstream.rules.health_check);
    read_ejection(reader, node, upstream.rules.ejection);
    read_retries(reader, node, upstream.rules.retries);
    set_integer(reader, node, "requests_max", 1, 1'000'000, upstream.rules.requests_max);
    set_integer(reader, node, "pending_max", 1, 1'000'000, upstream.rules.pending_max);
  }
  if (!upstream.url.empty()) check_upstream(reader, node, upstream);
  return upstream;
}

void check_name(Reader& reader, const Node& node) {
  constexpr std::size_t kNameBytesMax = 64;
  const std::string_view name = node.key;
  if (name == "default") {
    reader.error(node, "invalid-value", "\"default\" is the name of `upstream` itself",
                 "Choose another name, or change `upstream`.");
    return;
  }
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return is_alpha(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
  });
  if (plain && !name.empty() && name.size() <= kNameBytesMax) return;
  reader.error(node, "invalid-value", quote(name) + " is not a name for an upstream",
               "Use letters, digits, and - _ . and at most 64 of them.");
}

}  // namespace

void read_upstream(Reader& reader, const Node& root, Config& config) {
  if (const Node* node = root.find("upstream")) config.upstream = read_one(reader, *node, "`upstream`");
  const Node* named = reader.object(root, "upstreams");
  if (named == nullptr) return;
  if (named->child_count > kUpstreamsMax) {
    reader.error(*named, "out-of-range",
                 "there are at most " + std::to_string(kUpstreamsMax) + " upstreams with names");
    return;
  }
  for (const Node& node : *named) {
    check_name(reader, node);
    Upstream upstream = read_one(reader, node, "an upstream");
    upstream.name = node.key;
    config.upstreams.push_back(std::move(upstream));
  }
}

}  // namespace caponier::config
