#include <algorithm>
#include <array>

#include "base/address.h"
#include "net/network.h"

namespace caponier::net {

namespace {

using Bytes = AddressBytes;
using Range = AddressRange;

constexpr Range v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, unsigned bits) {
  return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, 0}, kMappedBits + bits};
}
constexpr Range v6(std::uint16_t a, std::uint16_t b, unsigned bits) {
  return {{static_cast<std::uint8_t>(a >> 8), static_cast<std::uint8_t>(a), static_cast<std::uint8_t>(b >> 8),
           static_cast<std::uint8_t>(b)},
          bits};
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

// The IPv4 address that begins at `at`, mapped.
Bytes embedded_v4(const Bytes& bytes, std::size_t at) {
  Bytes mapped = kMappedPrefix;
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), 4, mapped.begin() + 12);
  return mapped;
}

bool is_internal_v4(const Bytes& mapped) {
  return std::any_of(kInternalV4.begin(), kInternalV4.end(),
                     [&](const Range& r) { return r.contains(mapped); });
}

}  // namespace

bool Address::is_ipv4() const {
  return caponier::is_ipv4(bytes);
}

bool Address::is_loopback() const {
  constexpr Bytes kLoopback6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return bytes == kLoopback6 || v4(127, 0, 0, 8).contains(bytes);
}

bool Address::is_internal() const {
  if (is_ipv4()) return is_internal_v4(bytes);
  // A translator would carry these to the IPv4 address inside.
  if (kNat64.contains(bytes)) return is_internal_v4(embedded_v4(bytes, 12));
  if (k6To4.contains(bytes)) return is_internal_v4(embedded_v4(bytes, 2));
  if (!kGlobalUnicast.contains(bytes)) return true;
  return std::any_of(kInternalV6.begin(), kInternalV6.end(),
                     [&](const Range& r) { return r.contains(bytes); });
}

std::string Address::host_text() const {
  return ip_text(bytes);
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
  const auto bytes = parse_ip(host);
  if (!bytes || (bracketed && host.find(':') == host.npos)) return std::nullopt;
  return Address{*bytes, port};
}

}  // namespace caponier::net
