// Any text is either a configuration within its bounds or refused with a located diagnostic.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/bounds.h"
#include "config/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  caponier::Diagnostics diagnostics;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto config = caponier::config::read_config(text, "etc/fuzz.yaml", diagnostics);
  if (config == nullptr) std::abort();
  for (const auto& limit : caponier::config::limit_bounds()) {
    const std::uint64_t value = limit.get(config->limits);
    if (value < limit.min || value > limit.max) std::abort();
  }
  for (const auto& entry : config->operations) {
    if (entry.members == nullptr || entry.operation_id.empty() == entry.path_pattern.empty()) std::abort();
  }
  for (const auto& diagnostic : diagnostics.all()) {
    if (caponier::to_text(diagnostic).empty()) std::abort();
  }
  return 0;
}
