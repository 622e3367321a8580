#include "json/read_tree.h"

#include <cstddef>
#include <vector>

#include "base/limits.h"
#include "base/recent_texts.h"
#include "json/document.h"

namespace caponier::json {
namespace {

// Load time only: far above any real contract, and a bound on memory all the same.
constexpr JsonLimits kDocumentLimits{
    .bytes_max = kDocumentBytesMax, .depth_max = kDocumentDepthMax, .nodes_max = 4'000'000};

// Positions of offsets that only grow, in one walk over the text.
class Positions {
 public:
  explicit Positions(std::string_view text) : text_(text), newline_(text.find('\n')) {}

  SourcePosition at(std::size_t offset) {
    while (newline_ < offset) {
      line_start_ = newline_ + 1;
      newline_ = text_.find('\n', line_start_);
      ++line_;
    }
    return {.line = line_, .column = static_cast<std::uint32_t>(offset - line_start_ + 1)};
  }

 private:
  std::string_view text_;
  std::size_t newline_;  // the next one; looked for once, because a document may be one long line
  std::size_t line_start_ = 0;
  std::uint32_t line_ = 1;
};

std::string to_text(SourcePosition position) {
  return std::to_string(position.line) + ":" + std::to_string(position.column);
}

struct Explanation {
  std::string_view message;
  std::string_view fix;
};

Explanation explain(ReadError error) {
  switch (error) {
    case ReadError::kEmpty:
      return {"the file is empty", "Put one JSON value into it."};
    case ReadError::kSyntax:
      return {"this byte cannot stand here in JSON",
              "Correct the JSON at this place; comments and trailing commas are not JSON."};
    case ReadError::kTruncated:
      return {"the JSON text ends in the middle of a value", "Complete it; the file may be cut off."};
    case ReadError::kDuplicateKey:
      return {"a key is repeated in its object", "Keep one of the two members."};
    case ReadError::kTooDeep:
      return {"values are nested too deeply", "Flatten the document."};
    case ReadError::kTooLarge:
      return {"the file is too large", "Split the document."};
    case ReadError::kTooManyNodes:
      return {"the file holds too many values", "Split the document."};
    case ReadError::kInvalidUtf8:
      return {"this byte is not UTF-8", "Save the file as UTF-8."};
    case ReadError::kLoneSurrogate:
      return {"this \\u escape is half of a surrogate pair", "Write both halves, or the character itself."};
    case ReadError::kControlCharacter:
      return {"a control character stands in a string", "Write it as an escape, such as \\n or \\t."};
    case ReadError::kByteOrderMark:
      return {"the file begins with a byte order mark", "Save it as UTF-8 without one."};
    case ReadError::kTrailingBytes:
      return {"something follows the end of the JSON value", "Remove it."};
    case ReadError::kNumberRange:
      return {"this number is beyond what can be compared exactly",
              "Write a number within the range of a double, in at most 400 digits."};
  }
  return {};
}

Diagnostic diagnose(const ReadFailure& failure, std::string_view text, std::string file) {
  const Explanation explanation = explain(failure.error);
  const bool too_large = failure.error == ReadError::kTooDeep || failure.error == ReadError::kTooLarge ||
                         failure.error == ReadError::kTooManyNodes;
  Diagnostic diagnostic{.code = too_large ? "document-too-large" : "invalid-json",
                        .file = std::move(file),
                        .message = std::string(explanation.message),
                        .fix = std::string(explanation.fix)};
  if (failure.error == ReadError::kDuplicateKey) {
    // Keys are noticed at their text; people look for the quote.
    diagnostic.code = "duplicate-key";
    const SourcePosition first = Positions(text).at(failure.first_offset - 1);
    diagnostic.position = Positions(text).at(failure.offset - 1);
    diagnostic.message = "this key is repeated in its object; it stood first at " + to_text(first);
  } else {
    diagnostic.position = Positions(text).at(failure.offset);
  }
  return diagnostic;
}

// Hangs the nodes of a tape into a Tree, in one pass: the tape is in source order.
class TreeBuilder {
 public:
  TreeBuilder(Tree& tree, const Document& document)
      : tree_(tree), document_(document), positions_(document.source()), texts_(tree) {}

  void build() {
    const std::uint32_t count = document_.tape()[0].end;
    for (std::uint32_t index = 0; index < count; ++index) {
      while (!open_.empty() && index == open_.back().end) open_.pop_back();
      const Value value(&document_, index);
      if (!open_.empty() && open_.back().node->is_object() && !open_.back().has_key) {
        open_.back().has_key = true;
        key_position_ = positions_.at(value.offset() - 1);
        key_ = texts_.keep(value.string());
        continue;
      }
      add(value);
    }
  }

 private:
  struct Open {
    Node* node;
    Node* last = nullptr;
    std::uint32_t end;
    bool has_key = false;
  };

  void add(Value value) {
    Node* const node = tree_.make_node();
    node->kind = kind_of(value.kind());
    const std::uint32_t quote = value.is(Kind::kString) ? 1 : 0;
    node->position = positions_.at(value.offset() - quote);
    if (value.is(Kind::kBoolean)) node->boolean = value.boolean();
    if (value.is(Kind::kString)) node->text = texts_.keep(value.string());
    if (value.is(Kind::kNumber)) node->text = texts_.keep(value.number_text());
    if (open_.empty()) {
      tree_.set_root(node);
    } else {
      attach(*node);
    }
    if (value.is(Kind::kObject) || value.is(Kind::kArray))
      open_.push_back({.node = node, .end = value.node().end});
  }

  void attach(Node& node) {
    Open& parent = open_.back();
    if (parent.node->is_object()) {
      node.key = key_;
      node.key_position = key_position_;
      parent.has_key = false;
    }
    node.parent = parent.node;
    (parent.last == nullptr ? parent.node->first_child : parent.last->next) = &node;
    parent.last = &node;
    ++parent.node->child_count;
  }

  static NodeKind kind_of(Kind kind) {
    switch (kind) {
      case Kind::kNull:
        return NodeKind::kNull;
      case Kind::kBoolean:
        return NodeKind::kBoolean;
      case Kind::kNumber:
        return NodeKind::kNumber;
      case Kind::kString:
        return NodeKind::kString;
      case Kind::kArray:
        return NodeKind::kArray;
      case Kind::kObject:
        return NodeKind::kObject;
    }
    return NodeKind::kNull;
  }

  Tree& tree_;
  const Document& document_;
  Positions positions_;
  RecentTexts texts_;
  std::vector<Open> open_;
  std::string_view key_;
  SourcePosition key_position_;
};

}  // namespace

Result<std::unique_ptr<Tree>, Diagnostic> read_tree(std::string_view text, std::string file,
                                                    std::uint32_t document_number) {
  auto tree = std::make_unique<Tree>(std::move(file), document_number);
  Document document;
  if (text.size() > kDocumentBytesMax) {
    return Err(diagnose({.error = ReadError::kTooLarge, .offset = 0}, {}, tree->file()));
  }
  const auto root = document.read(text, kDocumentLimits);
  if (!root) return Err(diagnose(root.error(), text, tree->file()));
  TreeBuilder(*tree, document).build();
  return tree;
}

}  // namespace caponier::json
