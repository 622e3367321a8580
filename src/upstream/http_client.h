// One outbound request of the gateway's own, answered with JSON: key sets, discovery documents,
// introspection. Guarded against being led to internal addresses (SSRF): the address is judged after
// resolution and exactly that address is connected to. Redirects are not followed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/limits.h"
#include "base/result.h"
#include "net/network.h"
#include "tls/context.h"
#include "upstream/kept_connections.h"
#include "uri/url.h"

namespace caponier::upstream {

// A form (application/x-www-form-urlencoded), and with which credential it comes.
struct FormPost {
  std::string form;
  std::string authorization;  // of the header; empty: none
  std::string accept = "application/json";
};

struct JsonRequest {
  uri::Url url;
  std::optional<FormPost> post;  // otherwise it is a GET
  // 2xx and 4xx answers, with or without JSON: what an endpoint of OAuth says. Otherwise a 200 with JSON
  // alone.
  bool any_answer = false;
  bool allow_internal_addresses = false;
  std::shared_ptr<tls::ClientContext> tls;  // for https
  std::uint32_t bytes_max = 256 * 1024;
  std::int64_t deadline_ms = 0;  // steady, for the whole call
  // Of the network's loop. Then the request may arrive twice: a server may end a kept connection in the
  // moment in which it is used again, and nobody can tell whether it has read what was sent.
  std::shared_ptr<KeptConnections> connections;
};

// What can go wrong with one, for counters.
enum class FetchError : std::uint8_t {
  kAddress,      // the name leads to internal addresses only
  kUnreachable,  // it does not resolve, or nobody listens there
  kTls,
  kTimeout,
  kRedirect,
  kStatus,
  kType,  // not JSON
  kSize,
  kProtocol,  // malformed HTTP, or an answer that ends early
};

struct FetchFailure {
  FetchError error = FetchError::kUnreachable;
  std::string detail;  // a sentence with the URL
};

struct JsonAnswer {
  std::uint16_t status = 200;
  std::string body;  // JSON, or what it is where any answer is taken
  // For how long its server lets it be kept (Cache-Control: max-age, less Age); nothing: it does not say.
  std::optional<std::int64_t> fresh_s;
};

// The answer, which is a 200 whose media type is JSON if the request says nothing else.
net::Task<Result<JsonAnswer, FetchFailure>> fetch_json(net::Network& network, JsonRequest request);

}  // namespace caponier::upstream
