#include "plan/member_reader.h"

#include <algorithm>

namespace caponier::plan {
namespace {

// Words that x-caponier will hold; refused by name, so that nobody believes them enforced.
const std::vector<std::string_view> kNotEnforced = {"tenant",   "roles",          "policy", "cost",
                                                    "priority", "classification", "fields", "inspect",
                                                    "sunset",   "audit"};

bool has(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string suggestion(std::string_view name, const std::vector<std::string_view>& known) {
  const std::string_view meant = did_you_mean(name, known);
  if (!meant.empty()) return "did you mean \"" + std::string(meant) + "\"?";
  if (known.empty()) return "no member of x-caponier is read here by this version";
  std::string fix = "known here:";
  for (const std::string_view one : known) fix += ' ' + std::string(one);
  return fix;
}

}  // namespace

bool MemberReader::object() {
  if (object_.node->is_object()) return true;
  report_.error(object_, "wrong-type",
                "an object is expected here, not " + std::string(kind_name(object_.node->kind)));
  return false;
}

void MemberReader::only(const std::vector<std::string_view>& names, std::string_view what) {
  for (const Node& member : *object_.node) {
    if (has(names, member.key)) continue;
    report_.error_at_key(at(member), "unknown-member",
                         quoted(member.key) + " is no member of \"" + std::string(what) + '"',
                         suggestion(member.key, names));
  }
}

std::optional<std::string> MemberReader::text(const Node& node) {
  if (node.is_string() && !node.text.empty()) return std::string(node.text);
  report_.error(at(node), "wrong-type",
                node.is_string() ? "the text is empty"
                                 : "a text is expected here, not " + std::string(kind_name(node.kind)));
  return std::nullopt;
}

std::vector<std::string> MemberReader::texts(const Node& node) {
  std::vector<std::string> out;
  if (!node.is_array()) {
    if (auto one = text(node)) out.push_back(std::move(*one));
    return out;
  }
  for (const Node& item : node) {
    if (auto one = text(item)) out.push_back(std::move(*one));
  }
  if (node.child_count == 0) report_.error(at(node), "empty-list", "the list is empty");
  return out;
}

void report_unknown_member(const Source& member, const std::vector<std::string_view>& known,
                           const std::vector<std::string_view>& elsewhere, std::string_view elsewhere_name,
                           Report& report) {
  const std::string_view key = member.node->key;
  if (has(kNotEnforced, key)) {
    return report.error_at_key(member, "not-enforced-yet", quoted(key) + " is not enforced by this version",
                               "leave it out, so that nobody relies on it");
  }
  if (has(elsewhere, key)) {
    return report.error_at_key(member, "misplaced-member",
                               quoted(key) + " belongs to " + std::string(elsewhere_name));
  }
  report.error_at_key(member, "unknown-member", quoted(key) + " is not a member of x-caponier",
                      suggestion(key, known));
}

}  // namespace caponier::plan
