#include "json/tree_value.h"

#include <cmath>
#include <cstdio>

#include "json/write.h"

namespace caponier::json {

std::string number_text(const Node& node) {
  Document probe;
  probe.clear();
  if (probe.add_number(node.text)) return std::string(node.text);
  if (const auto integer = node.integer()) return std::to_string(*integer);
  const auto real = node.real();
  if (!real || !std::isfinite(*real)) return {};
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", *real);
  return text;
}

const Node* add_value(Document& document, const Node& node) {
  const Node* wrong = nullptr;
  const auto add_child = [&](const Node& child) {
    const Node* const in_child = add_value(document, child);
    if (wrong == nullptr) wrong = in_child;
  };
  switch (node.kind) {
    case NodeKind::kNull:
      document.add_null();
      break;
    case NodeKind::kBoolean:
      document.add_boolean(node.boolean);
      break;
    case NodeKind::kString:
      document.add_string(node.text);
      break;
    case NodeKind::kNumber:
      if (document.add_number(number_text(node))) break;
      document.add_null();
      return &node;
    case NodeKind::kArray:
      document.begin_array();
      for (const Node& item : node) add_child(item);
      document.end_array();
      break;
    case NodeKind::kObject:
      document.begin_object();
      for (const Node& member : node) {
        document.add_key(member.key);
        add_child(member);
      }
      document.end_object();
      break;
  }
  return wrong;
}

void append_text(std::string& out, const Node& node) {
  switch (node.kind) {
    case NodeKind::kNull:
      out += "null";
      return;
    case NodeKind::kBoolean:
      out += node.boolean ? "true" : "false";
      return;
    case NodeKind::kString:
      return append_string(out, node.text);
    case NodeKind::kNumber: {
      const std::string number = number_text(node);
      out += number.empty() ? "null" : number;
      return;
    }
    case NodeKind::kArray:
    case NodeKind::kObject:
      break;
  }
  out += node.is_array() ? '[' : '{';
  for (const Node& child : node) {
    if (&child != node.first_child) out += ',';
    if (node.is_object()) {
      append_string(out, child.key);
      out += ':';
    }
    append_text(out, child);
  }
  out += node.is_array() ? ']' : '}';
}

}  // namespace caponier::json
