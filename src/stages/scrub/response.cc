// The upstream's answer as the client may see it.
#include "base/bytes.h"
#include "http/h1_encoder.h"
#include "stages/scrub/header_rules.h"
#include "stages/scrub/own_headers.h"
#include "stages/scrub/scrub.h"

namespace caponier::stages {
namespace {

using http::Field;

// What of an absolute Location is left when it points to the upstream itself, whose address is nobody's
// business.
std::string_view public_location(const uri::Url& upstream, std::string_view location) {
  std::string_view rest = location;
  const auto take = [&rest](std::string_view prefix) {
    if (rest.size() < prefix.size() || !equals_ignore_case(rest.substr(0, prefix.size()), prefix))
      return false;
    rest.remove_prefix(prefix.size());
    return true;
  };
  if (!take(upstream.https ? "https://" : "http://")) return location;
  const bool ipv6 = upstream.host.find(':') != std::string::npos;
  if ((ipv6 && !take("[")) || !take(upstream.host) || (ipv6 && !take("]"))) return location;
  if (rest.starts_with(':')) {
    rest.remove_prefix(1);
    const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
    if (parse_decimal(rest.substr(0, end)) != upstream.port) return location;
    rest.remove_prefix(end);
  } else if (upstream.port != (upstream.https ? 443 : 80)) {
    return location;
  }
  if (rest.empty()) return "/";
  return rest.front() == '/' ? rest : location;
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
  bool cache_control = false;
  bool date = false;
  for (const http::Header& header : head.headers) {
    if (is_hop_by_hop(header) || is_disclosure(header)) continue;
    if (header.field != Field::kContentType && options.list(header.name)) continue;
    std::string_view value = header.value;
    switch (header.field) {
      case Field::kLocation:
        value = public_location(exchange.plan->upstream, value);
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
