#include "plan/upstream_member.h"

#include <algorithm>

#include "base/bytes.h"
#include "config/config.h"
#include "plan/member_reader.h"

namespace caponier::plan {
namespace {

constexpr std::int64_t kTimeoutMinMs = 10;
constexpr std::int64_t kTimeoutMaxMs = 3'600'000;
constexpr std::size_t kPathBytesMax = 1024;

// Letters that a canonical path never writes in another way, and no segments that lead elsewhere: what is
// judged and what is rewritten are the same text then.
bool is_plain(std::string_view path) {
  if (!path.starts_with('/') || path.size() > kPathBytesMax) return false;
  if (path.find("//") != std::string_view::npos) return false;
  for (std::size_t begin = 1; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view segment = path.substr(begin, end - begin);
    if (segment == "." || segment == "..") return false;
    begin = end + 1;
  }
  return std::all_of(path.begin(), path.end(), [](char c) {
    return is_alpha(c) || is_digit(c) || c == '/' || c == '-' || c == '.' || c == '_' || c == '~';
  });
}

std::optional<std::string> read_prefix(MemberReader& reader, std::string_view key, Report& report) {
  const Node* node = reader.find(key);
  if (node == nullptr) return std::nullopt;
  auto text = reader.text(*node);
  if (!text) return std::nullopt;
  if (!is_plain(*text)) {
    report.error(reader.at(*node), "bad-rewrite", "this is no prefix of a path",
                 "begin it with a slash; letters, digits, and - . _ ~ stand in its segments");
    return std::nullopt;
  }
  if (text->ends_with('/')) text->pop_back();
  return text;
}

std::optional<PathRewrite> read_rewrite(const Source& at, Report& report) {
  MemberReader reader(at, report);
  if (!reader.object()) return std::nullopt;
  reader.only({"prefix", "with"}, "rewrite");
  if (reader.find("prefix") == nullptr || reader.find("with") == nullptr) {
    report.error(at, "bad-rewrite", "\"rewrite\" needs a prefix, and what stands in its place",
                 "write rewrite: {prefix: /v1, with: /}");
    return std::nullopt;
  }
  auto prefix = read_prefix(reader, "prefix", report);
  auto with = read_prefix(reader, "with", report);
  if (!prefix || !with) return std::nullopt;
  return PathRewrite{std::move(*prefix), std::move(*with), true};
}

}  // namespace

void read_upstream_member(const Source& at, Members& members, Report& report) {
  UpstreamRule rule;
  MemberReader reader(at, report);
  if (at.node->is_string()) {
    rule.name = reader.text(*at.node);
    members.upstream = {std::move(rule), at};
    return;
  }
  if (!reader.object()) return;
  reader.only({"name", "rewrite", "timeout"}, "upstream");
  if (const Node* name = reader.find("name")) rule.name = reader.text(*name);
  if (const Node* rewrite = reader.find("rewrite")) rule.rewrite = read_rewrite(reader.at(*rewrite), report);
  if (const Node* timeout = reader.find("timeout")) {
    const auto ms = timeout->is_string() ? config::parse_duration_ms(timeout->text) : std::nullopt;
    if (ms && *ms >= kTimeoutMinMs && *ms <= kTimeoutMaxMs) {
      rule.timeout_ms = *ms;
    } else {
      report.error(reader.at(*timeout), "bad-duration", "this is no duration between 10ms and 1h",
                   "write \"250ms\", \"5s\" or \"2m\"");
    }
  }
  members.upstream = {std::move(rule), at};
}

std::string to_text(const UpstreamRule& rule) {
  std::string text = rule.name ? *rule.name : "default";
  if (rule.rewrite) {
    const auto shown = [](const std::string& path) { return path.empty() ? std::string("/") : path; };
    text += ", " + shown(rule.rewrite->prefix) + " becomes " + shown(rule.rewrite->with);
  }
  if (rule.timeout_ms > 0) text += ", answers within " + std::to_string(rule.timeout_ms) + "ms";
  return text;
}

}  // namespace caponier::plan
