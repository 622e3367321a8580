// Whether an endpoint may be chosen: by how its exchanges ended, and by what its health check says. No I/O;
// time is an argument (steady milliseconds).
#pragma once

#include <cstdint>

#include "base/upstream_rules.h"

namespace caponier::upstream {

class Health {
 public:
  [[nodiscard]] bool available(std::int64_t now_ms) const {
    return !unhealthy_ && now_ms >= ejected_until_ms_;
  }
  [[nodiscard]] bool unhealthy() const { return unhealthy_; }
  [[nodiscard]] std::int64_t ejected_until_ms() const { return ejected_until_ms_; }

  void succeeded(std::int64_t now_ms);
  // How long this failure ejects the endpoint for; 0: it does not. `may_eject`: enough others are left.
  std::int64_t failed(const EjectionRules& rules, std::int64_t now_ms, bool may_eject);
  // True if the check changed whether the endpoint is healthy.
  bool checked(const HealthCheckRules& rules, bool good);

 private:
  std::uint32_t failures_ = 0;   // in a row
  std::uint32_t ejections_ = 0;  // in a row: each makes the next one longer
  std::int64_t ejected_until_ms_ = 0;
  std::int64_t ejected_for_ms_ = 0;
  std::uint32_t checks_ = 0;  // in a row, against what is believed
  bool unhealthy_ = false;
};

}  // namespace caponier::upstream
