// The members of `x-caponier`, wherever they are written: in the document, or for it in the configuration.
// Read strictly: a member that is unknown, misplaced or not enforced by this version is an error with its
// position.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/tree.h"
#include "plan/plan.h"
#include "plan/report.h"

namespace caponier::plan {

// Who may say it, the later the closer to the operation.
enum class Level : std::uint8_t { kRoot, kConfigDefaults, kPath, kOperation, kConfigOperation };
// Written for this operation, not inherited: what is said here may also loosen.
constexpr bool is_explicit(Level level) {
  return level >= Level::kOperation;
}

template <class T>
struct Said {
  T value;
  Source source;
};

struct OwnerRule {
  std::string claim;
  std::string parameter;
};

struct RateRule {
  std::uint32_t requests = 0;
  std::int64_t window_us = 0;
  bool off = false;  // with a reason
  std::string off_reason;
};
inline constexpr std::uint32_t kRateRequestsMax = 1'000'000;
inline constexpr std::int64_t kRateWindowMaxMs = 31LL * 24 * 3600 * 1000;
// "20/m", "100 in 90s", "off".
std::string to_text(const RateRule& rule);
// By the sustained rate, then by the burst.
bool looser(const RateRule& a, const RateRule& b);

// How a caller must have logged in; see StepUp.
struct StepUpRule {
  std::vector<std::string> classes;
  std::vector<std::string> methods;
  std::int64_t age_max_s = 0;
};

// How answers are held to the document: {mode, bytes_max}.
struct ResponseRule {
  ResponseMode mode = ResponseMode::kEnforce;
  std::uint64_t bytes_max = 0;  // 0: not said
};
std::string_view name(ResponseMode mode);
std::string to_text(const ResponseRule& rule);

// Where an operation's requests go: {name, rewrite: {prefix, with}, timeout}.
struct UpstreamRule {
  std::optional<std::string> name;  // of `upstreams`
  std::optional<PathRewrite> rewrite;
  std::int64_t timeout_ms = 0;  // 0: not said
};
std::string to_text(const UpstreamRule& rule);

// Longest body that is held in memory to be judged, whatever a document asks for.
inline constexpr std::uint64_t kJudgedBodyBytesMax = 64ULL * 1024 * 1024;

inline constexpr std::size_t kLimitKinds = 3;
// "per_address": the member's name and the limit's.
std::string_view name(LimitPer per);

// What is only reported: {reason, stages}, {authentication: {reason}}, {undeclared: {reason}}; or `false`,
// which is all empty.
struct ReportOnlyRule {
  std::string reason;  // of the stages
  bool limit = false;
  bool authorize = false;
  bool validate = false;
  bool check = false;
  std::string authentication_reason;  // empty: it is enforced
  std::string undeclared_reason;      // empty: undeclared paths are refused
};
// "limit, authorize, authentication"; "nothing".
std::string to_text(const ReportOnlyRule& rule);

struct Members {
  Level level = Level::kRoot;
  bool by_wildcard = false;  // kConfigOperation: chosen by a pattern that stands for more than one path
  std::optional<Said<std::string>> public_reason;
  std::optional<Said<bool>> exposed;
  std::optional<Said<bool>> internal;
  std::optional<Said<OwnerRule>> owner;
  std::optional<Said<StepUpRule>> step_up;
  std::array<std::optional<Said<RateRule>>, kLimitKinds> rate_limits;  // by LimitPer
  std::optional<Said<std::uint64_t>> body_bytes_max;
  std::optional<Source> security;
  std::optional<Said<ResponseRule>> response;
  std::optional<Said<UpstreamRule>> upstream;
  std::optional<Said<std::string>> opaque_reason;  // bodies that cannot be judged pass unjudged
  std::optional<Said<ReportOnlyRule>> report_only;
};

// `selectors` are members of the same object that somebody else reads: "operation", "path".
Members read_members(const Source& object, Level level, const std::vector<std::string_view>& selectors,
                     Report& report);

struct SchemeMembers {
  std::vector<Said<std::string>> issuers;
  std::optional<Said<std::string>> jwks_uri;
  std::optional<Said<std::string>> jwks_file;
  std::optional<Said<std::string>> allow_in_query;          // of an API key: why
  std::optional<Said<std::vector<std::string>>> audiences;  // `any`: empty
  std::optional<Said<jose::AlgorithmSet>> algorithms;
  std::optional<Said<std::int64_t>> leeway_s;
  std::optional<Said<std::int64_t>> token_lifetime_max_s;
};
// Of a security scheme object: its `x-caponier`, then the aliases x-google-issuer, x-google-jwks_uri,
// x-google-audiences where `x-caponier` is silent.
SchemeMembers read_scheme_members(const Source& scheme, Report& report);

}  // namespace caponier::plan
