// One parameter's text against its schema. Parameters come as text, schemas speak of types: the text is read
// as each type that the schema's root allows, strictly, and one reading must be valid.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "plan/plan.h"
#include "stages/exchange.h"
#include "stages/verdict.h"

namespace caponier::stages {

struct ParameterText {
  const plan::Parameter* parameter = nullptr;
  std::string_view place;                   // "query"
  std::optional<std::string_view> text;     // decoded; nullopt if it came several times
  std::span<const std::string_view> items;  // decoded, where an array may be meant
};

// Whether the schema of `parameter` allows an array, which its style then splits the text for.
bool may_be_array(const plan::Parameter& parameter);

// nullopt if the value is valid, else kParameterInvalid.
std::optional<Denial> judge_parameter(Exchange& exchange, const ParameterText& given);

}  // namespace caponier::stages
