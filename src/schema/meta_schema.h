// The meta-schemas that `$schema` and `$ref` may name without anybody fetching them.
#pragma once

#include <string_view>

namespace caponier::schema {

// The JSON text of the meta-schema with this URI (no fragment), or empty. Static storage.
std::string_view meta_schema(std::string_view uri);

}  // namespace caponier::schema
