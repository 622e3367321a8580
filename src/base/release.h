// Gives back the memory of a text that is not needed any more. Assigning an empty one would keep it.
#pragma once

#include <string>
#include <utility>

namespace caponier {

inline void release(std::string& text) {
  std::string().swap(text);
}

}  // namespace caponier
