#include "yaml/tree_reader.h"

#include <algorithm>

#include "base/canary.h"
#include "base/limits.h"
#include "yaml/scalar.h"

namespace caponier::yaml {
namespace {

// Load time only: far above any real contract, and a bound on memory all the same.
constexpr std::uint32_t kDocumentNodesMax = 4'000'000;

constexpr std::string_view kInvalid = "invalid-yaml";
constexpr std::string_view kUnsupported = "unsupported-yaml";
constexpr std::string_view kTooLarge = "document-too-large";
constexpr std::string_view kDuplicateKey = "duplicate-key";

constexpr std::string_view kCorePrefix = "tag:yaml.org,2002:";

std::string_view view(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

std::string to_text(SourcePosition position) {
  return std::to_string(position.line) + ":" + std::to_string(position.column);
}

// An event that frees what libyaml put into it.
struct Event {
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&raw); }
  yaml_event_t raw{};
};

}  // namespace

TreeReader::TreeReader(std::string_view text, std::string file, std::uint32_t document)
    : text_(text.substr(0, kDocumentBytesMax)),
      tree_(std::make_unique<Tree>(std::move(file), document)),
      texts_(*tree_),
      lines_(text_) {
  if (text.size() > kDocumentBytesMax) {
    fail(kTooLarge, {}, "the file is larger than " + std::to_string(kDocumentBytesMax) + " bytes",
         "Split it.");
    return;
  }
  initialized_ = yaml_parser_initialize(&parser_) != 0;
  if (!initialized_) {
    fail(kInvalid, {}, "there is no memory left to read the file", {});
    return;
  }
  yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text_.data()), text_.size());
}

TreeReader::~TreeReader() {
  if (initialized_) yaml_parser_delete(&parser_);
}

Result<std::unique_ptr<Tree>, Diagnostic> TreeReader::run() {
  while (!failure_) {
    Event event;
    if (yaml_parser_parse(&parser_, &event.raw) == 0) {
      fail_parser();
    } else if (event.raw.type == YAML_STREAM_END_EVENT) {
      if (!has_document_)
        fail(kInvalid, {.line = 1, .column = 1}, "the file is empty", "Put one document into it.");
      break;
    } else if (!on_event(event.raw)) {
      break;
    }
  }
  if (failure_) return Err(*std::move(failure_));
  return std::move(tree_);
}

