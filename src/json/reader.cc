#include "json/reader.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "json/key_hash.h"
#include "json/number.h"
#include "json/scan.h"

namespace caponier::json {

Reader::Reader(Document& document, std::string_view text, const JsonLimits& limits)
    : document_(document), begin_(text.data()), end_(text.data() + text.size()), limits_(limits) {
  const std::size_t slots = std::size_t{limits.depth_max} * kSmallObjectMembers;
  if (document.open_.size() < limits.depth_max) document.open_.resize(limits.depth_max);
  if (document.recent_hashes_.size() < slots) document.recent_hashes_.resize(slots);
  tape_ = document.tape_.data();
  room_ = static_cast<std::uint32_t>(std::min<std::size_t>(document.tape_.size(), limits.nodes_max));
  top_ = document.open_.data();
}

const char* Reader::fail(ReadError error, const char* at) {
  failure_ = {.error = error, .offset = offset(at), .first_offset = 0};
  return nullptr;
}

const char* Reader::fail_duplicate(const TapeNode& first, const TapeNode& second) {
  failure_ = {.error = ReadError::kDuplicateKey, .offset = second.offset, .first_offset = first.offset};
  return nullptr;
}

bool Reader::grow_tape() {
  if (nodes_ >= limits_.nodes_max) return false;
  const std::size_t wanted = std::max<std::size_t>(256, document_.tape_.size() * 2);
  document_.tape_.resize(std::min<std::size_t>(wanted, limits_.nodes_max));
  tape_ = document_.tape_.data();
  room_ = static_cast<std::uint32_t>(document_.tape_.size());
  return true;
}

inline TapeNode* Reader::add_node() {
  if (nodes_ == room_ && !grow_tape()) [[unlikely]]
    return nullptr;
  TapeNode* const node = tape_ + nodes_++;
  // What an earlier document left here must not show through.
  node->boolean = node->is_integer = false;
  node->reserved = 0;
  return node;
}

bool Reader::run() {
  const char* at = skip_space(begin_, end_);
  if (at == end_) return fail(ReadError::kEmpty, at) != nullptr;
  if (std::string_view(begin_, static_cast<std::size_t>(end_ - begin_)).starts_with("\xEF\xBB\xBF")) {
    return fail(ReadError::kByteOrderMark, begin_) != nullptr;
  }
  at = read_tree(at);
  if (at == nullptr) return false;
  at = skip_space(at, end_);
  if (at != end_) return fail(ReadError::kTrailingBytes, at) != nullptr;
  return true;
}

const char* Reader::read_tree(const char* at) {
  for (;;) {
    // A value begins here.
    if (at == end_) return fail(ReadError::kTruncated, at);
    if (*at == '{' || *at == '[') {
      at = open_container(at);
      if (at == nullptr) return nullptr;
      if (at == end_) return fail(ReadError::kTruncated, at);
      if (*at == top_[-1].closer) {
        at = close_container(at);
      } else {
        if (top_[-1].closer == '}') at = read_key(at);
        if (at == nullptr) return nullptr;
        continue;
      }
    } else {
      at = read_scalar(at);
      if (at == nullptr) return nullptr;
    }
    if (depth_ == 0) return at;
    at = read_after_value(at);
    if (at == nullptr || depth_ == 0) return at;
  }
}

// Closes what ends here, up to the next value of a container that goes on.
inline const char* Reader::read_after_value(const char* at) {
  while (depth_ > 0) {
    Document::OpenContainer& container = top_[-1];
    ++container.count;
    at = skip_space(at, end_);
    if (at == end_) return fail(ReadError::kTruncated, at);
    if (*at == ',') {
      at = skip_space(at + 1, end_);
      return container.closer == '}' ? read_key(at) : at;
    }
    if (*at != container.closer) return fail(ReadError::kSyntax, at);
    at = close_container(at);
    if (at == nullptr) return nullptr;
  }
  return at;
}

// From the bracket to the first byte of what it holds.
inline const char* Reader::open_container(const char* at) {
  if (depth_ == limits_.depth_max) return fail(ReadError::kTooDeep, at);
  TapeNode* const node = add_node();
  if (node == nullptr) return fail(ReadError::kTooManyNodes, at);
  node->kind = *at == '{' ? Kind::kObject : Kind::kArray;
  node->offset = offset(at);
  *top_ = {.node = nodes_ - 1, .count = 0, .closer = *at == '{' ? '}' : ']'};
  ++top_;
  ++depth_;
  return skip_space(at + 1, end_);
}

inline const char* Reader::close_container(const char* at) {
  --top_;
  --depth_;
  TapeNode& node = tape_[top_->node];
  node.end = nodes_;
  node.length = top_->count;
  if (top_->count > kSmallObjectMembers && node.kind == Kind::kObject && !has_distinct_keys(node))
    return nullptr;
  return at + 1;
}

// From the quote to the first byte of the member's value.
inline const char* Reader::read_key(const char* at) {
  if (at == end_) return fail(ReadError::kTruncated, at);
  if (*at != '"') return fail(ReadError::kSyntax, at);
  TapeNode* const node = add_node();
  if (node == nullptr) return fail(ReadError::kTooManyNodes, at);
  at = read_string(at + 1, *node);
  if (at == nullptr) return nullptr;
  const bool in_source = node->text >= begin_ && node->text < end_;
  node->key_hash =
      in_source ? hash_within(node->text, node->length, end_) : hash_bytes(node->text, node->length);
  if (!is_new_key(*node)) return nullptr;
  at = skip_space(at, end_);
  if (at == end_) return fail(ReadError::kTruncated, at);
  if (*at != ':') return fail(ReadError::kSyntax, at);
  return skip_space(at + 1, end_);
}

const char* Reader::read_scalar(const char* at) {
  TapeNode* const node = add_node();
  if (node == nullptr) return fail(ReadError::kTooManyNodes, at);
  if (*at == '"') return read_string(at + 1, *node);
  node->end = nodes_;
  node->offset = offset(at);
  if (*at != '-' && !is_digit(*at)) return read_literal(at);
  const NumberReading number = read_number(at, end_);
  if (number.end == nullptr) return fail(number.error, number.where);
  node->kind = Kind::kNumber;
  node->length = static_cast<std::uint32_t>(number.end - at);
  node->is_integer = number.is_integer;
  if (number.is_integer) {
    node->integer = number.integer;
  } else {
    node->real = number.real;
  }
  return number.end;
}

const char* Reader::read_literal(const char* at) {
  TapeNode& node = tape_[nodes_ - 1];
  node.kind = *at == 'n' ? Kind::kNull : Kind::kBoolean;
  node.boolean = *at == 't';
  const std::string_view expected = *at == 'n' ? "null" : *at == 't' ? "true" : "false";
  node.length = static_cast<std::uint32_t>(expected.size());
  for (const char c : expected) {
    if (at == end_) return fail(ReadError::kTruncated, at);
    if (*at != c) return fail(ReadError::kSyntax, at);
    ++at;
  }
  return at;
}

inline bool Reader::is_new_key(const TapeNode& key) {
  const Document::OpenContainer& object = top_[-1];
  if (object.count >= kSmallObjectMembers) return true;  // judged when the object ends
  std::uint32_t* const slots =
      document_.recent_hashes_.data() + std::size_t{depth_ - 1} * kSmallObjectMembers;
  if (is_among(slots, object.count, key.key_hash)) [[unlikely]] {
    const TapeNode* other = tape_ + object.node + 1;
    for (std::uint32_t i = 0; i < object.count; ++i) {
      if (other->length == key.length && std::memcmp(other->text, key.text, key.length) == 0) {
        return fail_duplicate(*other, key) != nullptr;
      }
      other = tape_ + other[1].end;
    }
  }
  slots[object.count] = key.key_hash;
  return true;
}

// Sorting, by hash and then by text, costs n log n whatever keys a peer invents; a hash table would not.
bool Reader::has_distinct_keys(const TapeNode& object) {
  std::vector<std::uint64_t>& keys = document_.sorted_keys_;
  keys.clear();
  auto index = static_cast<std::uint32_t>(&object - tape_) + 1;
  for (std::uint32_t i = 0; i < object.length; ++i) {
    keys.push_back(std::uint64_t{tape_[index].key_hash} << 32 | index);
    index = tape_[index + 1].end;
  }
  std::sort(keys.begin(), keys.end());
  const auto node = [&](std::uint64_t key) -> const TapeNode& { return tape_[key & 0xFFFFFFFFU]; };
  const auto text = [&](std::uint64_t key) { return std::string_view(node(key).text, node(key).length); };
  for (auto from = keys.begin(); from != keys.end();) {
    auto to = from + 1;
    while (to != keys.end() && *to >> 32 == *from >> 32) ++to;
    if (to - from > 1) {
      std::sort(from, to, [&](std::uint64_t a, std::uint64_t b) {
        const int order = text(a).compare(text(b));
        return order != 0 ? order < 0 : a < b;
      });
      const auto same =
          std::adjacent_find(from, to, [&](std::uint64_t a, std::uint64_t b) { return text(a) == text(b); });
      if (same != to) return fail_duplicate(node(*same), node(same[1])) != nullptr;
    }
    from = to;
  }
  return true;
}

}  // namespace caponier::json
