#include "net/alive.h"

namespace caponier::net {

Alive::Watch::Watch(Alive& alive) : alive_(&alive) {
  alive.watch_ = this;
}

Alive::Watch::~Watch() {
  if (alive_ != nullptr) alive_->watch_ = nullptr;
}

}  // namespace caponier::net
