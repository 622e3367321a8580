// An operation's parameters as programs that judge decoded values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/compilation.h"

namespace caponier::plan {

// Names of the parameters of a template, in order.
std::vector<std::string> template_names(std::string_view path_template);

void compile_parameters(Compilation& compilation, const openapi::Operation& declared,
                        const std::vector<std::string>& names, Operation& operation);

// A header as a response or a part of a multipart body declares it: `named` is the entry of `headers`, maybe
// a reference. Nothing if it cannot be enforced; that has been reported.
std::optional<Parameter> compile_header(Compilation& compilation, const Node& named,
                                        schema::Direction direction);

}  // namespace caponier::plan
