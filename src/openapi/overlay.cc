#include "openapi/overlay.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/canary.h"
#include "base/limits.h"
#include "openapi/json_path.h"
#include "openapi/object_rules.h"
#include "openapi/read_document.h"
#include "openapi/reader.h"

namespace caponier::openapi {
namespace {

std::size_t depth_of(const Node& node) {
  std::size_t depth = 1;
  for (const Node* at = node.parent; at != nullptr; at = at->parent) ++depth;
  return depth;
}

// Changes the children of nodes. Remembers the last ones, so that long lists grow in one walk.
class Children {
 public:
  void append(Node& parent, Node& child) {
    auto [last, is_new] = last_.try_emplace(&parent, parent.first_child);
    while (last->second != nullptr && last->second->next != nullptr) last->second = last->second->next;
    (last->second == nullptr ? parent.first_child : Tree::to_change(*last->second)->next) = &child;
    last->second = &child;
    child.parent = &parent;
    ++parent.child_count;
  }

  // Takes `old` out of its parent; puts `fresh`, unless it is null, into its place.
  void replace(const Node& old, Node* fresh) {
    Node& parent = *Tree::to_change(*old.parent);
    last_.erase(&parent);
    const Node* before = nullptr;
    for (const Node* at = parent.first_child; at != &old; at = at->next) before = at;
    const Node* const follower = fresh == nullptr ? old.next : fresh;
    if (fresh != nullptr) {
      fresh->next = old.next;
      fresh->parent = &parent;
    } else {
      --parent.child_count;
    }
    (before == nullptr ? parent.first_child : Tree::to_change(*before)->next) = follower;
  }

 private:
  std::unordered_map<const Node*, const Node*> last_;
};

class Overlay {
 public:
  Overlay(Reader& reader, Tree& tree, std::size_t& nodes_added)
      : reader_(reader), tree_(tree), nodes_added_(nodes_added) {}

  void apply() {
    const Node& root = *tree_.root();
    if (!check_version(root) || !check_object(reader_, root, rules::kOverlay)) return;
    if (const Node* info = member(root, "info", NodeKind::kObject)) {
      check_object(reader_, *info, rules::kOverlayInformation);
    }
    check_extends(root);
    const Node* actions = member(root, "actions", NodeKind::kArray);
    if (actions == nullptr) return;
    if (actions->child_count == 0 || actions->child_count > kOverlayActionsMax) {
      reader_.error(*actions, "overlay-actions",
                    "an overlay has 1 to " + std::to_string(kOverlayActionsMax) + " actions",
                    "Add what it should change, or split it.");
      return;
    }
    for (const Node& action : *actions) {
      if (check_object(reader_, action, rules::kOverlayAction)) apply(action);
    }
  }

 private:
  bool check_version(const Node& root) {
    const Node* version = root.find("overlay");
    if (version == nullptr || !version->is_string()) {
      reader_.error(root, "missing-member",
                    "this is no overlay: it has no text `overlay` that says which version",
                    "Add `overlay: 1.0.0`, or name the file with --contract if it is the document.");
      return false;
    }
    if (version->text.starts_with("1.0.")) return true;
    reader_.error(*version, "unsupported-version",
                  "Overlay " + quote(version->text) + " is not supported; 1.0.x is",
                  "Write an overlay of version 1.0.0.");
    return false;
  }

  // It may be a URL under which the document is published; a file name can be held against the document's.
  void check_extends(const Node& root) {
    const std::string_view extends = text_member(root, "extends");
    if (extends.empty() || extends.find(':') != std::string_view::npos) return;
    const auto last = [](std::string_view path) { return path.substr(path.rfind('/') + 1); };
    const std::string_view file = reader_.contract.main_tree().file();
    if (last(extends) == last(file)) return;
    reader_.finding(*root.find("extends"), "overlay-extends",
                    "the overlay says that it extends " + quote(extends) + ", and is put over " + quote(file),
                    "Put it over the document that it was written for, or correct `extends`.");
  }

  void apply(const Node& action) {
    const Node* target = member(action, "target", NodeKind::kString);
    if (target == nullptr) return;
    const auto path = JsonPath::parse(target->text);
    if (!path) {
      reader_.error(*target, "overlay-target",
                    "the target is not a JSONPath that can be followed: " + path.error().message +
                        " (at character " + std::to_string(path.error().at + 1) + ')',
                    "Write it as RFC 9535 has it, such as $.paths['/orders'].get");
      return;
    }
    const auto nodes = path->select(*reader_.contract.main_tree().root());
    if (!nodes) {
      reader_.error(*target, "overlay-target", "the target takes too long to look for",
                    "Name the members on the way instead of \"..\" and filters.");
      return;
    }
    const bool removes = boolean_member(action, "remove");
    const Node* update = action.find("update");
    if (!removes && update == nullptr) {
      reader_.error(action, "overlay-action", "the action neither updates nor removes anything",
                    "Add `update`, or `remove: true`.");
      return;
    }
    if (nodes->empty()) return report_no_match(*target, path->is_singular());
    if (removes) {
      remove(*target, *nodes);
    } else {
      for (const Node* node : *nodes) update_node(*target, *node, *update);
    }
  }

