// What a browser brings back is opened only if it is what was sealed, for what it was sealed for.
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/fuzzing.h"
#include "plan/test_random.h"
#include "store/sealer.h"

namespace {

using caponier::fuzzing::require;
using caponier::fuzzing::text_of;

caponier::store::Sealer& sealer() {
  static caponier::plan::CountingRandom random;
  static caponier::store::Sealer own = [] {
    const std::string path =
        std::filesystem::temp_directory_path() / ("caponier-sealer-fuzz-" + std::to_string(getpid()));
    auto made = caponier::store::Sealer::open(path, 1000, random);
    require(bool(made));
    std::filesystem::remove(path);
    return std::move(*made);
  }();
  return own;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = text_of(data, size);
  static const std::string kSealed = sealer().seal("state, nonce and verifier", "login");
  // As it comes, and laid over what was sealed. (The fuzzer reads what comparisons compare: it may bring the
  // very text.)
  require(sealer().open(text, "login").has_value() == (text == kSealed));
  std::string changed = kSealed;
  for (std::size_t i = 0; i < text.size(); ++i)
    changed[i % changed.size()] = static_cast<char>(changed[i % changed.size()] ^ text[i]);
  const auto opened = sealer().open(changed, "login");
  require(opened.has_value() == (changed == kSealed));
  const std::string about(text.substr(0, std::min<size_t>(size, 64)));
  const auto again = sealer().open(sealer().seal(text, about), about);
  require(again && again->reveal() == text);
  require(!sealer().open(sealer().seal(text, about), about + "x"));
  return 0;
}
