#include "openapi/reader.h"

#include <utility>

namespace caponier::openapi {

void Reader::report(const Node& node, Severity severity, std::string code, std::string message,
                    std::string fix, bool at_key) {
  Diagnostic diagnostic =
      at_node(contract.tree_of(node), node, std::move(code), std::move(message), std::move(fix), severity);
  if (at_key && node.key_position.line != 0) diagnostic.position = node.key_position;
  diagnostic.operation = operation;
  diagnostics_.add(std::move(diagnostic));
}

void Reader::error(const Node& node, std::string code, std::string message, std::string fix) {
  report(node, Severity::kError, std::move(code), std::move(message), std::move(fix));
}

void Reader::error_at_key(const Node& node, std::string code, std::string message, std::string fix) {
  report(node, Severity::kError, std::move(code), std::move(message), std::move(fix), true);
}

void Reader::finding_at_key(const Node& node, std::string code, std::string message, std::string fix) {
  report(node, Severity::kFinding, std::move(code), std::move(message), std::move(fix), true);
}

void Reader::finding(const Node& node, std::string code, std::string message, std::string fix) {
  report(node, Severity::kFinding, std::move(code), std::move(message), std::move(fix));
}

void Reader::note(const Node& node, std::string code, std::string message) {
  report(node, Severity::kNote, std::move(code), std::move(message), {});
}

const Node* Reader::follow_references(const Node& node) {
  const Node* target = &node;
  // resolve() refuses circles, so this ends.
  while (target != nullptr && target->is_object()) {
    const Node* reference = target->find("$ref");
    if (reference == nullptr) return target;
    if (!reference->is_string()) {
      error(*reference, "wrong-type",
            "`$ref` must be a string, not " + std::string(kind_name(reference->kind)));
      return nullptr;
    }
    target = contract.resolve(*target, reference->text, diagnostics_);
  }
  return target;
}

bool Reader::is_out_of_reach(const Node& entry) {
  const Node* reference = entry.find("$ref");
  if (reference == nullptr || !reference->is_string() || !is_network(reference->text)) return false;
  finding(*reference, "network-ref",
          "the component " + quote(entry.key) +
              " is somewhere in the network, which is never asked; what uses it does not load",
          "Save it beside this document, and refer to it by its file name.");
  return true;
}

const Node* Reader::dereference(const Node& node) {
  if (!node.is_object()) return &node;
  if (node.find("$ref") == nullptr) return &node;
  for (const Node& sibling : node) {
    // OpenAPI ignores everything beside a `$ref`; what an author meant to hold must not go unnoticed.
    const bool harmless = sibling.key == "$ref" || sibling.key == "summary" || sibling.key == "description" ||
                          (sibling.key.starts_with("x-") && sibling.key != "x-caponier");
    if (harmless) continue;
    error_at_key(sibling, "beside-ref", "beside a `$ref`, " + quote(sibling.key) + " has no effect",
                 "Move it to where the `$ref` leads, or write the object out here.");
  }
  return follow_references(node);
}

}  // namespace caponier::openapi
