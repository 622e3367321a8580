#include "stages/parameter_value.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "stages/violation.h"

namespace caponier::stages {
namespace {

using json::Kind;

std::string pointer_of(const ParameterText& given) {
  std::string pointer = "/";
  pointer.append(given.place).append("/");
  for (const char c : given.parameter->name) pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return pointer;
}

Denial refuse(const ParameterText& given, std::string_view rule) {
  return rule_denial(given.reason, pointer_of(given), rule, given.parameter->where.text);
}

// In which ways a text is tried, the stricter first.
enum class Form : std::uint8_t { kItems, kTextItems, kMembers, kTextMembers, kNumber, kBoolean, kString };
constexpr std::array kForms = {Form::kItems,  Form::kTextItems, Form::kMembers, Form::kTextMembers,
                               Form::kNumber, Form::kBoolean,   Form::kString};

// Builds the value that `form` makes of the text; false if it makes none.
bool build(Exchange& exchange, const ParameterText& given, Form form) {
  const plan::Shape& shape = *given.parameter->shape;
  json::Document& document = exchange.parameter_document;
  document.clear();
  const bool as_text = form == Form::kTextItems || form == Form::kTextMembers;
  ValueBuilder builder(document, exchange.body_document, exchange.arena, exchange.plan->limits.json,
                       as_text ? Reading::kText : Reading::kTyped);
  switch (form) {
    case Form::kItems:
    case Form::kTextItems:
      return given.items && builder.add_items(shape, *given.items);
    case Form::kMembers:
    case Form::kTextMembers:
      return given.fields && builder.add_members(shape, *given.fields);
    case Form::kNumber:
      return given.text && shape.allows(Kind::kNumber) && document.add_number(*given.text);
    case Form::kBoolean:
      if (!given.text || !shape.allows(Kind::kBoolean)) return false;
      if (*given.text != "true" && *given.text != "false") return false;
      document.add_boolean(*given.text == "true");
      return true;
    case Form::kString:
      if (!given.text || !shape.allows(Kind::kString)) return false;
      document.add_string(*given.text);
      return true;
  }
  return false;
}

std::optional<Denial> judge_json(Exchange& exchange, const ParameterText& given) {
  if (!given.text) return refuse(given, "must be one JSON text");
  const auto value = exchange.parameter_document.read(*given.text, exchange.plan->limits.json);
  if (!value) return refuse(given, json::name(value.error().error));
  const schema::Entry* program = given.parameter->program.get();
  if (program == nullptr || schema::evaluate(*program, *value) == schema::Outcome::kValid)
    return std::nullopt;
  return violation_denial(exchange, given.reason, *program, *value, pointer_of(given),
                          given.parameter->where.text);
}

// UTF-8 was checked: every byte that continues nothing begins a code point.
std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

// A schema that names no type means one text; only where it says so does a second value belong to the first.
bool names(const plan::Parameter& parameter, Kind kind) {
  return !parameter.content_json && parameter.shape != nullptr && parameter.shape->names(kind);
}

}  // namespace

bool may_be_array(const plan::Parameter& parameter) {
  return names(parameter, Kind::kArray);
}

bool may_be_object(const plan::Parameter& parameter) {
  return names(parameter, Kind::kObject);
}

bool is_bounded_text(const Exchange& exchange, std::string_view text) {
  return code_points(text) <= exchange.plan->limits.schema.string_code_points_max;
}

ParameterText read_styled(Arena& arena, const plan::Parameter& parameter, std::string_view place,
                          const uri::StyledText& text) {
  ParameterText given{&parameter, place, uri::read_text(text, arena), {}, {}};
  if (may_be_array(parameter)) given.items = uri::read_items(text, arena);
  if (!may_be_object(parameter)) return given;
  const auto members = uri::read_members(text, arena);
  if (!members) return given;
  const auto fields = arena.array<Field>(members->size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    fields[i] = {{&(*members)[i].name, 1}, (*members)[i].value, {}, nullptr};
  }
  given.fields = fields;
  return given;
}

std::optional<Denial> judge_parameter(Exchange& exchange, const ParameterText& given) {
  const plan::Parameter& parameter = *given.parameter;
  if (parameter.allow_empty_value && given.text && given.text->empty()) return std::nullopt;
  if (parameter.content_json) return judge_json(exchange, given);
  if (!parameter.program) {
    if (given.text && is_bounded_text(exchange, *given.text)) return std::nullopt;
    return refuse(given, "must be one text of bounded length");
  }
  if (given.fields && given.fields->size() > exchange.plan->limits.forms.fields_max) {
    return refuse(given, "has too many members");
  }
  const json::Document& document = exchange.parameter_document;
  std::optional<Form> first;
  for (const Form form : kForms) {
    if (!build(exchange, given, form)) continue;
    if (!first) first = form;
    if (schema::evaluate(*parameter.program, document.root()) == schema::Outcome::kValid) return std::nullopt;
  }
  if (!first) return refuse(given, "type: must be of the declared type");
  (void)build(exchange, given, *first);
  return violation_denial(exchange, given.reason, *parameter.program, document.root(), pointer_of(given),
                          parameter.where.text);
}

}  // namespace caponier::stages
