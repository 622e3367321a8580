#include "plan/shapes.h"

#include <algorithm>

namespace caponier::plan {
namespace {

constexpr int kCompositionDepthMax = 16;
// Schemas looked at for one place; a document that composes more gives no hint there.
constexpr std::size_t kCompositionNodesMax = 4'000;

std::uint8_t bit(json::Kind kind) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(kind));
}

std::uint8_t type_bit(std::string_view name) {
  using json::Kind;
  if (name == "string") return bit(Kind::kString);
  if (name == "number" || name == "integer") return bit(Kind::kNumber);
  if (name == "boolean") return bit(Kind::kBoolean);
  if (name == "array") return bit(Kind::kArray);
  if (name == "object") return bit(Kind::kObject);
  return name == "null" ? bit(Kind::kNull) : 0;
}

std::uint8_t types_of(const Node& schema) {
  const Node* type = schema.find("type");
  if (type == nullptr) return Shape::kEveryType;
  std::uint8_t types = 0;
  if (type->is_string()) types = type_bit(type->text);
  if (type->is_array()) {
    for (const Node& one : *type) {
      if (one.is_string()) types = static_cast<std::uint8_t>(types | type_bit(one.text));
    }
  }
  const Node* nullable = schema.find("nullable");
  if (nullable != nullptr && nullable->is_boolean() && nullable->boolean) {
    types = static_cast<std::uint8_t>(types | bit(json::Kind::kNull));
  }
  return types;
}

// OpenAPI 3.0 says it by format, 3.1 by a media type that nothing encodes.
bool says_binary(const Node& schema) {
  const Node* format = schema.find("format");
  if (format != nullptr && format->is_string() && format->text == "binary") return true;
  return schema.find("contentMediaType") != nullptr && schema.find("contentEncoding") == nullptr;
}

void append(std::vector<const Node*>& to, const std::vector<const Node*>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

void Shapes::merge(Draft& draft, Draft&& other) {
  draft.open |= other.open;
  draft.closed |= other.closed;
  draft.write_only |= other.write_only;
  draft.binary |= other.binary;
  append(draft.items, other.items);
  append(draft.rest, other.rest);
  for (auto& [name, nodes] : other.properties) append(draft.properties[name], nodes);
}

void Shapes::read_composition(const Node& schema, Draft& draft, int depth) {
  for (const Node& member : schema) {
    if (member.key == "allOf" && member.is_array()) {
      for (const Node& branch : member) {
        Draft part = read(branch, depth + 1);
        draft.types = static_cast<std::uint8_t>(draft.types & part.types);
        merge(draft, std::move(part));
      }
    } else if ((member.key == "anyOf" || member.key == "oneOf") && member.is_array()) {
      std::uint8_t any = 0;
      for (const Node& branch : member) {
        Draft part = read(branch, depth + 1);
        any = static_cast<std::uint8_t>(any | part.types);
        merge(draft, std::move(part));
      }
      draft.types = static_cast<std::uint8_t>(draft.types & any);
    } else if (member.key == "then" || member.key == "else") {
      merge(draft, read(member, depth + 1));
    } else if (member.key == "dependentSchemas" && member.is_object()) {
      for (const Node& branch : member) merge(draft, read(branch, depth + 1));
    }
  }
}

Shapes::Draft Shapes::read(const Node& node, int depth) {
  Draft draft;
  if (!node.is_object() || depth > kCompositionDepthMax || budget_ == 0) {
    draft.open = true;
    return draft;
  }
  --budget_;
  if (node.find("$ref") != nullptr) {
    const Node* target = programs_.target(node);
    draft = target == nullptr ? Draft() : read(*target, depth + 1);
  }
  draft.types = static_cast<std::uint8_t>(draft.types & types_of(node));
  if (const Node* items = node.find("items"); items != nullptr && items->is_object()) {
    draft.items.push_back(items);
  }
  if (const Node* prefix = node.find("prefixItems"); prefix != nullptr && prefix->is_array()) {
    for (const Node& item : *prefix) draft.items.push_back(&item);
  }
  if (const Node* properties = node.find("properties"); properties != nullptr && properties->is_object()) {
    for (const Node& property : *properties) {
      draft.properties[std::string(property.key)].push_back(&property);
    }
  }
  for (const char* const key : {"additionalProperties", "unevaluatedProperties"}) {
    const Node* rest = node.find(key);
    if (rest == nullptr) continue;
    const bool refused = rest->is_boolean() && !rest->boolean;
    draft.closed |= refused;
    draft.open |= !refused;
    if (rest->is_object()) draft.rest.push_back(rest);
  }
  draft.open |= node.find("patternProperties") != nullptr;
  const Node* write_only = node.find("writeOnly");
  draft.write_only |= write_only != nullptr && write_only->is_boolean() && write_only->boolean;
  draft.binary |= says_binary(node);
  read_composition(node, draft, depth);
  return draft;
}

const Shape* Shapes::place(Nodes nodes) {
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  const auto [known, is_new] = known_.try_emplace(nodes, nullptr);
  if (is_new) {
    known->second = &shapes_.emplace_back();
    schemas_[known->second] = nodes.front();
    pending_.emplace_back(known->second, std::move(nodes));
  }
  return known->second;
}

const Node* Shapes::schema_of(const Shape& shape) const {
  const auto known = schemas_.find(&shape);
  return known == schemas_.end() ? nullptr : programs_.target(*known->second);
}

const Shape* Shapes::of(const Node& schema) {
  const Shape* const result = place({&schema});
  while (!pending_.empty()) {
    const auto [shape, nodes] = std::move(pending_.back());
    pending_.pop_back();
    budget_ = kCompositionNodesMax;
    Draft draft;
    draft.types = 0;
    for (const Node* node : nodes) {
      Draft one = read(*node, 0);
      draft.types = static_cast<std::uint8_t>(draft.types | one.types);
      merge(draft, std::move(one));
    }
    shape->types = draft.types;
    shape->write_only = draft.write_only;
    shape->binary = draft.binary;
    // As the schema compiler: who declares properties and says nothing about others accepts no others.
    shape->closed = !draft.open && (draft.closed || !draft.properties.empty());
    if (!draft.items.empty()) shape->items = place(std::move(draft.items));
    if (!draft.rest.empty()) shape->rest = place(std::move(draft.rest));
    for (auto& [name, of_name] : draft.properties) {
      shape->properties.emplace_back(name, place(std::move(of_name)));
    }
  }
  return result;
}

}  // namespace caponier::plan
