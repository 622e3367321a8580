// No text crashes the reader; what it accepts is a sound tree within the bounds, with a position for
// everything.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/limits.h"
#include "yaml/read_tree.h"

namespace {

using namespace caponier;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const Node& node, std::uint32_t depth) {
  require(depth <= kDocumentDepthMax + 1);
  require(node.position.line > 0 && node.position.column > 0);
  std::uint32_t children = 0;
  for (const Node& child : node) {
    require(child.parent == &node);
    ++children;
    check(child, depth + 1);
  }
  require(children == node.child_count);
  require(children == 0 || node.is_object() || node.is_array());
  if (node.is_number()) require(!node.text.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto tree = yaml::read_tree(text, "fuzz");
  if (tree) {
    require((*tree)->root() != nullptr);
    check(*(*tree)->root(), 1);
  } else {
    require(!tree.error().message.empty() && !tree.error().code.empty());
  }
  return 0;
}
