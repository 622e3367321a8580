#include "gateway/id_source.h"

#include <array>
#include <cstring>

namespace caponier::gateway {
namespace {

constexpr std::array<std::array<char, 2>, 256> kHexPairs = [] {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = {kDigits[i >> 4], kDigits[i & 15]};
  return pairs;
}();

void put_hex(char* out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8, out += 2)
    std::memcpy(out, &kHexPairs[(value >> shift) & 0xff], 2);
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
  ++count_;
  char* out = static_cast<char*>(arena.allocate(16, 1));
  put_hex(out, keyed_hash(key_, counter_bytes(count_)));
  return {out, 16};
}

}  // namespace caponier::gateway
