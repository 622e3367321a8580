#include "http/proxy_header.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/bytes.h"
#include "base/canary.h"

namespace caponier::http {
namespace {

using Outcome = Result<HeadStatus, ProxyHeaderError>;

constexpr std::string_view kLineBegin = "PROXY ";
constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kFixedBytes = 16;  // of version 2: signature, command, protocol, length
constexpr unsigned kVersion2 = 2;
enum Command : unsigned { kLocal = 0, kProxy = 1 };
enum Protocol : unsigned { kUnspecified = 0x00, kTcp4 = 0x11, kTcp6 = 0x21 };
constexpr std::size_t kAddresses4 = 12;  // two addresses, two ports
constexpr std::size_t kAddresses6 = 36;

unsigned byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

std::size_t length_at(std::string_view bytes, std::size_t at) {
  return std::size_t{byte_at(bytes, at)} << 8U | byte_at(bytes, at + 1);
}

bool begins_like(std::string_view bytes, std::string_view whole) {
  const std::size_t count = std::min(bytes.size(), whole.size());
  return bytes.substr(0, count) == whole.substr(0, count);
}

// The text up to the next space, which is taken as well; at the line's end there is none.
std::optional<std::string_view> take_word(std::string_view& line, bool last) {
  const std::size_t space = line.find(' ');
  if ((space == std::string_view::npos) != last) return std::nullopt;
  const std::string_view word = line.substr(0, space);
  line.remove_prefix(last ? line.size() : space + 1);
  if (word.empty()) return std::nullopt;
  return word;
}

bool is_port(std::string_view text) {
  const auto number = parse_decimal(text);
  return number && *number <= 65'535 && (text.size() == 1 || text.front() != '0');
}

// `line` behind "PROXY ", without CRLF.
Outcome decode_line(std::string_view line, ProxyHeader& header) {
  constexpr std::string_view kUnknown = "UNKNOWN";
  // Whatever stands behind it is to be ignored.
  if (line == kUnknown || line.starts_with("UNKNOWN ")) return HeadStatus::kComplete;
  const bool ipv4 = line.starts_with("TCP4 ");
  if (!ipv4 && !line.starts_with("TCP6 ")) return Err(ProxyHeaderError::kMalformedLine);
  line.remove_prefix(5);
  const auto source = take_word(line, false);
  const auto target = take_word(line, false);
  const auto source_port = take_word(line, false);
  const auto target_port = take_word(line, true);
  if (!source || !target || !source_port || !target_port || !is_port(*source_port) ||
      !is_port(*target_port)) {
    return Err(ProxyHeaderError::kMalformedLine);
  }
  const auto client = parse_ip(*source);
  const bool as_written =
      (source->find(':') == source->npos) == ipv4 && (target->find(':') == target->npos) == ipv4;
  if (!as_written || !client || !parse_ip(*target)) return Err(ProxyHeaderError::kAddressUnreadable);
  header.names_client = true;
  header.client = *client;
  return HeadStatus::kComplete;
}

Outcome decode_version_1(std::string_view bytes, ProxyHeader& header) {
  const std::size_t end = bytes.substr(0, kProxyLineBytesMax).find('\n');
  if (end == std::string_view::npos) {
    if (bytes.size() >= kProxyLineBytesMax) return Err(ProxyHeaderError::kTooLong);
    return HeadStatus::kNeedMore;
  }
  if (bytes[end - 1] != '\r') return Err(ProxyHeaderError::kMalformedLine);
  const std::string_view line = bytes.substr(kLineBegin.size(), end - 1 - kLineBegin.size());
  if (std::ranges::any_of(line, [](char c) { return c < 0x20 || c > 0x7e; })) {
    return Err(ProxyHeaderError::kMalformedLine);
  }
  header.bytes = end + 1;
  return decode_line(line, header);
}

// Type, length, value, one after the other, to the end.
bool are_fields(std::string_view bytes) {
  constexpr std::size_t kHeadBytes = 3;
  while (!bytes.empty()) {
    if (bytes.size() < kHeadBytes) return false;
    const std::size_t field = kHeadBytes + length_at(bytes, 1);
    if (bytes.size() < field) return false;
    bytes.remove_prefix(field);
  }
  return true;
}

Outcome decode_addresses(std::string_view rest, unsigned protocol, ProxyHeader& header) {
  if (protocol == kUnspecified) return HeadStatus::kComplete;
  const std::size_t addresses = protocol == kTcp4 ? kAddresses4 : kAddresses6;
  if (rest.size() < addresses && !canary("proxy-short-addresses"))
    return Err(ProxyHeaderError::kAddressTooShort);
  if (!are_fields(rest.substr(addresses))) return Err(ProxyHeaderError::kFieldsMalformed);
  header.names_client = true;
  header.client = protocol == kTcp4 ? kMappedPrefix : AddressBytes{};
  const std::size_t from = protocol == kTcp4 ? kMappedBits / 8 : 0;
  std::ranges::transform(rest.substr(0, header.client.size() - from),
                         header.client.begin() + static_cast<std::ptrdiff_t>(from),
                         [](char c) { return static_cast<std::uint8_t>(c); });
  return HeadStatus::kComplete;
}

Outcome decode_version_2(std::string_view bytes, std::uint32_t bytes_max, ProxyHeader& header) {
  if (bytes.size() < kFixedBytes) return HeadStatus::kNeedMore;
  const unsigned command = byte_at(bytes, 12) & 0x0fU;
  const unsigned protocol = byte_at(bytes, 13);
  if (byte_at(bytes, 12) >> 4U != kVersion2) return Err(ProxyHeaderError::kVersionUnknown);
  if (command != kLocal && command != kProxy) return Err(ProxyHeaderError::kCommandUnknown);
  if (command == kProxy && protocol != kUnspecified && protocol != kTcp4 && protocol != kTcp6) {
    return Err(ProxyHeaderError::kProtocolUnsupported);
  }
  const std::size_t whole = kFixedBytes + length_at(bytes, 14);
  if (whole > bytes_max) return Err(ProxyHeaderError::kTooLong);
  if (bytes.size() < whole) return HeadStatus::kNeedMore;
  header.bytes = whole;
  if (command == kLocal) return HeadStatus::kComplete;
  return decode_addresses(bytes.substr(kFixedBytes, whole - kFixedBytes), protocol, header);
}

}  // namespace

std::string_view name(ProxyHeaderError error) {
  constexpr std::array<std::string_view, 9> kNames = {
      "the first bytes are no PROXY header",
      "the PROXY header is longer than its bound",
      "the PROXY line is malformed",
      "the PROXY line holds no address where one must be",
      "the PROXY header's version is unknown",
      "the PROXY header's command is unknown",
      "the PROXY header is for another protocol than TCP over IPv4 or IPv6",
      "the PROXY header is too short for its addresses",
      "the PROXY header's fields do not fill it"};
  return kNames[static_cast<std::size_t>(error)];
}

Outcome decode_proxy_header(std::string_view bytes, std::uint32_t v2_bytes_max, ProxyHeader& header) {
  header = {};
  if (begins_like(bytes, kSignature)) {
    if (bytes.size() < kSignature.size()) return HeadStatus::kNeedMore;
    return decode_version_2(bytes, v2_bytes_max, header);
  }
  if (!begins_like(bytes, kLineBegin)) return Err(ProxyHeaderError::kNoHeader);
  if (bytes.size() < kLineBegin.size()) return HeadStatus::kNeedMore;
  return decode_version_1(bytes, header);
}

}  // namespace caponier::http
