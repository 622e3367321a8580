// Reading judges every text alike, warm or cold, whatever stands behind it in memory; a tree is accepted
// exactly when a document is, and holds the same.
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/fuzzing.h"
#include "json/document.h"
#include "json/read_tree.h"
#include "json/write.h"

namespace {

using caponier::fuzzing::require;
using caponier::fuzzing::text_of;

using namespace caponier;

constexpr JsonLimits kLimits{.bytes_max = 1 << 20, .depth_max = kDocumentDepthMax, .nodes_max = 1 << 20};

// Writes the value back as JSON, and compares it with its node on the way.
void write(std::string& out, json::Value value, const Node& node) {
  switch (value.kind()) {
    case json::Kind::kNull:
      require(node.kind == NodeKind::kNull);
      out += "null";
      return;
    case json::Kind::kBoolean:
      require(node.is_boolean() && node.boolean == value.boolean());
      out += value.boolean() ? "true" : "false";
      return;
    case json::Kind::kNumber:
      require(node.is_number() && node.text == value.number_text());
      require(node.integer().has_value() == value.is_integer());
      require(!value.is_integer() || *node.integer() == value.integer());
      out += value.number_text();
      return;
    case json::Kind::kString:
      require(node.is_string() && node.text == value.string() && is_utf8(value.string()));
      json::append_string(out, value.string());
      return;
    case json::Kind::kArray:
    case json::Kind::kObject:
      break;
  }
  const bool is_object = value.is(json::Kind::kObject);
  require(is_object ? node.is_object() : node.is_array());
  require(node.child_count == value.size());
  out += is_object ? '{' : '[';
  json::Value child = value.first_child();
  for (const Node& member : node) {
    if (&member != node.first_child) out += ',';
    if (is_object) {
      require(member.key == child.string() && child.key_hash() == json::hash_key(child.string()));
      json::append_string(out, child.string());
      out += ':';
      child = child.next_sibling();
    }
    write(out, child, member);
    child = child.next_sibling();
  }
  out += is_object ? '}' : ']';
}

// Of a text that was accepted: every escape of a surrogate is one half of a pair.
void check_surrogates(std::string_view text) {
  const auto unit_at = [text](std::size_t at) {
    unsigned unit = 0;
    for (std::size_t i = at + 2; i < at + 6; ++i)
      unit = unit * 16 + static_cast<unsigned>(hex_value(text[i]));
    return unit;
  };
  for (std::size_t at = text.find('\\'); at != std::string_view::npos; at = text.find('\\', at)) {
    if (text[at + 1] != 'u') {
      at += 2;
      continue;
    }
    const unsigned unit = unit_at(at);
    at += 6;
    if (unit < 0xD800 || unit > 0xDFFF) continue;
    require(unit < 0xDC00 && text.substr(at, 2) == "\\u");
    const unsigned low = unit_at(at);
    require(low >= 0xDC00 && low <= 0xDFFF);
    at += 6;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static json::Document warm;
  const std::string_view text = text_of(data, size);
  json::Document cold;
  const auto root = cold.read(text, kLimits);
  // The same bytes at the end of an allocation of their own, and in the middle of a longer one.
  const std::string padded = std::string(text) + "\"}],: 1234567890abcdef";
  const auto again = warm.read(std::string_view(padded).substr(0, size), kLimits);
  require(root.ok() == again.ok());
  const auto tree = json::read_tree(text, "fuzz");
  require(root.ok() == tree.ok());
  if (!root) {
    require(root.error().error == again.error().error && root.error().offset == again.error().offset);
    require(root.error().offset <= size);
    return 0;
  }
  check_surrogates(text);
  std::string first;
  write(first, *root, *(*tree)->root());
  json::Document written;
  const auto reread =
      written.read(first, {.bytes_max = 1 << 24, .depth_max = kLimits.depth_max, .nodes_max = 1 << 20});
  require(reread.ok());
  const auto rewritten_tree = json::read_tree(first, "fuzz");
  require(rewritten_tree.ok());
  std::string second;
  write(second, *reread, *(*rewritten_tree)->root());
  require(first == second);
  return 0;
}
