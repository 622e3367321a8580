#include "gateway/id_source.h"

#include <cstring>

namespace caponier::gateway {
namespace {

void put_hex(char* out, std::uint64_t value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (int i = 15; i >= 0; --i, value >>= 4) out[i] = kDigits[value & 15];
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
