#include "gateway/id_source.h"

#include <array>
#include <cstring>

namespace caponier::gateway {
namespace {

// The eight digits of 32 bits, the highest first: one nibble to each byte, then all bytes at once.
std::uint64_t hex_digits(std::uint64_t value) {
  value = (value | value << 16) & 0x0000ffff0000ffffULL;
  value = (value | value << 8) & 0x00ff00ff00ff00ffULL;
  value = (value | value << 4) & 0x0f0f0f0f0f0f0f0fULL;
  const std::uint64_t letters = (value + 0x0606060606060606ULL) >> 4 & 0x0101010101010101ULL;
  constexpr std::uint64_t kFromDigits = 'a' - '0' - 10;
  return __builtin_bswap64(value + 0x3030303030303030ULL + letters * kFromDigits);
}

void put_hex(char* out, std::uint64_t value) {
  const std::array<std::uint64_t, 2> digits = {hex_digits(value >> 32), hex_digits(value & 0xffffffff)};
  std::memcpy(out, digits.data(), sizeof digits);
}

std::string_view counter_bytes(const std::uint64_t& count) {
  return {reinterpret_cast<const char*>(&count), sizeof count};
}

}  // namespace

std::string_view IdSource::next_128(Arena& arena) {
  ++count_;
  const Digest128 digest = keyed_digest(key_, counter_bytes(count_));
  char* out = static_cast<char*>(arena.allocate(32, 1));
  put_hex(out, digest.low);
  put_hex(out + 16, digest.high);
  return {out, 32};
}

std::string_view IdSource::next_64(Arena& arena) {
  // SplitMix64: what it gives tells of nothing but of itself.
  span_ += 0x9e3779b97f4a7c15ULL;
  std::uint64_t mixed = (span_ ^ (span_ >> 30)) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
  char* out = static_cast<char*>(arena.allocate(16, 1));
  put_hex(out, mixed ^ (mixed >> 31));
  return {out, 16};
}

}  // namespace caponier::gateway
