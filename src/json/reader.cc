#include "json/reader.h"

#include <algorithm>
#include <cstring>

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
  Cursor cursor{
      .at = at,
      .tape = document_.tape_.data(),
      .nodes = 0,
      .room = static_cast<std::uint32_t>(std::min<std::size_t>(document_.tape_.size(), limits_.nodes_max)),
      .top = bottom_};
  if (!read_document(cursor)) return false;
  const char* const rest = skip_space(cursor.at, end_);
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

// From the quote to one past the name's colon and the whitespace behind it.
CAPONIER_INLINE bool Reader::read_key(Cursor& cursor) {
  if (cursor.at == end_) return fail(ReadError::kTruncated, cursor.at);
  if (*cursor.at != '"') return fail(ReadError::kSyntax, cursor.at);
  TapeNode* node = nullptr;
  if (!add_node(cursor, node)) return false;
  const char* const from = cursor.at + 1;
  const char* stop = short_string_end(from, end_);
  *node = {.kind = Kind::kString, .end = cursor.nodes, .offset = offset(from)};
  if (stop != nullptr) [[likely]] {
    node->length = node->code_points = static_cast<std::uint32_t>(stop - from);
    node->text = from;
    node->key_hash = hash_padded(from, node->length);
    ++stop;
  } else {
    stop = read_rich_string(from, from, *node);
    if (stop == nullptr) return false;
    node->key_hash = hash_bytes(node->text, node->length);
  }
  Document::OpenContainer& object = *cursor.top;
  if (object.count < Document::kSmallObjectMembers) [[likely]] {
    if (is_among(object.hashes, object.count, node->key_hash) &&
        !differs_from_members(cursor.tape, object, *node)) {
      return false;
    }
    object.hashes[object.count] = node->key_hash;
  }
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
  *node = {.kind = Kind::kString, .end = cursor.nodes, .offset = offset(from)};
  if (*from == '"') {
    node->offset += 1;
    const char* const stop = skip_plain(from + 1, end_);
    if (stop != end_ && *stop == '"') [[likely]] {
      node->length = node->code_points = static_cast<std::uint32_t>(stop - from - 1);
      node->text = from + 1;
      cursor.at = stop + 1;
      return true;
    }
    cursor.at = read_rich_string(from + 1, stop, *node);
    return cursor.at != nullptr;
  }
  if (*from != '-' && !is_digit(*from)) {
    cursor.at = read_literal(from, *node);
    return cursor.at != nullptr;
  }
  const NumberReading number = read_number(from, end_);
  if (!number.ok) return fail(number.error, number.at);
  node->kind = Kind::kNumber;
  node->length = static_cast<std::uint32_t>(number.at - from);
  node->is_integer = number.is_integer;
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
  cursor.top->node = cursor.nodes - 1;
  cursor.top->count = 0;
  cursor.top->closer = is_object ? '}' : ']';
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
  return container.count <= Document::kSmallObjectMembers || container.closer != '}' ||
         has_distinct_keys(cursor.tape, container.node);
}

// Closes what ends here, up to the next value of a container that goes on.
CAPONIER_INLINE bool Reader::read_after_value(Cursor& cursor) {
  while (cursor.top != bottom_) {
    Document::OpenContainer& container = *cursor.top;
    ++container.count;
    cursor.at = skip_space(cursor.at, end_);
    if (cursor.at == end_) return fail(ReadError::kTruncated, cursor.at);
    if (*cursor.at == ',') {
      cursor.at = skip_space(cursor.at + 1, end_);
      return true;
    }
    if (*cursor.at != container.closer) return fail(ReadError::kSyntax, cursor.at);
    if (!close_container(cursor)) return false;
  }
  return true;
}

bool Reader::read_document(Cursor& outer) {
  Cursor cursor = outer;
  do {
    if (cursor.top != bottom_ && cursor.top->closer == '}' && !read_key(cursor)) return false;
    if (cursor.at == end_) return fail(ReadError::kTruncated, cursor.at);
    if (*cursor.at == '{' || *cursor.at == '[') {
      if (!open_container(cursor)) return false;
      if (*cursor.at != cursor.top->closer) continue;
      if (!close_container(cursor)) return false;
    } else if (!read_scalar(cursor)) {
      return false;
    }
    if (!read_after_value(cursor)) return false;
  } while (cursor.top != bottom_);
  outer = cursor;
  return true;
}

const char* Reader::read_literal(const char* at, TapeNode& node) {
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

// Called for a key whose hash is among those of its object's members so far.
bool Reader::differs_from_members(const TapeNode* tape, const Document::OpenContainer& object,
                                  const TapeNode& key) {
  const TapeNode* other = tape + object.node + 1;
  for (std::uint32_t i = 0; i < object.count; ++i) {
    if (std::string_view(other->text, other->length) == std::string_view(key.text, key.length)) {
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
    const auto to =
        std::find_if_not(from, keys.end(), [&](std::uint64_t key) { return same_hash(key, *from); });
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
