// Any text is either a configuration within its bounds or refused with a located diagnostic.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>

#include "config/bounds.h"
#include "config/config.h"

namespace {

void judge(std::string_view text) {
  caponier::Diagnostics diagnostics;
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
}

// A limit near one of its ends, as the bytes choose it: seldom what chance spells.
std::string assemble(std::string_view choices) {
  const auto choice = [choices](std::size_t at) { return static_cast<unsigned char>(choices[at]); };
  const auto limits = caponier::config::limit_bounds();
  const auto& limit = limits[choice(0) % limits.size()];
  const std::uint64_t end = choice(1) % 2 == 0 ? limit.min : limit.max;
  const std::uint64_t value =
      choice(1) % 4 < 2 ? end - std::min<std::uint64_t>(end, choice(2)) : end + choice(2);
  std::string text = "limits: {";
  if (!limit.group.empty()) text.append(limit.group).append(": {");
  text.append(limit.name).append(": ").append(std::to_string(value));
  static constexpr std::string_view kUnits[] = {"", "", "KiB", "MiB", "kB", "s"};
  text.append(kUnits[choice(3) % std::size(kUnits)]);
  return text.append(limit.group.empty() ? "}" : "}}");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  judge(text);
  if (size >= 4) judge(assemble(text));
  return 0;
}
