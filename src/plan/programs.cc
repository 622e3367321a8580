#include "plan/programs.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace caponier::plan {
namespace {

constexpr int kReferenceChainMax = 32;

bool is_object_type(const Node& schema) {
  const Node* type = schema.find("type");
  if (type == nullptr) return false;
  if (type->is_string()) return type->text == "object";
  for (const Node& one : *type) {
    if (one.is_string() && one.text == "object") return true;
  }
  return false;
}

// An object whose unknown members pass unjudged, as this schema alone tells.
bool is_open(const Node& schema, bool in_composition) {
  for (const char* const key : {"additionalProperties", "unevaluatedProperties"}) {
    const Node* rest = schema.find(key);
    if (rest == nullptr) continue;
    return rest->is_boolean() ? rest->boolean : rest->is_object() && rest->child_count == 0;
  }
  if (in_composition || !is_object_type(schema)) return false;
  for (const char* const key : {"properties", "allOf", "anyOf", "oneOf", "patternProperties"}) {
    if (schema.find(key) != nullptr) return false;
  }
  return true;
}

schema::Dialect dialect_of(const openapi::Contract& contract) {
  return contract.version == openapi::Version::k30 ? schema::Dialect::kOpenApi30
                                                   : schema::Dialect::kOpenApi31;
}

struct Pending {
  const Node* schema;
  bool in_composition;
};

void push_children(const Node& schema, std::vector<Pending>& pending) {
  for (const Node& member : schema) {
    if (member.key == "properties" || member.key == "patternProperties") {
      for (const Node& property : member) pending.push_back({&property, false});
    } else if (member.key == "allOf" || member.key == "anyOf" || member.key == "oneOf") {
      for (const Node& branch : member) pending.push_back({&branch, member.key == "allOf"});
    } else if (member.key == "items" || member.key == "additionalProperties") {
      pending.push_back({&member, false});
    }
  }
}

}  // namespace

Programs::Programs(const openapi::Contract& contract, const SchemaDefaults& defaults, Report& report)
    : contract_(contract),
      report_(report),
      resources_(dialect_of(contract)),
      builder_(
          {.dialect = dialect_of(contract), .defaults = defaults, .resources = &resources_},
          [this](const Node& holder, std::string_view reference, Diagnostics& into) {
            return resolve(holder, reference, into);
          },
          [&contract](const Node& at) { return contract.file_of(at); }) {}

// Resolving references may have brought documents that were not there before.
void Programs::read_identifiers() {
  Diagnostics diagnostics;
  identifiers_changed_ = identifiers_changed_ || documents_read_ < contract_.trees().size();
  for (; documents_read_ < contract_.trees().size(); ++documents_read_) {
    const Tree& tree = *contract_.trees()[documents_read_];
    if (tree.root() == nullptr) continue;
    const auto& references = contract_.file_references();
    const auto first = std::ranges::find(references, documents_read_, &openapi::FileReference::to);
    const Node* referrer = first == references.end() ? nullptr : contract_.trees()[first->from]->root();
    resources_.add_contract(*tree.root(), tree.file(), tree.file(), referrer, diagnostics);
  }
  report_.adopt(diagnostics);
  check_dialects();
}

void Programs::check_dialects() {
  const auto& references = contract_.file_references();
  for (; references_read_ < references.size(); ++references_read_) {
    const openapi::FileReference& reference = references[references_read_];
    if (!resources_.misreads(*contract_.trees()[reference.from]->root(),
                             *contract_.trees()[reference.to]->root()))
      continue;
    report_.error({contract_.file_of(*reference.at), reference.at}, "ambiguous-dialect",
                  "this reference " + std::string(schema::kMisread), std::string(schema::kMisreadFix));
  }
}

const Node* Programs::resolve_anchor(const Node& holder, std::string_view reference,
                                     Diagnostics& diagnostics) {
  const std::size_t hash = reference.find('#');
  const Node* within = &holder;
  if (hash > 0) {
    within = contract_.resolve(holder, reference.substr(0, hash), diagnostics);
    if (within == nullptr) return nullptr;
    read_identifiers();
  }
  if (const schema::Resource* resource = resources_.of(*within)) {
    const auto target = resources_.find(*resource, reference.substr(hash), diagnostics);
    if (target.node != nullptr) return target.node;
  }
  const Node* written = holder.is_object() ? holder.find("$ref") : nullptr;
  const Source at{contract_.file_of(holder), written == nullptr ? &holder : written};
  diagnostics.add(
      diagnostic_at(at, "unresolved-ref",
                    "the reference " + quoted(reference) + " names an anchor that no schema has there",
                    "Write it as the schema's $anchor has it, or as a JSON pointer."));
  return nullptr;
}

const Node* Programs::resolve(const Node& holder, std::string_view reference, Diagnostics& diagnostics) {
  const std::size_t hash = reference.find('#');
  const schema::Resource* from = resources_.plain() ? nullptr : resources_.of(holder);
  const bool own_pointer = from != nullptr && from->root->parent == nullptr && reference.starts_with("#/");
  if (from != nullptr && !own_pointer) {
    const auto target = resources_.find(*from, reference, diagnostics);
    if (target.node != nullptr) return target.node;
  }
  const bool anchor = hash != std::string_view::npos && hash + 1 < reference.size() &&
                      reference[hash + 1] != '/' && !reference.substr(hash + 1).starts_with("%2F") &&
                      !reference.substr(hash + 1).starts_with("%2f");
  if (anchor) return resolve_anchor(holder, reference, diagnostics);
  const Node* target = contract_.resolve(holder, reference, diagnostics);
  read_identifiers();
  return target;
}

schema::ProgramPtr Programs::compile(const Node& node, schema::Direction direction) {
  // What was wrong has been said.
  if (refused_.contains({&node, direction})) return nullptr;
  Diagnostics diagnostics;
  read_identifiers();
  // What was compiled before did not know of these identifiers.
  if (std::exchange(identifiers_changed_, false) && !resources_.plain()) builder_.finish();
  schema::ProgramPtr program = builder_.add(node, direction, diagnostics);
  report_.adopt(diagnostics);
  if (!diagnostics.has_errors()) return program;
  refused_.emplace(&node, direction);
  return nullptr;
}

const Node* Programs::target(const Node& node) {
  read_identifiers();
  const Node* at = &node;
  for (int i = 0; at != nullptr && i < kReferenceChainMax; ++i) {
    const Node* reference = at->is_object() ? at->find("$ref") : nullptr;
    if (reference == nullptr || !reference->is_string()) return at;
    Diagnostics ignored;
    at = resolve(*at, reference->text, ignored);
  }
  return nullptr;
}

const Node* Programs::find_open_object(const Node& node) {
  const auto [known, is_new] = open_objects_.try_emplace(&node, nullptr);
  if (!is_new) return known->second;
  std::set<const Node*> seen;
  std::vector<Pending> pending{{&node, false}};
  while (!pending.empty()) {
    const Pending next = pending.back();
    pending.pop_back();
    const Node* schema = target(*next.schema);
    if (schema == nullptr || !schema->is_object() || !seen.insert(schema).second) continue;
    if (is_open(*schema, next.in_composition)) return known->second = schema;
    push_children(*schema, pending);
  }
  return known->second;
}

}  // namespace caponier::plan
