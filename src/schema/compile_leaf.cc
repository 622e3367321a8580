// Keywords of numbers, strings and arrays, and the constants that enum and const list.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/diagnostic.h"
#include "json/write.h"
#include "schema/compile_slots.h"
#include "schema/compiler.h"
#include "schema/decimal.h"

namespace caponier::schema {
namespace {

constexpr std::size_t kEnumListBytesMax = 200;  // of sentences
constexpr TypeSet kString = type_bit(json::Kind::kString);
constexpr TypeSet kArray = type_bit(json::Kind::kArray);

// The number in JSON's own spelling: YAML knows others, such as 0x1F and .5.
std::string json_number(const Node& node) {
  json::Document probe;
  probe.clear();
  if (probe.add_number(node.text)) return std::string(node.text);
  if (const auto integer = node.integer()) return std::to_string(*integer);
  const auto real = node.real();
  if (!real || !std::isfinite(*real)) return {};
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", *real);
  return text;
}

void append_json(std::string& out, const Node& node) {
  switch (node.kind) {
    case NodeKind::kString:
      return json::append_string(out, node.text);
    case NodeKind::kBoolean:
      out += node.boolean ? "true" : "false";
      return;
    case NodeKind::kNumber:
      out += node.text;
      return;
    default:
      out += kind_name(node.kind);
  }
}

std::string listed(const std::vector<const Node*>& values) {
  std::string out;
  for (std::size_t n = 0; n < values.size(); ++n) {
    if (n > 0 && out.size() > kEnumListBytesMax)
      return out + " and " + std::to_string(values.size() - n) + " more";
    if (n > 0) out += ", ";
    append_json(out, *values[n]);
  }
  return out;
}

}  // namespace

std::optional<std::uint32_t> Compiler::count_of(const Node& schema, std::string_view keyword) {
  const Node* node = get(schema, keyword);
  if (node == nullptr) return std::nullopt;
  const auto value = node->is_number() ? node->integer() : std::nullopt;
  if (!value || *value < 0) {
    bad(*node, std::string(keyword) + " must be an integer that is not negative");
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(std::min<std::int64_t>(*value, kCountMax));
}

void Compiler::gather_range(const Node& schema, Draft& draft, Op op, TypeSet kinds, std::string_view least,
                            std::string_view most) {
  const auto low = count_of(schema, least);
  const auto high = count_of(schema, most);
  if (!low && !high) return;
  Instruction i{op, 0, low.value_or(0), high.value_or(kCountMax)};
  if (low) i.origin = origin(*get(schema, least), least);
  if (high) i.origin_of_max = origin(*get(schema, most), most);
  if (!low) i.origin = i.origin_of_max;
  draft.steps.push_back({i, kinds});
}

void Compiler::gather_numbers(const Node& schema, Draft& draft) {
  gather_bound(schema, draft, "minimum", false);
  gather_bound(schema, draft, "maximum", true);
  for (const std::string_view keyword : {"exclusiveMinimum", "exclusiveMaximum"}) {
    const Node* node = get(schema, keyword);
    if (node == nullptr) continue;
    if (has_exclusive_flags(grammar_.dialect)) {
      if (!node->is_boolean())
        bad(*node, std::string(keyword) + " is a boolean in " + std::string(dialect_name(grammar_.dialect)),
            "Write the bound as minimum or maximum, and true here.");
    } else {
      gather_bound(schema, draft, keyword, keyword == "exclusiveMaximum");
    }
  }
  if (const Node* node = get(schema, "multipleOf")) gather_multiple_of(*node, draft);
}

void Compiler::gather_bound(const Node& schema, Draft& draft, std::string_view keyword, bool upper) {
  const Node* node = get(schema, keyword);
  if (node == nullptr) return;
  if (!node->is_number()) {
    return bad(*node, std::string(keyword) + " must be a number",
               node->is_boolean() ? "In OpenAPI 3.1 the exclusive bound is itself the number." : "");
  }
  NumberBound bound{};
  bound.text = json_number(*node);
  if (bound.text.empty()) return bad(*node, std::string(keyword) + " is beyond what numbers in JSON can be");
  json::Document document;
  document.clear();
  document.add_number(bound.text);
  const json::Value value = document.root();
  bound.upper = upper;
  bound.is_integer = value.is_integer();
  bound.integer = value.is_integer() ? value.integer() : 0;
  bound.real = value.real();
  bound.exclusive = keyword.starts_with("exclusive");
  std::string_view where = keyword;
  const Node* flag = has_exclusive_flags(grammar_.dialect)
                         ? get(schema, upper ? "exclusiveMaximum" : "exclusiveMinimum")
                         : nullptr;
  if (flag != nullptr && flag->is_boolean() && flag->boolean) {
    bound.exclusive = true;
    where = upper ? "exclusiveMaximum" : "exclusiveMinimum";
  }
  const std::uint32_t index = bound_index(std::move(bound));
  draft.steps.push_back({{Op::kBound, 0, index, 0, origin(*node, where)}, kNumberBits});
}

// The same few bounds stand in most schemas.
std::uint32_t Compiler::bound_index(NumberBound bound) {
  const int side = (bound.upper ? 2 : 0) + (bound.exclusive ? 1 : 0);
  const auto [known, is_new] =
      bounds_.try_emplace({bound.text, side}, static_cast<std::uint32_t>(p_.bounds.size()));
  if (is_new) p_.bounds.push_back(std::move(bound));
  return known->second;
}

void Compiler::gather_multiple_of(const Node& node, Draft& draft) {
  const std::string text = node.is_number() ? json_number(node) : std::string();
  if (text.empty() || text[0] == '-') return bad(node, "multipleOf must be a number greater than 0");
  const auto divisor = scaled(text);
  if (!divisor) return bad(node, "multipleOf must be greater than 0 and have at most 18 digits");
  const auto [known, is_new] = divisors_.try_emplace(text, static_cast<std::uint32_t>(p_.divisors.size()));
  if (is_new) p_.divisors.push_back({divisor->mantissa, divisor->exponent, text});
  const std::uint32_t index = known->second;
  draft.steps.push_back({{Op::kMultipleOf, 0, index, 0, origin(node, "multipleOf")}, kNumberBits});
}

void Compiler::gather_strings(const Node& schema, Draft& draft) {
  gather_range(schema, draft, Op::kLength, kString, "minLength", "maxLength");
  if (const Node* node = get(schema, "pattern")) {
    if (!node->is_string()) return bad(*node, "pattern must be a string");
    const std::uint32_t index = pattern_index(*node, node->text);
    if (index != kNone)
      draft.steps.push_back({{Op::kPattern, 0, index, 0, origin(*node, "pattern")}, kString});
  }
  if (const Node* node = get(schema, "format")) gather_format(schema, *node, draft);
}

void Compiler::gather_format(const Node& schema, const Node& format, Draft& draft) {
  if (!format.is_string()) return bad(format, "format must be a string");
  if (!options_.formats_asserted && (grammar_.vocabularies & kFormatAssertion) == 0) return;
  const auto known = format_named(format.text);
  const std::string quoted = "format \"" + std::string(format.text) + "\"";
  if (!known) {
    const std::string_view meant = did_you_mean(format.text, format_names());
    return say(format, Severity::kFinding, "unknown-format", quoted + " is not known and not enforced",
               meant.empty() ? std::string() : "Did you mean \"" + std::string(meant) + "\"?");
  }
  if (*known == Format::kAnnotation || *known == Format::kDouble) return;
  const bool numeric = *known == Format::kInt32 || *known == Format::kInt64 || *known == Format::kFloat;
  const Node* type = get(schema, "type");
  if (type != nullptr && type->is_string()) {
    const bool of_numbers = type->text == "number" || type->text == "integer";
    if (of_numbers != numeric) {
      return say(
          format, Severity::kFinding, "format-of-other-type",
          quoted + " says nothing about values of type " + std::string(type->text) + " and is not enforced");
    }
  }
  draft.steps.push_back({{numeric ? Op::kNumberFormat : Op::kFormat, static_cast<std::uint8_t>(*known), 0, 0,
                          origin(format, "format")},
                         numeric ? kNumberBits : kString});
}

std::uint32_t Compiler::pattern_index(const Node& node, std::string_view text) {
  if (const auto known = patterns_.find(text); known != patterns_.end()) return known->second;
  auto compiled = pattern::Pattern::compile(text);
  if (!compiled) {
    say(node, Severity::kError, "invalid-pattern",
        "the pattern cannot be enforced: " + compiled.error().message + " (at byte " +
            std::to_string(compiled.error().offset) + " of it)",
        "Write it as ECMA-262 reads it with the u flag.");
    return kNone;
  }
  if (compiled->engine() == pattern::Engine::kPcre2) {
    say(node, Severity::kFinding, "backtracking-pattern",
        "the pattern is matched by backtracking, under a limit; a text that takes too long is refused",
        "Without look-around and back-references it is matched in linear time.");
  }
  p_.patterns.push_back(std::move(*compiled));
  const auto index = static_cast<std::uint32_t>(p_.patterns.size() - 1);
  patterns_.emplace(std::string(text), index);
  return index;
}

void Compiler::gather_arrays(const Node& schema, Place& place, Draft& draft) {
  gather_range(schema, draft, Op::kItemCount, kArray, "minItems", "maxItems");
  if (const Node* unique = get(schema, "uniqueItems")) {
    if (!unique->is_boolean()) return bad(*unique, "uniqueItems must be a boolean");
    if (unique->boolean)
      draft.steps.push_back({{Op::kUnique, 0, 0, 0, origin(*unique, "uniqueItems")}, kArray});
  }
  gather_items(schema, place, draft);
  if (get(schema, "contains") != nullptr) gather_contains(schema, draft);
}

void Compiler::gather_items(const Node& schema, Place& place, Draft& draft) {
  const Node* items = get(schema, "items");
  const Node* prefix = get(schema, "prefixItems");
  // Before 2020-12, a list of schemas stood in items, and what applies to the rest in additionalItems.
  const bool lists = items != nullptr && items->is_array() && enforces("additionalItems");
  if (lists) prefix = std::exchange(items, get(schema, "additionalItems"));
  ArrayPlan plan;
  if (prefix != nullptr) {
    if (!prefix->is_array() || (prefix->child_count == 0 && !lists)) {
      return bad(*prefix, "prefixItems must be a list of at least one schema");
    }
    std::vector<std::uint32_t> blocks;
    for (const Node& item : *prefix)
      blocks.push_back(is_schema(item) ? block_for(item, place.manner) : kNone);
    plan.first_prefix = static_cast<std::uint32_t>(p_.prefix_blocks.size());
    plan.prefix_count = static_cast<std::uint32_t>(blocks.size());
    p_.prefix_blocks.insert(p_.prefix_blocks.end(), blocks.begin(), blocks.end());
    draft.prefix = std::max(draft.prefix, plan.prefix_count);
  }
  if (items != nullptr) {
    if (items->is_array()) {
      return bad(*items, "items must be a schema",
                 is_30() ? "OpenAPI 3.0 has one schema for all items."
                         : "Lists of schemas, one for each position, are written as prefixItems.");
    }
    draft.covers_items = true;
    // additionalItems was a boolean before schemas could be.
    if ((lists && items->is_boolean()) || is_schema(*items)) plan.rest = block_for(*items, place.manner);
  }
  if (plan.prefix_count == 0 && plan.rest == kNone) return;
  p_.arrays.push_back(plan);
  draft.steps.push_back({{Op::kItems, 0, static_cast<std::uint32_t>(p_.arrays.size() - 1)}, kArray});
}

void Compiler::gather_contains(const Node& schema, Draft& draft) {
  const auto least = count_of(schema, "minContains");
  const auto most = count_of(schema, "maxContains");
  const Node* wanted = get(schema, "contains");
  if (wanted == nullptr || !is_schema(*wanted)) return;
  const std::uint32_t where = origin(*wanted, "contains");
  ContainsPlan plan{block_for(*wanted, {.closing = false, .bare = true}), least.value_or(1),
                    most.value_or(kCountMax), where, where};
  if (least) plan.origin_of_min = origin(*get(schema, "minContains"), "minContains");
  if (most) plan.origin_of_max = origin(*get(schema, "maxContains"), "maxContains");
  if (grammar_.dialect != Dialect::kDraft201909) draft.contains.push_back(plan.block);
  p_.contains.push_back(plan);
  draft.steps.push_back({{Op::kContains, 0, static_cast<std::uint32_t>(p_.contains.size() - 1)}, kArray});
}

std::uint32_t Compiler::add_enum(const std::vector<const Node*>& values) {
  EnumPlan plan;
  plan.list = listed(values);
  plan.list.shrink_to_fit();
  std::vector<const Node*> others;
  for (const Node* value : values) {
    if (value->is_string()) {
      plan.strings.push_back(name(value->text));
      plan.longest = std::max(plan.longest, plan.strings.back().length);
    } else {
      others.push_back(value);
    }
  }
  if (!others.empty()) add_constants(others, plan.others);
  std::vector<std::uint64_t> hashes;
  for (const Name& text : plan.strings) hashes.push_back(text.hash);
  plan.slots = add_slots(p_, hashes);
  p_.enums.push_back(std::move(plan));
  return static_cast<std::uint32_t>(p_.enums.size() - 1);
}

void Compiler::add_constants(const std::vector<const Node*>& nodes, std::vector<json::Value>& values) {
  json::Document& document = p_.constants.emplace_back();
  document.clear();
  document.begin_array();
  for (const Node* node : nodes) add_constant(document, *node);
  document.end_array();
  json::Value value = document.root().first_child();
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    values.push_back(value);
    value = value.next_sibling();
  }
}

void Compiler::add_constant(json::Document& document, const Node& node) {
  switch (node.kind) {
    case NodeKind::kNull:
      return document.add_null();
    case NodeKind::kBoolean:
      return document.add_boolean(node.boolean);
    case NodeKind::kString:
      return document.add_string(node.text);
    case NodeKind::kNumber:
      if (!document.add_number(json_number(node))) {
        bad(node, "this number is beyond what numbers in JSON can be");
        document.add_null();
      }
      return;
    case NodeKind::kArray:
      document.begin_array();
      for (const Node& item : node) add_constant(document, item);
      return document.end_array();
    case NodeKind::kObject:
      document.begin_object();
      for (const Node& member : node) {
        document.add_key(member.key);
        add_constant(document, member);
      }
      return document.end_object();
  }
}

}  // namespace caponier::schema
