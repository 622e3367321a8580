// The hash of member names: a few instructions for names of up to 16 bytes. It is not keyed, so a peer can
// make names collide; nothing that uses it may cost more than a bounded scan when all of them do.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

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

// `first` and `last` are the first and the last 8 bytes; of shorter names both are load_short().
inline std::uint32_t finish_hash(std::uint64_t first, std::uint64_t last, std::size_t size) {
  std::uint64_t hash = (first ^ (size * 0x9E3779B97F4A7C15U)) * 0xD6E8FEB86659FD93U;
  hash = ((hash ^ hash >> 32) + last) * 0xA0761D6478BD642FU;
  return static_cast<std::uint32_t>(hash >> 32);
}

inline std::uint32_t hash_bytes(const char* at, std::size_t size) {
  std::uint64_t first = load_short(at, size < 8 ? size : 8);
  if (size <= 8) return finish_hash(first, first, size);
  for (std::size_t i = 8; i + 8 < size; i += 8) {
    first = (std::rotl(first, 29) ^ load_64(at + i)) * 0xE7037ED1A0B428DBU;
  }
  return finish_hash(first, load_64(at + size - 8), size);
}

// The same for names of up to 16 bytes that are followed by enough bytes to load 16, without a branch.
inline std::uint32_t hash_padded(const char* at, std::size_t size) {
  if constexpr (std::endian::native != std::endian::little) return hash_bytes(at, size);
  const std::uint64_t mask = size < 8 ? (std::uint64_t{1} << (8 * size)) - 1 : ~std::uint64_t{0};
  return finish_hash(load_64(at) & mask, load_64(at + (size > 8 ? size - 8 : 0)) & mask, size);
}

}  // namespace caponier::json
