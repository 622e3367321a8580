#include "plan/policy_members.h"

#include <algorithm>
#include <limits>

#include "base/bytes.h"
#include "config/config.h"
#include "plan/member_reader.h"
#include "plan/report_only.h"
#include "plan/step_up.h"
#include "plan/upstream_member.h"

namespace caponier::plan {
namespace {

const std::vector<std::string_view> kOperationMembers = {
    "public",   "exposed",  "internal", "owner",       "rate_limit", "body_bytes_max",
    "security", "response", "opaque",   "report_only", "upstream",   "step_up"};
const std::vector<std::string_view> kSchemeMembers = {
    "issuer",     "issuers", "jwks_uri",           "jwks_file",     "audiences",
    "algorithms", "leeway",  "token_lifetime_max", "allow_in_query"};

// As in the configuration's issuers.
constexpr std::int64_t kLeewayMaxS = 300;
constexpr std::int64_t kTokenLifetimeMaxS = 366LL * 24 * 3600;

std::optional<RateRule> rate_of(std::uint64_t requests, std::optional<std::int64_t> window_ms) {
  if (requests < 1 || requests > kRateRequestsMax) return std::nullopt;
  if (!window_ms || *window_ms < 1 || *window_ms > kRateWindowMaxMs) return std::nullopt;
  RateRule rule{static_cast<std::uint32_t>(requests), *window_ms * 1000, false, {}};
  if (rule.window_us < rule.requests) return std::nullopt;  // less than a microsecond for each
  return rule;
}

// "20/m", "100/90s".
std::optional<RateRule> rate_of_text(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto requests = parse_decimal(text.substr(0, slash));
  std::string window(text.substr(slash + 1));
  if (window.size() == 1 && is_alpha(window.front())) window.insert(0, 1, '1');
  if (!requests) return std::nullopt;
  return rate_of(*requests, config::parse_duration_ms(window));
}

std::optional<RateRule> rate_of_object(const Source& object, Report& report) {
  MemberReader reader(object, report);
  if (const Node* off = object.node->find("off")) {
    reader.only({"off"}, "rate limit");
    if (auto reason = reader.text(*off)) return RateRule{0, 0, true, std::move(*reason)};
    return std::nullopt;
  }
  reader.only({"requests", "window", "off"}, "rate limit");
  const Node* requests = object.node->find("requests");
  const Node* window = object.node->find("window");
  const auto count = requests == nullptr ? std::nullopt : requests->integer();
  if (!count || *count < 0 || window == nullptr || !window->is_string()) return std::nullopt;
  return rate_of(static_cast<std::uint64_t>(*count), config::parse_duration_ms(window->text));
}

void read_rate(const Source& at, std::optional<Said<RateRule>>& out, Report& report) {
  std::optional<RateRule> rule;
  const std::size_t errors_before = report.errors();
  if (at.node->is_string()) rule = rate_of_text(at.node->text);
  if (at.node->is_object()) rule = rate_of_object(at, report);
  if (rule) {
    out = {std::move(*rule), at};
  } else if (report.errors() == errors_before) {
    report.error(
        at, "bad-rate-limit", "this is no rate limit",
        "write \"20/m\", or {requests: 20, window: \"90s\"} (at most 1000000 requests, at most 31 days), or "
        "{off: \"why there is none\"}");
  }
}

void read_rates(const Source& at, Members& members, Report& report) {
  MemberReader reader(at, report);
  if (!reader.object()) return;
  reader.only({"per_address", "per_credential", "per_operation"}, "rate limit");
  for (const LimitPer per : {LimitPer::kAddress, LimitPer::kCredential, LimitPer::kOperation}) {
    const Node* node = at.node->find(name(per));
    if (node != nullptr)
      read_rate({at.file, node}, members.rate_limits[static_cast<std::size_t>(per)], report);
  }
}

void read_public(const Source& at, Members& members, Report& report) {
  const char* const fix = "write public: {reason: \"why anyone may call this\"}";
  if (members.level == Level::kRoot || members.level == Level::kConfigDefaults) {
    return report.error_at_key(at, "misplaced-member", "\"public\" is not inherited by every operation",
                               "say it at the path or the operation, or in the configuration's operations");
  }
  const Node* reason = at.node->is_object() ? at.node->find("reason") : nullptr;
  if (reason == nullptr) return report.error(at, "public-without-reason", "\"public\" needs a reason", fix);
  MemberReader reader(at, report);
  reader.only({"reason"}, "public");
  if (auto text = reader.text(*reason)) members.public_reason = {std::move(*text), at};
}

void read_owner(const Source& at, Members& members, Report& report) {
  MemberReader reader(at, report);
  if (!reader.object()) return;
  reader.only({"claim", "parameter"}, "owner");
  const Node* claim = at.node->find("claim");
  const Node* parameter = at.node->find("parameter");
  if (claim == nullptr || parameter == nullptr) {
    return report.error(at, "bad-owner", "\"owner\" needs a claim and a path parameter",
                        "write owner: {claim: sub, parameter: customerId}");
  }
  auto claim_text = reader.text(*claim);
  auto parameter_text = reader.text(*parameter);
  if (claim_text && parameter_text) {
    members.owner = {OwnerRule{std::move(*claim_text), std::move(*parameter_text)}, at};
  }
}

void read_body_bytes(const Source& at, Members& members, Report& report) {
  const auto bytes =
      at.node->is_string() || at.node->is_number() ? config::parse_bytes(at.node->text) : std::nullopt;
  if (!bytes) {
    return report.error(at, "bad-size", "this is no size",
                        "write a number of bytes, or \"64KiB\", or \"2MiB\"");
  }
  members.body_bytes_max = {*bytes, at};
}

constexpr ResponseMode kModes[] = {ResponseMode::kEnforce, ResponseMode::kStrip, ResponseMode::kReport,
                                   ResponseMode::kStream};

void read_response(const Source& at, Members& members, Report& report) {
  ResponseRule rule;
  const Node* mode = at.node;
  if (at.node->is_object()) {
    MemberReader reader(at, report);
    reader.only({"mode", "bytes_max"}, "response");
    mode = at.node->find("mode");
    if (const Node* most = at.node->find("bytes_max")) {
      const auto bytes =
          most->is_string() || most->is_number() ? config::parse_bytes(most->text) : std::nullopt;
      if (!bytes || *bytes < 1 || *bytes > kJudgedBodyBytesMax) {
        return report.error({at.file, most}, "bad-size", "this is no size between 1 byte and 64MiB",
                            "write a number of bytes, or \"64KiB\", or \"2MiB\"");
      }
      rule.bytes_max = *bytes;
    }
  }
  for (const ResponseMode known : kModes) {
    if (mode == nullptr || !mode->is_string() || mode->text != name(known)) continue;
    rule.mode = known;
    members.response = {rule, at};
    return;
  }
  report.error(at, "bad-response-mode", "this does not say what happens to answers",
               "write enforce, strip, report or stream, or {mode: enforce, bytes_max: 8MiB}");
}

void read_opaque(const Source& at, Members& members, Report& report) {
  if (members.level == Level::kRoot || members.level == Level::kConfigDefaults) {
    return report.error_at_key(at, "misplaced-member", "\"opaque\" is not inherited by every operation",
                               "say it at the path or the operation, or in the configuration's operations");
  }
  const Node* reason = at.node->is_object() ? at.node->find("reason") : nullptr;
  if (reason == nullptr) {
    return report.error(at, "opaque-without-reason", "\"opaque\" needs a reason",
                        "write opaque: {reason: \"why bodies may pass that nothing judges\"}");
  }
  MemberReader reader(at, report);
  reader.only({"reason"}, "opaque");
  if (auto text = reader.text(*reason)) members.opaque_reason = {std::move(*text), at};
}

void read_flag(const Source& at, std::optional<Said<bool>>& out, Report& report) {
  if (at.node->is_boolean()) {
    out = {at.node->boolean, at};
  } else {
    report.error(at, "bad-value", quoted(at.node->key) + " is true or false");
  }
}

void read_member(const Source& at, Members& members, Report& report) {
  const std::string_view key = at.node->key;
  if (key == "public") return read_public(at, members, report);
  if (key == "owner") return read_owner(at, members, report);
  if (key == "rate_limit") return read_rates(at, members, report);
  if (key == "body_bytes_max") return read_body_bytes(at, members, report);
  if (key == "response") return read_response(at, members, report);
  if (key == "opaque") return read_opaque(at, members, report);
  if (key == "report_only") return read_report_only(at, members, report);
  if (key == "upstream") return read_upstream_member(at, members, report);
  if (key == "step_up") return read_step_up(at, members, report);
  if (key == "security") {
    members.security = at;
    return;
  }
  if (key == "exposed") return read_flag(at, members.exposed, report);
  if (key == "internal") return read_flag(at, members.internal, report);
  report_unknown_member(at, kOperationMembers, kSchemeMembers, "a security scheme", report);
}

void read_issuers(MemberReader& reader, SchemeMembers& out) {
  if (const Node* node = reader.find("issuer")) {
    if (auto text = reader.text(*node)) out.issuers.push_back({std::move(*text), reader.at(*node)});
  }
  const Node* list = reader.find("issuers");
  if (list == nullptr) return;
  for (auto& text : reader.texts(*list)) out.issuers.push_back({std::move(text), reader.at(*list)});
}

void read_audiences(MemberReader& reader, SchemeMembers& out) {
  const Node* node = reader.find("audiences");
  if (node == nullptr) return;
  if (node->is_string() && node->text == "any") {
    out.audiences = {{}, reader.at(*node)};
    return;
  }
  auto texts = reader.texts(*node);
  if (!texts.empty()) out.audiences = {std::move(texts), reader.at(*node)};
}

void read_algorithms(MemberReader& reader, SchemeMembers& out, Report& report) {
  const Node* node = reader.find("algorithms");
  if (node == nullptr) return;
  jose::AlgorithmSet set;
  for (const auto& text : reader.texts(*node)) {
    if (const auto algorithm = jose::parse_algorithm(text)) {
      set.add(*algorithm);
    } else {
      report.error(reader.at(*node), "bad-algorithm", quoted(text) + " is no algorithm that is accepted",
                   "use RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 or EdDSA");
    }
  }
  if (!set.empty()) out.algorithms = {set, reader.at(*node)};
}

std::optional<Said<std::int64_t>> read_seconds(MemberReader& reader, std::string_view key, std::int64_t min_s,
                                               std::int64_t max_s, Report& report) {
  const Node* node = reader.find(key);
  if (node == nullptr) return std::nullopt;
  const auto ms = node->is_string() ? config::parse_duration_ms(node->text) : std::nullopt;
  if (ms && *ms >= min_s * 1000 && *ms <= max_s * 1000)
    return Said<std::int64_t>{*ms / 1000, reader.at(*node)};
  report.error(
      reader.at(*node), "bad-duration",
      "this is no duration between " + std::to_string(min_s) + "s and " + std::to_string(max_s) + "s",
      "write \"30s\", \"5m\" or \"24h\"");
  return std::nullopt;
}

std::optional<Said<std::string>> read_text(MemberReader& reader, std::string_view key) {
  const Node* node = reader.find(key);
  if (node == nullptr) return std::nullopt;
  auto text = reader.text(*node);
  if (!text) return std::nullopt;
  return Said<std::string>{std::move(*text), reader.at(*node)};
}

// {reason: "..."}, as everything that loosens.
void read_allow_in_query(MemberReader& reader, SchemeMembers& out, Report& report) {
  const Node* node = reader.find("allow_in_query");
  if (node == nullptr) return;
  const Source at = reader.at(*node);
  const Node* reason = node->is_object() ? node->find("reason") : nullptr;
  if (reason == nullptr) {
    return report.error(at, "query-without-reason", "\"allow_in_query\" needs a reason",
                        "write allow_in_query: {reason: \"why clients cannot send a header\"}");
  }
  MemberReader inner(at, report);
  inner.only({"reason"}, "allow_in_query");
  if (auto text = inner.text(*reason)) out.allow_in_query = {std::move(*text), at};
}

// x-google-audiences is one string, separated by commas.
void read_google(const Source& scheme, SchemeMembers& out, Report& report) {
  MemberReader reader(scheme, report);
  if (auto issuer = read_text(reader, "x-google-issuer"); issuer && out.issuers.empty()) {
    out.issuers.push_back(std::move(*issuer));
    if (!out.jwks_uri && !out.jwks_file) out.jwks_uri = read_text(reader, "x-google-jwks_uri");
  }
  const auto audiences = read_text(reader, "x-google-audiences");
  if (!audiences || out.audiences) return;
  std::vector<std::string> list;
  for (std::string_view rest = audiences->value; !rest.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    std::string_view one = rest.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (!one.empty()) list.emplace_back(one);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  if (!list.empty()) out.audiences = {std::move(list), audiences->source};
}

}  // namespace

std::string_view name(LimitPer per) {
  switch (per) {
    case LimitPer::kAddress:
      return "per_address";
    case LimitPer::kCredential:
      return "per_credential";
    case LimitPer::kOperation:
      return "per_operation";
  }
  return "";
}

std::string_view name(ResponseMode mode) {
  switch (mode) {
    case ResponseMode::kEnforce:
      return "enforce";
    case ResponseMode::kStrip:
      return "strip";
    case ResponseMode::kReport:
      return "report";
    case ResponseMode::kStream:
      return "stream";
  }
  return "";
}

std::string to_text(const ResponseRule& rule) {
  std::string text(name(rule.mode));
  if (rule.bytes_max > 0) text += " within " + std::to_string(rule.bytes_max) + " bytes";
  return text;
}

std::string to_text(const RateRule& rule) {
  if (rule.off) return "off";
  const std::string requests = std::to_string(rule.requests);
  constexpr std::int64_t kSecond = 1'000'000;
  for (const auto& [unit, us] :
       {std::pair{"d", 86'400 * kSecond}, {"h", 3600 * kSecond}, {"m", 60 * kSecond}, {"s", kSecond}}) {
    if (rule.window_us == us) return requests + '/' + unit;
    if (rule.window_us % us == 0) return requests + '/' + std::to_string(rule.window_us / us) + unit;
  }
  return requests + '/' + std::to_string(rule.window_us / 1000) + "ms";
}

bool looser(const RateRule& a, const RateRule& b) {
  if (a.off || b.off) return a.off && !b.off;
  __extension__ using Wide = unsigned __int128;
  const Wide left = static_cast<Wide>(a.requests) * static_cast<Wide>(b.window_us);
  const Wide right = static_cast<Wide>(b.requests) * static_cast<Wide>(a.window_us);
  return left != right ? left > right : a.requests > b.requests;
}

Members read_members(const Source& object, Level level, const std::vector<std::string_view>& selectors,
                     Report& report) {
  Members members;
  members.level = level;
  MemberReader reader(object, report);
  if (!reader.object()) return members;
  for (const Node& member : *object.node) {
    if (std::find(selectors.begin(), selectors.end(), member.key) != selectors.end()) continue;
    read_member({object.file, &member}, members, report);
  }
  return members;
}

SchemeMembers read_scheme_members(const Source& scheme, Report& report) {
  SchemeMembers out;
  if (const Node* own = scheme.node->find("x-caponier")) {
    const Source object{scheme.file, own};
    MemberReader reader(object, report);
    if (reader.object()) {
      for (const Node& member : *own) {
        if (std::find(kSchemeMembers.begin(), kSchemeMembers.end(), member.key) != kSchemeMembers.end())
          continue;
        report_unknown_member({scheme.file, &member}, kSchemeMembers, kOperationMembers, "an operation",
                              report);
      }
      read_issuers(reader, out);
      read_audiences(reader, out);
      read_algorithms(reader, out, report);
      out.jwks_uri = read_text(reader, "jwks_uri");
      out.jwks_file = read_text(reader, "jwks_file");
      read_allow_in_query(reader, out, report);
      out.leeway_s = read_seconds(reader, "leeway", 0, kLeewayMaxS, report);
      out.token_lifetime_max_s = read_seconds(reader, "token_lifetime_max", 1, kTokenLifetimeMaxS, report);
    }
  }
  read_google(scheme, out, report);
  return out;
}

}  // namespace caponier::plan
