#include "plan/limits.h"

#include <algorithm>

namespace caponier::plan {
namespace {

// FNV-1a: the same in every process and every build, so that buckets survive a reload.
std::uint64_t stable_id(std::string_view operation, std::string_view kind) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  const auto mix = [&hash](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    hash = (hash ^ 0xffU) * 0x100000001b3ULL;  // "ab" "c" is not "a" "bc"
  };
  mix(operation);
  mix(kind);
  return hash;
}

// draft-ietf-httpapi-ratelimit-headers-10, and the older header beside it.
std::string policy_headers(std::string_view kind, const RateRule& rate) {
  const std::string requests = std::to_string(rate.requests);
  const std::int64_t window_s = (rate.window_us + 999'999) / 1'000'000;
  std::string headers = "RateLimit-Policy: \"" + std::string(kind) + "\";q=" + requests +
                        ";w=" + std::to_string(window_s) + "\r\nX-RateLimit-Limit: " + requests + "\r\n";
  headers.shrink_to_fit();  // every operation has some
  return headers;
}

}  // namespace

void compile_limits(Compilation& compilation, const Policy& policy, Operation& operation) {
  const bool has_credential = std::any_of(operation.alternatives.begin(), operation.alternatives.end(),
                                          [](const Alternative& a) { return !a.all.empty(); });
  for (const LimitPer per : {LimitPer::kAddress, LimitPer::kCredential, LimitPer::kOperation}) {
    const auto& settled = policy.rates[static_cast<std::size_t>(per)];
    if (!settled) continue;
    const std::string kind(name(per));
    if (per == LimitPer::kCredential && !has_credential) {
      if (settled->explicitly && !settled->by_wildcard) {
        compilation.report.error(settled->source, "limit-without-credential",
                                 "the operation takes no credential that could be counted",
                                 "limit it per_address or per_operation");
      }
      continue;
    }
    if (settled->value.off) {
      compilation.report.finding(settled->source, "limit-off",
                                 "there is no rate limit " + kind + ": " + settled->value.off_reason);
      continue;
    }
    operation.limits.push_back({stable_id(operation.id, kind), per, settled->value.requests,
                                settled->value.window_us, kind, where_of(settled->source),
                                policy_headers(kind, settled->value)});
  }
}

}  // namespace caponier::plan
