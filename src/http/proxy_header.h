// The PROXY protocol, versions 1 and 2 (haproxy.org, proxy-protocol.txt): what a proxy says about its client
// before the first byte of the connection that it passes on. A security boundary: every byte is accounted
// for, and bytes in any fragments give the same verdict.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/address.h"
#include "base/result.h"
#include "http/head_scan.h"

namespace caponier::http {

enum class ProxyHeaderError : std::uint8_t {
  kNoHeader,           // the first bytes are those of something else
  kTooLong,            // version 1: of 107 bytes; version 2: of the bound
  kMalformedLine,      // version 1
  kAddressUnreadable,  // version 1
  kVersionUnknown,     // version 2, as the rest
  kCommandUnknown,
  kProtocolUnsupported,
  kAddressTooShort,
  kFieldsMalformed,
};
// In our own words, for the log.
std::string_view name(ProxyHeaderError error);

struct ProxyHeader {
  bool names_client =
      false;  // false: the proxy speaks for itself (LOCAL), or does not know (UNKNOWN, UNSPEC)
  AddressBytes client{};
  std::size_t bytes = 0;  // of the header; what follows is the connection's own
};

inline constexpr std::size_t kProxyLineBytesMax = 107;  // of version 1, CRLF included

// `bytes` from the connection's first, as far as they have come; on kComplete `header` is filled.
// `v2_bytes_max`: of a whole header of version 2.
Result<HeadStatus, ProxyHeaderError> decode_proxy_header(std::string_view bytes, std::uint32_t v2_bytes_max,
                                                         ProxyHeader& header);

}  // namespace caponier::http
