#include "plan/overrides.h"

namespace caponier::plan {
namespace {

// The first segment of `path` (which begins with '/'), taken off it.
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::size_t end = path.find('/');
  const std::string_view segment = path.substr(0, end);
  path.remove_prefix(segment.size());
  return segment;
}

// "{id}" in a pattern is any whole parameter: names differ between documents, places do not.
bool is_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.find('}') == segment.size() - 1;
}

bool same_segment(std::string_view pattern, std::string_view segment) {
  return pattern == "*" || pattern == segment || (is_parameter(pattern) && is_parameter(segment));
}

}  // namespace

bool matches_pattern(std::string_view pattern, http::Method method, std::string_view path) {
  const std::size_t space = pattern.find(' ');
  if (space == std::string_view::npos) return false;
  const std::string_view wanted = pattern.substr(0, space);
  if (wanted != "*" && wanted != http::name(method)) return false;
  std::string_view rest = pattern.substr(space + 1);
  while (rest.starts_with('/')) {
    if (rest == "/**") return true;
    if (!path.starts_with('/')) return false;
    if (!same_segment(take_segment(rest), take_segment(path))) return false;
  }
  return rest.empty() && path.empty();
}

Overrides::Overrides(Compilation& compilation) {
  const std::string_view file =
      compilation.config.tree != nullptr ? compilation.config.tree->file() : compilation.config.file;
  for (const config::OperationOverride& source : compilation.config.operations) {
    Entry entry{&source, {}, false};
    if (source.members != nullptr) {
      entry.members = read_members({file, source.members}, Level::kConfigOperation, {"operation", "path"},
                                   compilation.report);
    }
    entry.members.level = Level::kConfigOperation;
    entry.members.by_wildcard = source.path_pattern.find('*') != std::string::npos;
    entries_.push_back(std::move(entry));
  }
}

std::vector<const Members*> Overrides::of(const openapi::Operation& operation) {
  std::vector<const Members*> out;
  for (Entry& entry : entries_) {
    bool chosen = !entry.source->operation_id.empty() && entry.source->operation_id == operation.id;
    if (!entry.source->path_pattern.empty()) {
      chosen = matches_pattern(entry.source->path_pattern, operation.method, operation.path);
      for (const std::string& base : operation.base_paths) {
        chosen =
            chosen || matches_pattern(entry.source->path_pattern, operation.method, base + operation.path);
      }
    }
    if (!chosen) continue;
    entry.used = true;
    out.push_back(&entry.members);
  }
  return out;
}

void Overrides::report_unused(Compilation& compilation) const {
  std::vector<std::string_view> ids;
  for (const openapi::Operation& operation : compilation.contract.operations) ids.push_back(operation.id);
  for (const Entry& entry : entries_) {
    if (entry.used) continue;
    const bool by_id = !entry.source->operation_id.empty();
    const std::string& chosen = by_id ? entry.source->operation_id : entry.source->path_pattern;
    const std::string_view meant = by_id ? did_you_mean(chosen, ids) : std::string_view();
    compilation.report.add(diagnostic_at(
        entry.source->origin, "override-unused", "no operation of the document is " + quoted(chosen),
        meant.empty() ? "choose by operationId, or by method and path as the document writes them"
                      : "did you mean \"" + std::string(meant) + "\"?"));
  }
}

}  // namespace caponier::plan
