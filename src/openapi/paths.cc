#include "openapi/paths.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.h"
#include "openapi/content.h"
#include "openapi/object_rules.h"
#include "openapi/parameters.h"
#include "openapi/security.h"
#include "openapi/servers.h"
#include "openapi/unserved.h"

namespace caponier::openapi {
namespace {

struct MethodMember {
  std::string_view member;
  http::Method method;
};
constexpr MethodMember kMethods[] = {{"get", http::Method::kGet},         {"put", http::Method::kPut},
                                     {"post", http::Method::kPost},       {"delete", http::Method::kDelete},
                                     {"head", http::Method::kHead},       {"patch", http::Method::kPatch},
                                     {"options", http::Method::kOptions}, {"trace", http::Method::kTrace}};

// A path item with everything that holds for all of its operations.
struct PathItem {
  const Node* key = nullptr;  // the member of `paths`
  const Node* node = nullptr;
  const Node* parameters = nullptr;
  const Node* x_caponier = nullptr;
  std::vector<std::string_view> names;
  std::vector<std::string> base_paths;
};

void read_operation_id(Reader& reader, const Node& node, Operation& operation) {
  operation.id = operation.label();
  const Node* id = member(node, "operationId", NodeKind::kString);
  if (id == nullptr) return;
  if (id->text.empty()) {
    reader.error(*id, "invalid-value", "`operationId` must not be empty",
                 "Remove it, or name the operation.");
    return;
  }
  operation.id = id->text;
  operation.has_operation_id = true;
  const auto [first, is_new] = reader.operation_ids.try_emplace(id->text, id);
  if (is_new) return;
  reader.error(*id, "duplicate-operation-id",
               "the operationId " + quote(id->text) + " is already taken " +
                   (first->second->document == id->document
                        ? std::string()
                        : "in " + quote(reader.contract.file_of(*first->second)) + " ") +
                   "at line " + std::to_string(first->second->position.line),
               "Give each operation an id of its own.");
}

void read_operation_security(Reader& reader, const Node& node, const Inherited& inherited,
                             Operation& operation) {
  if (const Node* own = member(node, "security", NodeKind::kArray)) {
    operation.security = read_security(reader, *own);
    operation.security_declared = true;
    operation.security_node = own;
    return;
  }
  operation.security = inherited.security;
  operation.security_declared = inherited.security_node != nullptr;
  operation.security_node = inherited.security_node;
}

void check_surroundings(Reader& reader, const Node& node) {
  if (const Node* callbacks = member(node, "callbacks", NodeKind::kObject)) {
    check_callbacks(reader, *callbacks);
  }
  if (const Node* docs = member(node, "externalDocs", NodeKind::kObject)) {
    check_object(reader, *docs, rules::kExternalDocs);
  }
}

void read_operation(Reader& reader, const PathItem& item, const Node& node, http::Method method,
                    const Inherited& inherited) {
  Operation operation;
  operation.method = method;
  operation.path = item.key->key;
  reader.operation = operation.label();
  if (!check_object(reader, node, rules::kOperation)) return;
  operation.node = &node;
  operation.path_node = item.node;
  operation.x_caponier = member(node, "x-caponier", NodeKind::kObject);
  operation.path_x_caponier = item.x_caponier;
  operation.deprecated = boolean_member(node, "deprecated");
  read_operation_id(reader, node, operation);
  operation.parameters =
      merge_parameters(reader, item.parameters, member(node, "parameters", NodeKind::kArray));
  check_path_parameters(reader, node, item.names, operation.parameters);
  if (const Node* body = member(node, "requestBody", NodeKind::kObject)) {
    operation.request_body = read_request_body(reader, *body);
  }
  if (const Node* responses = member(node, "responses", NodeKind::kObject)) {
    operation.responses = read_responses(reader, *responses);
  }
  read_operation_security(reader, node, inherited, operation);
  const Node* servers = member(node, "servers", NodeKind::kArray);
  operation.base_paths =
      servers != nullptr && servers->child_count > 0 ? read_servers(reader, *servers) : item.base_paths;
  check_surroundings(reader, node);
  reader.contract.operations.push_back(std::move(operation));
}

// What a path item's `$ref` leads to; what stands beside it has no defined meaning (OpenAPI 3.1, "Path Item
// Object").
const Node* follow_path_item(Reader& reader, const Node& node) {
  return node.is_object() ? reader.dereference(node) : &node;
}

void read_path_item(Reader& reader, const Node& key, const Inherited& inherited) {
  PathItem item;
  item.key = &key;
  item.names = template_names(reader, key, key.key);
  item.node = follow_path_item(reader, key);
  if (item.node == nullptr || !check_object(reader, *item.node, rules::kPathItem)) return;
  item.parameters = member(*item.node, "parameters", NodeKind::kArray);
  item.x_caponier = member(*item.node, "x-caponier", NodeKind::kObject);
  const Node* servers = member(*item.node, "servers", NodeKind::kArray);
  item.base_paths =
      servers != nullptr && servers->child_count > 0 ? read_servers(reader, *servers) : inherited.base_paths;
  for (const Node& found : *item.node) {
    if (!found.is_object()) continue;
    if (const auto method = method_of(found.key)) read_operation(reader, item, found, *method, inherited);
  }
  reader.operation.clear();
}

}  // namespace

std::optional<http::Method> method_of(std::string_view name) {
  for (const MethodMember& candidate : kMethods) {
    if (candidate.member == name) return candidate.method;
  }
  return std::nullopt;
}

void read_paths(Reader& reader, const Node& paths, const Inherited& inherited) {
  for (const Node& entry : paths) {
    if (entry.key.starts_with("x-")) {
      check_extension(reader, entry, false);
    } else if (!entry.key.starts_with('/')) {
      reader.error_at_key(entry, "path-template",
                          "the path " + quote(entry.key) + " does not begin with a slash",
                          "Write \"/" + std::string(entry.key.substr(0, 60)) + "\".");
    } else {
      read_path_item(reader, entry, inherited);
    }
  }
}

}  // namespace caponier::openapi
