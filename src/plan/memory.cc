#include "plan/memory.h"

#include <algorithm>
#include <string>

namespace caponier::plan {
namespace {

// Gathered, and decoded into a text that grows by doubling.
constexpr std::uint64_t kRequestTimes = 3;
// Gathered, and stripped into such a text.
constexpr std::uint64_t kResponseTimes = 3;
// What earlier exchanges keep, heads, and a block on the way to the upstream.
constexpr std::uint64_t kBeside = std::uint64_t{512} * 1024;

std::uint64_t need_of(const Operation& operation, const Limits& limits) {
  std::uint64_t request = 0;
  for (const Body& body : operation.bodies) {
    if (body.form != BodyForm::kOpaque) request = std::max(request, body.bytes_max);
  }
  const std::uint64_t response = operation.judges_responses ? operation.response_bytes_max : 0;
  const std::uint64_t windows = std::uint64_t{limits.http2.stream_window_bytes} +
                                4 * std::uint64_t{limits.http2.output_bytes_max} +
                                limits.memory.stream_buffer_bytes;
  return kRequestTimes * request + kResponseTimes * response + windows + kBeside;
}

}  // namespace

void compile_memory(Compilation& compilation) {
  Plan& plan = *compilation.plan;
  const Operation* largest = nullptr;
  std::uint64_t need = 0;
  for (const Operation& operation : plan.operations) {
    const std::uint64_t own = need_of(operation, plan.limits);
    if (own > need) largest = &operation;
    need = std::max(need, own);
  }
  std::uint64_t& bytes_max = plan.limits.memory.connection_bytes_max;
  if (largest == nullptr || need <= bytes_max) return;
  const config::Config& config = compilation.config;
  const Node* said = config.tree == nullptr ? nullptr : config.tree->root();
  for (const std::string_view key : {"limits", "memory", "connection_bytes_max"}) {
    said = said == nullptr ? nullptr : said->find(key);
  }
  if (said == nullptr) {
    bytes_max = need;
    return;
  }
  compilation.report.error(Source{config.tree->file(), said}, "memory-bound",
                           "one exchange of " + largest->label + " may need " + std::to_string(need) +
                               " bytes, more than all of a connection may hold",
                           "raise it to that much, or lower the bounds of its bodies: body_bytes_max, and "
                           "bytes_max in response");
}

}  // namespace caponier::plan
