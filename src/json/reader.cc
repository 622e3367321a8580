#include "json/reader.h"

#include <algorithm>
#include <bit>

#include "base/bytes.h"
#include "json/key_hash.h"
#include "json/number.h"
#include "json/scan.h"

// The loop over a document is one function to the compiler, so that its cursor stays in registers.
#define CAPONIER_INLINE [[gnu::always_inline]] inline

namespace caponier::json {

Reader::Reader(Document& document, std::string_view text, const JsonLimits& limits)
    : document_(document), begin_(text.data()), end_(text.data() + text.size()), limits_(limits) {
  while (end_ != begin_ && is_space(end_[-1])) --end_;
  // The first slot stays below all containers.
  if (document.open_.size() <= limits.depth_max) document.open_.resize(std::size_t{limits.depth_max} + 1);
  bottom_ = document.open_.data();
  highest_ = bottom_ + limits.depth_max;
}

Reader::Failed Reader::fail(ReadError error, const char* at) {
  // Where the text ends, nothing can be wrong but that it does.
  if (error == ReadError::kSyntax && at == end_) error = ReadError::kTruncated;
  failure_ = {.error = error, .offset = offset(at), .first_offset = 0};
  return {};
}

bool Reader::run() {
  const char* const at = skip_space(begin_, end_);
  if (at == end_) return fail(ReadError::kEmpty, at);
  if (std::string_view(begin_, end_).starts_with("\xEF\xBB\xBF"))
    return fail(ReadError::kByteOrderMark, begin_);
  const char* const stop = read_root(at);
  if (stop == nullptr) return false;
  const char* const rest = skip_space(stop, end_);
  if (rest != end_) return fail(ReadError::kTrailingBytes, rest);
  return true;
}

const char* Reader::read_root(const char* at) {
  if (*at != '{' && *at != '[') return read_single(at);
  // A closing bracket at the end stops everything that is not a string, so that the loop need not look for
  // the end wherever it looks for a token.
  if (end_[-1] == '}' || end_[-1] == ']') return read_container(at);
  // Without one the text is wrong. What is wrong with it is found in a copy that a NUL stops.
  const std::string copy(begin_, end_);
  Reader reader(document_, copy, limits_);
  const char* const stop = reader.read_container(copy.data() + (at - begin_));
  if (stop != nullptr) return begin_ + (stop - copy.data());
  failure_ = reader.failure_;
  return nullptr;
}

bool Reader::grow_tape(std::uint32_t nodes) {
  if (nodes >= limits_.nodes_max) return false;
  const std::size_t wanted = std::max<std::size_t>(256, document_.tape_.size() * 2);
  document_.tape_.resize(std::min<std::size_t>(wanted, limits_.nodes_max));
  return true;
}

// Null after fail().
CAPONIER_INLINE TapeNode* Reader::add_node(Cursor& cursor) {
  if (cursor.nodes == cursor.room) [[unlikely]] {
    if (!grow_tape(cursor.nodes)) {
      fail(ReadError::kTooManyNodes, cursor.at);
      return nullptr;
    }
    cursor.next = document_.tape_.data() + cursor.nodes;
    cursor.room = static_cast<std::uint32_t>(document_.tape_.size());
  }
  ++cursor.nodes;
  return cursor.next++;
}

namespace {

CAPONIER_INLINE void put_string(TapeNode& node, std::uint32_t end, std::uint32_t offset, const char* text,
                                std::uint32_t length) {
  node.kind = Kind::kString;
  node.boolean = false;
  node.type_bit = TapeNode::bit_of(Kind::kString);
  node.reserved = 0;
  node.end = end;
  node.offset = offset;
  node.length = length;
  node.text = text;
  node.code_points = length;
}

// Of null, true or false at `at`, which is before `end`; 0 if none of them is there.
CAPONIER_INLINE std::uint32_t literal_length(const char* at, const char* end) {
  if (end - at < 4) return 0;
  const std::uint64_t word = load_32(at);
  if (word == load_32("null") || word == load_32("true")) return 4;
  return word == load_32("fals") && end - at > 4 && at[4] == 'e' ? 5 : 0;
}

}  // namespace

// A filter answers first: most keys share no bit with another.
CAPONIER_INLINE bool Reader::is_new_key(Document::OpenContainer& object, const TapeNode& key,
                                        std::uint32_t hash) {
  if (object.count >= kSmallObjectMembers) [[unlikely]]
    return true;  // judged when the object ends
  std::uint64_t& word = object.seen[hash >> 29];
  const std::uint64_t bit = std::uint64_t{1} << (hash >> 23 & 63U);
  if ((word & bit) != 0 && !differs_from_members(object, key)) return false;
  word |= bit;
  return true;
}

// From the quote to the first byte of the member's value.
CAPONIER_INLINE bool Reader::read_key(Cursor& cursor) {
  if (*cursor.at != '"') return fail(ReadError::kSyntax, cursor.at);
  TapeNode* const node = add_node(cursor);
  if (node == nullptr) return false;
  const char* const from = cursor.at + 1;
  const char* stop = short_string_end(from, end_);
  if (stop != nullptr) [[likely]] {
    const auto length = static_cast<std::uint32_t>(stop - from);
    put_string(*node, cursor.nodes, offset(from), from, length);
    node->key_hash = hash_short(from, length);
    ++stop;
  } else {
    put_string(*node, cursor.nodes, offset(from), from, 0);
    stop = read_rich_string(from, from, *node);
    if (stop == nullptr) return false;
    node->key_hash = hash_bytes(node->text, node->length);
  }
  node->type_bit |= TapeNode::kKeyBit;
  if (!is_new_key(*cursor.top, *node, upper_half(node->key_hash))) return false;
  if (*stop != ':') [[unlikely]] {
    stop = skip_space_run(stop, end_);
    if (*stop != ':') return fail(ReadError::kSyntax, stop);
  }
  cursor.at = skip_inner_space(stop + 1, end_);
  return true;
}

CAPONIER_INLINE bool Reader::read_scalar(Cursor& cursor) {
  TapeNode* const node = add_node(cursor);
  if (node == nullptr) return false;
  const char* const from = cursor.at;
  if (*from == '"') {
    const char* const text = from + 1;
    const char* stop = short_string_end(text, end_);
    if (stop == nullptr) stop = skip_plain(text, end_);
    put_string(*node, cursor.nodes, offset(text), text, static_cast<std::uint32_t>(stop - text));
    cursor.at = stop + 1;
    if (stop != end_ && *stop == '"') [[likely]]
      return true;
    cursor.at = read_rich_string(text, stop, *node);
    return cursor.at != nullptr;
  }
  node->boolean = false;
  node->reserved = 0;
  node->end = cursor.nodes;
  node->offset = offset(from);
  if (*from != '-' && !is_digit(*from)) {
    if (const std::uint32_t length = literal_length(from, end_); length != 0) [[likely]] {
      node->kind = *from == 'n' ? Kind::kNull : Kind::kBoolean;
      node->boolean = *from == 't';
      node->type_bit = TapeNode::bit_of(node->kind);
      node->length = 0;
      cursor.at = from + length;
      return true;
    }
    cursor.at = refuse_literal(from);
    return false;
  }
  const NumberReading number = read_number(from, end_);
  if (!number.ok) return fail(number.error, number.at);
  node->kind = Kind::kNumber;
  node->type_bit = number.is_integer ? TapeNode::kIntegerBit : TapeNode::bit_of(Kind::kNumber);
  node->length = static_cast<std::uint32_t>(number.at - from);
  node->integer = number.integer;
  cursor.at = number.at;
  return true;
}

// From the bracket to the first byte of what it holds.
CAPONIER_INLINE bool Reader::open_container(Cursor& cursor) {
  if (cursor.top == highest_) return fail(ReadError::kTooDeep, cursor.at);
  TapeNode* const node = add_node(cursor);
  if (node == nullptr) return false;
  const bool is_object = *cursor.at == '{';
  const Kind kind = is_object ? Kind::kObject : Kind::kArray;
  *node = {.kind = kind, .type_bit = TapeNode::bit_of(kind), .offset = offset(cursor.at)};
  ++cursor.top;
  *cursor.top = {.seen = {}, .node = cursor.nodes - 1, .count = 0, .is_object = is_object};
  cursor.at = skip_inner_space(cursor.at + 1, end_);
  return true;
}

CAPONIER_INLINE bool Reader::close_container(Cursor& cursor) {
  const Document::OpenContainer& container = *cursor.top--;
  TapeNode& node = document_.tape_.data()[container.node];
  node.end = cursor.nodes;
  node.length = container.count;
  ++cursor.at;
  if (container.is_object && container.count > kSmallObjectMembers && !has_distinct_keys(container.node))
    return false;
  // The last bracket of the text closes the outermost container, or too few were closed.
  return cursor.at != end_ || cursor.top == bottom_ || fail(ReadError::kTruncated, cursor.at);
}

// Closes what ends here, up to the next value of a container that goes on.
CAPONIER_INLINE bool Reader::read_after_value(Cursor& cursor) {
  do {
    Document::OpenContainer& container = *cursor.top;
    ++container.count;
    if (*cursor.at <= ' ') [[unlikely]]
      cursor.at = skip_space_run(cursor.at, end_);
    if (*cursor.at == ',') {
      cursor.at = skip_inner_space(cursor.at + 1, end_);
      return true;
    }
    if (*cursor.at != (container.is_object ? '}' : ']')) return fail(ReadError::kSyntax, cursor.at);
    if (!close_container(cursor)) return false;
  } while (cursor.top != bottom_);
  return true;
}

const char* Reader::read_single(const char* at) {
  Cursor cursor = first_cursor(at);
  return read_scalar(cursor) ? cursor.at : nullptr;
}

// Every byte up to `end_` may be looked at, and that one too.
const char* Reader::read_container(const char* at) {
  Cursor cursor = first_cursor(at);
  bottom_->is_object = false;
  do {
    if (cursor.top->is_object && !read_key(cursor)) return nullptr;
    if (*cursor.at == '{' || *cursor.at == '[') {
      if (!open_container(cursor)) return nullptr;
      if (*cursor.at != (cursor.top->is_object ? '}' : ']')) continue;
      if (!close_container(cursor)) return nullptr;
      if (cursor.top == bottom_) break;
    } else if (!read_scalar(cursor)) {
      return nullptr;
    }
    if (!read_after_value(cursor)) return nullptr;
  } while (cursor.top != bottom_);
  return cursor.at;
}

Reader::Cursor Reader::first_cursor(const char* at) const {
  const std::size_t room = std::min<std::size_t>(document_.tape_.size(), limits_.nodes_max);
  return {.at = at,
          .next = document_.tape_.data(),
          .nodes = 0,
          .room = static_cast<std::uint32_t>(room),
          .top = bottom_};
}

// Where a value should begin, nothing does that is one.
const char* Reader::refuse_literal(const char* at) {
  const std::string_view expected = *at == 'n' ? "null" : *at == 't' ? "true" : "false";
  for (const char c : expected) {
    if (at == end_) return fail(ReadError::kTruncated, at);
    if (*at != c) break;
    ++at;
  }
  return fail(ReadError::kSyntax, at);
}

// Called for a key that the filter cannot tell from the members so far.
bool Reader::differs_from_members(const Document::OpenContainer& object, const TapeNode& key) {
  const TapeNode* const tape = document_.tape_.data();
  const TapeNode* other = tape + object.node + 1;
  for (std::uint32_t i = 0; i < object.count; ++i) {
    if (other->key_hash == key.key_hash &&
        std::string_view(other->text, other->length) == std::string_view(key.text, key.length)) {
      failure_ = {.error = ReadError::kDuplicateKey, .offset = key.offset, .first_offset = other->offset};
      return false;
    }
    other = tape + other[1].end;
  }
  return true;
}

// A hash table answers, as long as its probes are few: a peer can invent keys for which they are not.
std::optional<bool> Reader::has_distinct_hashes(std::uint32_t object) {
  const TapeNode* const tape = document_.tape_.data();
  const std::uint32_t count = tape[object].length;
  const int shift = std::countl_zero(count) - 1;  // at most half of the slots are taken
  std::vector<std::uint64_t>& slots = document_.sorted_keys_;
  slots.assign(std::size_t{1} << (32 - shift), 0);
  const std::size_t mask = slots.size() - 1;
  std::uint64_t probes_left = std::uint64_t{count} * 4;
  for (std::uint32_t i = 0, index = object + 1; i < count; ++i, index = tape[index + 1].end) {
    const TapeNode& key = tape[index];
    const std::uint32_t hash = upper_half(key.key_hash);
    std::size_t at = hash >> shift;
    for (; slots[at] != 0; at = (at + 1) & mask) {
      if (probes_left-- == 0) return std::nullopt;
      if (slots[at] >> 32 != hash) continue;
      const TapeNode& other = tape[slots[at] & 0xFFFFFFFFU];
      if (std::string_view(other.text, other.length) != std::string_view(key.text, key.length)) continue;
      failure_ = {.error = ReadError::kDuplicateKey, .offset = key.offset, .first_offset = other.offset};
      return false;
    }
    slots[at] = std::uint64_t{hash} << 32 | index;
  }
  return true;
}

// Sorting, by hash and then by text, costs n log n whatever the keys are.
bool Reader::has_distinct_keys(std::uint32_t object) {
  if (const auto distinct = has_distinct_hashes(object)) return *distinct;
  const TapeNode* const tape = document_.tape_.data();
  std::vector<std::uint64_t>& keys = document_.sorted_keys_;
  keys.clear();
  for (std::uint32_t i = 0, index = object + 1; i < tape[object].length; ++i, index = tape[index + 1].end) {
    keys.push_back(std::uint64_t{upper_half(tape[index].key_hash)} << 32 | index);
  }
  std::sort(keys.begin(), keys.end());
  const auto node = [tape](std::uint64_t key) -> const TapeNode& { return tape[key & 0xFFFFFFFFU]; };
  const auto text = [&node](std::uint64_t key) { return std::string_view(node(key).text, node(key).length); };
  const auto same_hash = [](std::uint64_t a, std::uint64_t b) { return a >> 32 == b >> 32; };
  const auto same_text = [&text](std::uint64_t a, std::uint64_t b) { return text(a) == text(b); };
  for (auto from = std::adjacent_find(keys.begin(), keys.end(), same_hash); from != keys.end();
       from = std::adjacent_find(from, keys.end(), same_hash)) {
    const std::uint64_t first = *from;
    const auto to =
        std::find_if_not(from, keys.end(), [&](std::uint64_t key) { return same_hash(key, first); });
    std::sort(from, to, [&text](std::uint64_t a, std::uint64_t b) {
      const int order = text(a).compare(text(b));
      return order != 0 ? order < 0 : a < b;
    });
    const auto same = std::adjacent_find(from, to, same_text);
    if (same != to) {
      failure_ = {.error = ReadError::kDuplicateKey,
                  .offset = node(same[1]).offset,
                  .first_offset = node(*same).offset};
      return false;
    }
    from = to;
  }
  return true;
}

}  // namespace caponier::json
