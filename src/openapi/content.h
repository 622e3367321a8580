// Request bodies and responses: what a message may carry, by media type.
#pragma once

#include <string>
#include <vector>

#include "base/tree.h"
#include "openapi/reader.h"

namespace caponier::openapi {

// `content`: media type to schema. The schema itself is left to the compiler.
std::vector<MediaTypeBody> read_content(Reader& reader, const Node& content);
// `node` may be a reference. A body that cannot be read is empty.
RequestBody read_request_body(Reader& reader, const Node& node);
std::vector<Response> read_responses(Reader& reader, const Node& responses);
// One response, or what it refers to; `status` is left empty.
Response read_response(Reader& reader, const Node& node);
void check_header(Reader& reader, const Node& node);
// Every member of `examples`, `links`, `callbacks`...: objects that are understood and not served.
void check_object_map(Reader& reader, const Node& map, std::string_view what);

}  // namespace caponier::openapi
