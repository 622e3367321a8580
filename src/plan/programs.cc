#include "plan/programs.h"

#include <set>
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

void append(Diagnostics& to, const Diagnostics& from) {
  for (const Diagnostic& diagnostic : from.all()) to.add(diagnostic);
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
          [&contract](const Node& holder, std::string_view reference, Diagnostics& into) {
            return contract.resolve(holder, reference, into);
          },
          [&contract](const Node& at) { return contract.file_of(at); }) {}

// Resolving references may have brought documents that were not there before.
void Programs::read_identifiers(Diagnostics& diagnostics) {
  if (documents_read_ == contract_.trees().size()) return;
  for (; documents_read_ < contract_.trees().size(); ++documents_read_) {
    const Tree& tree = *contract_.trees()[documents_read_];
    if (tree.root() != nullptr) resources_.add_contract(*tree.root(), tree.file(), tree.file(), diagnostics);
  }
  // What was compiled before did not know of these identifiers.
  if (!resources_.plain()) builder_.finish();
}

// References may lead to files that were not there before. What their words mean is known once they are: what
// was made of them without it counts only if there is no better.
schema::ProgramPtr Programs::add(const Node& node, schema::Direction direction, Diagnostics& diagnostics) {
  Diagnostics earlier;
  for (;;) {
    Diagnostics said;
    schema::ProgramPtr program = builder_.add(node, direction, said);
    const bool has_more = documents_read_ < contract_.trees().size();
    read_identifiers(diagnostics);
    const bool is_settled = !has_more || resources_.plain();
    if (is_settled && said.has_errors()) append(diagnostics, earlier);
    append(is_settled ? diagnostics : earlier, said);
    if (is_settled) return program;
  }
}

schema::ProgramPtr Programs::compile(const Node& node, schema::Direction direction) {
  // What was wrong has been said.
  if (refused_.contains({&node, direction})) return nullptr;
  Diagnostics diagnostics;
  read_identifiers(diagnostics);
  schema::ProgramPtr program = add(node, direction, diagnostics);
  report_.adopt(diagnostics);
  if (!diagnostics.has_errors()) return program;
  refused_.emplace(&node, direction);
  return nullptr;
}

const Node* Programs::target(const Node& node) const {
  const Node* at = &node;
  for (int i = 0; at != nullptr && i < kReferenceChainMax; ++i) {
    const Node* reference = at->is_object() ? at->find("$ref") : nullptr;
    if (reference == nullptr || !reference->is_string()) return at;
    Diagnostics ignored;
    at = contract_.resolve(*at, reference->text, ignored);
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
