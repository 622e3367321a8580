#include "base/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "base/bytes.h"

namespace caponier {
namespace {

constexpr unsigned kBits = 128;

bool begins_alike(const AddressBytes& a, const AddressBytes& b, unsigned bits) {
  const std::size_t whole = bits / 8;
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

}  // namespace

std::optional<AddressBytes> parse_ip(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.empty() || text.size() >= terminated.size() || text.find('\0') != text.npos) return std::nullopt;
  std::memcpy(terminated.data(), text.data(), text.size());
  AddressBytes bytes{};
  if (::inet_pton(AF_INET6, terminated.data(), bytes.data()) == 1) return bytes;
  bytes = kMappedPrefix;
  if (::inet_pton(AF_INET, terminated.data(), bytes.data() + kMappedBits / 8) == 1) return bytes;
  return std::nullopt;
}

std::string_view write_ip(const AddressBytes& bytes, IpText& to) {
  static_assert(std::tuple_size_v<IpText> >= INET6_ADDRSTRLEN);
  const bool ipv4 = is_ipv4(bytes);
  const char* written = ::inet_ntop(ipv4 ? AF_INET : AF_INET6, bytes.data() + (ipv4 ? kMappedBits / 8 : 0),
                                    to.data(), INET6_ADDRSTRLEN);
  return written == nullptr ? std::string_view() : std::string_view(written);
}

std::string ip_text(const AddressBytes& bytes) {
  IpText text;
  return std::string(write_ip(bytes, text));
}

bool is_ipv4(const AddressBytes& bytes) {
  return begins_alike(kMappedPrefix, bytes, kMappedBits);
}

bool AddressRange::contains(const AddressBytes& bytes) const {
  if (bits < kMappedBits && is_ipv4(bytes)) return false;
  return begins_alike(prefix, bytes, bits);
}

bool any_contains(std::span<const AddressRange> ranges, const AddressBytes& bytes) {
  return std::ranges::any_of(ranges, [&bytes](const AddressRange& range) { return range.contains(bytes); });
}

Result<AddressRange, std::string> parse_address_range(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_ip(text.substr(0, slash));
  if (!address) return Err(std::string("it does not begin with an IPv4 or IPv6 address"));
  AddressRange range{*address, kBits};
  if (slash == std::string_view::npos) return range;
  const unsigned written_bits = is_ipv4(*address) && text.find(':') == text.npos ? 32 : kBits;
  const auto bits = parse_decimal(text.substr(slash + 1));
  if (!bits || *bits > written_bits) {
    return Err("what follows the slash is not a number of bits from 0 to " + std::to_string(written_bits));
  }
  range.bits = static_cast<unsigned>(*bits) + kBits - written_bits;
  for (unsigned bit = range.bits; bit < kBits; ++bit) {
    if ((range.prefix[bit / 8] >> (7 - bit % 8) & 1U) != 0) {
      return Err("bits are set behind the first " + std::to_string(*bits) + " of the address");
    }
  }
  return range;
}

}  // namespace caponier
