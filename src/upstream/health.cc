#include "upstream/health.h"

#include <algorithm>

namespace caponier::upstream {

void Health::succeeded(std::int64_t now_ms) {
  failures_ = 0;
  // Well for as long as it was out: the next ejection begins small again.
  if (ejections_ > 0 && now_ms >= ejected_until_ms_ + ejected_for_ms_) ejections_ = 0;
}

std::int64_t Health::failed(const EjectionRules& rules, std::int64_t now_ms, bool may_eject) {
  // Exchanges that had begun before an ejection say nothing new.
  if (rules.failures == 0 || now_ms < ejected_until_ms_) return 0;
  if (failures_ < rules.failures) ++failures_;
  if (failures_ < rules.failures || !may_eject) return 0;
  std::int64_t time_ms = rules.base_ms;
  for (std::uint32_t i = 0; i < ejections_ && time_ms < rules.max_ms; ++i) time_ms *= 2;
  time_ms = std::min(time_ms, rules.max_ms);
  ++ejections_;
  ejected_for_ms_ = time_ms;
  ejected_until_ms_ = now_ms + time_ms;
  // When it is back, one failure is enough.
  failures_ = rules.failures - 1;
  return time_ms;
}

bool Health::checked(const HealthCheckRules& rules, bool good) {
  if (good != unhealthy_) {
    checks_ = 0;
    return false;
  }
  if (++checks_ < (good ? rules.healthy : rules.unhealthy)) return false;
  checks_ = 0;
  unhealthy_ = !good;
  // What a check has seen well need not wait any longer.
  if (good) ejected_until_ms_ = 0;
  return true;
}

}  // namespace caponier::upstream
