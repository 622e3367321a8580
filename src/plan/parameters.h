// An operation's parameters as programs that judge decoded values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plan/compilation.h"

namespace caponier::plan {

// Names of the parameters of a template, in order.
std::vector<std::string> template_names(std::string_view path_template);

void compile_parameters(Compilation& compilation, const openapi::Operation& declared,
                        const std::vector<std::string>& names, Operation& operation);

}  // namespace caponier::plan