  // A query for one place is a name, and a name that leads nowhere is a mistake: what it should change stays
  // as it is. Other queries may find nothing to do.
  void report_no_match(const Node& target, bool is_singular) {
    const std::string message = "nothing in the document is selected by " + quote(target.text);
    const std::string fix = "Correct the target, or remove the action.";
    if (is_singular) {
      reader_.error(target, "overlay-no-match", message, fix);
    } else {
      reader_.finding(target, "overlay-no-match", message, fix);
    }
  }

  void remove(const Node& target, const std::vector<const Node*>& nodes) {
    for (const Node* node : std::set<const Node*>(nodes.begin(), nodes.end())) {
      if (node->parent == nullptr) {
        reader_.error(target, "overlay-target", "the document as a whole cannot be removed",
                      "Select what should go.");
        return;
      }
      children_.replace(*node, nullptr);
    }
  }

  void update_node(const Node& target, const Node& node, const Node& update) {
    if (node.is_array()) {
      if (Node* fresh = copy(update, depth_of(node) + 1)) children_.append(*Tree::to_change(node), *fresh);
    } else if (!node.is_object()) {
      reader_.error(target, "overlay-target",
                    "the target selects " + std::string(kind_name(node.kind)) + " at " + node.pointer() +
                        ", and only objects and arrays are updated",
                    "Select the object that holds it, and name the member in `update`.");
    } else if (!update.is_object()) {
      reader_.error(update, "wrong-type",
                    "the target selects an object, so `update` must be one, not " +
                        std::string(kind_name(update.kind)));
    } else {
      merge(*Tree::to_change(node), update, depth_of(node));
    }
  }

  // Objects merge member by member, arrays are appended to, everything else is replaced.
  void merge(Node& into, const Node& update, std::size_t depth) {
    for (const Node& change : update) {
      const Node* present = into.find(change.key);
      if (present != nullptr && present->is_object() && change.is_object()) {
        merge(*Tree::to_change(*present), change, depth + 1);
        continue;
      }
      if (present != nullptr && present->is_array() && change.is_array()) {
        for (const Node& element : change) {
          if (Node* fresh = copy(element, depth + 2)) children_.append(*Tree::to_change(*present), *fresh);
        }
        continue;
      }
      Node* fresh = copy(change, depth + 1);
      if (fresh == nullptr) return;
      if (present != nullptr) {
        children_.replace(*present, fresh);
      } else {
        children_.append(into, *fresh);
      }
    }
  }

  // Null after a report if the document would become too deep or too large.
  Node* copy(const Node& from, std::size_t depth) {
    if (depth > kDocumentDepthMax || ++nodes_added_ > kOverlayNodesMax) {
      const bool deep = depth > kDocumentDepthMax;
      if (!std::exchange(too_large_, true)) {
        reader_.error(from, "document-too-large",
                      deep ? "with this update the document is nested more than " +
                                 std::to_string(kDocumentDepthMax) + " deep"
                           : "the overlays add more than " + std::to_string(kOverlayNodesMax) + " values",
                      "Select fewer places, or change the document itself.");
      }
      return nullptr;
    }
    Node* const out = tree_.make_node();
    *out = from;
    out->parent = out->first_child = out->next = nullptr;
    out->child_count = 0;
    const Node* last = nullptr;
    for (const Node& child : from) {
      Node* const fresh = copy(child, depth + 1);
      if (fresh == nullptr) return nullptr;
      (last == nullptr ? out->first_child : Tree::to_change(*last)->next) = fresh;
      if (!canary("overlay-loose-end")) fresh->parent = out;
      ++out->child_count;
      last = fresh;
    }
    return out;
  }

  Reader& reader_;
  Tree& tree_;
  std::size_t& nodes_added_;
  Children children_;
  bool too_large_ = false;
};

}  // namespace

void apply_overlays(Contract& contract, const std::vector<OverlayText>& overlays, Diagnostics& diagnostics) {
  std::size_t nodes_added = 0;
  Reader reader(contract, diagnostics);
  for (const OverlayText& overlay : overlays) {
    const auto number = static_cast<std::uint32_t>(contract.trees().size());
    std::unique_ptr<Tree> tree = read_document(overlay.text, overlay.file, number, diagnostics);
    if (tree == nullptr) continue;
    Tree& added = *tree;
    contract.add(std::move(tree));
    Overlay(reader, added, nodes_added).apply();
  }
}

}  // namespace caponier::openapi
