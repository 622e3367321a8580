// The metrics as text for Prometheus (text exposition format 0.0.4).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fetch/key_source.h"
#include "fetch/token_source.h"
#include "gateway/metrics.h"

namespace caponier::gateway {

struct MetricsView {
  std::span<const Metrics* const> workers;
  std::vector<MetricNames::Named> names;
  std::vector<WorkerGauges> gauges;  // of the workers that answered in time
  std::vector<UpstreamCounts> upstreams;
  std::vector<fetch::KeyHealth> issuers;
  std::vector<fetch::TokenHealth> tokens;
  std::uint32_t connections = 0;
  std::uint64_t in_flight_bytes = 0;
  std::uint64_t log_dropped = 0;
  std::uint64_t generation = 0;
  std::uint64_t reloads_refused = 0;
  std::string_view version;
};

std::string to_prometheus(const MetricsView& view);

}  // namespace caponier::gateway
