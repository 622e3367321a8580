// What a request and a response head are, whatever codec they came by. Views point into the connection's
// pinned head buffer or the exchange's arena, and live until the exchange is finished.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace caponier::http {

// Methods of OpenAPI plus what is answered specially. Anything else is kOther and never matches.
enum class Method : std::uint8_t {
  kGet,
  kHead,
  kPost,
  kPut,
  kPatch,
  kDelete,
  kOptions,
  kTrace,
  kConnect,
  kOther
};
std::string_view name(Method method);        // "GET"; "" for kOther
Method parse_method(std::string_view text);  // case-sensitive, RFC 9110 section 9.1

// Header fields that somebody in the house looks at; found once, while decoding.
enum class Field : std::uint8_t {
  kOther,
  kHost,
  kConnection,
  kContentLength,
  kTransferEncoding,
  kContentType,
  kContentEncoding,
  kExpect,
  kAuthorization,
  kCookie,
  kSetCookie,
  kUpgrade,
  kTe,
  kTrailer,
  kKeepAlive,
  kProxyConnection,
  kProxyAuthorization,
  kProxyAuthenticate,
  kOrigin,
  kAccessControlRequestMethod,
  kUserAgent,
  kTraceparent,
  kTracestate,
  kForwarded,
  kXForwarded,
  kXRequestId,
  kCaponier,
  kServer,
  kVia,
  kDate,
  kXPoweredBy,
  kStrictTransportSecurity,
  kWwwAuthenticate,
  kLocation,
  kAccept,
  kCacheControl,
  kRateLimit,
  kRetryAfter,
  kXContentTypeOptions,
  kCount
};
// Case-insensitive. kXForwarded covers X-Forwarded-* and X-Real-IP; kCaponier every Caponier-* name; both in
// their underscore spellings too ("Caponier_Subject"). kXPoweredBy: X-Powered-By, X-AspNet-Version and the
// like. kRateLimit: RateLimit, RateLimit-Policy, X-RateLimit-*.
Field parse_field(std::string_view name);

struct Header {
  std::string_view name;   // as received
  std::string_view value;  // optional whitespace trimmed
  Field field = Field::kOther;
};

enum class BodyKind : std::uint8_t { kNone, kLength, kChunked, kUntilClose };
struct BodyLength {
  BodyKind kind = BodyKind::kNone;
  std::uint64_t bytes = 0;  // kLength
};

struct RequestHead {
  Method method = Method::kOther;
  std::string_view method_text;
  std::string_view target;  // as received
  std::string_view path;    // of the target, undecoded, without the query
  std::string_view query;   // after '?', undecoded
  bool has_query = false;
  std::string_view authority;  // Host, or of an absolute-form target (the two must agree)
  std::uint8_t minor_version = 1;
  bool http2 = false;  // minor_version says 1 then
  std::span<const Header> headers;
  BodyLength body;
  bool keep_alive = true;
  bool expects_continue = false;

  // First header of that kind, or nullptr.
  [[nodiscard]] const Header* find(Field field) const;
  [[nodiscard]] const Header* find(std::string_view name) const;  // case-insensitive
};

struct ResponseHead {
  std::uint16_t status = 0;
  std::uint8_t minor_version = 1;
  std::span<const Header> headers;
  BodyLength body;
  bool keep_alive = true;

  [[nodiscard]] const Header* find(Field field) const;
  [[nodiscard]] const Header* find(std::string_view name) const;
};

std::string_view reason_phrase(std::uint16_t status);  // "Not Found"; "" if unknown

}  // namespace caponier::http
