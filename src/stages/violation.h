// From a schema's verdict to a Denial: pointer and rule for the client, the rule's place in the document for
// the operator, the value for nobody.
#pragma once

#include <string>
#include <string_view>

#include "schema/program.h"
#include "stages/exchange.h"
#include "stages/verdict.h"

namespace caponier::stages {

inline constexpr std::string_view kValidateStage = "validate";

// `pointer` is where the judged value stands in the request: "" for a body, "/query/limit" for a parameter.
// `where` is used if the schema knows no better.
Denial violation_denial(Exchange& exchange, Reason reason, const schema::Entry& program, json::Value instance,
                        std::string_view pointer, std::string_view where);

// The same for a rule that is not a schema's.
Denial rule_denial(Reason reason, std::string_view pointer, std::string_view rule, std::string_view where);

}  // namespace caponier::stages
