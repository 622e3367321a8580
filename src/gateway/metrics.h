// Counters of what the gateway did: one table per worker, written by its thread without locks, and summed by
// whoever asks. A row per operation, so that what a client sends can never make a label.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "plan/plan.h"
#include "reasons/reasons.h"
#include "upstream/cluster.h"

namespace caponier::gateway {

// Upper bounds of the latency histogram, in microseconds; the last bucket has none.
inline constexpr std::array<std::int64_t, 14> kLatencyBoundsUs = {
    500,     1'000,   2'500,   5'000,     10'000,    25'000,    50'000,
    100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000};

struct MetricSums {
  std::array<std::uint64_t, 6> by_class{};  // of status: 0 for none, then 1xx to 5xx
  std::array<std::uint64_t, kLatencyBoundsUs.size() + 1> by_latency{};
  std::uint64_t duration_us = 0;
};

// Which row is whose, process-wide and for good: an operation keeps its row whatever is reloaded. When the
// rows have run out, further operations share kOther.
class MetricNames {
 public:
  explicit MetricNames(std::size_t operations);
  [[nodiscard]] std::size_t rows_max() const { return rows_max_; }
  // Rows of the Plan's operations, by index; from then on these are the ones that are shown.
  std::vector<std::uint32_t> rows_of(const plan::Plan& plan);
  struct Named {
    std::string operation;
    std::uint32_t row;
  };
  // Of the last Plan, kNoOperation and kOther included.
  [[nodiscard]] std::vector<Named> shown() const;

 private:
  std::size_t rows_max_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::uint32_t> rows_;
  std::vector<Named> shown_;
};

class Metrics {
 public:
  static constexpr std::uint32_t kNoOperation = 0;  // what ended before an operation was meant
  static constexpr std::uint32_t kOther = 1;
  static constexpr std::uint32_t kFirstRow = 2;

  // Memory is taken where rows are used.
  explicit Metrics(std::size_t rows_max);

  // By the owning thread.
  void count(std::uint32_t row, std::uint16_t status, std::int64_t duration_us);
  void refuse(std::uint32_t row, Reason reason);
  // It would have been refused, where that is only reported.
  void report(std::uint32_t row, Reason reason);

  // By any thread: adds what has been counted so far.
  void add_to(std::uint32_t row, MetricSums& sums) const;
  [[nodiscard]] std::uint64_t refusals(std::uint32_t row, Reason reason) const;
  [[nodiscard]] std::uint64_t reports(std::uint32_t row, Reason reason) const;

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  std::unique_ptr<MetricSums[], Free> rows_;
  std::unique_ptr<std::uint64_t[], Free> refusals_;  // reasons of each row
  std::unique_ptr<std::uint64_t[], Free> reports_;   // the same
};

struct WorkerGauges {
  std::vector<upstream::EndpointState> endpoints;
  std::size_t block_bytes = 0;  // buffers in use
};

struct UpstreamCounts {
  std::string name;
  std::uint32_t requests = 0;  // under way
  std::uint32_t pending = 0;   // of them waiting for a connection
  std::uint64_t ejections = 0;
  std::uint64_t retries = 0;
};

}  // namespace caponier::gateway
