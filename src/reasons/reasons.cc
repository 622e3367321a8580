#include "reasons/reasons.h"

#include <cstddef>
#include <iterator>

namespace caponier {
namespace {

constexpr ReasonEntry kEntries[] = {
#define REASON(identifier, id, status, public_text, meaning, remedy) \
  {Reason::identifier, id, status, public_text, meaning, remedy},
#include "reasons/reasons.def"
#undef REASON
};

}  // namespace

const ReasonEntry& entry(Reason reason) {
  const auto index = static_cast<std::size_t>(reason);
  // A reason that is none is a defect of ours; the answer is the one for defects.
  if (index >= std::size(kEntries)) return kEntries[static_cast<std::size_t>(Reason::kInternalError)];
  return kEntries[index];
}

std::span<const ReasonEntry> all_reasons() {
  return kEntries;
}

std::optional<Reason> find_reason(std::string_view id) {
  for (const ReasonEntry& candidate : kEntries) {
    if (candidate.id == id) return candidate.reason;
  }
  return std::nullopt;
}

}  // namespace caponier
