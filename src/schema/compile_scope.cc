// Where references lead: `$ref` by identifiers and pointers, `$dynamicRef` by the dynamic scope as well. The
// scope is known while compiling, so that a block is compiled once for each meaning that its dynamic
// references have, and the evaluator never looks for one.
#include "base/quote.h"
#include "schema/compiler.h"

namespace caponier::schema {
namespace {

constexpr std::uint32_t kReferenceHopsMax = 64;
constexpr std::size_t kScopesMax = 4096;

}  // namespace

void Compiler::stand_in(const Node& schema) {
  if (resources_.plain()) return;
  const Resource* resource = resources_.of(schema);
  grammar_ = resource == nullptr ? resources_.default_grammar() : resource->grammar;
  if (resource != nullptr && resources_.has_dynamic_anchors()) scope_ = extended_scope(*resource->names_of);
}

// The current scope with what the resource adds to it: names that no outer resource has.
std::uint32_t Compiler::extended_scope(const Resource& resource) {
  if (resource.dynamic_anchors.empty()) return scope_;
  DynamicScope scope = scopes_[scope_];
  scope.insert(resource.dynamic_anchors.begin(), resource.dynamic_anchors.end());
  const auto [known, added] = known_scopes_.try_emplace(scope, static_cast<std::uint32_t>(scopes_.size()));
  if (!added) return known->second;
  if (scopes_.size() >= kScopesMax) {
    known_scopes_.erase(known);
    say(*resource.root, Severity::kError, "schema-too-large",
        "dynamic references have more than 4096 meanings", "Use $ref, or fewer dynamic anchors.");
    return scope_;
  }
  scopes_.push_back(std::move(scope));
  return known->second;
}

const Node* Compiler::get(const Node& schema, std::string_view keyword) const {
  const Node* found = schema.find(keyword);
  return found != nullptr && classify(keyword, grammar_) == KeywordKind::kEnforced ? found : nullptr;
}

// Where the schema's reference leads, or null.
const Node* Compiler::follow(const Node& schema, std::string_view keyword) {
  const Node* reference = schema.find(keyword);
  if (const auto known = targets_.find(reference); known != targets_.end()) return known->second;
  const Scoped key{reference, scope_};
  if (const auto known = dynamic_targets_.find(key); known != dynamic_targets_.end()) return known->second;
  const Node* target = nullptr;
  bool dynamic = false;
  if (!reference->is_string()) {
    bad(*reference, std::string(keyword) + " must be a string");
  } else {
    const std::size_t errors = diagnostics_.error_count();
    target = find_target(schema, *reference, dynamic);
    if (target == nullptr && diagnostics_.error_count() == errors) {
      say(*reference, Severity::kError, "unresolved-ref",
          "the " + std::string(keyword) + " " + quote(reference->text) + " leads nowhere",
          "Check the file and the pointer.");
    }
  }
  if (target != nullptr) {
    const Standing there(*this, *target);
    if (!is_schema(*target)) target = nullptr;
  }
  if (dynamic) {
    dynamic_targets_.emplace(key, target);
  } else {
    targets_.emplace(reference, target);
  }
  return target;
}

const Node* Compiler::find_target(const Node& schema, const Node& reference, bool& dynamic) {
  const Resource* from = resources_.loads() || !resources_.plain() ? resources_.of(schema) : nullptr;
  // Within a contract's own document, whoever resolves its pointers has an index of it.
  if (from != nullptr && !resources_.loads() && from->root->parent == nullptr &&
      reference.text.starts_with("#/"))
    from = nullptr;
  Resources::Target target;
  if (from != nullptr) target = resources_.find(*from, reference.text, diagnostics_);
  if (target.node == nullptr) return resolver_(schema, reference.text, diagnostics_);
  if (resources_.misreads(schema, *target.node)) {
    say(reference, Severity::kError, "ambiguous-dialect", std::string(kMisread), std::string(kMisreadFix));
    return nullptr;
  }
  if (reference.key == "$ref") return target.node;
  if (reference.key == "$recursiveRef") {
    const Resource* there = resources_.of(*target.node);
    const bool anchored = there != nullptr && there->dynamic_anchors.contains("");
    target.dynamic_name = anchored ? std::optional<std::string_view>("") : std::nullopt;
  }
  if (!target.dynamic_name) return target.node;
  dynamic = true;
  const DynamicScope& scope = scopes_[scope_];
  const auto outermost = scope.find(*target.dynamic_name);
  return outermost == scope.end() ? target.node : outermost->second;
}

bool Compiler::only_refers(const Node& schema) {
  if (!schema.is_object() || schema.find("$ref") == nullptr) return false;
  if (hides_siblings(schema)) return true;
  for (const Node& member : schema) {
    if (member.key != "$ref" && member.key != "description" && member.key != "summary" &&
        member.key != "title")
      return false;
  }
  return true;
}

// Schemas that are nothing but a reference share the block of what they refer to.
void Compiler::pass_references(Scoped& schema) {
  const std::uint32_t scope = scope_;
  const Grammar grammar = grammar_;
  scope_ = schema.scope;
  for (std::uint32_t hops = 0; hops < kReferenceHopsMax; ++hops) {
    stand_in(*schema.node);
    if (!only_refers(*schema.node)) break;
    check(*schema.node);
    const Node* target = follow(*schema.node);
    if (target == nullptr) break;
    schema = {target, scope_};
  }
  scope_ = scope;
  grammar_ = grammar;
}

}  // namespace caponier::schema
