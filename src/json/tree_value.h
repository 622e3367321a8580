// Values that stand in a tree, be it YAML's, as JSON: text, and values that programs judge. For constants and
// defaults that documents hold; never used on the request path.
#pragma once

#include <string>

#include "base/tree.h"
#include "json/document.h"

namespace caponier::json {

// The number in JSON's own spelling, because YAML knows others, such as 0x1F and .5; empty if JSON has none.
std::string number_text(const Node& node);

// Appends the value of `node` to a document that is being built. Returns the first number that JSON does not
// have, in whose place null stands; null if there is none.
const Node* add_value(Document& document, const Node& node);

// Appends the value as JSON text on one line.
void append_text(std::string& out, const Node& node);

}  // namespace caponier::json
