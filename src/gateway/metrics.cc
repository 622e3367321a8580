#include "gateway/metrics.h"

#include <algorithm>
#include <atomic>

namespace caponier::gateway {
namespace {

constexpr std::size_t kRowsMin = 1024;

std::size_t reason_count() {
  return all_reasons().size();
}

// One thread writes, so that no read-modify-write is needed.
void add(std::uint64_t& counter, std::uint64_t amount) {
  const std::atomic_ref<std::uint64_t> shared(counter);
  shared.store(shared.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

std::uint64_t read(std::uint64_t& counter) {
  return std::atomic_ref<std::uint64_t>(counter).load(std::memory_order_relaxed);
}

// Zeroed by the kernel.
template <class T>
T* zeroed(std::size_t count) {
  void* memory = std::calloc(count, sizeof(T));
  if (memory == nullptr) std::abort();  // at start, before anything is served
  return static_cast<T*>(memory);
}

}  // namespace

MetricNames::MetricNames(std::size_t operations) : rows_max_(std::max(kRowsMin, operations * 4)) {}

std::vector<std::uint32_t> MetricNames::rows_of(const plan::Plan& plan) {
  const std::lock_guard lock(mutex_);
  std::vector<std::uint32_t> rows;
  shown_ = {{"", Metrics::kNoOperation}};
  bool others = false;
  for (const plan::Operation& operation : plan.operations) {
    auto at = rows_.find(operation.id);
    const std::size_t next = Metrics::kFirstRow + rows_.size();
    if (at == rows_.end() && next < rows_max_) {
      at = rows_.emplace(operation.id, static_cast<std::uint32_t>(next)).first;
    }
    rows.push_back(at == rows_.end() ? Metrics::kOther : at->second);
    if (at == rows_.end()) {
      others = true;
    } else {
      shown_.push_back({operation.id, at->second});
    }
  }
  if (others) shown_.push_back({"(other)", Metrics::kOther});
  return rows;
}

std::vector<MetricNames::Named> MetricNames::shown() const {
  const std::lock_guard lock(mutex_);
  return shown_;
}

Metrics::Metrics(std::size_t rows_max)
    : rows_(zeroed<MetricSums>(rows_max)),
      refusals_(zeroed<std::uint64_t>(rows_max * reason_count())),
      reports_(zeroed<std::uint64_t>(rows_max * reason_count())) {}

void Metrics::count(std::uint32_t row, std::uint16_t status, std::int64_t duration_us) {
  MetricSums& sums = rows_[row];
  add(sums.by_class[std::min<std::size_t>(status / 100, sums.by_class.size() - 1)], 1);
  const auto bound = std::ranges::lower_bound(kLatencyBoundsUs, duration_us);
  add(sums.by_latency[static_cast<std::size_t>(bound - kLatencyBoundsUs.begin())], 1);
  add(sums.duration_us, static_cast<std::uint64_t>(std::max<std::int64_t>(0, duration_us)));
}

void Metrics::refuse(std::uint32_t row, Reason reason) {
  add(refusals_[row * reason_count() + static_cast<std::size_t>(reason)], 1);
}

void Metrics::report(std::uint32_t row, Reason reason) {
  add(reports_[row * reason_count() + static_cast<std::size_t>(reason)], 1);
}

void Metrics::add_to(std::uint32_t row, MetricSums& sums) const {
  MetricSums& mine = rows_[row];
  for (std::size_t i = 0; i < sums.by_class.size(); ++i) sums.by_class[i] += read(mine.by_class[i]);
  for (std::size_t i = 0; i < sums.by_latency.size(); ++i) sums.by_latency[i] += read(mine.by_latency[i]);
  sums.duration_us += read(mine.duration_us);
}

std::uint64_t Metrics::refusals(std::uint32_t row, Reason reason) const {
  return read(refusals_[row * reason_count() + static_cast<std::size_t>(reason)]);
}

std::uint64_t Metrics::reports(std::uint32_t row, Reason reason) const {
  return read(reports_[row * reason_count() + static_cast<std::size_t>(reason)]);
}

}  // namespace caponier::gateway
