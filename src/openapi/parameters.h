// Parameters: where they are, how they are written, and whether the path template agrees with them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/tree.h"
#include "openapi/reader.h"

namespace caponier::openapi {

// `node` may be a reference. Nothing if it cannot be read; read and complained about once.
const std::optional<Parameter>& read_parameter(Reader& reader, const Node& node);

// The parameters of a path item (`shared`) and of an operation (`own`), either of which may be null: the
// operation's replace those of the same name and place. Header parameters that OpenAPI takes from elsewhere
// are left out.
std::vector<Parameter> merge_parameters(Reader& reader, const Node* shared, const Node* own);

// The names between braces in `path`, in order. Malformed templates are reported at `key`'s key.
std::vector<std::string_view> template_names(Reader& reader, const Node& key, std::string_view path);

// Every name of the template is a declared path parameter, and the reverse.
void check_path_parameters(Reader& reader, const Node& operation, const std::vector<std::string_view>& names,
                           const std::vector<Parameter>& parameters);

}  // namespace caponier::openapi
