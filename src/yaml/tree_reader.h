// libyaml's events turned into a Tree. Internal to this room.
#pragma once

#include <yaml.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/recent_texts.h"
#include "base/result.h"
#include "base/tree.h"
#include "yaml/position.h"

namespace caponier::yaml {

class TreeReader {
 public:
  TreeReader(std::string_view text, std::string file, std::uint32_t document);
  TreeReader(const TreeReader&) = delete;
  TreeReader& operator=(const TreeReader&) = delete;
  ~TreeReader();

  Result<std::unique_ptr<Tree>, Diagnostic> run();

 private:
  struct Open {
    Node* node;
    Node* last = nullptr;
    bool has_key = false;
    std::string_view key;
    SourcePosition key_position;
  };

  // These return false after fail().
  bool on_event(const yaml_event_t& event);
  bool on_scalar(const yaml_event_t& event);
  bool on_key(const yaml_event_t& event);
  bool on_alias(const yaml_event_t& event);
  bool on_begin(const yaml_event_t& event);
  bool on_end();
  bool add(Node& node, const yaml_char_t* anchor);
  bool resolve(const yaml_event_t& event, Node& node);
  bool copy_children(const Node& from, Node& to, std::size_t depth, SourcePosition alias);
  bool has_distinct_keys(const Node& object);
  bool check_depth(std::size_t depth, SourcePosition position);
  bool count_node(SourcePosition position);

  [[nodiscard]] bool expects_key() const;
  void attach(Node& node);
  SourcePosition start_of(const yaml_event_t& event);
  bool fail(std::string_view code, SourcePosition position, std::string message, std::string fix);
  void fail_parser();

  std::string_view text_;
  std::unique_ptr<Tree> tree_;
  RecentTexts texts_;
  LineIndex lines_;
  yaml_parser_t parser_{};
  bool initialized_ = false;
  bool has_document_ = false;
  std::uint32_t nodes_ = 0;
  std::uint32_t alias_nodes_ = 0;
  std::vector<Open> open_;
  std::map<std::string, Node*, std::less<>> anchors_;
  std::optional<Diagnostic> failure_;
};

}  // namespace caponier::yaml
