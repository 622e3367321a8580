// Strict JSON (RFC 8259) read into a flat tape: duplicate keys, invalid UTF-8, lone surrogates, trailing
// bytes, a BOM and anything past the limits are refused, each with its own error. The tape keeps the source
// offset of every value and the exact text of every number. A Document is reused from request to request and,
// once warm, allocates nothing. Values are cursors into it: they live until the next read() or build, and
// view its text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/limits.h"
#include "base/result.h"

namespace caponier::json {

enum class Kind : std::uint8_t { kNull, kBoolean, kNumber, kString, kArray, kObject };

enum class ReadError : std::uint8_t {
  kEmpty,
  kSyntax,
  kTruncated,
  kDuplicateKey,
  kTooDeep,
  kTooLarge,  // more bytes than allowed
  kTooManyNodes,
  kInvalidUtf8,
  kLoneSurrogate,
  kControlCharacter,
  kByteOrderMark,
  kTrailingBytes,
  kNumberRange,  // exponent or digit count beyond what is compared exactly
};
// "duplicate-key": stable, for logs and tests.
std::string_view name(ReadError error);

struct ReadFailure {
  ReadError error;
  std::uint32_t offset;  // byte in the source where it was noticed; kDuplicateKey: the repeated key's text
  std::uint32_t first_offset = 0;  // kDuplicateKey: where that key stood first
};

class Document;
class Value;

struct Member;

// One slot of the tape. An array is followed by its elements, an object by key, value, key, value...
struct TapeNode {
  Kind kind;
  bool boolean;
  std::uint8_t type_bit;  // 1 << kind, or kIntegerBit; of keys, kKeyBit too
  std::uint8_t reserved;
  std::uint32_t end;     // tape index one past this value's subtree
  std::uint32_t offset;  // first byte in the source (strings: after the quote)
  std::uint32_t
      length;  // numbers: bytes of text; strings: bytes of decoded text; containers: members or elements
  union {
    std::int64_t integer;  // numbers with is_integer()
    double real;           // other numbers, nearest double
    const char* text;      // strings: decoded bytes, in the source or in the document's own buffer
  };
  union {
    std::uint64_t code_points;  // strings that are values
    std::uint64_t key_hash;     // keys: hash_key(text)
  };

  // A number whose mathematical value is an integer that fits int64.
  static constexpr std::uint8_t kIntegerBit = 1U << 6;
  [[nodiscard]] bool is_integer() const { return type_bit == kIntegerBit; }
  static constexpr std::uint8_t kKeyBit = 1U << 7;
  [[nodiscard]] bool is_key() const { return (type_bit & kKeyBit) != 0; }
  static constexpr std::uint8_t bit_of(Kind kind) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(kind));
  }
};

// The hash by which members are found; the same for keys on the tape and for the schema compiler.
std::uint64_t hash_key(std::string_view key);

class Value {
 public:
  Value() = default;
  Value(const Document* document, std::uint32_t index) : document_(document), index_(index) {}

  [[nodiscard]] Kind kind() const;
  [[nodiscard]] bool is(Kind kind) const { return this->kind() == kind; }
  [[nodiscard]] bool boolean() const;
  [[nodiscard]] std::string_view string() const;
  [[nodiscard]] std::uint32_t code_points() const;
  // Exactly as written.
  [[nodiscard]] std::string_view number_text() const;
  [[nodiscard]] bool is_integer() const;  // see TapeNode::is_integer(); 1.0 and 1e2 are
  [[nodiscard]] std::int64_t integer() const;
  [[nodiscard]] double real() const;         // nearest double, of integers too
  [[nodiscard]] std::uint32_t size() const;  // members or elements
  [[nodiscard]] std::uint32_t offset() const;
  // Member of an object, or nullopt.
  [[nodiscard]] std::optional<Value> find(std::string_view key) const;

  // Iteration in source order. `for (Value v = a.first_child(); i < a.size(); v = v.next_sibling())`; for
  // objects the children alternate key, value.
  [[nodiscard]] Value first_child() const { return {document_, index_ + 1}; }
  [[nodiscard]] Value next_sibling() const;
  [[nodiscard]] std::uint64_t key_hash() const;  // of a key

  [[nodiscard]] const Document* document() const { return document_; }
  [[nodiscard]] std::uint32_t index() const { return index_; }
  [[nodiscard]] const TapeNode& node() const;

 private:
  const Document* document_ = nullptr;
  std::uint32_t index_ = 0;
};

class Document {
 public:
  Document() = default;
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  // `text` must outlive every use of the values.
  Result<Value, ReadFailure> read(std::string_view text, const JsonLimits& limits);
  [[nodiscard]] Value root() const { return {this, 0}; }
  [[nodiscard]] const TapeNode* tape() const { return tape_.data(); }
  [[nodiscard]] std::string_view source() const { return source_; }

  // Gives back memory beyond what small documents need; for an owner that goes idle. Values are gone.
  void trim();

  // Builds a document from values that did not come as JSON text: decoded parameters, form fields. Call
  // clear(), then the add_ functions in document order; a container is open until its end_ call. Keys are not
  // compared. Texts are copied. add_number takes JSON number text and returns false, adding nothing, if it is
  // not one. Offsets mean nothing in a built document.
  void clear();
  void begin_object();
  void end_object();
  void begin_array();
  void end_array();
  void add_key(std::string_view key);
  void add_string(std::string_view text);
  bool add_number(std::string_view text);
  void add_boolean(bool value);
  void add_null();

 private:
  friend class Reader;
  struct OpenContainer {
    std::uint64_t seen[8];  // reading: a bit for the hash of each key so far
    std::uint32_t node;     // tape index
    std::uint32_t count;    // members or elements so far
    bool is_object;
  };

  TapeNode& add_node(Kind kind);
  void begin(Kind kind);
  void end();
  void add_text(std::string_view text);
  void count_value();

  // Slots beyond what is in use are kept, so that a warm document neither allocates nor initialises any.
  std::vector<TapeNode> tape_;
  std::vector<OpenContainer> open_;
  std::vector<std::uint64_t> sorted_keys_;  // scratch for large objects: hash, then tape index
  std::vector<char> text_;  // decoded strings; sized before reading, so that it never moves under the tape
  std::string_view source_;

  // Of documents that are built: a source for number_text(), the bytes of strings, tape nodes and open
  // containers.
  std::string number_texts_;
  Arena built_texts_;
  std::uint32_t nodes_in_use_ = 0;
  std::uint32_t open_in_use_ = 0;
};

inline const TapeNode& Value::node() const {
  return document_->tape()[index_];
}
inline Kind Value::kind() const {
  return node().kind;
}
inline bool Value::boolean() const {
  return node().boolean;
}
inline std::string_view Value::string() const {
  return {node().text, node().length};
}
inline std::string_view Value::number_text() const {
  return {document_->source().data() + node().offset, node().length};
}
inline bool Value::is_integer() const {
  return node().is_integer();
}
inline std::int64_t Value::integer() const {
  return node().integer;
}
inline double Value::real() const {
  return node().is_integer() ? static_cast<double>(node().integer) : node().real;
}
inline std::uint32_t Value::size() const {
  return node().length;
}
inline std::uint32_t Value::offset() const {
  return node().offset;
}
inline Value Value::next_sibling() const {
  return {document_, node().end};
}
inline std::uint64_t Value::key_hash() const {
  return node().key_hash;
}

}  // namespace caponier::json
