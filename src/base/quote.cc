#include "base/quote.h"

namespace caponier {
namespace {
constexpr std::size_t kShownBytesMax = 120;
}

std::string quote(std::string_view text) {
  const bool cut = text.size() > kShownBytesMax;
  std::size_t shown = cut ? kShownBytesMax : text.size();
  // Not in the middle of a UTF-8 sequence.
  while (cut && shown > 0 && (static_cast<unsigned char>(text[shown]) & 0xC0U) == 0x80U) --shown;
  std::string out = "\"";
  for (const char c : text.substr(0, shown)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7F ? '?' : c;
  }
  out += cut ? "...\"" : "\"";
  return out;
}

}  // namespace caponier
