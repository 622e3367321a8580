// A YAML 1.2 document (core schema) read at load time into a Tree with positions: libyaml's events, our tree.
// Duplicate keys, more than one document, unknown tags, non-string keys that are not scalars, recursive
// aliases and aliases that expand past kYamlAliasNodesMax are refused. `yes`, `no`, `on`, `off` are strings;
// numbers and keys keep their text. `document` is stamped on every node.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/diagnostic.h"
#include "base/result.h"
#include "base/tree.h"

namespace caponier::yaml {

Result<std::unique_ptr<Tree>, Diagnostic> read_tree(std::string_view text, std::string file,
                                                    std::uint32_t document = 0);

}  // namespace caponier::yaml
