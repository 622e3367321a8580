// The inner loops of reading JSON: runs of plain string bytes, runs of whitespace, one UTF-8 sequence. SSE2
// where there is any (every x86-64 has it), plain C++ elsewhere. Nothing reads past `end`.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace caponier::json {

inline bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

// ASCII that stands for itself inside a string: neither quote, backslash, control character nor beyond ASCII.
inline bool is_plain(char c) {
  return static_cast<signed char>(c) >= 0x20 && c != '"' && c != '\\';
}

#if defined(__SSE2__)
// A bit for each of the 16 bytes at `at` that is not plain.
inline std::uint32_t special_mask(const char* at) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  // Signed: less than a space are the control characters and what is beyond ASCII. The mask takes the sign
  // bits.
  const __m128i special = _mm_or_si128(
      _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
      _mm_subs_epi8(bytes, _mm_set1_epi8(0x20)));
  return static_cast<std::uint32_t>(_mm_movemask_epi8(special));
}
#endif

// The first byte of [at, end) that is not plain, or end.
inline const char* skip_plain(const char* at, const char* end) {
#if defined(__SSE2__)
  while (end - at >= 16) {
    const std::uint32_t mask = special_mask(at);
    if (mask != 0) return at + static_cast<std::uint32_t>(std::countr_zero(mask));
    at += 16;
  }
#endif
  while (at != end && is_plain(*at)) ++at;
  return at;
}

// The closing quote of a string of at most 15 plain bytes, when 16 bytes can be loaded; or null. Where the
// next token is depends on the quote alone, whose place is known a little earlier than what else is in the
// string.
inline const char* short_string_end(const char* at, const char* end) {
#if defined(__SSE2__)
  if (end - at < 16) return nullptr;
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const auto mask = [](__m128i bits) { return static_cast<std::uint32_t>(_mm_movemask_epi8(bits)); };
  const std::uint32_t quotes = mask(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
  const std::uint32_t others = mask(
      _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')), _mm_subs_epi8(bytes, _mm_set1_epi8(0x20))));
  if (quotes == 0 || (others & (quotes - 1) & ~quotes) != 0) return nullptr;
  return at + static_cast<std::uint32_t>(std::countr_zero(quotes));
#else
  if (end - at < 16) return nullptr;
  end = at + 16;
  while (at != end && is_plain(*at)) ++at;
  return at != end && *at == '"' ? at : nullptr;
#endif
}

// The first byte of [at, end) that is not whitespace, or end; for runs, after the first byte was seen to be
// one.
[[gnu::noinline]] inline const char* skip_space_run(const char* at, const char* end) {
#if defined(__SSE2__)
  while (end - at >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i blank = _mm_or_si128(
        _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(' ')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n'))),
        _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\r')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'))));
    const auto mask = static_cast<std::uint32_t>(_mm_movemask_epi8(blank)) ^ 0xFFFFU;
    if (mask != 0) return at + std::countr_zero(mask);
    at += 16;
  }
#endif
  while (at != end && is_space(*at)) ++at;
  return at;
}

inline const char* skip_space(const char* at, const char* end) {
  if (at != end && *at > ' ') [[likely]]
    return at;
  return skip_space_run(at, end);
}

// The same where the byte at `at` may be looked at.
inline const char* skip_inner_space(const char* at, const char* end) {
  return *at > ' ' ? at : skip_space_run(at, end);
}

struct Utf8Sequence {
  std::uint32_t length;  // 0: no well-formed sequence begins here
  std::uint32_t code_point;
};

// The sequence at `at`, which is before `end` (Unicode 15, table 3-7: no overlong forms, no surrogates).
inline Utf8Sequence read_utf8(const char* at, const char* end) {
  const auto byte = [&](std::ptrdiff_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(at[i]));
  };
  const auto continues = [&](std::ptrdiff_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const std::uint32_t first = byte(0);
  const std::ptrdiff_t room = end - at;
  if (first < 0x80) return {1, first};
  if (first < 0xC2) return {0, 0};
  if (first < 0xE0) {
    if (room < 2 || !continues(1)) return {0, 0};
    return {2, (first & 0x1FU) << 6 | (byte(1) & 0x3FU)};
  }
  if (first < 0xF0) {
    if (room < 3 || !continues(1) || !continues(2)) return {0, 0};
    const std::uint32_t code_point = (first & 0x0FU) << 12 | (byte(1) & 0x3FU) << 6 | (byte(2) & 0x3FU);
    if (code_point < 0x800 || (code_point >= 0xD800 && code_point < 0xE000)) return {0, 0};
    return {3, code_point};
  }
  if (first > 0xF4 || room < 4 || !continues(1) || !continues(2) || !continues(3)) return {0, 0};
  const std::uint32_t code_point =
      (first & 0x07U) << 18 | (byte(1) & 0x3FU) << 12 | (byte(2) & 0x3FU) << 6 | (byte(3) & 0x3FU);
  if (code_point < 0x10000 || code_point > 0x10FFFF) return {0, 0};
  return {4, code_point};
}

// Appends the UTF-8 form of `code_point` at `out`, which has room for four bytes; returns one past it.
inline char* write_utf8(char* out, std::uint32_t code_point) {
  const auto put = [&](std::uint32_t byte) { *out++ = static_cast<char>(byte); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0U | code_point >> 6);
    put(0x80U | (code_point & 0x3FU));
  } else if (code_point < 0x10000) {
    put(0xE0U | code_point >> 12);
    put(0x80U | (code_point >> 6 & 0x3FU));
    put(0x80U | (code_point & 0x3FU));
  } else {
    put(0xF0U | code_point >> 18);
    put(0x80U | (code_point >> 12 & 0x3FU));
    put(0x80U | (code_point >> 6 & 0x3FU));
    put(0x80U | (code_point & 0x3FU));
  }
  return out;
}

}  // namespace caponier::json
