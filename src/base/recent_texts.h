// Texts on their way into a tree: short ones come again and again in a document (its keys, mostly), and are
// kept once as far as they are remembered. Lives while a document is read.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/tree.h"

namespace caponier {

class RecentTexts {
 public:
  explicit RecentTexts(Tree& tree) : tree_(tree), recent_(kRemembered) {}

  std::string_view keep(std::string_view text) {
    if (text.size() > kShortBytesMax) return tree_.keep(text);
    std::string_view& recent = recent_[std::hash<std::string_view>()(text) % kRemembered];
    if (recent != text) recent = tree_.keep(text);
    return recent;
  }

 private:
  static constexpr std::size_t kRemembered = 2048;
  static constexpr std::size_t kShortBytesMax = 32;

  Tree& tree_;
  std::vector<std::string_view> recent_;
};

}  // namespace caponier
