// The upstream's answer as the client may see it.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "http/h1_encoder.h"
#include "stages/scrub/header_rules.h"
#include "stages/scrub/own_headers.h"
#include "stages/scrub/scrub.h"

namespace caponier::stages {
namespace {

using http::Field;

// What of an absolute URL is left when it points to this endpoint; nothing if it does not.
std::optional<std::string_view> behind_endpoint(bool https, const plan::UpstreamEndpoint& endpoint,
                                                std::string_view location) {
  std::string_view rest = location;
  const auto take = [&rest](std::string_view prefix) {
    if (rest.size() < prefix.size() || !equals_ignore_case(rest.substr(0, prefix.size()), prefix))
      return false;
    rest.remove_prefix(prefix.size());
    return true;
  };
  if (!take(https ? "https://" : "http://")) return std::nullopt;
  const bool ipv6 = endpoint.host.find(':') != std::string::npos;
  if ((ipv6 && !take("[")) || !take(endpoint.host) || (ipv6 && !take("]"))) return std::nullopt;
  if (rest.starts_with(':')) {
    rest.remove_prefix(1);
    const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
    if (parse_decimal(rest.substr(0, end)) != endpoint.port) return std::nullopt;
    rest.remove_prefix(end);
  } else if (endpoint.port != (https ? 443 : 80)) {
    return std::nullopt;
  }
  if (rest.empty()) return "/";
  if (rest.front() != '/') return std::nullopt;
  return rest;
}

// The address of an upstream is nobody's business, and what was rewritten on the way there is written back.
// `room` holds the value where it had to be made.
std::string_view public_location(const Exchange& exchange, std::string_view location, std::string& room) {
  const plan::Operation& operation = *exchange.matched->operation;
  const plan::Upstream& upstream = exchange.plan->upstreams[operation.upstream];
  for (const plan::UpstreamEndpoint& endpoint : upstream.endpoints) {
    const auto rest = behind_endpoint(upstream.url.https, endpoint, location);
    if (!rest) continue;
    location = *rest;
    break;
  }
  const plan::PathRewrite& rewrite = operation.rewrite;
  const bool own_path = location.starts_with('/') && !location.starts_with("//");
  if (!rewrite.active || !own_path || !location.starts_with(rewrite.with)) return location;
  const std::string_view rest = location.substr(rewrite.with.size());
  if (!rest.empty() && std::string_view("/?#").find(rest.front()) == std::string_view::npos) return location;
  room = rewrite.prefix;
  room += rest;
  if (room.empty() || room.front() != '/') room.insert(0, 1, '/');
  return room;
}

bool is_authenticated(const Exchange& exchange) {
  return !exchange.principal || !exchange.principal->anonymous || !exchange.matched ||
         !exchange.matched->operation->is_public;
}

}  // namespace

bool append_response_head(std::string& out, const Exchange& exchange, const http::ResponseHead& head) {
  TextWriter text(out);
  http::append_status_line(text, head.status);
  const ConnectionOptions options(head.headers);
  SecurityHeadersPresent present;
  std::string location;
  bool cache_control = false;
  bool date = false;
  for (const http::Header& header : head.headers) {
    if (is_hop_by_hop(header) || is_disclosure(header)) continue;
    if (header.field != Field::kContentType && options.list(header.name)) continue;
    std::string_view value = header.value;
    switch (header.field) {
      case Field::kLocation:
        value = public_location(exchange, value, location);
        break;
      case Field::kCacheControl:
        cache_control = true;
        break;
      case Field::kDate:
        date = true;
        break;
      case Field::kOther:
        present.referrer_policy |= equals_ignore_case(header.name, "referrer-policy");
        present.frame_options |= equals_ignore_case(header.name, "x-frame-options");
        break;
      default:
        break;
    }
    if (!http::append_header(text, header, value)) return false;
  }
  if (!date) append_date(text, exchange.now.wall_s());
  // What one caller may see, no cache may show to the next.
  if (!cache_control && is_authenticated(exchange)) text.put("Cache-Control: no-store\r\n");
  append_security_headers(text, present, exchange.plan->hsts && exchange.peer->tls);
  text.put("X-Request-ID: ").put(exchange.request_id).put("\r\n");
  if (exchange.limited) append_rate_limit(text, *exchange.limited);
  return true;
}

}  // namespace caponier::stages
