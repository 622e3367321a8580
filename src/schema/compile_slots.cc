#include "schema/compile_slots.h"

#include <algorithm>
#include <bit>

namespace caponier::schema {
namespace {

// Bits below depend on the last bytes of a name only.
constexpr std::uint8_t kShiftMin = 24;

bool tells_apart(std::span<const std::uint64_t> hashes, const Slots& slots, std::span<std::uint32_t> rows) {
  std::ranges::fill(rows, 0U);
  for (std::uint32_t n = 0; n < hashes.size(); ++n) {
    std::uint32_t& row = rows[(hashes[n] >> slots.shift) & slots.mask];
    if (row != 0) return false;
    row = n + 1;
  }
  return true;
}

}  // namespace

Slots add_slots(Program& program, std::span<const std::uint64_t> hashes) {
  Slots out;
  if (hashes.empty()) return out;
  std::vector<std::uint32_t>& all = program.slots;
  out.first = static_cast<std::uint32_t>(all.size());
  const auto least = std::bit_ceil(static_cast<std::uint32_t>(hashes.size()));
  for (std::uint32_t size = least; size <= least * 4; size *= 2) {
    all.resize(out.first + size);
    out.mask = size - 1;
    for (out.shift = static_cast<std::uint8_t>(63 - std::bit_width(out.mask)); out.shift >= kShiftMin;
         --out.shift) {
      if (tells_apart(hashes, out, std::span(all).subspan(out.first))) return out;
    }
  }
  out.collide = true;
  out.shift = 32;
  const auto rows = std::span(all).subspan(out.first);
  std::ranges::fill(rows, 0U);
  for (std::uint32_t n = 0; n < hashes.size(); ++n) {
    auto at = static_cast<std::uint32_t>(hashes[n] >> out.shift) & out.mask;
    while (rows[at] != 0) at = (at + 1) & out.mask;
    rows[at] = n + 1;
  }
  return out;
}

}  // namespace caponier::schema
