#include "pattern/backtracking.h"

#include <algorithm>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace caponier::pattern {
namespace {

constexpr std::uint32_t kMatchLimit = 500'000;     // at one start position
constexpr std::uint64_t kSearchLimit = 5'000'000;  // over all of them
constexpr std::uint32_t kHeapKibibytesMax = 4 * 1024;
constexpr std::size_t kJitStackBytesMin = 16 * 1024;
constexpr std::size_t kJitStackBytesMax = 256 * 1024;

// What a match writes to. One per thread, so that matching asks the heap for nothing.
struct Scratch {
  pcre2_match_data* data = pcre2_match_data_create(1, nullptr);
  pcre2_match_context* context = pcre2_match_context_create(nullptr);
  pcre2_jit_stack* stack = pcre2_jit_stack_create(kJitStackBytesMin, kJitStackBytesMax, nullptr);

  Scratch() {
    if (context == nullptr) return;
    pcre2_set_heap_limit(context, kHeapKibibytesMax);
    pcre2_jit_stack_assign(context, nullptr, stack);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
    pcre2_jit_stack_free(stack);
  }
  [[nodiscard]] bool complete() const { return data != nullptr && context != nullptr; }
};

std::string sentence_of(int error) {
  switch (error) {
    case PCRE2_ERROR_LOOKBEHIND_NOT_FIXED_LENGTH:
      return "a look-behind of variable length is not supported";
    case PCRE2_ERROR_QUANTIFIER_TOO_BIG:
      return "a repetition of more than 65535 times is not supported";
    case PCRE2_ERROR_UNKNOWN_UNICODE_PROPERTY:
      return "there is no Unicode property of this name and spelling";
    case PCRE2_ERROR_PATTERN_TOO_LARGE:
    case PCRE2_ERROR_PATTERN_TOO_COMPLICATED:
    case PCRE2_ERROR_HEAP_FAILED:
      return "the pattern is too large";
    default:
      return "the pattern cannot be expressed exactly (engine error " + std::to_string(error) + ")";
  }
}

}  // namespace

void Backtracking::Free::operator()(pcre2_real_code_8* code) const {
  pcre2_code_free(code);
}

Result<Backtracking, PatternError> Backtracking::compile(const std::string& pcre2_text) {
  constexpr std::uint32_t kOptions = PCRE2_UTF | PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C;
  int error = 0;
  std::size_t offset = 0;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pcre2_text.data()), pcre2_text.size(),
                                   kOptions, &error, &offset, nullptr);
  // The engine's offset is into the text we wrote for it, which means nothing to the person.
  if (code == nullptr) return Err(PatternError{0, sentence_of(error)});
  Backtracking out(code);
  // Without machine code (no executable memory) the interpreter does the same, slower.
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
  std::uint32_t options = 0;
  pcre2_pattern_info(code, PCRE2_INFO_ALLOPTIONS, &options);
  out.anchored_ = (options & PCRE2_ANCHORED) != 0;
  return out;
}

Match Backtracking::matches(std::string_view text) const {
  thread_local Scratch scratch;
  if (!scratch.complete()) return Match::kLimit;
  // PCRE2 counts anew at every start position.
  const std::uint64_t each =
      anchored_ ? kMatchLimit : std::max<std::uint64_t>(16, kSearchLimit / (text.size() + 1));
  pcre2_set_match_limit(scratch.context,
                        static_cast<std::uint32_t>(std::min<std::uint64_t>(each, kMatchLimit)));
  const int found = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0,
                                scratch.data, scratch.context);
  if (found >= 0) return Match::kYes;
  if (found == PCRE2_ERROR_NOMATCH) return Match::kNo;
  return Match::kLimit;
}

}  // namespace caponier::pattern
