#include "base/secret.h"

#include <cstring>

namespace caponier {

void wipe(std::string& bytes) {
  // The whole capacity: a moved-from or shortened string keeps old bytes past its end.
  bytes.resize(bytes.capacity());
  explicit_bzero(bytes.data(), bytes.size());
  bytes.clear();
}

}  // namespace caponier
