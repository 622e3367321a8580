// One text, YAML or JSON, read into a Tree.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/diagnostic.h"
#include "base/tree.h"

namespace caponier::openapi {

// `text` is JSON if it begins (after white space) with '{', YAML otherwise; and YAML all the same if it is no
// JSON and the file's name says YAML, which has objects in braces too. Null with a diagnostic if it cannot be
// read. `number` is stamped on the nodes.
std::unique_ptr<Tree> read_document(std::string_view text, const std::string& file, std::uint32_t number,
                                    Diagnostics& diagnostics);

}  // namespace caponier::openapi
