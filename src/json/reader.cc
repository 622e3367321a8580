#include "json/reader.h"

#include <algorithm>

#include "base/bytes.h"
#include "json/key_hash.h"
#include "json/number.h"
#include "json/scan.h"

// The loop over a document is one function to the compiler, so that its cursor stays in registers.
#define CAPONIER_INLINE [[gnu::always_inline]] inline

namespace caponier::json {

Reader::Reader(Document& document, std::string_view text, const JsonLimits& limits)
    : document_(document), begin_(text.data()), end_(text.data() + text.size()), limits_(limits) {
  // The first slot stays below all containers.
  if (document.open_.size() <= limits.depth_max) document.open_.resize(std::size_t{limits.depth_max} + 1);
  bottom_ = document.open_.data();
  highest_ = bottom_ + limits.depth_max;
}

Reader::Failed Reader::fail(ReadError error, const char* at) {
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

bool Reader::grow_tape(std::uint32_t nodes) {
  if (nodes >= limits_.nodes_max) return false;
  const std::size_t wanted = std::max<std::size_t>(256, document_.tape_.size() * 2);
  document_.tape_.resize(std::min<std::size_t>(wanted, limits_.nodes_max));
  return true;
}

CAPONIER_INLINE bool Reader::add_node(Cursor& cursor, TapeNode*& node) {
  if (cursor.nodes == cursor.room) [[unlikely]] {
    if (!grow_tape(cursor.nodes)) return fail(ReadError::kTooManyNodes, cursor.at);
    cursor.tape = document_.tape_.data();
    cursor.room = static_cast<std::uint32_t>(document_.tape_.size());
  }
  node = cursor.tape + cursor.nodes++;
  return true;
}

namespace {

CAPONIER_INLINE void put_string(TapeNode& node, std::uint32_t end, std::uint32_t offset, const char* text,
                                std::uint32_t length, std::uint32_t hash) {
  node.kind = Kind::kString;
  node.boolean = node.is_integer = false;
  node.reserved = 0;
  node.end = end;
  node.offset = offset;
  node.length = length;
  node.text = text;
  node.code_points = length;
  node.key_hash = hash;
}

}  // namespace

// `hash` is that of the last key on the tape. A filter answers first: most keys share no bit with another.
CAPONIER_INLINE bool Reader::is_new_key(const Cursor& cursor, std::uint32_t hash) {
  Document::OpenContainer& object = *cursor.top;
  if (object.count >= kSmallObjectMembers) [[unlikely]]
    return true;  // judged when the object ends
  std::uint64_t& word = object.seen[hash >> 29];
  const std::uint64_t bit = std::uint64_t{1} << (hash & 63U);
  if ((word & bit) != 0 && !differs_from_members(cursor.tape, object, cursor.tape[cursor.nodes - 1]))
    return false;
  word |= bit;
  return true;
}

// From the quote to one past the name's colon and the whitespace behind it.
CAPONIER_INLINE bool Reader::read_key(Cursor& cursor) {
  if (cursor.at == end_) return fail(ReadError::kTruncated, cursor.at);
  if (*cursor.at != '"') return fail(ReadError::kSyntax, cursor.at);
  TapeNode* node = nullptr;
  if (!add_node(cursor, node)) return false;
  const char* const from = cursor.at + 1;
  const char* stop = short_string_end(from, end_);
  std::uint32_t hash = 0;
  if (stop != nullptr) [[likely]] {
    const auto length = static_cast<std::uint32_t>(stop - from);
    hash = hash_padded(from, length);
    put_string(*node, cursor.nodes, offset(from), from, length, hash);
    ++stop;
  } else {
    put_string(*node, cursor.nodes, offset(from), from, 0, 0);
    stop = read_rich_string(from, from, *node);
    if (stop == nullptr) return false;
    hash = node->key_hash = hash_bytes(node->text, node->length);
  }
  if (!is_new_key(cursor, hash)) return false;
  cursor.at = skip_space(stop, end_);
  if (cursor.at == end_) return fail(ReadError::kTruncated, cursor.at);
  if (*cursor.at != ':') return fail(ReadError::kSyntax, cursor.at);
  cursor.at = skip_space(cursor.at + 1, end_);
  return true;
}

CAPONIER_INLINE bool Reader::read_scalar(Cursor& cursor) {
  TapeNode* node = nullptr;
  if (!add_node(cursor, node)) return false;
  const char* const from = cursor.at;
  if (*from == '"') {
    const char* const text = from + 1;
    const char* const stop = skip_plain(text, end_);
    put_string(*node, cursor.nodes, offset(text), text, static_cast<std::uint32_t>(stop - text), 0);
    cursor.at = stop + 1;
    if (stop != end_ && *stop == '"') [[likely]]
      return true;
    cursor.at = read_rich_string(text, stop, *node);
    return cursor.at != nullptr;
  }
  node->boolean = node->is_integer = false;
  node->reserved = 0;
  node->end = cursor.nodes;
  node->offset = offset(from);
  if (*from != '-' && !is_digit(*from)) {
    cursor.at = read_literal(from, *node);
    return cursor.at != nullptr;
  }
  const NumberReading number = read_number(from, end_);
  if (!number.ok) return fail(number.error, number.at);
  node->kind = Kind::kNumber;
  node->is_integer = number.is_integer;
  node->length = static_cast<std::uint32_t>(number.at - from);
  node->integer = number.integer;
  cursor.at = number.at;
  return true;
}

// From the bracket to the first byte of what it holds.
CAPONIER_INLINE bool Reader::open_container(Cursor& cursor) {
  if (cursor.top == highest_) return fail(ReadError::kTooDeep, cursor.at);
  TapeNode* node = nullptr;
  if (!add_node(cursor, node)) return false;
  const bool is_object = *cursor.at == '{';
  *node = {.kind = is_object ? Kind::kObject : Kind::kArray, .offset = offset(cursor.at)};
  ++cursor.top;
  *cursor.top = {.seen = {}, .node = cursor.nodes - 1, .count = 0, .is_object = is_object};
  cursor.at = skip_space(cursor.at + 1, end_);
  if (cursor.at == end_) return fail(ReadError::kTruncated, cursor.at);
  return true;
}

CAPONIER_INLINE bool Reader::close_container(Cursor& cursor) {
  const Document::OpenContainer& container = *cursor.top--;
  TapeNode& node = cursor.tape[container.node];
  node.end = cursor.nodes;
  node.length = container.count;
  ++cursor.at;
  return !container.is_object || container.count <= kSmallObjectMembers ||
         has_distinct_keys(cursor.tape, container.node);
}

// Closes what ends here, up to the next value of a container that goes on.
CAPONIER_INLINE bool Reader::read_after_value(Cursor& cursor) {
  do {
    Document::OpenContainer& container = *cursor.top;
    ++container.count;
    cursor.at = skip_space(cursor.at, end_);
    if (cursor.at == end_) return fail(ReadError::kTruncated, cursor.at);
    if (*cursor.at == ',') {
      cursor.at = skip_space(cursor.at + 1, end_);
      return true;
    }
    if (*cursor.at != (container.is_object ? '}' : ']')) return fail(ReadError::kSyntax, cursor.at);
    if (!close_container(cursor)) return false;
  } while (cursor.top != bottom_);
  return true;
}

const char* Reader::read_root(const char* at) {
  const std::size_t room = std::min<std::size_t>(document_.tape_.size(), limits_.nodes_max);
  Cursor cursor{.at = at,
                .tape = document_.tape_.data(),
                .nodes = 0,
                .room = static_cast<std::uint32_t>(room),
                .top = bottom_};
  if (*at != '{' && *at != '[') return read_scalar(cursor) ? cursor.at : nullptr;
  bottom_->is_object = false;
  do {
    if (cursor.top->is_object && !read_key(cursor)) return nullptr;
    if (cursor.at == end_) return fail(ReadError::kTruncated, cursor.at);
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

const char* Reader::read_literal(const char* at, TapeNode& node) {
  node.kind = *at == 'n' ? Kind::kNull : Kind::kBoolean;
  node.boolean = *at == 't';
  const std::string_view expected = *at == 'n' ? "null" : *at == 't' ? "true" : "false";
  node.length = 0;
  if (std::string_view(at, end_).starts_with(expected)) return at + expected.size();
  for (const char c : expected) {
    if (at == end_) return fail(ReadError::kTruncated, at);
    if (*at != c) break;
    ++at;
  }
  return fail(ReadError::kSyntax, at);
}

// Called for a key that the filter cannot tell from the members so far.
bool Reader::differs_from_members(const TapeNode* tape, const Document::OpenContainer& object,
                                  const TapeNode& key) {
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

// Sorting, by hash and then by text, costs n log n whatever keys a peer invents; a hash table would not.
bool Reader::has_distinct_keys(const TapeNode* tape, std::uint32_t object) {
  std::vector<std::uint64_t>& keys = document_.sorted_keys_;
  keys.clear();
  for (std::uint32_t i = 0, index = object + 1; i < tape[object].length; ++i, index = tape[index + 1].end) {
    keys.push_back(std::uint64_t{tape[index].key_hash} << 32 | index);
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
