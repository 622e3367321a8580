// The tree a JSON or YAML text is read into at load time, with the position of every key and value, so that
// whatever is said about a document can be said with file, line and column. Never used on the request path.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"

namespace caponier {

enum class NodeKind : std::uint8_t { kNull, kBoolean, kNumber, kString, kArray, kObject };

// "a string", "an object"...: for messages.
std::string_view kind_name(NodeKind kind);

struct Node {
  NodeKind kind = NodeKind::kNull;
  bool boolean = false;
  std::uint16_t document = 0;  // which document of a multi-file contract; see openapi
  std::uint32_t child_count = 0;
  SourcePosition position;      // of the value
  SourcePosition key_position;  // of the key, where the parent is an object
  std::string_view key;         // decoded key, where the parent is an object
  std::string_view text;        // decoded string, or the number exactly as written
  const Node* parent = nullptr;
  const Node* first_child = nullptr;
  const Node* next = nullptr;  // next sibling

  [[nodiscard]] bool is_object() const { return kind == NodeKind::kObject; }
  [[nodiscard]] bool is_array() const { return kind == NodeKind::kArray; }
  [[nodiscard]] bool is_string() const { return kind == NodeKind::kString; }
  [[nodiscard]] bool is_number() const { return kind == NodeKind::kNumber; }
  [[nodiscard]] bool is_boolean() const { return kind == NodeKind::kBoolean; }

  // Member `name` of an object, or null. Linear.
  [[nodiscard]] const Node* find(std::string_view name) const;
  // The number as an integer, if it is one and fits ("1.0" and "1e2" are integers).
  [[nodiscard]] std::optional<std::int64_t> integer() const;
  [[nodiscard]] std::optional<double> real() const;
  // RFC 6901 pointer from the root of its document: "" for the root, "/paths/~1orders/get".
  [[nodiscard]] std::string pointer() const;

  class Iterator {
   public:
    explicit Iterator(const Node* node) : node_(node) {}
    const Node& operator*() const { return *node_; }
    const Node* operator->() const { return node_; }
    Iterator& operator++() {
      node_ = node_->next;
      return *this;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const Node* node_;
  };
  // Range over the children: `for (const Node& child : node)`.
  [[nodiscard]] Iterator begin() const { return Iterator(first_child); }
  [[nodiscard]] Iterator end() const { return Iterator(nullptr); }
};

// Owns the nodes and the decoded text they view. Does not move under its nodes: hold it by unique_ptr.
class Tree {
 public:
  // Every node is stamped with `document`, its place among the documents of a contract.
  explicit Tree(std::string file, std::uint32_t document = 0)
      : file_(std::move(file)), document_(static_cast<std::uint16_t>(document)) {}
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] const Node* root() const { return root_; }

  // For readers: a fresh node, owned by the tree; a copy of a decoded text that lives as long as the tree.
  Node* make_node();
  std::string_view keep(std::string_view text);
  void set_root(const Node* root) { root_ = root; }
  // For overlays: a node of this tree, to be changed before anybody else has looked at it.
  static Node* to_change(const Node& node) { return const_cast<Node*>(&node); }

 private:
  std::string file_;
  std::uint16_t document_;
  const Node* root_ = nullptr;
  // Both in blocks that are filled and never grow.
  std::vector<std::vector<Node>> nodes_;
  std::vector<std::vector<char>> texts_;
};

// A Diagnostic located at `node` of `tree`.
Diagnostic at_node(const Tree& tree, const Node& node, std::string code, std::string message,
                   std::string fix = {}, Severity severity = Severity::kError);

}  // namespace caponier
