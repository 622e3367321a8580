// Typed records of what happened: one per exchange, on every path, plus one type for each thing that is not
// an exchange. Redaction is a property of the types: there is no field that could hold a credential or a
// body, and text that came from outside is wrapped in Untrusted, which is cut and escaped when it is written.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "reasons/reasons.h"

namespace caponier::event {

// The lines are NDJSON. Every field that is empty, zero or false is left out. The names, which other tools
// may rely on:
//   every line       time (RFC 3339, UTC), type ("exchange", "undecodable", "handshake", "refused", "http2",
//   "lifecycle") exchange         request_id trace_id client_trace_id peer listener method operation path
//   raw_path status
//                    upstream_status reason stage detail where reported (list of: reason stage detail where)
//                    issuer subject client_certificate credential attempted user_agent request_bytes
//                    response_bytes duration_us upstream_us attempts aborted
//   connection types request_id peer listener status reason detail
//   lifecycle        what detail count

// Text from outside: written cut to `kUntrustedBytesMax`, as one JSON string that can forge neither a line
// nor a terminal sequence.
inline constexpr std::size_t kUntrustedBytesMax = 256;
struct Untrusted {
  std::string_view text;
};

// A path that no declaration vouches for: written with segments that could be a token or personal data
// replaced by
// "{...}" (longer than 24 bytes, or the look of a JWT, of base64 or hexadecimal of 16 characters and more, or
// an '@'), and never past a '?'.
struct UntrustedPath {
  std::string_view text;
};

// A subject: written as it is if it looks like an identifier; as "hash:..." (keyed) if it looks like personal
// data (has an
// '@' or a space). The caller hashes; see stages/finish. One that was not hashed is withheld here.
struct Subject {
  std::string_view text;
};

// What would have been refused, and was not, because the operation only reports it.
struct Reported {
  Reason reason = Reason::kNone;
  std::string_view stage;
  std::string_view detail;  // private, as below
  std::string_view where;
};

struct ExchangeRecord {
  std::int64_t wall_ms = 0;  // when the request's first byte was read
  std::string_view request_id;
  std::string_view trace_id;          // 32 hex digits
  std::string_view client_trace_id;   // the client's, if it sent one that is not continued
  std::string_view peer;              // address without port
  std::string_view listener;          // "public"
  std::string_view method;            // a known method name, else "OTHER"
  std::string_view operation;         // operationId or label; empty if unmatched
  std::string_view path;              // the template, where an operation matched
  UntrustedPath raw_path;             // otherwise
  std::uint16_t status = 0;           // sent to the client; 0: none was
  std::uint16_t upstream_status = 0;  // 0: none received
  Reason reason = Reason::kNone;
  std::string_view stage;   // "authenticate"; empty if allowed
  std::string_view detail;  // private, of our own words: never a value that a client sent
  std::string_view where;   // "openapi.yaml:12:7" of the line that demands it; empty if none
  std::span<const Reported> reported;
  std::string_view issuer;
  Subject subject;
  Subject client_certificate;   // subject of the verified one of the connection
  std::string_view credential;  // "token:<keyed digest>" or "key:<id>"; never the credential
  std::string_view attempted;   // whom a refused credential claims to speak for: "key:<id>", "subject:<hash>"
  Untrusted user_agent;
  std::uint64_t request_body_bytes = 0;
  std::uint64_t response_body_bytes = 0;
  std::int64_t duration_us = 0;
  std::int64_t upstream_us = 0;
  std::uint8_t upstream_attempts = 0;
  bool aborted = false;  // the answer did not leave whole
};

// A request that could not be decoded, a handshake that failed, a connection that was not admitted.
struct ConnectionRecord {
  std::int64_t wall_ms = 0;
  std::string_view type;        // "undecodable", "handshake", "refused", "http2"
  std::string_view request_id;  // of "undecodable", which is answered
  std::string_view peer;
  std::string_view listener;
  std::uint16_t status = 0;
  Reason reason = Reason::kNone;
  std::string_view detail;
};

// Start, stop, key refresh, dropped records: what the gateway says about itself.
struct LifecycleRecord {
  std::int64_t wall_ms = 0;
  std::string_view what;  // "start", "ready", "drain", "stop", "keys", "log-dropped"
  std::string_view detail;
  std::uint64_t count = 0;
};

// No text of ours is written longer than this either: one record is bounded.
inline constexpr std::size_t kTextBytesMax = 1024;

// Each appends one line of JSON, newline included.
void append(std::string& out, const ExchangeRecord& record);
void append(std::string& out, const ConnectionRecord& record);
void append(std::string& out, const LifecycleRecord& record);

}  // namespace caponier::event
