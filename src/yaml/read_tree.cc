#include "yaml/read_tree.h"

#include "yaml/tree_reader.h"

namespace caponier::yaml {

Result<std::unique_ptr<Tree>, Diagnostic> read_tree(std::string_view text, std::string file,
                                                    std::uint32_t document) {
  return TreeReader(text, std::move(file), document).run();
}

}  // namespace caponier::yaml
