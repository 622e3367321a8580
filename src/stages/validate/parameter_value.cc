#include "stages/validate/parameter_value.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "stages/validate/violation.h"

namespace caponier::stages {
namespace {

using json::Kind;

constexpr std::uint8_t kEveryKind = (1U << 6) - 1;

bool allows(std::uint8_t types, Kind kind) {
  return ((types >> static_cast<unsigned>(kind)) & 1U) != 0;
}

std::string pointer_of(const ParameterText& given) {
  std::string pointer = "/";
  pointer.append(given.place).append("/");
  for (const char c : given.parameter->name) pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return pointer;
}

Denial refuse(const ParameterText& given, std::string_view rule) {
  return rule_denial(Reason::kParameterInvalid, pointer_of(given), rule, given.parameter->where.text);
}

// In which ways a text is tried, the stricter first. kItems takes for each item the first type that fits it.
enum class Reading : std::uint8_t { kItems, kTextItems, kNumber, kBoolean, kString };
constexpr std::array kReadings = {Reading::kItems, Reading::kTextItems, Reading::kNumber, Reading::kBoolean,
                                  Reading::kString};

bool add_boolean(json::Document& document, std::string_view text) {
  if (text != "true" && text != "false") return false;
  document.add_boolean(text == "true");
  return true;
}

bool add_item(json::Document& document, std::uint8_t types, std::string_view text) {
  if (allows(types, Kind::kNumber) && document.add_number(text)) return true;
  if (allows(types, Kind::kBoolean) && add_boolean(document, text)) return true;
  if (!allows(types, Kind::kString)) return false;
  document.add_string(text);
  return true;
}

bool add_items(json::Document& document, const ParameterText& given, std::uint8_t types) {
  document.begin_array();
  for (const std::string_view item : given.items) {
    if (!add_item(document, types, item)) return false;
  }
  document.end_array();
  return true;
}

// Builds the value that `reading` makes of the text; false if it makes none.
bool build(json::Document& document, const ParameterText& given, Reading reading) {
  constexpr std::uint8_t kTextOnly = 1U << static_cast<unsigned>(Kind::kString);
  const schema::Program& program = *given.parameter->program;
  const std::uint8_t types = schema::root_types(program);
  document.clear();
  switch (reading) {
    case Reading::kItems:
      return !given.items.empty() && add_items(document, given, schema::item_types(program));
    case Reading::kTextItems:
      return !given.items.empty() && allows(schema::item_types(program), Kind::kString) &&
             add_items(document, given, kTextOnly);
    case Reading::kNumber:
      return given.text && allows(types, Kind::kNumber) && document.add_number(*given.text);
    case Reading::kBoolean:
      return given.text && allows(types, Kind::kBoolean) && add_boolean(document, *given.text);
    case Reading::kString:
      if (!given.text || !allows(types, Kind::kString)) return false;
      document.add_string(*given.text);
      return true;
  }
  return false;
}

std::optional<Denial> judge_json(Exchange& exchange, const ParameterText& given) {
  if (!given.text) return refuse(given, "must be one JSON text");
  const auto value = exchange.parameter_document.read(*given.text, exchange.plan->limits.json);
  if (!value) return refuse(given, json::name(value.error().error));
  const schema::Program* program = given.parameter->program.get();
  if (program == nullptr || schema::evaluate(*program, *value) == schema::Outcome::kValid)
    return std::nullopt;
  return violation_denial(exchange, Reason::kParameterInvalid, *program, *value, pointer_of(given),
                          given.parameter->where.text);
}

// UTF-8 was checked: every byte that continues nothing begins a code point.
std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

}  // namespace

bool may_be_array(const plan::Parameter& parameter) {
  // A schema that names no type means one text; only where it says array does a second value belong to the
  // first.
  if (parameter.content_json || !parameter.program) return false;
  const std::uint8_t types = schema::root_types(*parameter.program);
  return allows(types, Kind::kArray) && (types & kEveryKind) != kEveryKind;
}

std::optional<Denial> judge_parameter(Exchange& exchange, const ParameterText& given) {
  const plan::Parameter& parameter = *given.parameter;
  if (parameter.allow_empty_value && given.text && given.text->empty()) return std::nullopt;
  if (parameter.content_json) return judge_json(exchange, given);
  if (!parameter.program) {
    if (given.text && code_points(*given.text) <= exchange.plan->limits.schema.string_code_points_max) {
      return std::nullopt;
    }
    return refuse(given, "must be one text of bounded length");
  }
  json::Document& document = exchange.parameter_document;
  std::optional<Reading> first;
  for (const Reading reading : kReadings) {
    if (!build(document, given, reading)) continue;
    if (!first) first = reading;
    if (schema::evaluate(*parameter.program, document.root()) == schema::Outcome::kValid) return std::nullopt;
  }
  if (!first) return refuse(given, "type: must be of the declared type");
  build(document, given, *first);
  return violation_denial(exchange, Reason::kParameterInvalid, *parameter.program, document.root(),
                          pointer_of(given), parameter.where.text);
}

}  // namespace caponier::stages
