// What an authorization server answers when it is asked for a token: nothing of it goes into a header that
// could end the line, or is kept for ever.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/fuzzing.h"
#include "fetch/token_source.h"

namespace {

using caponier::fuzzing::require;

using namespace caponier;
using namespace caponier::fetch;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const TokenLimits limits;
  const auto granted = read_granted({reinterpret_cast<const char*>(data), size}, limits);
  if (!granted) {
    require(!granted.error().empty());
    return 0;
  }
  require(!granted->text.empty() && granted->text.size() <= limits.token_bytes_max);
  require(std::ranges::all_of(granted->text, [](char c) { return c > ' ' && c < '\x7f'; }));
  require(granted->lifetime_s >= 1 && granted->lifetime_s <= kTokenLifetimeMaxS);
  return 0;
}
