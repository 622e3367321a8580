// Every bound on what comes from outside, in one place. The configuration can move those it names; nothing is
// unbounded. Units last. Each has a test at the limit and one past it.
#pragma once

#include <cstdint>

namespace caponier {

struct HttpLimits {
  std::uint32_t request_line_bytes_max = 8 * 1024;
  std::uint32_t header_line_bytes_max = 16 * 1024;
  std::uint32_t head_bytes_max = 32 * 1024;  // request line and all header lines
  std::uint32_t header_count_max = 100;
  std::uint32_t chunk_line_bytes_max = 256;  // chunk size line; extensions are refused
  std::uint32_t trailer_bytes_max = 4 * 1024;
  std::uint32_t interim_answers_max = 16;           // 1xx of an upstream before one answer
  std::uint32_t proxy_header_bytes_max = 2 * 1024;  // a PROXY header of version 2, TLVs included
};

// Of one client's HTTP/2 connection. Heads and trailers are bounded as in HTTP/1.1.
struct Http2Limits {
  std::uint32_t streams_max = 100;                      // under way at a time
  std::uint32_t stream_window_bytes = 256 * 1024;       // of a request body that came and was not taken yet
  std::uint32_t connection_window_bytes = 1024 * 1024;  // the same, of all streams
  std::uint32_t output_bytes_max = 128 * 1024;          // answers that the client does not read
  std::uint32_t continuations_max = 8;                  // frames of one head behind its first
  std::uint32_t table_bytes_max = 4096;                 // header compression, each direction
  // What costs us work and brings nobody anything, in one period.
  std::int64_t period_ms = 10'000;
  std::uint32_t broken_streams_max = 200;  // given up by the client, refused, or against the protocol
  std::uint32_t settings_max = 32;
  std::uint32_t pings_max = 64;
  std::uint32_t priorities_max = 400;
  std::uint32_t empty_frames_max = 200;      // DATA without a byte, and frames of unknown types
  std::uint32_t small_windows_max = 10'000;  // WINDOW_UPDATE frames that open less than a kilobyte
};

struct JsonLimits {
  std::uint32_t bytes_max = 1024 * 1024;
  std::uint32_t depth_max = 64;
  std::uint32_t nodes_max = 100'000;  // values and keys
};

// Where a contract's schema names no bound of its own.
struct SchemaDefaults {
  std::uint32_t string_code_points_max = 10'000;
  std::uint32_t array_items_max = 1'000;
  std::uint32_t object_members_max = 200;
  std::uint32_t steps_max = 1'000'000;  // instructions of one evaluation
};

struct TimeLimits {
  std::int64_t handshake_ms = 10'000;
  std::int64_t head_ms = 10'000;           // first byte of a request to the end of its head
  std::int64_t body_progress_ms = 15'000;  // between two reads that bring body bytes
  std::int64_t write_progress_ms = 15'000;
  std::int64_t keep_alive_idle_ms = 75'000;
  std::int64_t upstream_connect_ms = 3'000;
  std::int64_t upstream_first_byte_ms = 30'000;
  std::int64_t upstream_idle_ms = 50'000;  // a pooled connection unused for longer is closed
  std::int64_t exchange_ms = 120'000;      // one exchange, all in all
  std::int64_t stream_idle_ms = 60'000;    // an event stream or a WebSocket without a byte
  std::int64_t stream_ms = 3'600'000;      // an event stream or a WebSocket, all in all
  std::int64_t drain_ms = 20'000;
  std::int64_t need_ms = 5'000;  // fetching what a stage asked for
};

struct ConnectionLimits {
  std::uint32_t total_max = 20'000;
  std::uint32_t per_address_max = 512;
  std::uint32_t new_per_address_per_second = 200;
  std::uint32_t new_per_address_burst = 400;
  std::uint32_t requests_per_address_per_second = 1'000;
  std::uint32_t requests_per_address_burst = 2'000;
  std::uint32_t failed_authentications_per_address_per_minute = 30;
  std::uint32_t failed_authentications_per_address_burst = 30;
  std::uint32_t failed_authentications_per_identity_per_minute = 10;
  std::uint32_t failed_authentications_per_identity_burst = 10;
  std::uint32_t requests_per_connection_max = 1'000'000;
};

struct MemoryLimits {
  std::uint64_t in_flight_bytes_max = 512ULL * 1024 * 1024;  // over it, new work is shed with 503
  // The same, of one client's connection. Unless it is configured, it follows what one exchange may need.
  std::uint64_t connection_bytes_max = 8ULL * 1024 * 1024;
  std::uint32_t body_buffer_bytes_max = 1024 * 1024;      // a body that a schema judges
  std::uint32_t response_buffer_bytes_max = 1024 * 1024;  // an answer's body that a schema judges
  std::uint32_t stream_buffer_bytes = 64 * 1024;   // of an answer of HTTP/2 that its client does not take
  std::uint32_t token_cache_entries_max = 20'000;  // per worker
  std::uint32_t limiter_entries_max = 1 << 18;     // process-wide
  std::uint64_t streamed_body_bytes_max = 8ULL * 1024 * 1024 * 1024;
};

struct TokenLimits {
  std::uint32_t token_bytes_max = 8 * 1024;
  std::uint32_t claims_depth_max = 16;
  std::uint32_t keys_per_set_max = 64;
  std::uint32_t key_set_bytes_max = 256 * 1024;
  // Of a proof of possession (RFC 9449), by its iat.
  std::int64_t proof_age_max_s = 60;
  std::int64_t proof_ahead_max_s = 10;
};

// Forms of any kind, in queries and bodies, and bodies that are decoded before they are judged.
struct FormLimits {
  std::uint32_t fields_max = 1'000;              // of one form body
  std::uint32_t nesting_max = 4;                 // "a[b][c]": names in brackets of one field
  std::uint32_t parts_max = 100;                 // of one multipart body
  std::uint32_t part_head_bytes_max = 4 * 1024;  // header lines of one part
  std::uint32_t part_headers_max = 16;
  std::uint32_t inflate_ratio_max = 100;  // decoded bytes for each byte that came, past the first 64 KiB
};

struct Limits {
  HttpLimits http;
  Http2Limits http2;
  JsonLimits json;
  SchemaDefaults schema;
  TimeLimits time;
  ConnectionLimits connections;
  MemoryLimits memory;
  TokenLimits tokens;
  FormLimits forms;
  std::uint32_t needs_per_exchange_max = 4;
  std::uint32_t parameters_max = 100;  // query parameters of one request
};

// Load-time bounds; not configurable.
inline constexpr std::uint32_t kDocumentBytesMax = 64U * 1024 * 1024;
inline constexpr std::uint32_t kDocumentDepthMax = 256;
inline constexpr std::uint32_t kYamlAliasNodesMax = 100'000;  // nodes that aliases may expand to
inline constexpr std::uint32_t kConfigBytesMax = 4U * 1024 * 1024;

}  // namespace caponier
