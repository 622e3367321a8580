// No text crashes the reader; what it accepts is a sound tree within the bounds, with a position for
// everything.
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "base/fuzzing.h"
#include "base/limits.h"
#include "yaml/read_tree.h"

namespace {

using caponier::fuzzing::require;
using caponier::fuzzing::text_of;

using namespace caponier;

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

void judge(std::string_view text) {
  const auto tree = yaml::read_tree(text, "fuzz");
  if (tree) {
    require((*tree)->root() != nullptr);
    check(*(*tree)->root(), 1);
  } else {
    require(!tree.error().message.empty() && !tree.error().code.empty());
  }
}

// Lines that chance seldom spells, put together as the bytes say; a byte beyond them stands for itself.
std::string assemble(std::string_view choices) {
  static constexpr std::string_view kLines[] = {
      "a: &x {b: 1, c: [2]}\n",
      "d: *x\n",
      "e: &y [*x, *x]\n",
      "f: *y\n",
      "g: &z text\n",
      "*z : 1\n",
      "<<: *x\n",
      "h: |\n  t\n",
      "i: >-\n  t\n",
      "- j\n",
      "? k\n: l\n",
      "m: !!str 1\n",
      "n: 'o'\n",
      "p: \"\\u00e9\"\n",
      "---\n",
      "%YAML 1.2\n",
      "q: 0x1F\n",
      "  r: ~\n",
  };
  return caponier::fuzzing::assemble(choices, kLines);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = text_of(data, size);
  judge(text);
  judge(assemble(text));
  return 0;
}
