#include "http/message.h"

#include <array>
#include <cstddef>
#include <cstring>

#include "base/bytes.h"

namespace caponier::http {
namespace {

struct NamedField {
  std::string_view name;  // lower case
  Field field;
};

constexpr NamedField kNamedFields[] = {
    {"host", Field::kHost},
    {"connection", Field::kConnection},
    {"content-length", Field::kContentLength},
    {"transfer-encoding", Field::kTransferEncoding},
    {"content-type", Field::kContentType},
    {"content-encoding", Field::kContentEncoding},
    {"expect", Field::kExpect},
    {"authorization", Field::kAuthorization},
    {"cookie", Field::kCookie},
    {"set-cookie", Field::kSetCookie},
    {"upgrade", Field::kUpgrade},
    {"te", Field::kTe},
    {"trailer", Field::kTrailer},
    {"keep-alive", Field::kKeepAlive},
    {"proxy-connection", Field::kProxyConnection},
    {"proxy-authorization", Field::kProxyAuthorization},
    {"proxy-authenticate", Field::kProxyAuthenticate},
    {"origin", Field::kOrigin},
    {"access-control-request-method", Field::kAccessControlRequestMethod},
    {"user-agent", Field::kUserAgent},
    {"traceparent", Field::kTraceparent},
    {"tracestate", Field::kTracestate},
    {"forwarded", Field::kForwarded},
    {"x-request-id", Field::kXRequestId},
    {"server", Field::kServer},
    {"via", Field::kVia},
    {"date", Field::kDate},
    {"x-powered-by", Field::kXPoweredBy},
    {"x-aspnet-version", Field::kXPoweredBy},
    {"x-aspnetmvc-version", Field::kXPoweredBy},
    {"x-generator", Field::kXPoweredBy},
    {"x-runtime", Field::kXPoweredBy},
    {"strict-transport-security", Field::kStrictTransportSecurity},
    {"www-authenticate", Field::kWwwAuthenticate},
    {"location", Field::kLocation},
    {"accept", Field::kAccept},
    {"cache-control", Field::kCacheControl},
    {"ratelimit", Field::kRateLimit},
    {"retry-after", Field::kRetryAfter},
    {"x-content-type-options", Field::kXContentTypeOptions},
};
constexpr std::size_t kNamedFieldCount = sizeof kNamedFields / sizeof kNamedFields[0];
constexpr std::size_t kSlotCount = 256;

// Length and two letters tell the names above apart; the table below does not compile if that ceases to be
// so.
constexpr std::size_t slot_of(std::string_view name) {
  const auto first = static_cast<unsigned char>(name.front() | 0x20);
  const auto last = static_cast<unsigned char>(name.back() | 0x20);
  const auto middle = static_cast<unsigned char>(name[name.size() / 2] | 0x20);
  return (name.size() * 126U + first * 188U + last * 8U + middle * 121U) % kSlotCount;
}

constexpr bool fill_slots(std::array<std::uint8_t, kSlotCount>& slots) {
  for (std::size_t i = 0; i < kNamedFieldCount; ++i) {
    std::uint8_t& slot = slots[slot_of(kNamedFields[i].name)];
    if (slot != 0) return false;
    slot = static_cast<std::uint8_t>(i + 1);
  }
  return true;
}
constexpr std::array<std::uint8_t, kSlotCount> make_slots() {
  std::array<std::uint8_t, kSlotCount> slots{};
  fill_slots(slots);
  return slots;
}
constexpr std::array<std::uint8_t, kSlotCount> kSlots = make_slots();
static_assert([] {
  std::array<std::uint8_t, kSlotCount> slots{};
  return fill_slots(slots);
}());

bool equals_lower(std::string_view text, std::string_view lower_text) {
  if (text.size() != lower_text.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (to_lower(text[i]) != lower_text[i]) return false;
  }
  return true;
}

struct FieldFamily {
  std::string_view prefix;  // lower case
  Field field;
};
// Backends written for CGI read "_" and "-" as the same character, so these families include both.
constexpr FieldFamily kFamilies[] = {
    {"x-forwarded-", Field::kXForwarded}, {"x-real-ip", Field::kXForwarded}, {"caponier-", Field::kCaponier},
    {"x-ratelimit-", Field::kRateLimit},  {"ratelimit-", Field::kRateLimit},
};

bool starts_with_either_spelling(std::string_view name, std::string_view prefix) {
  if (name.size() < prefix.size()) return false;
  for (std::size_t i = 0; i < prefix.size(); ++i) {
    const char c = name[i] == '_' ? '-' : to_lower(name[i]);
    if (c != prefix[i]) return false;
  }
  return true;
}

Field parse_family(std::string_view name) {
  const char first = to_lower(name.front());
  if (first != 'x' && first != 'c' && first != 'r') return Field::kOther;
  for (const FieldFamily& family : kFamilies) {
    if (!starts_with_either_spelling(name, family.prefix)) continue;
    // "x-real-ip" is a whole name, the others are beginnings.
    if (family.prefix.back() != '-' && name.size() != family.prefix.size()) continue;
    return family.field;
  }
  return Field::kOther;
}

constexpr std::string_view kMethodNames[] = {"GET",    "HEAD",    "POST",  "PUT",     "PATCH",
                                             "DELETE", "OPTIONS", "TRACE", "CONNECT", ""};

const Header* find_field(std::span<const Header> headers, Field field) {
  for (const Header& header : headers) {
    if (header.field == field) return &header;
  }
  return nullptr;
}

const Header* find_name(std::span<const Header> headers, std::string_view name) {
  for (const Header& header : headers) {
    if (header.name.size() == name.size() && equals_ignore_case(header.name, name)) return &header;
  }
  return nullptr;
}

}  // namespace

std::string_view name(Method method) {
  return kMethodNames[static_cast<std::size_t>(method)];
}

Method parse_method(std::string_view text) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(Method::kOther); ++i) {
    if (text == kMethodNames[i]) return static_cast<Method>(i);
  }
  return Method::kOther;
}

Field parse_field(std::string_view name) {
  if (name.empty()) return Field::kOther;
  if (const std::uint8_t slot = kSlots[slot_of(name)]; slot != 0) {
    const NamedField& candidate = kNamedFields[slot - 1];
    if (equals_lower(name, candidate.name)) return candidate.field;
  }
  return parse_family(name);
}

const Header* RequestHead::find(Field field) const {
  return find_field(headers, field);
}
const Header* RequestHead::find(std::string_view field_name) const {
  return find_name(headers, field_name);
}
const Header* ResponseHead::find(Field field) const {
  return find_field(headers, field);
}
const Header* ResponseHead::find(std::string_view field_name) const {
  return find_name(headers, field_name);
}

}  // namespace caponier::http
