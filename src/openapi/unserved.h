// What a document describes and a gateway does not serve: callbacks and webhooks (requests that the API makes
// itself), links and examples (for those who write clients). Checked like everything else, and said so.
#pragma once

#include <string_view>

#include "base/tree.h"
#include "openapi/reader.h"

namespace caponier::openapi {

// Maps of these objects or of references to them, as they stand in `components` and elsewhere.
void check_examples(Reader& reader, const Node& examples);
void check_links(Reader& reader, const Node& links);
void check_callbacks(Reader& reader, const Node& callbacks);
void check_webhooks(Reader& reader, const Node& webhooks);

// `example` and `examples` of one object exclude each other.
void check_example_members(Reader& reader, const Node& holder);

// Notes what of all this the document has.
void note_unserved(Reader& reader);

}  // namespace caponier::openapi
