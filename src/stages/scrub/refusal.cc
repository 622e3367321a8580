// Answers of our own: refusals as RFC 9457 problems, and local responses. The public text comes from the
// table of reasons alone; a Denial's private detail is not read here.
#include "http/h1_encoder.h"
#include "json/write.h"
#include "stages/scrub/own_headers.h"
#include "stages/scrub/scrub.h"

namespace caponier::stages {
namespace {

std::uint16_t status_of(Reason reason) {
  const std::uint16_t status = entry(reason).status;
  // Some reasons are for the log only; if one is answered all the same, it must not look like success.
  return status >= 400 && status != 499 ? status : 500;
}

// "urn:uuid:..." of 32 hexadecimal digits; of anything else a relative reference.
void append_instance(std::string& out, std::string_view request_id) {
  std::string instance;
  if (request_id.size() == 32) {
    instance = "urn:uuid:";
    for (std::size_t i = 0; i < request_id.size(); ++i) {
      if (i == 8 || i == 12 || i == 16 || i == 20) instance += '-';
      instance += request_id[i];
    }
  } else {
    instance.append("requests/").append(request_id);
  }
  json::append_string(out, instance);
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out.append(",\"").append(name).append("\":");
  json::append_string(out, value);
}

// The same for all reasons of one status, unless the reason's public text says more: 404 stays 404, 401 stays
// 401.
std::string problem(Reason reason, std::string_view request_id, const Denial* denial) {
  const std::uint16_t status = status_of(reason);
  std::string body = "{\"type\":\"about:blank\"";
  append_member(body, "title", http::reason_phrase(status));
  body.append(",\"status\":").append(std::to_string(status));
  const std::string_view text = entry(reason).public_text;
  if (!text.empty()) append_member(body, "detail", text);
  if (!request_id.empty()) {
    body.append(",\"instance\":");
    append_instance(body, request_id);
    append_member(body, "request_id", request_id);
  }
  if (denial != nullptr && !denial->public_rule.empty()) {
    append_member(body, "pointer", denial->public_pointer);
    append_member(body, "rule", denial->public_rule);
  }
  return body.append("}\n");
}

void append_allow(TextWriter& out, std::uint32_t methods) {
  out.put("Allow: ");
  bool first = true;
  for (unsigned i = 0; i < static_cast<unsigned>(http::Method::kOther); ++i) {
    if (((methods >> i) & 1U) == 0) continue;
    if (!first) out.put(", ");
    out.put(http::name(static_cast<http::Method>(i)));
    first = false;
  }
  out.put("\r\n");
}

void append_common(TextWriter& out, std::string_view request_id, bool hsts,
                   std::string_view cache_control = "no-store") {
  out.put("Cache-Control: ").put(cache_control).put("\r\n");
  append_security_headers(out, {}, hsts);
  if (!request_id.empty()) out.put("X-Request-ID: ").put(request_id).put("\r\n");
}

bool has_hsts(const Exchange& exchange) {
  return exchange.plan && exchange.plan->hsts && exchange.peer != nullptr && exchange.peer->tls;
}

bool has_body(const Exchange& exchange) {
  return exchange.head == nullptr || exchange.head->method != http::Method::kHead;
}

}  // namespace

std::string append_refusal(std::string& out, const Exchange& exchange, const Denial& denial) {
  TextWriter text(out);
  const std::uint16_t status = denial.location.empty() ? status_of(denial.reason) : stages::status_of(denial);
  http::append_status_line(text, status);
  append_date(text, exchange.now.wall_s());
  text.put("Content-Type: application/problem+json\r\n");
  if (status == 401) text.put(denial.challenges);
  if (!denial.location.empty()) text.put("Location: ").put(denial.location).put("\r\n");
  text.put(denial.headers);
  if (status == 405) append_allow(text, denial.allowed_methods);
  // RFC 9110, section 15.5.22; RFC 6455, section 4.2.2.
  if (status == 426) text.put("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n");
  if (denial.retry_after_s > 0) {
    text.put("Retry-After: ").decimal(static_cast<std::uint64_t>(denial.retry_after_s)).put("\r\n");
  }
  append_common(text, exchange.request_id, has_hsts(exchange));
  if (exchange.limit_refused) {
    append_rate_limit(text, *exchange.limit_refused);
  } else if (exchange.limited) {
    append_rate_limit(text, *exchange.limited);
  }
  std::string body = problem(denial.reason, exchange.request_id, &denial);
  http::append_content_length(text, body.size());
  if (!has_body(exchange)) body.clear();
  return body;
}

std::string_view append_local(std::string& out, const Exchange& exchange, const LocalResponse& response) {
  TextWriter text(out);
  http::append_status_line(text, response.status);
  append_date(text, exchange.now.wall_s());
  append_common(text, exchange.request_id, has_hsts(exchange), response.cache_control);
  if (!response.location.empty()) text.put("Location: ").put(response.location).put("\r\n");
  text.put(response.headers);
  // RFC 9110, section 8.6: no length, because there is no body to have one.
  if (response.status == 204 || response.status == 304) return {};
  if (!response.content_type.empty()) text.put("Content-Type: ").put(response.content_type).put("\r\n");
  http::append_content_length(text, response.body.size());
  return has_body(exchange) ? response.body : std::string_view{};
}

std::string append_bare_refusal(std::string& out, Reason reason, std::string_view request_id, bool hsts) {
  TextWriter text(out);
  std::string body = problem(reason, request_id, nullptr);
  http::append_status_line(text, status_of(reason));
  text.put("Content-Type: application/problem+json\r\n");
  append_common(text, request_id, hsts);
  http::append_content_length(text, body.size());
  return body;
}

}  // namespace caponier::stages
