// A PROXY header means the same, and fails the same, whole or in fragments and whatever follows it; and never
// takes more than its bound.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/fuzzing.h"
#include "http/proxy_header.h"

namespace {

using caponier::fuzzing::require;

using namespace caponier::http;

constexpr std::uint32_t kBytesMax = 600;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  ProxyHeader header;
  const auto whole = decode_proxy_header(bytes, kBytesMax, header);
  if (!whole) {
    require(!name(whole.error()).empty());
    require(decode_proxy_header(bytes + "x", kBytesMax, header).ok() == false);
    return 0;
  }
  if (*whole == HeadStatus::kNeedMore) {
    require(size < kBytesMax);
    return 0;
  }
  require(header.bytes > 0 && header.bytes <= size);
  require(header.bytes <= (bytes.front() == 'P' ? kProxyLineBytesMax : kBytesMax));
  for (std::size_t count = 0; count < header.bytes; ++count) {
    ProxyHeader part;
    const auto early = decode_proxy_header(std::string_view(bytes).substr(0, count), kBytesMax, part);
    require(early && *early == HeadStatus::kNeedMore);
  }
  ProxyHeader exact;
  bytes.resize(header.bytes);
  const auto again = decode_proxy_header(bytes, kBytesMax, exact);
  require(again && *again == HeadStatus::kComplete);
  require(exact.bytes == header.bytes && exact.names_client == header.names_client &&
          exact.client == header.client);
  return 0;
}
