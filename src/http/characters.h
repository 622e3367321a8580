// Which bytes may stand where in an HTTP/1.1 head (RFC 9110 section 5.6, RFC 3986 section 2), and the scan
// that finds the first control character of a run. Private to this room.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace caponier::http {

enum CharacterClass : std::uint8_t {
  kTokenCharacter = 1,      // RFC 9110 tchar
  kTargetCharacter = 2,     // RFC 3986 unreserved, reserved and '%', without '#': no fragment is ever sent
  kAuthorityCharacter = 4,  // unreserved: what a host name may hold; see authority.cc
};

constexpr std::array<std::uint8_t, 256> make_character_classes() {
  std::array<std::uint8_t, 256> classes{};
  auto mark = [&classes](std::string_view characters, std::uint8_t bits) {
    for (char c : characters) {
      classes[static_cast<unsigned char>(c)] =
          static_cast<std::uint8_t>(classes[static_cast<unsigned char>(c)] | bits);
    }
  };
  mark("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
       kTokenCharacter | kTargetCharacter | kAuthorityCharacter);
  mark("!#$%&'*+-.^_`|~", kTokenCharacter);
  mark("-._~", kTargetCharacter | kAuthorityCharacter);
  mark("%:/?[]@!$&'()*+,;=", kTargetCharacter);
  return classes;
}
inline constexpr std::array<std::uint8_t, 256> kCharacterClasses = make_character_classes();

inline bool is_class(char c, CharacterClass wanted) {
  return (kCharacterClasses[static_cast<unsigned char>(c)] & wanted) != 0;
}

// The first byte of [at, end) that is not of that class, or `end`.
inline const char* skip_class(const char* at, const char* end, CharacterClass wanted) {
  while (at != end && is_class(*at, wanted)) ++at;
  return at;
}

inline bool all_of_class(std::string_view text, CharacterClass wanted) {
  const char* const end = text.data() + text.size();
  return skip_class(text.data(), end, wanted) == end;
}

inline bool is_token(std::string_view text) {
  return !text.empty() && all_of_class(text, kTokenCharacter);
}

constexpr bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

#if defined(__SSE2__)
// A bit for each of the 16 bytes that is a control character.
inline __m128i control_mask(const char* at) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i is_c0 = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
  return _mm_or_si128(is_c0, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F)));
}
// Whether one of the 64 bytes is a control character: C0 if the least of four is.
inline bool has_control(const char* at) {
  const auto* const from = reinterpret_cast<const __m128i*>(at);
  const __m128i a = _mm_loadu_si128(from);
  const __m128i b = _mm_loadu_si128(from + 1);
  const __m128i c = _mm_loadu_si128(from + 2);
  const __m128i d = _mm_loadu_si128(from + 3);
  const __m128i least = _mm_min_epu8(_mm_min_epu8(a, b), _mm_min_epu8(c, d));
  const __m128i is_c0 = _mm_cmpeq_epi8(_mm_min_epu8(least, _mm_set1_epi8(0x1F)), least);
  const __m128i del = _mm_set1_epi8(0x7F);
  const __m128i is_del = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(a, del), _mm_cmpeq_epi8(b, del)),
                                      _mm_or_si128(_mm_cmpeq_epi8(c, del), _mm_cmpeq_epi8(d, del)));
  return _mm_movemask_epi8(_mm_or_si128(is_c0, is_del)) != 0;
}
#endif

// The first control character (C0 or DEL; HTAB is one) of [at, end), or `end`.
inline const char* find_control(const char* at, const char* end) {
#if defined(__SSE2__)
  const bool overlaps = end - at > 16;
  // The usual value is short; the one that matters for speed is a token of hundreds of bytes.
  for (int step = 1; end - at >= 16; ++step) {
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(control_mask(at)));
    if (found != 0) return at + std::countr_zero(found);
    at += 16;
    for (; step >= 4 && end - at >= 64; at += 64) {
      if (has_control(at)) break;
    }
  }
  // The last bytes once more, together with some that were seen.
  if (overlaps && at != end) {
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(control_mask(end - 16)));
    return found == 0 ? end : end - 16 + std::countr_zero(found);
  }
#endif
  while (at != end && !is_control(*at)) ++at;
  return at;
}

// The same, without a call where it stands in the first 16 bytes.
inline const char* find_near_control(const char* at, const char* end) {
#if defined(__SSE2__)
  if (end - at >= 16) {
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(control_mask(at)));
    if (found != 0) return at + std::countr_zero(found);
    at += 16;
  }
#endif
  return find_control(at, end);
}

constexpr bool is_whitespace(char c) {
  return c == ' ' || c == '\t';
}

// Without optional whitespace (RFC 9110 section 5.6.3) at either end.
constexpr std::string_view trim(std::string_view text) {
  while (!text.empty() && is_whitespace(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_whitespace(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace caponier::http
