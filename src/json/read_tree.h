// A JSON document read at load time into a Tree with positions; same strictness as Document.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/diagnostic.h"
#include "base/result.h"
#include "base/tree.h"

namespace caponier::json {

// `file` names the source in diagnostics; `document` is stamped on every node. The text is copied where the
// tree needs it.
Result<std::unique_ptr<Tree>, Diagnostic> read_tree(std::string_view text, std::string file,
                                                    std::uint32_t document = 0);

}  // namespace caponier::json
