// How one upstream is kept in health and within bounds. The configuration reads it, the Plan carries it, the
// upstream room acts on it. Counts and windows are per worker unless said otherwise.
#pragma once

#include <cstdint>
#include <string>

namespace caponier {

// An endpoint that fails so many times in a row is left alone for a time that grows.
struct EjectionRules {
  std::uint32_t failures = 5;  // 0: never
  std::int64_t base_ms = 30'000;
  std::int64_t max_ms = 300'000;
  std::uint32_t percent_max = 50;  // of the endpoints, that may be out at the same time
  bool operator==(const EjectionRules&) const = default;
};

struct HealthCheckRules {
  std::string path;  // empty: no active checks
  std::int64_t interval_ms = 10'000;
  std::int64_t timeout_ms = 2'000;
  std::uint32_t healthy = 2;    // good answers in a row that bring an endpoint back
  std::uint32_t unhealthy = 3;  // bad ones that take it out
  std::uint16_t status = 200;
  bool operator==(const HealthCheckRules&) const = default;
};

struct RetryRules {
  std::uint32_t attempts_max = 1;  // tries after the first
  bool idempotent = false;         // also where something was sent on a connection of its own
  // Bit i: an answer 500 + i to an idempotent request is tried elsewhere.
  std::uint16_t statuses = 0;
  // Of the requests of the last ten seconds so many percent may be tries again, and so many more.
  std::uint32_t budget_percent = 20;
  std::uint32_t budget_min = 10;
  bool operator==(const RetryRules&) const = default;
};

// What is spoken to an upstream.
enum class UpstreamProtocol : std::uint8_t {
  kAuto,   // HTTP/2 with those who choose it in TLS, otherwise HTTP/1.1
  kHttp1,  // never HTTP/2
  kHttp2   // nothing else: chosen in TLS, or without asking (RFC 9113, section 3.3) where there is none
};

struct UpstreamRules {
  UpstreamProtocol protocol = UpstreamProtocol::kAuto;
  EjectionRules ejection;
  HealthCheckRules health_check;
  RetryRules retries;
  std::int64_t resolve_ms = 30'000;
  std::uint32_t requests_max = 10'000;  // under way at once, in the whole process
  std::uint32_t pending_max = 1'000;    // of them waiting for a connection to open
  bool operator==(const UpstreamRules&) const = default;
};

inline constexpr std::uint32_t kUpstreamsMax = 64;            // named ones
inline constexpr std::uint32_t kUpstreamEndpointsMax = 64;    // of one upstream, names resolved
inline constexpr std::uint32_t kUpstreamConnectTriesMax = 8;  // of one request

}  // namespace caponier
