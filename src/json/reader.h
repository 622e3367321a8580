// The one pass over JSON text that fills a Document's tape. Internal to this room.
#pragma once

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
  // Members up to which keys are compared as they come; the keys of larger objects are sorted at their end.
  static constexpr std::uint32_t kSmallObjectMembers = 16;

  // Each reads from `at` and returns where it stopped, or null after fail().
  const char* read_tree(const char* at);
  const char* read_scalar(const char* at);
  const char* read_after_value(const char* at);
  const char* read_key(const char* at);
  const char* open_container(const char* at);
  const char* close_container(const char* at);
  const char* read_string(const char* at, TapeNode& node);
  const char* read_rich_string(const char* from, const char* at, TapeNode& node);
  const char* read_escaped_string(const char* from, const char* at, std::uint32_t continuations,
                                  TapeNode& node);
  const char* read_escape(const char* at, char*& out, std::uint32_t& continuations);
  const char* read_unicode_escape(const char* at, char*& out, std::uint32_t& continuations);
  const char* read_code_unit(const char* at, std::uint32_t& unit);
  const char* read_literal(const char* at);

  bool is_new_key(const TapeNode& key);
  bool has_distinct_keys(const TapeNode& object);
  const char* fail(ReadError error, const char* at);
  const char* fail_duplicate(const TapeNode& first, const TapeNode& second);

  TapeNode* add_node();  // null after fail() or when there are too many
  bool grow_tape();
  void grow_text();
  [[nodiscard]] std::uint32_t offset(const char* at) const { return static_cast<std::uint32_t>(at - begin_); }

  Document& document_;
  const char* const begin_;
  const char* const end_;
  const JsonLimits limits_;
  TapeNode* tape_;
  Document::OpenContainer* top_;  // one past the innermost open container
  std::uint32_t nodes_ = 0;
  std::uint32_t room_;
  std::uint32_t depth_ = 0;
  std::size_t text_in_use_ = 0;
  ReadFailure failure_{};
};

}  // namespace caponier::json
