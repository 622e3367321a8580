#include "json/document.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "json/key_hash.h"
#include "json/number.h"
#include "json/reader.h"
#include "json/scan.h"

namespace caponier::json {
namespace {

// What trim() leaves: enough for a body of some fifty kilobytes.
constexpr std::size_t kKeptNodes = 4096;
constexpr std::size_t kKeptTextBytes = std::size_t{64} * 1024;

// `text` is well-formed UTF-8.
std::uint32_t count_code_points(std::string_view text) {
  return static_cast<std::uint32_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

template <class T>
void shrink(std::vector<T>& vector, std::size_t size_max) {
  if (vector.size() <= size_max) return;
  vector.resize(size_max);
  vector.shrink_to_fit();
}

}  // namespace

std::string_view name(ReadError error) {
  switch (error) {
    case ReadError::kEmpty:
      return "empty";
    case ReadError::kSyntax:
      return "syntax";
    case ReadError::kTruncated:
      return "truncated";
    case ReadError::kDuplicateKey:
      return "duplicate-key";
    case ReadError::kTooDeep:
      return "too-deep";
    case ReadError::kTooLarge:
      return "too-large";
    case ReadError::kTooManyNodes:
      return "too-many-nodes";
    case ReadError::kInvalidUtf8:
      return "invalid-utf8";
    case ReadError::kLoneSurrogate:
      return "lone-surrogate";
    case ReadError::kControlCharacter:
      return "control-character";
    case ReadError::kByteOrderMark:
      return "byte-order-mark";
    case ReadError::kTrailingBytes:
      return "trailing-bytes";
    case ReadError::kNumberRange:
      return "number-range";
  }
  std::abort();
}

std::uint64_t hash_key(std::string_view key) {
  return hash_bytes(key.data(), key.size());
}

std::uint32_t Value::code_points() const {
  return node().is_key() ? count_code_points(string()) : static_cast<std::uint32_t>(node().code_points);
}

std::optional<Value> Value::find(std::string_view key) const {
  const TapeNode& object = node();
  if (object.kind != Kind::kObject) return std::nullopt;
  const std::uint64_t hash = hash_bytes(key.data(), key.size());
  const TapeNode* const tape = document_->tape();
  std::uint32_t at = index_ + 1;
  for (std::uint32_t i = 0; i < object.length; ++i) {
    const TapeNode& member = tape[at];
    if (member.key_hash == hash && std::string_view(member.text, member.length) == key) {
      return Value(document_, at + 1);
    }
    at = tape[at + 1].end;
  }
  return std::nullopt;
}

Result<Value, ReadFailure> Document::read(std::string_view text, const JsonLimits& limits) {
  source_ = text;
  if (text.size() > limits.bytes_max) {
    return Err(ReadFailure{.error = ReadError::kTooLarge, .offset = limits.bytes_max});
  }
  Reader reader(*this, text, limits);
  if (!reader.run()) return Err(reader.failure());
  return root();
}

void Document::trim() {
  clear();
  shrink(tape_, kKeptNodes);
  shrink(text_, kKeptTextBytes);
  shrink(sorted_keys_, kKeptNodes);
  if (number_texts_.capacity() > kKeptTextBytes) number_texts_.shrink_to_fit();
}

void Document::clear() {
  number_texts_.clear();
  built_texts_.reset();
  source_ = {};
  nodes_in_use_ = 0;
  open_in_use_ = 0;
}

TapeNode& Document::add_node(Kind kind) {
  if (nodes_in_use_ == tape_.size()) tape_.resize(std::max<std::size_t>(8, tape_.size() * 2));
  TapeNode& node = tape_[nodes_in_use_++];
  node = {.kind = kind, .type_bit = TapeNode::bit_of(kind), .end = nodes_in_use_};
  return node;
}

// A value is about to be added to the innermost open container.
void Document::count_value() {
  if (open_in_use_ > 0) ++open_[open_in_use_ - 1].count;
}

void Document::begin(Kind kind) {
  count_value();
  add_node(kind);
  if (open_in_use_ == open_.size()) open_.resize(std::max<std::size_t>(2, open_.size() * 2));
  OpenContainer& container = open_[open_in_use_++];
  container.node = nodes_in_use_ - 1;
  container.count = 0;
}

void Document::end() {
  const OpenContainer& container = open_[--open_in_use_];
  tape_[container.node].end = nodes_in_use_;
  tape_[container.node].length = container.count;
}

void Document::begin_object() {
  begin(Kind::kObject);
}
void Document::end_object() {
  end();
}
void Document::begin_array() {
  begin(Kind::kArray);
}
void Document::end_array() {
  end();
}

void Document::add_text(std::string_view text) {
  TapeNode& node = add_node(Kind::kString);
  node.length = static_cast<std::uint32_t>(text.size());
  node.code_points = count_code_points(text);
  node.text = text.empty() ? "" : built_texts_.copy(text).data();
}

void Document::add_key(std::string_view key) {
  add_text(key);
  TapeNode& node = tape_[nodes_in_use_ - 1];
  node.type_bit |= TapeNode::kKeyBit;
  node.key_hash = hash_key(key);
}

void Document::add_string(std::string_view text) {
  count_value();
  add_text(text);
}

bool Document::add_number(std::string_view text) {
  if (text.empty()) return false;
  const NumberReading number = read_number(text.data(), text.data() + text.size());
  if (!number.ok || number.at != text.data() + text.size()) return false;
  count_value();
  TapeNode& node = add_node(Kind::kNumber);
  node.offset = static_cast<std::uint32_t>(number_texts_.size());
  node.length = static_cast<std::uint32_t>(text.size());
  if (number.is_integer) node.type_bit = TapeNode::kIntegerBit;
  node.integer = number.integer;
  number_texts_ += text;
  source_ = number_texts_;
  return true;
}

void Document::add_boolean(bool value) {
  count_value();
  add_node(Kind::kBoolean).boolean = value;
}

void Document::add_null() {
  count_value();
  add_node(Kind::kNull);
}

}  // namespace caponier::json
