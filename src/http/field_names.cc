#include "http/field_names.h"

#include <array>
#include <cstddef>
#include <cstring>
#include <iterator>

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
constexpr std::size_t kSlotCount = 256;
constexpr std::size_t kNameBytesMax = 32;
constexpr std::size_t kWordBytes = 8;

// Length and three letters tell the names above apart; the table does not compile if that ceases to be so.
constexpr std::size_t slot_of(const char* name, std::size_t size) {
  const auto first = static_cast<unsigned char>(name[0] | 0x20);
  const auto middle = static_cast<unsigned char>(name[size / 2] | 0x20);
  const auto last = static_cast<unsigned char>(name[size - 1] | 0x20);
  return (size * 126U + first * 188U + last * 8U + middle * 121U) % kSlotCount;
}

// A name in lower case, and for each of its letters the bit in which the two cases differ.
struct Slot {
  std::array<char, kNameBytesMax> lower{};
  std::array<char, kNameBytesMax> case_bits{};
  std::uint8_t size = 0;
  Field field = Field::kOther;
};

// Slots by hash are bytes, so that the whole table stays small enough for the first cache.
struct SlotTable {
  std::array<std::uint8_t, kSlotCount> by_hash{};  // 0: no name
  std::array<Slot, std::size(kNamedFields) + 1> slots{};
  bool perfect = true;
};

constexpr SlotTable make_slots() {
  SlotTable table;
  std::uint8_t count = 0;
  for (const NamedField& named : kNamedFields) {
    std::uint8_t& index = table.by_hash[slot_of(named.name.data(), named.name.size())];
    if (index != 0 || named.name.size() > kNameBytesMax) table.perfect = false;
    index = ++count;
    Slot& slot = table.slots[index];
    slot.size = static_cast<std::uint8_t>(named.name.size());
    slot.field = named.field;
    for (std::size_t i = 0; i < named.name.size(); ++i) {
      slot.lower[i] = named.name[i];
      slot.case_bits[i] = is_alpha(named.name[i]) ? 0x20 : 0;
    }
  }
  return table;
}
constexpr SlotTable kSlots = make_slots();
static_assert(kSlots.perfect);

template <class Word>
bool differs(const char* name, const Slot& slot, std::size_t at) {
  Word text;
  Word lower;
  Word case_bits;
  std::memcpy(&text, name + at, sizeof text);
  std::memcpy(&lower, slot.lower.data() + at, sizeof lower);
  std::memcpy(&case_bits, slot.case_bits.data() + at, sizeof case_bits);
  return ((text ^ lower) & ~case_bits) != 0;
}

// The last word overlaps the one before it, so that nothing outside the name is read.
bool equals(const char* name, const Slot& slot) {
  const std::size_t size = slot.size;
  if (size >= kWordBytes) {
    for (std::size_t at = 0; at + kWordBytes < size; at += kWordBytes) {
      if (differs<std::uint64_t>(name, slot, at)) return false;
    }
    return !differs<std::uint64_t>(name, slot, size - kWordBytes);
  }
  if (size >= 4)
    return !differs<std::uint32_t>(name, slot, 0) && !differs<std::uint32_t>(name, slot, size - 4);
  for (std::size_t at = 0; at < size; ++at) {
    if (((name[at] ^ slot.lower[at]) & ~slot.case_bits[at]) != 0) return false;
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

}  // namespace

Field parse_whole_name(std::string_view name) {
  if (name.empty()) return Field::kOther;
  const Slot& slot = kSlots.slots[kSlots.by_hash[slot_of(name.data(), name.size())]];
  return slot.size == name.size() && equals(name.data(), slot) ? slot.field : Field::kOther;
}

Field parse_family(std::string_view name) {
  if (name.empty()) return Field::kOther;
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

Field parse_field(std::string_view name) {
  const Field field = parse_whole_name(name);
  return field != Field::kOther ? field : parse_family(name);
}

}  // namespace caponier::http
