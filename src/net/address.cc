#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "net/network.h"

namespace caponier::net {

namespace {

using Bytes = std::array<std::uint8_t, 16>;

struct Range {
  Bytes prefix;
  unsigned bits;
};

constexpr unsigned kMappedBits = 96;
constexpr Bytes kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

constexpr Range v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, unsigned bits) {
  return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, 0}, kMappedBits + bits};
}
constexpr Range v6(std::uint16_t a, std::uint16_t b, unsigned bits) {
  return {{static_cast<std::uint8_t>(a >> 8), static_cast<std::uint8_t>(a), static_cast<std::uint8_t>(b >> 8),
           static_cast<std::uint8_t>(b)},
          bits};
}

bool contains(const Range& range, const Bytes& bytes) {
  const std::size_t whole = range.bits / 8;
  if (!std::equal(bytes.begin(), bytes.begin() + whole, range.prefix.begin())) return false;
  const unsigned rest = range.bits % 8;
  return rest == 0 || (bytes[whole] ^ range.prefix[whole]) >> (8 - rest) == 0;
}

// IANA special-purpose registry (RFC 6890 and successors): what is not globally reachable, and multicast.
constexpr std::array kInternalV4 = {
    v4(0, 0, 0, 8),     v4(10, 0, 0, 8),      v4(100, 64, 0, 10),  v4(127, 0, 0, 8),    v4(169, 254, 0, 16),
    v4(172, 16, 0, 12), v4(192, 0, 0, 24),    v4(192, 0, 2, 24),   v4(192, 88, 99, 24), v4(192, 168, 0, 16),
    v4(198, 18, 0, 15), v4(198, 51, 100, 24), v4(203, 0, 113, 24), v4(224, 0, 0, 4),    v4(240, 0, 0, 4),
};
constexpr Range kGlobalUnicast = v6(0x2000, 0, 3);
// Inside 2000::/3: protocol assignments (Teredo, ORCHID, benchmarking) and documentation.
constexpr std::array kInternalV6 = {v6(0x2001, 0, 23), v6(0x2001, 0x0db8, 32), v6(0x3fff, 0, 20)};
constexpr Range k6To4 = v6(0x2002, 0, 16);
constexpr Range kNat64 = v6(0x0064, 0xff9b, 96);

bool is_mapped(const Bytes& bytes) {
  return contains({kMapped, kMappedBits}, bytes);
}

// The IPv4 address that begins at `at`, mapped.
Bytes embedded_v4(const Bytes& bytes, std::size_t at) {
  Bytes mapped = kMapped;
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), 4, mapped.begin() + 12);
  return mapped;
}

bool is_internal_v4(const Bytes& mapped) {
  return std::any_of(kInternalV4.begin(), kInternalV4.end(),
                     [&](const Range& r) { return contains(r, mapped); });
}

}  // namespace

bool Address::is_ipv4() const {
  return is_mapped(bytes);
}

bool Address::is_loopback() const {
  constexpr Bytes kLoopback6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return bytes == kLoopback6 || contains(v4(127, 0, 0, 8), bytes);
}

bool Address::is_internal() const {
  if (is_ipv4()) return is_internal_v4(bytes);
  // A translator would carry these to the IPv4 address inside.
  if (contains(kNat64, bytes)) return is_internal_v4(embedded_v4(bytes, 12));
  if (contains(k6To4, bytes)) return is_internal_v4(embedded_v4(bytes, 2));
  if (!contains(kGlobalUnicast, bytes)) return true;
  return std::any_of(kInternalV6.begin(), kInternalV6.end(),
                     [&](const Range& r) { return contains(r, bytes); });
}

std::string Address::host_text() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const char* written = is_ipv4() ? ::inet_ntop(AF_INET, bytes.data() + 12, text.data(), text.size())
                                  : ::inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
  return written == nullptr ? std::string() : std::string(written);
}

std::string Address::text() const {
  const std::string digits = std::to_string(port);
  return is_ipv4() ? host_text() + ":" + digits : "[" + host_text() + "]:" + digits;
}

std::optional<Address> parse_address(std::string_view host, std::uint16_t port) {
  bool bracketed = false;
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    bracketed = true;
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (host.empty() || host.size() >= text.size() || host.find('\0') != host.npos) return std::nullopt;
  std::memcpy(text.data(), host.data(), host.size());
  Address address;
  address.port = port;
  if (::inet_pton(AF_INET6, text.data(), address.bytes.data()) == 1) return address;
  address.bytes = kMapped;
  if (!bracketed && ::inet_pton(AF_INET, text.data(), address.bytes.data() + 12) == 1) return address;
  return std::nullopt;
}

}  // namespace caponier::net
