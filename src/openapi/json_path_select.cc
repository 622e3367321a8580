#include <algorithm>
#include <utility>

#include "openapi/json_path.h"

namespace caponier::openapi {
namespace {

using Nodes = std::vector<const Node*>;

// What a term stands for: nothing, a node, or a value of its own.
struct Value {
  bool nothing = true;
  NodeKind kind = NodeKind::kNull;
  bool boolean = false;
  std::string_view text;
  std::int64_t count = 0;  // where `text` of a number is empty
  const Node* node = nullptr;
};

Value value_of(const Node& node) {
  return {false, node.kind, node.boolean, node.text, 0, &node};
}
Value value_of(std::int64_t count) {
  return {false, NodeKind::kNumber, false, {}, count, nullptr};
}

// A number as the tree reads it: exact where it is an integer.
Node number_of(const Value& value, std::string& text) {
  Node node;
  node.kind = NodeKind::kNumber;
  if (value.text.empty()) text = std::to_string(value.count);
  node.text = value.text.empty() ? std::string_view(text) : value.text;
  return node;
}

// Negative, 0, positive; nothing if the two cannot be ordered.
std::optional<int> order(const Value& a, const Value& b) {
  if (a.nothing || b.nothing || a.kind != b.kind) return std::nullopt;
  if (a.kind == NodeKind::kString) return a.text.compare(b.text);
  if (a.kind != NodeKind::kNumber) return std::nullopt;
  std::string text_a;
  std::string text_b;
  const Node x = number_of(a, text_a);
  const Node y = number_of(b, text_b);
  const auto exact_x = x.integer();
  const auto exact_y = y.integer();
  if (exact_x && exact_y) return *exact_x < *exact_y ? -1 : *exact_x > *exact_y ? 1 : 0;
  const auto real_x = x.real();
  const auto real_y = y.real();
  if (!real_x || !real_y) return std::nullopt;
  return *real_x < *real_y ? -1 : *real_x > *real_y ? 1 : 0;
}

std::int64_t code_points(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; });
}

}  // namespace

class JsonPathSelection {
 public:
  JsonPathSelection(const Node& root, std::uint64_t steps_max) : root_(root), steps_left_(steps_max) {}

  Nodes select(const JsonPath& path, const Node& current) {
    Nodes nodes = {path.from_root_ ? &root_ : &current};
    for (const Segment& segment : path.segments_) {
      Nodes next;
      for (const Node* node : nodes) apply(segment, *node, next);
      nodes = std::move(next);
    }
    return nodes;
  }
  [[nodiscard]] bool exhausted() const { return steps_left_ == 0; }

 private:
  bool step() {
    if (steps_left_ > 0) --steps_left_;
    return steps_left_ > 0;
  }

  void apply(const Segment& segment, const Node& node, Nodes& out) {
    if (!step()) return;
    for (const Selector& selector : segment.selectors) apply(selector, node, out);
    if (!segment.descendants) return;
    for (const Node& child : node) apply(segment, child, out);
  }

  void apply(const Selector& selector, const Node& node, Nodes& out) {
    switch (selector.kind) {
      case Selector::Kind::kName:
        if (const Node* member = node.find(selector.name)) out.push_back(member);
        return;
      case Selector::Kind::kWildcard:
        for (const Node& child : node) {
          if (step()) out.push_back(&child);
        }
        return;
      case Selector::Kind::kIndex:
      case Selector::Kind::kSlice:
        if (node.is_array()) elements(selector, node, out);
        return;
      case Selector::Kind::kFilter:
        for (const Node& child : node) {
          if (step() && holds(*selector.filter, child)) out.push_back(&child);
        }
        return;
    }
  }

