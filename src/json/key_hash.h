// The hash of member names: a few instructions for names of up to 16 bytes. It is not keyed, so a peer can
// make names collide; nothing that uses it may cost more than a bounded scan when all of them do.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace caponier::json {

inline std::uint64_t load_64(const char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

inline std::uint64_t load_32(const char* at) {
  std::uint32_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// The first `size` bytes, at most 8, in the low bytes of a word whose other bytes are zero.
inline std::uint64_t load_short(const char* at, std::size_t size) {
  if (size == 8) return load_64(at);
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint64_t>(static_cast<unsigned char>(at[i]));
  };
  if constexpr (std::endian::native == std::endian::little) {
    // The two loads overlap in bytes that they agree on.
    if (size >= 4) return load_32(at) | load_32(at + size - 4) << (8 * (size - 4));
    if (size == 0) return 0;
    return byte(0) | byte(size / 2) << (8 * (size / 2)) | byte(size - 1) << (8 * (size - 1));
  } else {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < size; ++i) word |= byte(i) << (8 * i);
    return word;
  }
}

// A multiplication moves what tells two names apart into the upper half. It is by an odd number, and so loses
// nothing: names of up to 8 bytes, of one length and with one hash, are the same.
inline std::uint64_t mix(std::uint64_t first, std::uint64_t rest) {
  return first * 0x9E3779B97F4A7C15U + rest * 0xD6E8FEB86659FD93U;
}
inline constexpr std::uint32_t kExactHashLength = 8;

// For tables.
inline std::uint32_t upper_half(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash >> 32);
}

inline std::uint64_t hash_bytes(const char* at, std::size_t size) {
  if (size <= 8) return mix(load_short(at, size), 0);
  std::uint64_t first = load_64(at);
  if (size <= 16) return mix(first, load_short(at + 8, size - 8));
  for (std::size_t i = 8; i + 8 < size; i += 8) {
    first = (std::rotl(first, 29) ^ load_64(at + i)) * 0xE7037ED1A0B428DBU;
  }
  return mix(first, load_64(at + size - 8));
}

// The same for a name of up to 16 bytes, of which 16 can be loaded: no branches.
inline std::uint64_t hash_short(const char* at, std::size_t size) {
#if defined(__SSE2__)
  static constexpr std::int8_t kMask[32] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
  const __m128i mask = _mm_loadu_si128(reinterpret_cast<const __m128i*>(kMask + 16 - size));
  const __m128i name = _mm_and_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)), mask);
  return mix(static_cast<std::uint64_t>(_mm_cvtsi128_si64(name)),
             static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(name, name))));
#else
  return hash_bytes(at, size);
#endif
}

}  // namespace caponier::json
