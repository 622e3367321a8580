// Forms as objects: application/x-www-form-urlencoded and multipart/form-data, field by field as the document
// declares them, judged by the form's schema.
#pragma once

#include <optional>
#include <string_view>

#include "stages/exchange.h"
#include "stages/verdict.h"

namespace caponier::stages {

// nullopt if the body is valid. `boundary` is of the Content-Type; it means nothing to the first of the two.
std::optional<Denial> judge_form(Exchange& exchange, const plan::Body& declared, std::string_view body,
                                 std::string_view boundary);

}  // namespace caponier::stages