  // RFC 9535 section 2.3.4.2.2.
  void elements(const Selector& selector, const Node& array, Nodes& out) {
    Nodes all;
    for (const Node& element : array) {
      if (!step()) return;
      all.push_back(&element);
    }
    const auto size = static_cast<std::int64_t>(all.size());
    if (selector.kind == Selector::Kind::kIndex) {
      const std::int64_t index = selector.index < 0 ? size + selector.index : selector.index;
      if (index >= 0 && index < size) out.push_back(all[static_cast<std::size_t>(index)]);
      return;
    }
    const std::int64_t by = selector.step;
    const auto normal = [size](std::int64_t index) { return index < 0 ? size + index : index; };
    if (by > 0) {
      const std::int64_t from = std::clamp<std::int64_t>(normal(selector.from.value_or(0)), 0, size);
      const std::int64_t to = std::clamp<std::int64_t>(normal(selector.to.value_or(size)), 0, size);
      for (std::int64_t i = from; i < to; i += by) out.push_back(all[static_cast<std::size_t>(i)]);
    } else if (by < 0) {
      const std::int64_t from =
          std::clamp<std::int64_t>(normal(selector.from.value_or(size - 1)), -1, size - 1);
      const std::int64_t to = selector.to ? std::clamp<std::int64_t>(normal(*selector.to), -1, size - 1) : -1;
      for (std::int64_t i = from; i > to; i += by) out.push_back(all[static_cast<std::size_t>(i)]);
    }
  }

  bool holds(const Condition& condition, const Node& current) {
    if (!step()) return false;
    const auto part_holds = [&](const Condition& part) { return holds(part, current); };
    switch (condition.kind) {
      case Condition::Kind::kAnd:
        return std::all_of(condition.parts.begin(), condition.parts.end(), part_holds);
      case Condition::Kind::kOr:
        return std::any_of(condition.parts.begin(), condition.parts.end(), part_holds);
      case Condition::Kind::kNot:
        return !holds(condition.parts.front(), current);
      case Condition::Kind::kExists:
        return !select(*condition.left.query, current).empty();
      default:
        return compare(condition.kind, value(condition.left, current), value(condition.right, current));
    }
  }

  bool compare(Condition::Kind kind, const Value& left, const Value& right) {
    if (kind == Condition::Kind::kEqual) return equal(left, right);
    if (kind == Condition::Kind::kNotEqual) return !equal(left, right);
    const bool or_equal = kind == Condition::Kind::kLessEqual || kind == Condition::Kind::kGreaterEqual;
    if (or_equal && equal(left, right)) return true;
    const auto ordered = order(left, right);
    if (!ordered) return false;
    const bool less = kind == Condition::Kind::kLess || kind == Condition::Kind::kLessEqual;
    return less ? *ordered < 0 : *ordered > 0;
  }

  bool equal(const Value& a, const Value& b) {
    if (!step()) return false;
    if (a.nothing || b.nothing) return a.nothing && b.nothing;
    if (a.kind != b.kind) return false;
    switch (a.kind) {
      case NodeKind::kNull:
        return true;
      case NodeKind::kBoolean:
        return a.boolean == b.boolean;
      case NodeKind::kNumber:
      case NodeKind::kString:
        return order(a, b) == 0;
      case NodeKind::kArray:
      case NodeKind::kObject:
        return a.node->child_count == b.node->child_count && equal_children(*a.node, *b.node);
    }
    return false;
  }

  bool equal_children(const Node& a, const Node& b) {
    const Node* other = b.first_child;
    for (const Node& child : a) {
      const Node* against = a.is_object() ? b.find(child.key) : other;
      if (against == nullptr || !equal(value_of(child), value_of(*against))) return false;
      if (other != nullptr) other = other->next;
    }
    return true;
  }

  Value value(const Term& term, const Node& current) {
    if (term.kind == Term::Kind::kLiteral) return {false, term.literal, term.boolean, term.text, 0, nullptr};
    const Nodes nodes = select(*term.query, current);
    switch (term.kind) {
      case Term::Kind::kCount:
        return value_of(static_cast<std::int64_t>(nodes.size()));
      case Term::Kind::kLength:
        if (nodes.empty()) return {};
        if (nodes[0]->is_string()) return value_of(code_points(nodes[0]->text));
        if (nodes[0]->is_array() || nodes[0]->is_object())
          return value_of(static_cast<std::int64_t>(nodes[0]->child_count));
        return {};
      default:
        return nodes.size() == 1 ? value_of(*nodes[0]) : Value{};
    }
  }

  const Node& root_;
  std::uint64_t steps_left_;
};

std::optional<std::vector<const Node*>> JsonPath::select(const Node& root) const {
  JsonPathSelection selection(root, steps_max_);
  Nodes out = selection.select(*this, root);
  if (selection.exhausted()) return std::nullopt;
  return out;
}

}  // namespace caponier::openapi
