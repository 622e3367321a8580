#include "schema/equality.h"

#include <array>
#include <bit>
#include <vector>

#include "schema/decimal.h"

namespace caponier::schema {
namespace {

constexpr std::uint32_t kPairwiseMax = 8;

bool equal_numbers(json::Value a, json::Value b) {
  if (a.is_integer() || b.is_integer()) return a.is_integer() && b.is_integer() && a.integer() == b.integer();
  return a.real() == b.real() && compare_decimal(a.number_text(), b.number_text()) == 0;
}

bool equal_objects(json::Value a, json::Value b, std::int64_t& steps) {
  json::Value key = a.first_child();
  json::Value guess = b.first_child();
  for (std::uint32_t i = 0; i < a.size() && steps >= 0; ++i) {
    const json::Value value = key.next_sibling();
    // Equal objects mostly have their members in the same order.
    if (guess.key_hash() == key.key_hash() && guess.string() == key.string()) {
      if (!equal(value, guess.next_sibling(), steps)) return false;
    } else {
      steps -= b.size();
      const auto other = b.find(key.string());
      if (!other || !equal(value, *other, steps)) return false;
    }
    key = value.next_sibling();
    if (i + 1 < a.size()) guess = guess.next_sibling().next_sibling();
  }
  return true;
}

// Equal values have equal hashes.
std::uint64_t hash(json::Value value, std::int64_t& steps) {
  constexpr std::uint64_t kMix = 0x9E3779B97F4A7C15U;
  std::uint64_t out = static_cast<std::uint64_t>(value.kind()) + 1;
  --steps;
  switch (value.kind()) {
    case json::Kind::kNull:
      break;
    case json::Kind::kBoolean:
      out += value.boolean() ? 16 : 32;
      break;
    case json::Kind::kNumber:
      // Whether a number is an integer that fits is the same for equal numbers; -0 is such an integer.
      out ^= value.is_integer() ? static_cast<std::uint64_t>(value.integer())
                                : std::bit_cast<std::uint64_t>(value.real());
      break;
    case json::Kind::kString:
      steps -= value.string().size() / 16;
      out += json::hash_key(value.string()) + (std::uint64_t{value.node().length} << 32);
      break;
    case json::Kind::kArray: {
      json::Value item = value.first_child();
      for (std::uint32_t i = 0; i < value.size() && steps >= 0; ++i) {
        out = (out ^ hash(item, steps)) * kMix;
        item = item.next_sibling();
      }
      break;
    }
    case json::Kind::kObject: {
      json::Value key = value.first_child();
      for (std::uint32_t i = 0; i < value.size() && steps >= 0; ++i) {
        const json::Value member = key.next_sibling();
        out += (key.key_hash() ^ hash(member, steps)) * kMix;
        key = member.next_sibling();
      }
      break;
    }
  }
  out *= kMix;
  return out ^ (out >> 29);
}

struct Entry {
  std::uint64_t hash;
  std::uint32_t tape_index;
  std::uint32_t position_after;  // position + 1; 0 means empty
};

// Most values differ at first sight.
bool may_be_equal(const json::TapeNode& a, const json::TapeNode& b) {
  if (a.type_bit != b.type_bit) return false;
  if (a.kind < json::Kind::kString) return true;
  if (a.length != b.length) return false;
  return a.kind != json::Kind::kString || a.length == 0 || a.text[0] == b.text[0];
}

EqualItems among_few(json::Value array, std::int64_t& steps) {
  const json::TapeNode* const tape = array.document()->tape();
  std::array<std::uint32_t, kPairwiseMax> items{};
  std::uint32_t at = array.index() + 1;
  for (std::uint32_t i = 0; i < array.size(); ++i) {
    for (std::uint32_t j = 0; j < i; ++j) {
      if (!may_be_equal(tape[items[j]], tape[at])) continue;
      if (equal({array.document(), items[j]}, {array.document(), at}, steps)) return {j, i};
    }
    items[i] = at;
    at = tape[at].end;
  }
  steps -= array.size();
  return {};
}

}  // namespace

bool equal(json::Value a, json::Value b, std::int64_t& steps) {
  if (--steps < 0) return false;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case json::Kind::kNull:
      return true;
    case json::Kind::kBoolean:
      return a.boolean() == b.boolean();
    case json::Kind::kNumber:
      return equal_numbers(a, b);
    case json::Kind::kString:
      steps -= a.string().size() / 64;
      return a.string() == b.string();
    case json::Kind::kArray: {
      if (a.size() != b.size()) return false;
      json::Value left = a.first_child();
      json::Value right = b.first_child();
      for (std::uint32_t i = 0; i < a.size(); ++i) {
        if (!equal(left, right, steps)) return false;
        left = left.next_sibling();
        right = right.next_sibling();
      }
      return true;
    }
    case json::Kind::kObject:
      return a.size() == b.size() && equal_objects(a, b, steps);
  }
  return false;
}

EqualItems find_equal_items(json::Value array, std::int64_t& steps) {
  if (array.size() < 2) return {};
  if (array.size() <= kPairwiseMax) return among_few(array, steps);
  // Warm after the largest array so far, so that the hot path asks the heap for nothing.
  thread_local std::vector<Entry> table;
  const std::size_t slots = std::bit_ceil(std::size_t{array.size()} * 2);
  table.assign(slots, Entry{0, 0, 0});
  json::Value item = array.first_child();
  for (std::uint32_t i = 0; i < array.size(); ++i) {
    const std::uint64_t h = hash(item, steps);
    if (steps < 0) return {};
    std::size_t at = h & (slots - 1);
    for (; table[at].position_after != 0; at = (at + 1) & (slots - 1)) {
      if (--steps < 0) return {};
      const Entry& seen = table[at];
      if (seen.hash == h && equal(json::Value(array.document(), seen.tape_index), item, steps)) {
        return {seen.position_after - 1, i};
      }
    }
    table[at] = {h, item.index(), i + 1};
    item = item.next_sibling();
  }
  return {};
}

}  // namespace caponier::schema
