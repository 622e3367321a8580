#include "base/long_digest.h"

#include <cstring>

namespace caponier {
namespace {

__extension__ using Word128 = unsigned __int128;

constexpr std::size_t kPairBytes = 2 * sizeof(std::uint64_t);

struct Sums {
  Word128 first = 0;
  Word128 second = 0;

  // `words`: two of the first pass, two of the second.
  void add(const char* pair, const std::uint64_t* words) {
    std::uint64_t one;
    std::uint64_t other;
    std::memcpy(&one, pair, sizeof one);
    std::memcpy(&other, pair + sizeof one, sizeof other);
    first += static_cast<Word128>(one + words[0]) * (other + words[1]);
    second += static_cast<Word128>(one + words[2]) * (other + words[3]);
  }
};

std::string_view bytes_of(const std::uint64_t* words, std::size_t count) {
  return {reinterpret_cast<const char*>(words), count * sizeof *words};
}

}  // namespace

// The words of NH and the key of SipHash are SipHash's answers to different questions.
LongDigest::LongDigest(const DigestKey& key) {
  std::uint64_t question = 0;
  const auto next = [&key, &question] {
    ++question;
    return keyed_hash(key, bytes_of(&question, 1));
  };
  for (std::uint64_t& word : sip_key_) word = next();
  for (std::uint64_t& word : words_) word = next();
}

LongDigest::Short LongDigest::shorten(std::string_view block) const {
  Sums sums;
  const std::uint64_t* words = words_.data();
  const char* at = block.data();
  std::size_t left = block.size();
  for (; left >= kPairBytes; at += kPairBytes, words += 2, left -= kPairBytes) sums.add(at, words);
  if (left > 0) {
    std::array<char, kPairBytes> padded{};
    std::memcpy(padded.data(), at, left);
    sums.add(padded.data(), words);
  }
  return {static_cast<std::uint64_t>(sums.first), static_cast<std::uint64_t>(sums.first >> 64),
          static_cast<std::uint64_t>(sums.second), static_cast<std::uint64_t>(sums.second >> 64)};
}

Digest128 LongDigest::operator()(std::string_view bytes) const {
  // What is left of the text so far, a block, and the length.
  std::array<std::uint64_t, 7> left{};
  std::size_t used = 0;
  for (std::string_view rest = bytes;;) {
    const Short block = shorten(rest.substr(0, kBlockBytes));
    std::memcpy(left.data() + used, block.data(), sizeof block);
    used += block.size();
    if (rest.size() <= kBlockBytes) break;
    rest.remove_prefix(kBlockBytes);
    const Digest128 so_far = keyed_digest(sip_key_, bytes_of(left.data(), used));
    left[0] = so_far.low;
    left[1] = so_far.high;
    used = 2;
  }
  left[used++] = bytes.size();
  return keyed_digest(sip_key_, bytes_of(left.data(), used));
}

}  // namespace caponier
