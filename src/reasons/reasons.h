// Reasons: why an exchange ended as it did. One list, reasons.def; the public sentence and the status come
// from there alone, so a private detail cannot reach a client by accident.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace caponier {

enum class Reason : std::uint16_t {
#define REASON(identifier, id, status, public_text, meaning, remedy) identifier,
#include "reasons/reasons.def"
#undef REASON
};

struct ReasonEntry {
  Reason reason;
  std::string_view id;           // "token-expired"
  std::uint16_t status;          // 0: no HTTP answer exists
  std::string_view public_text;  // all that a client is told
  std::string_view meaning;      // for the operator
  std::string_view remedy;       // what would make it pass
};

const ReasonEntry& entry(Reason reason);
std::span<const ReasonEntry> all_reasons();
std::optional<Reason> find_reason(std::string_view id);

}  // namespace caponier
