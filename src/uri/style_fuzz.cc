// Whatever the text, every reading of every style ends, stays within the text and is clean UTF-8.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/fuzzing.h"
#include "uri/style.h"

namespace {

using caponier::fuzzing::require;

using namespace caponier;

void require_clean(std::string_view part, const uri::StyledText& text) {
  require(part.size() <= text.raw.size() && is_utf8(part));
  if (text.escapes == uri::Escapes::kNone) return;
  for (const char c : part)
    require(static_cast<unsigned char>(c) >= 0x20 ? c != 0x7F : text.escapes == uri::Escapes::kFormBody);
}

void check(const uri::StyledText& text) {
  Arena arena;
  if (const auto whole = uri::read_text(text, arena)) require_clean(*whole, text);
  if (const auto items = uri::read_items(text, arena)) {
    require(!items->empty() && items->size() <= text.raw.size() + 1);
    for (const std::string_view item : *items) require_clean(item, text);
  }
  if (const auto members = uri::read_members(text, arena)) {
    require(members->size() <= text.raw.size() + 1);
    for (const uri::Member& member : *members) {
      require_clean(member.name, text);
      require_clean(member.value, text);
    }
  }
  if (const auto pairs = uri::read_form(text.raw, 20, arena)) require(pairs->size() <= 20);
  if (const auto keys = uri::read_brackets(text.raw, 5, arena)) {
    std::string rebuilt;
    for (const std::string_view key : *keys) {
      require(!key.empty());
      rebuilt.append("[").append(key).append("]");
    }
    require(rebuilt == text.raw && keys->size() <= 5);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  uri::StyledText text;
  text.style = static_cast<uri::Style>(data[0] % 6);
  text.explode = (data[0] & 0x40U) != 0;
  text.escapes = static_cast<uri::Escapes>(data[0] / 8 % 4);
  text.name = "n";
  text.raw = {reinterpret_cast<const char*>(data) + 1, size - 1};
  check(text);
  return 0;
}
