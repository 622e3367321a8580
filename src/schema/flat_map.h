// A hash table of small keys and values in one array, for the compiler's notes about what it has seen: it
// makes one for every node of a document, while the document itself is in memory. Nothing is ever removed.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/tree.h"

namespace caponier::schema {

// Spreads the bits of what is mostly an address.
inline std::uint64_t spread(std::uint64_t value) {
  value *= 0x9E3779B97F4A7C15ULL;
  return value ^ (value >> 32);
}

struct HashNode {
  std::uint64_t operator()(const Node* node) const { return spread(std::bit_cast<std::uintptr_t>(node)); }
};

struct HashNumber {
  std::uint64_t operator()(std::uint64_t number) const { return spread(number); }
};

// A key that equals Key() marks a free place, and is never looked for. Values begin as kBeginning.
template <class Key, class Value, class Hash, Value kBeginning = Value{}>
class FlatMap {
 public:
  // Null if there is none.
  [[nodiscard]] const Value* find(const Key& key) const {
    if (places_.empty()) return nullptr;
    const Place& place = places_[place_of(key)];
    return place.key == key ? &place.value : nullptr;
  }

  // The value, made if there is none. It stays where it is until the next one is made.
  Value& operator[](const Key& key) {
    if (places_.empty()) places_.resize(kPlacesMin);
    std::size_t at = place_of(key);
    if (places_[at].key == key) return places_[at].value;
    if ((used_ + 1) * 8 > places_.size() * 7) {
      grow();
      at = place_of(key);
    }
    ++used_;
    places_[at].key = key;
    return places_[at].value;
  }

  [[nodiscard]] std::size_t size() const { return used_; }

 private:
  static constexpr std::size_t kPlacesMin = 16;  // a power of two
  struct Place {
    Key key{};
    Value value = kBeginning;
  };

  // Where the key stands, or would.
  [[nodiscard]] std::size_t place_of(const Key& key) const {
    const std::size_t mask = places_.size() - 1;
    std::size_t at = Hash()(key) & mask;
    while (!(places_[at].key == Key()) && !(places_[at].key == key)) at = (at + 1) & mask;
    return at;
  }

  void grow() {
    const std::vector<Place> old = std::exchange(places_, std::vector<Place>(places_.size() * 2));
    for (const Place& place : old) {
      if (!(place.key == Key())) places_[place_of(place.key)] = place;
    }
  }

  std::vector<Place> places_;
  std::size_t used_ = 0;
};

}  // namespace caponier::schema
