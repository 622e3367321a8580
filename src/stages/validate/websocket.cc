#include "stages/validate/websocket.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "http/field_lists.h"

namespace caponier::stages {
namespace {

constexpr std::string_view kStage = "validate";
constexpr std::string_view kVersion = "13";
constexpr std::size_t kKeyBytes = 16;

// How often a field stands; `value` is its last.
int count(const http::RequestHead& head, std::string_view name, std::string_view& value) {
  int lines = 0;
  for (const http::Header& header : head.headers) {
    if (!equals_ignore_case(header.name, name)) continue;
    value = header.value;
    ++lines;
  }
  return lines;
}

bool asks_for_websocket(const http::RequestHead& head) {
  std::string_view upgrade;
  std::string_view version;
  return head.minor_version == 1 && count(head, "upgrade", upgrade) == 1 &&
         equals_ignore_case(upgrade, "websocket") &&
         http::any_item(head.headers, "connection",
                        [](std::string_view option) { return equals_ignore_case(option, "upgrade"); }) &&
         count(head, "sec-websocket-version", version) == 1 && version == kVersion;
}

std::string_view problem(const http::RequestHead& head) {
  std::string_view key;
  if (count(head, "sec-websocket-key", key) != 1) return "there is not exactly one Sec-WebSocket-Key";
  const auto bytes = base64_decode(key);
  if (!bytes || bytes->size() != kKeyBytes) return "Sec-WebSocket-Key is not 16 bytes in base64";
  const bool has_body = head.body.kind == http::BodyKind::kChunked ||
                        (head.body.kind == http::BodyKind::kLength && head.body.bytes > 0);
  if (has_body) return "a handshake has no body";
  if (head.find(http::Field::kExpect) != nullptr) return "a handshake expects nothing";
  return {};
}

bool is_own_origin(const Exchange& exchange, std::string_view origin) {
  const std::string_view scheme = exchange.peer->tls ? "https://" : "http://";
  return origin.size() > scheme.size() && equals_ignore_case(origin.substr(0, scheme.size()), scheme) &&
         equals_ignore_case(origin.substr(scheme.size()), exchange.head->authority);
}

bool may_open(const Exchange& exchange) {
  std::string_view origin;
  const int lines = count(*exchange.head, "origin", origin);
  if (lines == 0) return true;
  if (lines > 1) return false;
  return is_own_origin(exchange, origin) ||
         std::ranges::any_of(exchange.plan->origins, [origin](const std::string& listed) {
           return equals_ignore_case(listed, origin);
         });
}

}  // namespace

Verdict<HeadDecision> validate_handshake(const Exchange& exchange, const Matched& matched) {
  const plan::Operation& operation = *matched.operation;
  if (!asks_for_websocket(*exchange.head)) {
    return deny(Reason::kUpgradeRequired, kStage, "the request is no WebSocket handshake",
                operation.where.text);
  }
  if (const std::string_view wrong = problem(*exchange.head); !wrong.empty())
    return deny(Reason::kWebSocketHandshake, kStage, std::string(wrong), operation.where.text);
  if (!may_open(exchange)) {
    return deny(Reason::kOriginNotAllowed, kStage, "Origin is neither the request's host nor listed",
                operation.where.text);
  }
  HeadDecision decision;
  decision.operation = &operation;
  decision.websocket = true;
  return decision;
}

}  // namespace caponier::stages
