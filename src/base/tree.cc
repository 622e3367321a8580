#include "base/tree.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/bytes.h"

namespace caponier {
namespace {

constexpr std::size_t kNodesOfBlockMax = 1024;
constexpr std::size_t kBytesOfBlockMax = std::size_t{64} * 1024;

// Small trees stay small: each block is twice the one before it.
std::size_t block_size(std::size_t blocks_before, std::size_t most) {
  return most >> (8 - std::min<std::size_t>(blocks_before, 8));
}

std::string_view digits_at(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

// digits * 10^exponent as a magnitude, if it is an integer of at most 19 digits.
std::optional<std::uint64_t> magnitude_of(std::string digits, std::int64_t exponent) {
  digits.erase(0, digits.find_first_not_of('0'));
  if (digits.empty()) return 0;
  while (exponent < 0 && digits.ends_with('0')) {
    digits.pop_back();
    ++exponent;
  }
  constexpr std::size_t kInt64Digits = 19;
  if (exponent < 0 || exponent > static_cast<std::int64_t>(kInt64Digits)) return std::nullopt;
  digits.append(static_cast<std::size_t>(exponent), '0');
  if (digits.size() > kInt64Digits) return std::nullopt;
  return parse_decimal(digits);
}

// "0x1f" and "0o17" of the YAML 1.2 core schema.
std::optional<std::uint64_t> radix_magnitude(std::string_view text) {
  const int radix = text.starts_with("0x") ? 16 : text.starts_with("0o") ? 8 : 0;
  if (radix == 0) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), value, radix);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> decimal_magnitude(std::string_view text) {
  std::string digits(digits_at(text));
  std::int64_t exponent = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const std::string_view fraction = digits_at(text);
    digits += fraction;
    exponent = -static_cast<std::int64_t>(fraction.size());
  }
  if (digits.empty()) return std::nullopt;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    const auto power = parse_decimal(digits_at(text));
    if (!power || *power > 1'000'000) return std::nullopt;
    exponent += negative ? -static_cast<std::int64_t>(*power) : static_cast<std::int64_t>(*power);
  }
  if (!text.empty()) return std::nullopt;
  return magnitude_of(std::move(digits), exponent);
}

void append_escaped(std::string& out, std::string_view key) {
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
}

}  // namespace

std::string_view kind_name(NodeKind kind) {
  switch (kind) {
    case NodeKind::kNull:
      return "null";
    case NodeKind::kBoolean:
      return "a boolean";
    case NodeKind::kNumber:
      return "a number";
    case NodeKind::kString:
      return "a string";
    case NodeKind::kArray:
      return "an array";
    case NodeKind::kObject:
      return "an object";
  }
  return "null";
}

const Node* Node::find(std::string_view name) const {
  if (!is_object()) return nullptr;
  for (const Node& child : *this) {
    if (child.key == name) return &child;
  }
  return nullptr;
}

std::optional<std::int64_t> Node::integer() const {
  if (!is_number()) return std::nullopt;
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  const bool radix = rest.starts_with("0x") || rest.starts_with("0o");
  const auto magnitude = radix ? radix_magnitude(rest) : decimal_magnitude(rest);
  constexpr auto kMost = static_cast<std::uint64_t>(INT64_MAX);
  if (!magnitude || *magnitude > kMost + (negative ? 1 : 0)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? 0 - *magnitude : *magnitude);
}

std::optional<double> Node::real() const {
  if (!is_number()) return std::nullopt;
  if (const auto exact = integer()) return static_cast<double>(*exact);
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  // from_chars would also read "inf" and "nan", which are no numbers of JSON.
  if (rest.empty() || !(is_digit(rest[0]) || rest[0] == '.')) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (error != std::errc() || end != rest.data() + rest.size()) return std::nullopt;
  return negative ? -value : value;
}

std::string Node::pointer() const {
  std::vector<const Node*> path;
  for (const Node* node = this; node->parent != nullptr; node = node->parent) path.push_back(node);
  std::string out;
  for (auto it = path.rbegin(); it != path.rend(); ++it) {
    const Node& node = **it;
    out += '/';
    if (node.parent->is_object()) {
      append_escaped(out, node.key);
      continue;
    }
    std::size_t index = 0;
    for (const Node* sibling = node.parent->first_child; sibling != nullptr && sibling != &node;
         sibling = sibling->next)
      ++index;
    out += std::to_string(index);
  }
  return out;
}

Node* Tree::make_node() {
  if (nodes_.empty() || nodes_.back().size() == nodes_.back().capacity()) {
    nodes_.emplace_back().reserve(block_size(nodes_.size(), kNodesOfBlockMax));
  }
  Node& node = nodes_.back().emplace_back();
  node.document = document_;
  return &node;
}

std::string_view Tree::keep(std::string_view text) {
  if (text.empty()) return {};
  if (texts_.empty() || texts_.back().capacity() - texts_.back().size() < text.size()) {
    texts_.emplace_back().reserve(std::max(text.size(), block_size(texts_.size(), kBytesOfBlockMax)));
  }
  std::vector<char>& block = texts_.back();
  const std::size_t begin = block.size();
  block.insert(block.end(), text.begin(), text.end());
  return {block.data() + begin, text.size()};
}

Diagnostic at_node(const Tree& tree, const Node& node, std::string code, std::string message, std::string fix,
                   Severity severity) {
  Diagnostic diagnostic;
  diagnostic.severity = severity;
  diagnostic.code = std::move(code);
  diagnostic.file = tree.file();
  diagnostic.position = node.position;
  diagnostic.pointer = node.pointer();
  diagnostic.message = std::move(message);
  diagnostic.fix = std::move(fix);
  return diagnostic;
}

}  // namespace caponier
