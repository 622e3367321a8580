#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "config/sections.h"

namespace caponier::config {
namespace {

constexpr std::string_view kMethods[] = {"GET",    "HEAD",    "POST",  "PUT", "PATCH",
                                         "DELETE", "OPTIONS", "TRACE", "*"};

// Empty if `pattern` is "METHOD /path/pattern"; otherwise what is wrong with it.
std::string_view wrong_with(std::string_view pattern) {
  const std::size_t space = pattern.find(' ');
  if (space == std::string_view::npos) return "a pattern is a method, a space and a path";
  const std::string_view method = pattern.substr(0, space);
  if (std::find(std::begin(kMethods), std::end(kMethods), method) == std::end(kMethods)) {
    return "a pattern begins with a method in capitals, or with \"*\"";
  }
  const std::string_view path = pattern.substr(space + 1);
  if (!path.starts_with('/') || path.find_first_of(" ?#") != std::string_view::npos) {
    return "the path of a pattern begins with a slash, and has no query";
  }
  for (std::size_t begin = 1; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view segment = path.substr(begin, end - begin);
    if (segment == "**" && end != path.size()) {
      return "\"**\" stands for the rest of a path, so it is the last segment";
    }
    if (segment.find('*') != std::string_view::npos && segment != "*" && segment != "**") {
      return "\"*\" stands for a whole segment";
    }
    begin = end + 1;
  }
  return {};
}

void read_operation(Reader& reader, const Node& node, Config& config) {
  if (!node.is_object()) {
    reader.error(node, "wrong-type",
                 "an operation must be an object, not " + std::string(kind_name(node.kind)));
    return;
  }
  const Node* path = node.find("path");
  if ((node.find("operation") == nullptr) == (path == nullptr)) {
    reader.error(node, "missing-key", "an entry of `operations` needs exactly one of `operation` and `path`",
                 "Write `operation: operationId`, or `path: \"GET /orders/*\"`.");
    return;
  }
  OperationOverride entry;
  entry.members = &node;
  entry.origin = reader.origin_of(node);
  entry.operation_id = reader.text(node, "operation").value_or("");
  entry.path_pattern = reader.text(node, "path").value_or("");
  if (!entry.path_pattern.empty()) {
    if (const std::string_view wrong = wrong_with(entry.path_pattern); !wrong.empty()) {
      reader.error(*path, "invalid-value", std::string(wrong),
                   "Write it as \"GET /orders/*\" or \"* /admin/**\".");
      return;
    }
  }
  if (node.child_count == 1) {
    reader.error(node, "missing-key", "this entry chooses operations and says nothing about them",
                 "Add what holds for them, such as `exposed: false`.");
  }
  if (entry.operation_id.empty() && entry.path_pattern.empty()) return;
  config.operations.push_back(std::move(entry));
}

}  // namespace

void read_operations(Reader& reader, const Node& root, Config& config) {
  const Node* list = reader.array(root, "operations");
  if (list == nullptr) return;
  for (const Node& node : *list) read_operation(reader, node, config);
}

}  // namespace caponier::config
