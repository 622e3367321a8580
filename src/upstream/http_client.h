// One outbound GET of the gateway's own: key sets, discovery documents. Guarded against being led to internal
// addresses (SSRF): the address is judged after resolution and exactly that address is connected to.
// Redirects are not followed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/limits.h"
#include "base/result.h"
#include "net/network.h"
#include "tls/context.h"
#include "uri/url.h"

namespace caponier::upstream {

struct GetRequest {
  uri::Url url;
  bool allow_internal_addresses = false;
  std::shared_ptr<tls::ClientContext> tls;  // for https
  std::uint32_t bytes_max = 256 * 1024;
  std::int64_t deadline_ms = 0;  // steady, for the whole call
};

// The body of a 200 whose media type is JSON; otherwise a sentence that says what went wrong.
net::Task<Result<std::string, std::string>> get_json(net::Network& network, GetRequest request);

}  // namespace caponier::upstream
