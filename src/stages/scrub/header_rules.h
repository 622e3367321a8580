// Which headers go no further, in either direction.
#pragma once

#include <span>
#include <string_view>

#include "http/message.h"
#include "plan/plan.h"

namespace caponier::stages {

// The header names that the Connection headers of a message list (RFC 9110, section 7.6.1).
class ConnectionOptions {
 public:
  explicit ConnectionOptions(std::span<const http::Header> headers);
  [[nodiscard]] bool list(std::string_view name) const;

 private:
  std::span<const http::Header> headers_;
  bool any_ = false;  // more than keep-alive and close
};

// Of one connection, or of its framing: Connection, Keep-Alive, Proxy-*, TE, Trailer, Transfer-Encoding,
// Upgrade, Content-Length.
bool is_hop_by_hop(const http::Header& header);

// By which a client could speak for somebody else or for another operation: forwarding headers that are not
// ours, method and URL overrides, identity headers in any spelling, tracing. Names with other signs
// than '-' are dropped, because many backends read "X_User" and "X-User" as one.
bool is_impersonation(const http::Header& header);

// Which tells more about the upstream than its answer, or that only the gateway may say.
bool is_disclosure(const http::Header& header);

// The client can take trailer fields, and says so as RFC 9110, section 10.1.4 has it: TE lists trailers,
// Connection TE.
bool wants_trailers(const http::RequestHead& head);

// Which backends that read '-' and '_' as one would take for a header, or a credential, that the document
// names with a '_'.
bool is_twin(const plan::Plan& plan, const plan::Operation& operation, std::string_view name);

bool is_declared_header(const plan::Operation& operation, std::string_view name);

}  // namespace caponier::stages
