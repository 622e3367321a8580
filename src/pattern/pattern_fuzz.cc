// The first line of the input is a pattern, the rest a text. Whatever compiles must answer in bounded time,
// on that text and on a long one made of it; where the direct matcher answers, RE2 must agree with it.
#include <re2/re2.h>

#include <cstdlib>
#include <ctime>
#include <string>

#include "base/bytes.h"
#include "base/fuzzing.h"
#include "pattern/ast.h"
#include "pattern/pattern.h"

namespace {

using caponier::fuzzing::text_of;

using caponier::pattern::Engine;
using caponier::pattern::Match;
using caponier::pattern::Pattern;

constexpr std::size_t kLongBytes = 10'000;
// Of processor time; what a sanitizer adds is in it.
constexpr std::clock_t kTicksMax = 2 * CLOCKS_PER_SEC;

Match timed(const Pattern& pattern, std::string_view text) {
  const std::clock_t start = std::clock();
  const Match found = pattern.matches(text);
  if (std::clock() - start > kTicksMax) std::abort();
  return found;
}

// Where two engines can answer, they agree; the texts include what the pattern itself names, which is where
// its ranges begin and end.
void compare(const Pattern& pattern, const RE2& linear, std::string_view text) {
  const bool expected = linear.Match({text.data(), text.size()}, 0, text.size(), RE2::UNANCHORED, nullptr, 0);
  if (expected != (timed(pattern, text) == Match::kYes)) std::abort();
}

void compare_own_characters(const Pattern& pattern, const RE2& linear, std::string_view source) {
  constexpr int kCharactersMax = 32;
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80; };
  std::size_t at = 0;
  for (int count = 0; at < source.size() && count < kCharactersMax; ++count) {
    std::string one(1, source[at++]);
    while (at < source.size() && continues(source[at])) one += source[at++];
    for (const std::string& text : {one, one + one, "a" + one}) compare(pattern, linear, text);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = text_of(data, size);
  const std::string_view source = input.substr(0, input.find('\n'));
  const std::string_view text =
      source.size() < input.size() ? input.substr(source.size() + 1) : std::string_view();
  const auto pattern = Pattern::compile(source);
  if (!pattern || !caponier::is_utf8(source) || !caponier::is_utf8(text)) return 0;
  timed(*pattern, text);
  if (!text.empty()) {
    std::string repeated;
    while (repeated.size() < kLongBytes) repeated += text;
    timed(*pattern, repeated + '!');
  }
  if (pattern->engine() != Engine::kDirect) return 0;
  const auto ast = caponier::pattern::parse(source);
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 linear(caponier::pattern::to_re2(*ast), options);
  if (!linear.ok()) return 0;
  compare(*pattern, linear, text);
  compare_own_characters(*pattern, linear, source);
  return 0;
}
