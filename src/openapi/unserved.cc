#include "openapi/unserved.h"

#include <string>

#include "openapi/content.h"
#include "openapi/object_rules.h"
#include "openapi/parameters.h"
#include "openapi/paths.h"

namespace caponier::openapi {
namespace {

// Each part once, so that callbacks may refer to each other in circles.
const Node* first_time(Reader& reader, const Node& entry) {
  const Node* target = reader.dereference(entry);
  return target != nullptr && reader.unserved.insert(target).second ? target : nullptr;
}

// What refers to a component is counted there.
void count(Unserved::Kind& kind, const Node& node) {
  if (!node.is_object() || node.find("$ref") != nullptr) return;
  if (kind.first == nullptr) kind.first = &node;
  ++kind.count;
}

void check_servers(Reader& reader, const Node& holder) {
  const Node* servers = member(holder, "servers", NodeKind::kArray);
  if (servers == nullptr) return;
  for (const Node& server : *servers) check_object(reader, server, rules::kServer);
}

void check_operation(Reader& reader, const Node& node, const Node* shared_parameters) {
  if (!check_object(reader, node, rules::kOperation)) return;
  merge_parameters(reader, shared_parameters, member(node, "parameters", NodeKind::kArray));
  if (const Node* body = member(node, "requestBody", NodeKind::kObject)) read_request_body(reader, *body);
  if (const Node* responses = member(node, "responses", NodeKind::kObject)) {
    read_responses(reader, *responses);
  }
  check_servers(reader, node);
  if (const Node* callbacks = member(node, "callbacks", NodeKind::kObject)) {
    check_callbacks(reader, *callbacks);
  }
}

void check_path_item(Reader& reader, const Node& entry) {
  const Node* item = first_time(reader, entry);
  if (item == nullptr || !check_object(reader, *item, rules::kPathItem)) return;
  check_servers(reader, *item);
  const Node* parameters = member(*item, "parameters", NodeKind::kArray);
  for (const Node& found : *item) {
    if (found.is_object() && method_of(found.key)) check_operation(reader, found, parameters);
  }
}

}  // namespace

void check_example_members(Reader& reader, const Node& holder) {
  const Node* examples = holder.find("examples");
  if (examples == nullptr) return;
  if (const Node* example = holder.find("example")) {
    reader.error_at_key(*example, "invalid-value", "`example` and `examples` exclude each other",
                        "Keep one of the two.");
  }
  if (examples->is_object()) check_examples(reader, *examples);
}

void check_examples(Reader& reader, const Node& examples) {
  for (const Node& entry : examples) {
    if (entry.key.starts_with("x-")) continue;
    const Node* example = first_time(reader, entry);
    if (example == nullptr || !check_object(reader, *example, rules::kExample)) continue;
    const Node* external = example->find("externalValue");
    if (external == nullptr || example->find("value") == nullptr) continue;
    reader.error_at_key(*external, "invalid-value", "`value` and `externalValue` exclude each other",
                        "Keep one of the two.");
  }
}

void check_links(Reader& reader, const Node& links) {
  for (const Node& entry : links) {
    if (entry.key.starts_with("x-")) continue;
    count(reader.counts.links, entry);
    const Node* link = first_time(reader, entry);
    if (link == nullptr || !check_object(reader, *link, rules::kLink)) continue;
    const bool by_id = link->find("operationId") != nullptr;
    const bool by_reference = link->find("operationRef") != nullptr;
    if (by_id == by_reference) {
      reader.error(*link, by_id ? "invalid-value" : "missing-member",
                   by_id ? "`operationId` and `operationRef` exclude each other"
                         : "a link needs `operationId` or `operationRef`",
                   "Name the operation that it leads to, once.");
    }
    if (const Node* server = member(*link, "server", NodeKind::kObject)) {
      check_object(reader, *server, rules::kServer);
    }
  }
}

void check_callbacks(Reader& reader, const Node& callbacks) {
  for (const Node& entry : callbacks) {
    if (entry.key.starts_with("x-")) continue;
    count(reader.counts.callbacks, entry);
    const Node* callback = first_time(reader, entry);
    if (callback == nullptr) continue;
    if (!callback->is_object()) {
      reader.error(*callback, "wrong-type",
                   "a callback must be an object, not " + std::string(kind_name(callback->kind)));
      continue;
    }
    for (const Node& item : *callback) {
      if (item.key.starts_with("x-")) {
        check_extension(reader, item, false);
      } else {
        check_path_item(reader, item);
      }
    }
  }
}

void check_webhooks(Reader& reader, const Node& webhooks) {
  for (const Node& entry : webhooks) {
    if (entry.key.starts_with("x-")) continue;
    count(reader.counts.webhooks, entry);
    check_path_item(reader, entry);
  }
}

void note_unserved(Reader& reader) {
  const auto note = [&reader](const Unserved::Kind& kind, const char* what, const char* why) {
    if (kind.first == nullptr) return;
    std::string text = std::to_string(kind.count) + ' ' + what + (kind.count == 1 ? " is" : "s are");
    reader.note(*kind.first, "not-served", text + " understood and not served: " + why);
  };
  note(reader.counts.callbacks, "callback", "the API makes these requests itself");
  note(reader.counts.webhooks, "webhook", "the API makes these requests itself");
  note(reader.counts.links, "link", "it is for clients to follow");
}

}  // namespace caponier::openapi
