// What is said about a schema's words, once for each schema object, and where it stands.
#include <utility>

#include "base/diagnostic.h"
#include "schema/compiler.h"
#include "schema/keyword.h"

namespace caponier::schema {
namespace {

std::string quoted(std::string_view word) {
  return "\"" + std::string(word) + "\"";
}

std::string suggestion(std::string_view word, const std::vector<std::string_view>& candidates) {
  const std::string_view meant = did_you_mean(word, candidates);
  return meant.empty() ? std::string() : "Did you mean " + quoted(meant) + "?";
}

// Members of x-caponier that have a meaning on schemas and properties.
const std::vector<std::string_view> kSchemaPolicies = {"classification", "owner",   "tenant",
                                                       "roles",          "inspect", "fields"};

}  // namespace

bool Compiler::is_schema(const Node& node) {
  const bool booleans = !is_30() && grammar_.dialect != Dialect::kDraft04;
  if (node.is_object() || (node.is_boolean() && booleans)) return true;
  bad(node, booleans ? "a schema must be an object or a boolean" : "a schema must be an object");
  return false;
}

void Compiler::check(const Node& schema) {
  if (!schema.is_object() || std::exchange(notes_[&schema].checked, true)) return;
  const bool hidden = hides_siblings(schema);
  for (const Node& member : schema) {
    if (!hidden) {
      check_keyword(member, schema);
    } else if (member.key != "$ref" && member.key != "description" && member.key != "summary") {
      say(member, Severity::kNote, "ref-sibling",
          quoted(member.key) + " beside $ref has no effect in " + std::string(dialect_name(grammar_.dialect)),
          "Put it and the $ref into allOf if it shall count.");
    }
  }
  if (!hidden) check_hints(schema);
}

void Compiler::check_keyword(const Node& member, const Node& schema) {
  const std::string_view word = member.key;
  const std::string named = quoted(word);
  const std::string dialect(dialect_name(grammar_.dialect));
  switch (classify(word, grammar_)) {
    case KeywordKind::kEnforced:
    case KeywordKind::kAnnotation:
      break;
    case KeywordKind::kExtension:
      if (word == "x-caponier" && options_.strict) check_extension(member);
      break;
    case KeywordKind::kUnsupported:
      say(member, options_.strict ? Severity::kError : Severity::kFinding, "unsupported-keyword",
          named + " is not enforced", "Remove it, or express it with other keywords.");
      break;
    case KeywordKind::kForeign:
      say(member, options_.strict ? Severity::kError : Severity::kFinding, "unsupported-keyword",
          named + " is not a keyword of " + dialect + " and " +
              (options_.strict ? "would not be enforced" : "is not enforced"),
          !is_30()          ? "Remove it."
          : word == "const" ? "Use enum with one value."
                            : "Remove it, or declare the document as OpenAPI 3.1.");
      break;
    case KeywordKind::kForeignAnnotation:
      say(member, Severity::kFinding, "unknown-keyword",
          named + " is not a keyword of " + dialect + " and has no effect",
          word == "nullable" ? "Add \"null\" to type." : "Remove it.");
      break;
    case KeywordKind::kUnknown: {
      const std::string meant = suggestion(word, known_keywords(grammar_.dialect));
      if (is_30() && options_.strict) {
        say(member, Severity::kError, "unknown-keyword", named + " is not a keyword of OpenAPI 3.0 schemas",
            meant.empty() ? "Remove it, or begin its name with x-." : meant);
      } else {
        say(member, Severity::kFinding, "unknown-keyword",
            named + " is not a JSON Schema keyword and is not enforced", meant);
      }
    }
  }
  if (word == "discriminator") check_discriminator(member, schema);
}

void Compiler::check_discriminator(const Node& member, const Node& schema) {
  if (!is_openapi(grammar_.dialect)) return;
  const bool beside = schema.find("oneOf") != nullptr || schema.find("anyOf") != nullptr;
  say(member, Severity::kNote, "discriminator-not-used",
      beside ? "the discriminator is not needed: every alternative is judged in full"
             : "the discriminator has no effect: schemas that extend this one are not looked for");
}

void Compiler::check_extension(const Node& extension) {
  if (!extension.is_object()) {
    say(extension, Severity::kError, "invalid-member", "x-caponier must be an object");
    return;
  }
  for (const Node& member : extension) {
    bool known = false;
    for (const std::string_view policy : kSchemaPolicies) known = known || policy == member.key;
    if (known) {
      say(member, Severity::kError, "unsupported-member",
          quoted(member.key) + " of x-caponier is not enforced on schemas yet", "Remove it.");
    } else {
      say(member, Severity::kError, "unknown-member",
          "x-caponier has no member " + quoted(member.key) + " on schemas",
          suggestion(member.key, kSchemaPolicies));
    }
  }
}

// What is legal and probably not what was meant.
void Compiler::check_hints(const Node& schema) {
  for (const std::string_view keyword : {"readOnly", "writeOnly", "nullable"}) {
    const Node* flag = schema.find(keyword);
    if (flag != nullptr && !flag->is_boolean() && (keyword != "nullable" || is_30())) {
      bad(*flag, std::string(keyword) + " must be a boolean");
    }
  }
  const Node* nullable = get(schema, "nullable");
  if (nullable == nullptr || !nullable->is_boolean() || !nullable->boolean) return;
  if (schema.find("type") == nullptr) {
    say(*nullable, Severity::kFinding, "nullable-without-type",
        "nullable has no effect without type beside it",
        "Write type and nullable together, in the schema that is referred to.");
  }
  const Node* list = schema.find("enum");
  if (list == nullptr || !list->is_array()) return;
  for (const Node& value : *list) {
    if (value.kind == NodeKind::kNull) return;
  }
  say(*nullable, Severity::kFinding, "nullable-without-null",
      "nullable is true, but enum does not list null: null is refused", "Add null to enum.");
}

void Compiler::say(const Node& node, Severity severity, std::string code, std::string message,
                   std::string fix) {
  if (!said_.emplace(&node, code).second) return;
  Diagnostic out;
  out.severity = severity;
  out.code = std::move(code);
  out.file = file_of_(node);
  out.position = node.key_position.line != 0 ? node.key_position : node.position;
  out.pointer = node.pointer();
  out.message = std::move(message);
  out.fix = std::move(fix);
  diagnostics_.add(std::move(out));
}

std::uint32_t Compiler::origin(const Node& node, std::string_view keyword) {
  const std::uint32_t* known = origins_.find(&node);
  if (known != nullptr && p_.origins[*known].keyword == keyword) return *known;
  Origin out;
  out.keyword = keyword;
  out.path = path_of(node);
  out.file = file_index(file_of_(node));
  out.position = node.key_position.line != 0 ? node.key_position : node.position;
  p_.origins.push_back(out);
  const auto index = static_cast<std::uint32_t>(p_.origins.size() - 1);
  origins_[&node] = index;
  return index;
}

std::uint32_t Compiler::file_index(std::string_view file) {
  if (const auto known = files_.find(file); known != files_.end()) return known->second;
  p_.files.emplace_back(file);
  const auto index = static_cast<std::uint32_t>(p_.files.size() - 1);
  files_.emplace(std::string(file), index);
  return index;
}

std::uint32_t Compiler::path_of(const Node& node) {
  const bool shared = node.is_object() || node.is_array();
  if (const Note* note = shared ? notes_.find(&node) : nullptr; note != nullptr && note->path != kNone)
    return note->path;
  PathStep step{kNone, 0, 0};
  if (node.parent != nullptr) {
    step.parent = path_of(*node.parent);
    std::string position_text;
    std::string_view text = node.key;
    if (!node.parent->is_object()) {
      std::size_t position = 0;
      for (const Node& sibling : *node.parent) {
        if (&sibling == &node) break;
        ++position;
      }
      position_text = std::to_string(position);
      text = position_text;
    }
    const Name segment = name(text);
    step.text = segment.text;
    step.length = segment.length;
  }
  p_.paths.push_back(step);
  const auto index = static_cast<std::uint32_t>(p_.paths.size() - 1);
  if (shared) notes_[&node].path = index;
  return index;
}

Name Compiler::name(std::string_view text) {
  const std::uint64_t hash = json::hash_key(text);
  const auto length = static_cast<std::uint32_t>(text.size());
  if (const auto known = names_.find(text); known != names_.end()) return {known->second, length, hash};
  const auto at = static_cast<std::uint32_t>(p_.names.size());
  p_.names += text;
  names_.emplace(std::string(text), at);
  return {at, length, hash};
}

}  // namespace caponier::schema
