// What holds for one operation once every level has spoken: built-in defaults < root < configuration defaults
// < path < operation < configuration's operations. What is inherited only tightens; what is said for the
// operation itself may loosen, and shows.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "plan/policy_members.h"

namespace caponier::plan {

template <class T>
struct Settled {
  T value;
  Source source;            // node null: by default
  bool explicitly = false;  // said for this operation
  bool by_wildcard = false;
};

struct Policy {
  bool exposed = true;
  bool internal = false;
  std::optional<Settled<std::string>> public_reason;
  std::optional<Settled<OwnerRule>> owner;
  std::optional<Settled<StepUpRule>> step_up;
  std::array<std::optional<Settled<RateRule>>, kLimitKinds> rates;
  std::optional<Settled<std::uint64_t>> body_bytes_max;
  std::optional<Settled<std::monostate>> security;
  ResponseRule response;
  std::optional<Settled<UpstreamRule>> upstream;
  std::optional<Settled<std::string>> opaque_reason;
  std::optional<Settled<ReportOnlyRule>> report_only;
  std::vector<std::string>
      provenance;  // "rate_limit.per_address 20/m: openapi.yaml:12:7, over 1200/m by default"
};

// `levels` in ascending order.
Policy settle(std::span<const Members* const> levels, Report& report);

}  // namespace caponier::plan
