// One parameter, as it is written, against its schema: the text is read as each form that the schema allows,
// strictly, and one reading must be valid.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "plan/plan.h"
#include "stages/exchange.h"
#include "stages/typed_value.h"
#include "stages/verdict.h"

namespace caponier::stages {

struct ParameterText {
  const plan::Parameter* parameter = nullptr;
  std::string_view place;                                  // "query"
  std::optional<std::string_view> text;                    // decoded; nullopt if it came several times
  std::optional<std::span<const std::string_view>> items;  // decoded, where a list may be meant
  std::optional<std::span<const Field>> fields;            // where an object may be
  Reason reason = Reason::kParameterInvalid;               // of a refusal
};

// Whether the schema of `parameter` says that it may be a list or an object.
bool may_be_array(const plan::Parameter& parameter);
bool may_be_object(const plan::Parameter& parameter);

// What the styles of one text make of `raw`: every form that the schema allows.
ParameterText read_styled(Arena& arena, const plan::Parameter& parameter, std::string_view place,
                          const uri::StyledText& text);

// nullopt if the value is valid.
std::optional<Denial> judge_parameter(Exchange& exchange, const ParameterText& given);

// The schema's default bound on text, for what no schema describes.
bool is_bounded_text(const Exchange& exchange, std::string_view text);

}  // namespace caponier::stages
