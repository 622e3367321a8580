// IP addresses as bytes, and ranges of them as operators write them: "10.0.0.0/8", "2001:db8::/32". No I/O,
// and no names: what is not an address is refused.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace caponier {

// IPv6, or IPv4-mapped IPv6.
using AddressBytes = std::array<std::uint8_t, 16>;

inline constexpr unsigned kMappedBits = 96;
inline constexpr AddressBytes kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// "192.0.2.1" or "2001:db8::1": without brackets, port and zone.
std::optional<AddressBytes> parse_ip(std::string_view text);
std::string ip_text(const AddressBytes& bytes);
// The same into the caller's memory.
using IpText = std::array<char, 46>;
std::string_view write_ip(const AddressBytes& bytes, IpText& to);
bool is_ipv4(const AddressBytes& bytes);

struct AddressRange {
  AddressBytes prefix{};
  unsigned bits = 0;  // of 128; an IPv4 range has 96 at least
  // A range of IPv6 addresses holds no IPv4 address, however wide it is.
  [[nodiscard]] bool contains(const AddressBytes& bytes) const;
};
bool any_contains(std::span<const AddressRange> ranges, const AddressBytes& bytes);

// One address, or ADDRESS/BITS with nothing set behind the prefix. The error is a sentence's end.
Result<AddressRange, std::string> parse_address_range(std::string_view text);

}  // namespace caponier