bool TreeReader::on_event(const yaml_event_t& event) {
  switch (event.type) {
    case YAML_DOCUMENT_START_EVENT:
      if (has_document_) {
        return fail(kUnsupported, start_of(event), "a second document begins here",
                    "Keep one document per file: remove the \"---\" and what follows it.");
      }
      has_document_ = true;
      return true;
    case YAML_SCALAR_EVENT:
      return expects_key() ? on_key(event) : on_scalar(event);
    case YAML_ALIAS_EVENT:
      return on_alias(event);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
      return on_begin(event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
      return on_end();
    default:
      return true;
  }
}

bool TreeReader::expects_key() const {
  return !open_.empty() && open_.back().node->is_object() && !open_.back().has_key;
}

bool TreeReader::on_key(const yaml_event_t& event) {
  const auto& scalar = event.data.scalar;
  const SourcePosition position = start_of(event);
  const std::string_view text(reinterpret_cast<const char*>(scalar.value), scalar.length);
  if (scalar.style == YAML_PLAIN_SCALAR_STYLE && text == "<<") {
    return fail(kUnsupported, position, "merge keys (\"<<\") are not part of YAML 1.2",
                "Write the merged members out, or use $ref where the document allows it.");
  }
  const std::string_view tag = view(scalar.tag);
  if (!tag.empty() && tag != "!" && !tag.starts_with(kCorePrefix)) {
    return fail(kUnsupported, position, "this tag is not one of the YAML 1.2 core schema", "Remove the tag.");
  }
  if (scalar.anchor != nullptr) {
    // The key can be meant by an alias further down, as a value.
    Node* const value = tree_->make_node();
    value->position = position;
    if (!count_node(position) || !resolve(event, *value)) return false;
    anchors_.insert_or_assign(std::string(view(scalar.anchor)), value);
  }
  Open& object = open_.back();
  object.has_key = true;
  object.key = texts_.keep(text);
  object.key_position = position;
  return true;
}

bool TreeReader::on_scalar(const yaml_event_t& event) {
  const SourcePosition position = start_of(event);
  if (!count_node(position)) return false;
  Node* const node = tree_->make_node();
  node->position = position;
  if (!resolve(event, *node)) return false;
  return add(*node, event.data.scalar.anchor);
}

// Kind and text of a scalar, from its tag, its quotes or its text.
bool TreeReader::resolve(const yaml_event_t& event, Node& node) {
  const auto& scalar = event.data.scalar;
  const std::string_view text(reinterpret_cast<const char*>(scalar.value), scalar.length);
  std::string_view tag = view(scalar.tag);
  const bool tagged = tag.starts_with(kCorePrefix);
  if (tagged) tag.remove_prefix(kCorePrefix.size());
  if (!tagged && !tag.empty() && tag != "!") tag = "unknown";

  const bool plain = scalar.style == YAML_PLAIN_SCALAR_STYLE && tag != "!";
  Scalar resolved;
  if (tagged ? tag != "str" : plain) resolved = resolve_plain(text);
  const bool integral =
      resolved.kind == NodeKind::kNumber && resolved.text.find_first_of(".eE") == std::string::npos;
  const bool fits = !tagged || tag == "str" || (tag == "null" && resolved.kind == NodeKind::kNull) ||
                    (tag == "bool" && resolved.kind == NodeKind::kBoolean) || (tag == "int" && integral) ||
                    (tag == "float" && resolved.kind == NodeKind::kNumber);
  if (tag == "unknown" || !fits) {
    return fail(kUnsupported, node.position,
                tag == "unknown"
                    ? "this tag is not one of the YAML 1.2 core schema"
                    : "this value is not what its tag says, or the tag is not of the core schema",
                "Remove the tag.");
  }
  if (resolved.error == ScalarError::kNotANumber) {
    return fail(kUnsupported, node.position, "infinity and \"not a number\" are not JSON values",
                "Write a number, or put the text in quotes.");
  }
  if (resolved.error == ScalarError::kNumberTooLarge) {
    return fail(kTooLarge, node.position, "this number is beyond what can be compared exactly",
                "Write a smaller number, or put the text in quotes.");
  }
  node.kind = resolved.kind;
  node.boolean = resolved.boolean;
  if (node.is_string()) node.text = texts_.keep(text);
  if (node.is_number()) node.text = texts_.keep(resolved.text);
  return true;
}

bool TreeReader::on_begin(const yaml_event_t& event) {
  const SourcePosition position = start_of(event);
  const bool is_object = event.type == YAML_MAPPING_START_EVENT;
  if (expects_key()) {
    return fail(kUnsupported, position, "a key must be a scalar", "Use a plain or quoted text as the key.");
  }
  const std::string_view tag = view(is_object ? event.data.mapping_start.tag : event.data.sequence_start.tag);
  const std::string_view expected = is_object ? "tag:yaml.org,2002:map" : "tag:yaml.org,2002:seq";
  if (!tag.empty() && tag != "!" && tag != expected) {
    return fail(kUnsupported, position, "this tag is not one of the YAML 1.2 core schema", "Remove the tag.");
  }
  if (!check_depth(open_.size() + 1, position) || !count_node(position)) return false;
  Node* const node = tree_->make_node();
  node->kind = is_object ? NodeKind::kObject : NodeKind::kArray;
  node->position = position;
  if (!add(*node, is_object ? event.data.mapping_start.anchor : event.data.sequence_start.anchor))
    return false;
  open_.push_back({.node = node});
  return true;
}

bool TreeReader::on_end() {
  const Node& node = *open_.back().node;
  open_.pop_back();
  return !node.is_object() || has_distinct_keys(node);
}

// An alias becomes a copy of what its anchor names, with the positions of the original.
bool TreeReader::on_alias(const yaml_event_t& event) {
  const SourcePosition position = start_of(event);
  if (expects_key()) {
    return fail(kUnsupported, position, "an alias cannot be a key", "Write the key out.");
  }
  const auto anchor = anchors_.find(view(event.data.alias.anchor));
  if (anchor == anchors_.end()) {
    return fail(kInvalid, position, "this alias names an anchor that does not stand before it",
                "Define the anchor with '&' first.");
  }
  const Node& original = *anchor->second;
  if (std::any_of(open_.begin(), open_.end(), [&](const Open& open) { return open.node == &original; })) {
    return fail(kUnsupported, position, "this alias stands inside of what it names", "Remove the recursion.");
  }
  Node* const copy = tree_->make_node();
  if (++alias_nodes_ > kYamlAliasNodesMax) {
    return fail(kTooLarge, position,
                "aliases expand to more than " + std::to_string(kYamlAliasNodesMax) + " values",
                "Use fewer aliases.");
  }
  copy->kind = original.kind;
  copy->boolean = original.boolean;
  copy->text = original.text;
  copy->position = original.position;
  if (!copy_children(original, *copy, open_.size() + 1, position)) return false;
  return add(*copy, nullptr);
}

bool TreeReader::copy_children(const Node& from, Node& to, std::size_t depth, SourcePosition alias) {
  if ((from.is_object() || from.is_array()) && !check_depth(depth, alias)) return false;
  Node* last = nullptr;
  for (const Node& child : from) {
    if (++alias_nodes_ > kYamlAliasNodesMax) {
      return fail(kTooLarge, alias,
                  "aliases expand to more than " + std::to_string(kYamlAliasNodesMax) + " values",
                  "Use fewer aliases.");
    }
    Node* const copy = tree_->make_node();
    *copy = child;
    if (!canary("alias-parent")) copy->parent = &to;
    copy->first_child = copy->next = nullptr;
    copy->child_count = 0;
    (last == nullptr ? to.first_child : last->next) = copy;
    last = copy;
    ++to.child_count;
    if (!copy_children(child, *copy, depth + 1, alias)) return false;
  }
  return true;
}

bool TreeReader::add(Node& node, const yaml_char_t* anchor) {
  if (anchor != nullptr) anchors_.insert_or_assign(std::string(view(anchor)), &node);
  attach(node);
  return true;
}

void TreeReader::attach(Node& node) {
  if (open_.empty()) {
    tree_->set_root(&node);
    return;
  }
  Open& parent = open_.back();
  if (parent.node->is_object()) {
    node.key = parent.key;
    node.key_position = parent.key_position;
    parent.has_key = false;
  }
  node.parent = parent.node;
  (parent.last == nullptr ? parent.node->first_child : parent.last->next) = &node;
  parent.last = &node;
  ++parent.node->child_count;
}

// Of all keys that repeat an earlier one, the first is named.
bool TreeReader::has_distinct_keys(const Node& object) {
  std::vector<const Node*> members;
  members.reserve(object.child_count);
  for (const Node& member : object) members.push_back(&member);
  std::stable_sort(members.begin(), members.end(),
                   [](const Node* a, const Node* b) { return a->key < b->key; });
  const Node* first = nullptr;
  const Node* second = nullptr;
  const auto place = [](const Node* node) {
    return std::pair(node->key_position.line, node->key_position.column);
  };
  for (std::size_t i = 1; i < members.size(); ++i) {
    if (members[i]->key != members[i - 1]->key) continue;
    if (second != nullptr && place(second) < place(members[i])) continue;
    first = members[i - 1];
    second = members[i];
  }
  if (second == nullptr) return true;
  return fail(kDuplicateKey, second->key_position,
              "this key is repeated in its object; it stood first at " + to_text(first->key_position),
              "Keep one of the two members.");
}

bool TreeReader::check_depth(std::size_t depth, SourcePosition position) {
  if (depth <= kDocumentDepthMax) return true;
  return fail(kTooLarge, position,
              "values are nested more than " + std::to_string(kDocumentDepthMax) + " deep",
              "Flatten the document.");
}

bool TreeReader::count_node(SourcePosition position) {
  if (++nodes_ <= kDocumentNodesMax) return true;
  return fail(kTooLarge, position,
              "the file holds more than " + std::to_string(kDocumentNodesMax) + " values", "Split it.");
}

SourcePosition TreeReader::start_of(const yaml_event_t& event) {
  return lines_.at(event.start_mark.line, event.start_mark.column);
}

bool TreeReader::fail(std::string_view code, SourcePosition position, std::string message, std::string fix) {
  failure_ = Diagnostic{.code = std::string(code),
                        .file = tree_->file(),
                        .position = position,
                        .message = std::move(message),
                        .fix = std::move(fix)};
  return false;
}

// libyaml's own words: fixed sentences, never text of the document.
void TreeReader::fail_parser() {
  const SourcePosition position = parser_.error == YAML_READER_ERROR
                                      ? lines_.at_offset(std::min(parser_.problem_offset, text_.size()))
                                      : lines_.at(parser_.problem_mark.line, parser_.problem_mark.column);
  std::string message = "this is not YAML: ";
  message += parser_.problem == nullptr ? "there is no memory left to read it" : parser_.problem;
  if (parser_.context != nullptr) message.append(" (").append(parser_.context).append(")");
  fail(kInvalid, position, std::move(message), {});
}

}  // namespace caponier::yaml
