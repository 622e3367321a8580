#include "event/line.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/clock.h"
#include "event/redact.h"
#include "json/write.h"

namespace caponier::event {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101ULL;

#if !defined(__SSE2__)
constexpr std::uint64_t kHighs = 0x8080808080808080ULL;

constexpr std::uint64_t has_zero_byte(std::uint64_t word) {
  return (word - kOnes) & ~word & kHighs;
}
#endif

// True if none of the bytes needs an escape: printable ASCII without quote and backslash.
bool is_plain(std::uint64_t one, std::uint64_t other) {
#if defined(__SSE2__)
  const __m128i bytes = _mm_set_epi64x(static_cast<std::int64_t>(other), static_cast<std::int64_t>(one));
  // As signed bytes, those beyond ASCII are below the control characters.
  __m128i special = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
  special = _mm_or_si128(special, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
  special = _mm_or_si128(special, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
  special = _mm_or_si128(special, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f)));
  return _mm_movemask_epi8(special) == 0;
#else
  std::uint64_t special = 0;
  for (const std::uint64_t word : {one, other}) {
    special |= word & kHighs;
    special |= (word - kOnes * 0x20) & ~word & kHighs;
    special |= has_zero_byte(word ^ (kOnes * '"')) | has_zero_byte(word ^ (kOnes * '\\')) |
               has_zero_byte(word ^ (kOnes * 0x7f));
  }
  return special == 0;
#endif
}

// Copies two words, which may overlap; false if something in them is not plain.
template <class Word>
bool copy_two(char* to, const char* from, std::size_t distance) {
  Word one;
  Word other;
  std::memcpy(&one, from, sizeof one);
  std::memcpy(&other, from + distance, sizeof other);
  std::memcpy(to, &one, sizeof one);
  std::memcpy(to + distance, &other, sizeof other);
  // Blanks, which are plain, where the words are short ones.
  constexpr std::uint64_t kBlank = sizeof(Word) < 8 ? (kOnes * ' ') << (sizeof(Word) * 8 % 64) : 0;
  return is_plain(one | kBlank, other | kBlank);
}

// False as soon as something is not plain; what was copied then is worth nothing.
bool copy_plain(char* to, std::string_view text) {
  const char* from = text.data();
  std::size_t left = text.size();
  for (; left > 16; from += 16, to += 16, left -= 16) {
    if (!copy_two<std::uint64_t>(to, from, 8)) return false;
  }
  if (left >= 8) return copy_two<std::uint64_t>(to, from, left - 8);
  if (left >= 4) return copy_two<std::uint32_t>(to, from, left - 4);
  if (left >= 2) return copy_two<std::uint16_t>(to, from, left - 2);
  return left == 0 || copy_two<std::uint8_t>(to, from, 0);
}

}  // namespace

Line::Line(std::string& out, std::int64_t wall_ms) : out_(out) {
  put("{\"time\":\"");
  format_rfc3339(wall_ms, buffer_.data() + size_);
  size_ += 24;
  put("\"");
}

void Line::finish() {
  if (size_ + 2 > kBufferBytes) flush();
  put("}\n");
  flush();
}

void Line::flush() {
  out_.append(buffer_.data(), size_);
  size_ = 0;
}

void Line::string(std::string_view value, std::size_t bytes_max) {
  const std::string_view shown = value.size() <= bytes_max ? value : cut(value, bytes_max);
  constexpr std::size_t kQuotes = 2;
  if (size_ + shown.size() + kQuotes > kBufferBytes) flush();
  char* const to = buffer_.data() + size_;
  if (shown.size() + kQuotes <= kBufferBytes && copy_plain(to + 1, shown)) {
    to[0] = '"';
    to[1 + shown.size()] = '"';
    size_ += shown.size() + kQuotes;
    return;
  }
  flush();
  json::append_string(out_, shown);
}

void Line::path(std::string_view value) {
  std::array<char, kUntrustedBytesMax> redacted;
  const std::size_t size = redact_path(value, redacted.data(), redacted.size());
  string({redacted.data(), size}, kUntrustedBytesMax);
}

void Line::subject(std::string_view value) {
  string(is_personal(value) ? "{withheld}" : value, kUntrustedBytesMax);
}

void Line::credential_name(std::string_view value) {
  string(is_credential_name(value) ? value : "{withheld}", kUntrustedBytesMax);
}

}  // namespace caponier::event
