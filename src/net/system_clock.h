// The machine's clocks. Everything but main and net/ is told the time.
#pragma once

#include "base/clock.h"

namespace caponier::net {

class SystemClock final : public Clock {
 public:
  Now now() override;
};

}  // namespace caponier::net
