// The OpenAPI document of the demo's API, embedded in the binary from openapi.yaml: the same file that people
// read.
#pragma once

#include <string_view>

namespace caponier::demo {

std::string_view contract_text();

}  // namespace caponier::demo
