#include "config/bounds.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace caponier::config {
namespace {

constexpr std::uint64_t kKiB = 1ULL << 10;
constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::uint64_t kTiB = 1ULL << 40;

template <class T>
struct FieldOf;
template <class Group, class Value>
struct FieldOf<Value Group::*> {
  using Type = Value;
};

// A field of one of the groups within Limits.
template <auto kGroup, auto kField>
constexpr LimitBound bound(std::string_view group, std::string_view name, std::uint64_t min,
                           std::uint64_t max) {
  using Value = typename FieldOf<decltype(kField)>::Type;
  return {group,
          name,
          min,
          max,
          name.find("_bytes") != std::string_view::npos || name.starts_with("bytes_"),
          [](Limits& limits, std::uint64_t value) { (limits.*kGroup).*kField = static_cast<Value>(value); },
          [](const Limits& limits) -> std::uint64_t { return (limits.*kGroup).*kField; }};
}

template <auto kField>
constexpr LimitBound top(std::string_view name, std::uint64_t min, std::uint64_t max) {
  return {"",
          name,
          min,
          max,
          false,
          [](Limits& limits, std::uint64_t value) { limits.*kField = static_cast<std::uint32_t>(value); },
          [](const Limits& limits) -> std::uint64_t { return limits.*kField; }};
}

#define HTTP(field, min, max) bound<&Limits::http, &HttpLimits::field>("http", #field, min, max)
#define HTTP2(field, min, max) bound<&Limits::http2, &Http2Limits::field>("http2", #field, min, max)
#define JSON(field, min, max) bound<&Limits::json, &JsonLimits::field>("json", #field, min, max)
#define SCHEMA(field, min, max) bound<&Limits::schema, &SchemaDefaults::field>("schema", #field, min, max)
#define CONNECTIONS(field, min, max) \
  bound<&Limits::connections, &ConnectionLimits::field>("connections", #field, min, max)
#define MEMORY(field, min, max) bound<&Limits::memory, &MemoryLimits::field>("memory", #field, min, max)
#define TOKENS(field, min, max) bound<&Limits::tokens, &TokenLimits::field>("tokens", #field, min, max)
#define FORMS(field, min, max) bound<&Limits::forms, &FormLimits::field>("forms", #field, min, max)

constexpr LimitBound kLimitBounds[] = {
    HTTP(request_line_bytes_max, 256, 64 * kKiB),
    HTTP(header_line_bytes_max, 256, 256 * kKiB),
    HTTP(head_bytes_max, kKiB, kMiB),
    HTTP(header_count_max, 8, 1000),
    HTTP(chunk_line_bytes_max, 16, 4 * kKiB),
    HTTP(interim_answers_max, 1, 100),
    HTTP(trailer_bytes_max, 128, 64 * kKiB),
    HTTP(proxy_header_bytes_max, 232, 64 * kKiB),
    HTTP2(streams_max, 1, 10'000),
    HTTP2(stream_window_bytes, 64 * kKiB, 16 * kMiB),
    HTTP2(connection_window_bytes, 64 * kKiB, 64 * kMiB),
    HTTP2(output_bytes_max, 16 * kKiB, 16 * kMiB),
    HTTP2(continuations_max, 1, 1000),
    HTTP2(broken_streams_max, 1, 1'000'000),
    HTTP2(settings_max, 2, 1'000'000),
    HTTP2(pings_max, 1, 1'000'000),
    HTTP2(priorities_max, 1, 1'000'000),
    HTTP2(empty_frames_max, 1, 1'000'000),
    HTTP2(small_windows_max, 1, 1'000'000),
    JSON(bytes_max, kKiB, 64 * kMiB),
    JSON(depth_max, 1, 256),
    JSON(nodes_max, 100, 10'000'000),
    SCHEMA(string_code_points_max, 1, 100'000'000),
    SCHEMA(array_items_max, 1, 10'000'000),
    SCHEMA(object_members_max, 1, 1'000'000),
    SCHEMA(steps_max, 1'000, 1'000'000'000),
    CONNECTIONS(total_max, 1, 1'000'000),
    CONNECTIONS(per_address_max, 1, 1'000'000),
    CONNECTIONS(new_per_address_per_second, 1, 1'000'000),
    CONNECTIONS(new_per_address_burst, 1, 1'000'000),
    CONNECTIONS(requests_per_address_per_second, 1, 10'000'000),
    CONNECTIONS(requests_per_address_burst, 1, 10'000'000),
    CONNECTIONS(failed_authentications_per_address_per_minute, 1, 1'000'000),
    CONNECTIONS(failed_authentications_per_address_burst, 1, 1'000'000),
    CONNECTIONS(failed_authentications_per_identity_per_minute, 1, 1'000'000),
    CONNECTIONS(failed_authentications_per_identity_burst, 1, 1'000'000),
    CONNECTIONS(requests_per_connection_max, 1, 1'000'000'000),
    MEMORY(in_flight_bytes_max, 4 * kMiB, kTiB),
    MEMORY(connection_bytes_max, 64 * kKiB, kTiB),
    MEMORY(body_buffer_bytes_max, kKiB, 64 * kMiB),
    MEMORY(response_buffer_bytes_max, kKiB, 64 * kMiB),
    MEMORY(stream_buffer_bytes, 4 * kKiB, 16 * kMiB),
    MEMORY(token_cache_entries_max, 16, 10'000'000),
    MEMORY(limiter_entries_max, 1024, 1 << 24),
    MEMORY(streamed_body_bytes_max, kKiB, 16 * kTiB),
    TOKENS(token_bytes_max, 256, 64 * kKiB),
    TOKENS(claims_depth_max, 2, 64),
    TOKENS(keys_per_set_max, 1, 1024),
    TOKENS(key_set_bytes_max, kKiB, 16 * kMiB),
    FORMS(fields_max, 1, 10'000),
    FORMS(nesting_max, 1, 16),
    FORMS(parts_max, 1, 1000),
    FORMS(part_head_bytes_max, 256, 64 * kKiB),
    FORMS(part_headers_max, 1, 100),
    FORMS(inflate_ratio_max, 1, 1100),
    top<&Limits::needs_per_exchange_max>("needs_per_exchange_max", 1, 16),
    top<&Limits::parameters_max>("parameters_max", 1, 1000),
};

#undef HTTP
#undef HTTP2
#undef JSON
#undef SCHEMA
#undef CONNECTIONS
#undef MEMORY
#undef TOKENS
#undef FORMS

constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;

constexpr TimeBound kTimeBounds[] = {
    {"handshake", 100, 5 * kMinute, &TimeLimits::handshake_ms},
    {"head", 100, 5 * kMinute, &TimeLimits::head_ms},
    {"body_progress", 100, 10 * kMinute, &TimeLimits::body_progress_ms},
    {"write_progress", 100, 10 * kMinute, &TimeLimits::write_progress_ms},
    {"keep_alive_idle", 100, kHour, &TimeLimits::keep_alive_idle_ms},
    {"upstream_connect", 10, 5 * kMinute, &TimeLimits::upstream_connect_ms},
    {"upstream_first_byte", 10, kHour, &TimeLimits::upstream_first_byte_ms},
    {"upstream_idle", 100, kHour, &TimeLimits::upstream_idle_ms},
    {"exchange", 100, 24 * kHour, &TimeLimits::exchange_ms},
    {"stream_idle", 100, 24 * kHour, &TimeLimits::stream_idle_ms},
    {"stream", 100, 7 * 24 * kHour, &TimeLimits::stream_ms},
    {"drain", 0, kHour, &TimeLimits::drain_ms},
    {"need", 10, kMinute, &TimeLimits::need_ms},
};

std::vector<std::string_view> names_of(std::string_view group) {
  std::vector<std::string_view> names;
  for (const LimitBound& limit : kLimitBounds) {
    if (limit.group == group) {
      names.push_back(limit.name);
    } else if (group.empty() && std::find(names.begin(), names.end(), limit.group) == names.end()) {
      names.push_back(limit.group);
    }
  }
  return names;
}

void read_group(Reader& reader, const Node& group, std::string_view name, Limits& limits) {
  for (const LimitBound& limit : kLimitBounds) {
    if (limit.group != name) continue;
    if (limit.is_bytes) {
      if (const auto value = reader.bytes(group, limit.name, limit.min, limit.max)) limit.set(limits, *value);
      continue;
    }
    const auto value = reader.integer(group, limit.name, static_cast<std::int64_t>(limit.min),
                                      static_cast<std::int64_t>(limit.max));
    if (value) limit.set(limits, static_cast<std::uint64_t>(*value));
  }
}

}  // namespace

std::span<const LimitBound> limit_bounds() {
  return kLimitBounds;
}
std::span<const TimeBound> time_bounds() {
  return kTimeBounds;
}

void read_limits(Reader& reader, const Node& root, Limits& limits) {
  const Node* node = reader.object(root, "limits");
  if (node == nullptr) return;
  const std::vector<std::string_view> top_names = names_of("");
  reader.check_keys(*node, top_names, "`limits`");
  read_group(reader, *node, "", limits);
  for (const std::string_view name : top_names) {
    const std::vector<std::string_view> names = names_of(name);
    if (names.empty()) continue;  // no group, but a limit that stands in `limits` itself
    const Node* group = reader.object(*node, name);
    if (group == nullptr || !reader.check_keys(*group, names, "`limits." + std::string(name) + "`")) continue;
    read_group(reader, *group, name, limits);
  }
}

void read_timeouts(Reader& reader, const Node& root, TimeLimits& limits) {
  const Node* node = reader.object(root, "timeouts");
  if (node == nullptr) return;
  std::vector<std::string_view> names;
  for (const TimeBound& time : kTimeBounds) names.push_back(time.name);
  if (!reader.check_keys(*node, names, "`timeouts`")) return;
  for (const TimeBound& time : kTimeBounds) {
    if (const auto value = reader.duration_ms(*node, time.name, time.min_ms, time.max_ms)) {
      limits.*time.field = *value;
    }
  }
}

}  // namespace caponier::config
