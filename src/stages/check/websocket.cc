#include "stages/check/websocket.h"

#include <openssl/evp.h>

#include <array>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "http/field_lists.h"

namespace caponier::stages {
namespace {

// RFC 6455, section 1.3.
constexpr std::string_view kAcceptSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

constexpr std::string_view kExtensions = "sec-websocket-extensions";

std::string accept_of(std::string_view key) {
  const std::string text = std::string(key).append(kAcceptSuffix);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) return {};
  return base64_encode({reinterpret_cast<const char*>(digest.data()), size});
}

// The one value of a field that must stand at most once; `repeated` if it does not.
std::string_view only_value(const http::ResponseHead& head, std::string_view name, bool& repeated) {
  std::string_view value;
  int count = 0;
  for (const http::Header& header : head.headers) {
    if (!equals_ignore_case(header.name, name)) continue;
    value = header.value;
    ++count;
  }
  repeated |= count > 1;
  return value;
}

// What the upstream chose was offered.
bool was_offered(const http::RequestHead& request, std::string_view name, std::string_view chosen) {
  return http::any_item(request.headers, name,
                        [chosen](std::string_view offered) { return offered == chosen; });
}

// The name of an extension without its parameters, which its two ends settle among themselves.
std::string_view extension_name(std::string_view item) {
  return http::trim(item.substr(0, item.find(';')));
}

bool extensions_were_offered(const http::RequestHead& request, const http::ResponseHead& head) {
  return !http::any_item(head.headers, kExtensions, [&request](std::string_view chosen) {
    return !http::any_item(request.headers, kExtensions, [chosen](std::string_view offered) {
      return equals_ignore_case(extension_name(offered), extension_name(chosen));
    });
  });
}

std::string_view problem(const http::RequestHead& request, const http::ResponseHead& head) {
  bool repeated = false;
  const std::string_view accept = only_value(head, "sec-websocket-accept", repeated);
  const std::string_view protocol = only_value(head, "sec-websocket-protocol", repeated);
  const std::string_view upgrade = only_value(head, "upgrade", repeated);
  if (repeated) return "the upstream's handshake repeats a field";
  if (!equals_ignore_case(upgrade, "websocket")) return "the upstream switched to another protocol";
  if (!http::any_item(head.headers, "connection",
                      [](std::string_view option) { return equals_ignore_case(option, "upgrade"); })) {
    return "the upstream's Connection does not list Upgrade";
  }
  const http::Header* const key = request.find("sec-websocket-key");
  if (key == nullptr || accept != accept_of(key->value))
    return "the upstream's Sec-WebSocket-Accept is not the key's";
  if (!protocol.empty() && !was_offered(request, "sec-websocket-protocol", protocol))
    return "the upstream chose a subprotocol that was not offered";
  if (!extensions_were_offered(request, head)) return "the upstream chose an extension that was not offered";
  return {};
}

}  // namespace

std::optional<Denial> check_handshake(const http::RequestHead& request, const http::ResponseHead& head,
                                      const plan::Where& where) {
  const std::string_view wrong = problem(request, head);
  if (wrong.empty()) return std::nullopt;
  return deny(Reason::kUpstreamMalformed, "check", std::string(wrong), where.text);
}

}  // namespace caponier::stages
