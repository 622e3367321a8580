// The one pass over JSON text that fills a Document's tape. Internal to this room.
#pragma once

#include <optional>
#include <string_view>

#include "json/document.h"

namespace caponier::json {

class Reader {
 public:
  // `text` is at most limits.bytes_max bytes.
  Reader(Document& document, std::string_view text, const JsonLimits& limits);

  bool run();
  [[nodiscard]] ReadFailure failure() const { return failure_; }

 private:
  // What changes with every byte. It lives in registers: only functions that are inlined see it.
  struct Cursor {
    const char* at;
    TapeNode* next;                // the tape slot to be filled next
    std::uint32_t nodes;           // in use
    std::uint32_t room;            // nodes that the tape has room for
    Document::OpenContainer* top;  // the innermost open container
  };
  // Up to here a filter tells most keys from those before; the keys of larger objects are sorted at their
  // end.
  static constexpr std::uint32_t kSmallObjectMembers = 32;

  // What fail() answers: false, or the null pointer.
  struct Failed {
    operator bool() const { return false; }           // NOLINT(google-explicit-constructor)
    operator const char*() const { return nullptr; }  // NOLINT(google-explicit-constructor)
  };

  // These move the cursor and return true, or return false after fail().
  bool read_scalar(Cursor& cursor);
  bool read_key(Cursor& cursor);
  bool open_container(Cursor& cursor);
  bool close_container(Cursor& cursor);
  bool read_after_value(Cursor& cursor);
  TapeNode* add_node(Cursor& cursor);

  // These return where they stopped, or null after fail().
  const char* read_root(const char* at);
  const char* read_single(const char* at);
  const char* read_container(const char* at);
  const char* read_rich_string(const char* from, const char* at, TapeNode& node);
  const char* read_escaped_string(const char* from, const char* at, std::uint32_t continuations,
                                  TapeNode& node);
  const char* read_escape(const char* at, char*& out, std::uint32_t& continuations);
  const char* read_unicode_escape(const char* at, char*& out, std::uint32_t& continuations);
  const char* read_code_unit(const char* at, std::uint32_t& unit);
  const char* refuse_literal(const char* at);

  bool is_new_key(Document::OpenContainer& object, const TapeNode& key, std::uint32_t hash);
  bool differs_from_members(const Document::OpenContainer& object, const TapeNode& key);
  std::optional<bool> has_distinct_hashes(std::uint32_t object);
  bool has_distinct_keys(std::uint32_t object);
  [[nodiscard]] Cursor first_cursor(const char* at) const;
  bool grow_tape(std::uint32_t nodes);
  void grow_text();
  Failed fail(ReadError error, const char* at);
  [[nodiscard]] std::uint32_t offset(const char* at) const { return static_cast<std::uint32_t>(at - begin_); }

  Document& document_;
  const char* const begin_;
  const char* end_;  // whitespace at the end is left out
  const JsonLimits& limits_;
  Document::OpenContainer* bottom_;  // one below the outermost container
  Document::OpenContainer* highest_;
  std::size_t text_in_use_ = 0;
  ReadFailure failure_{};
};

}  // namespace caponier::json
