#include "openapi/contract.h"

#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/quote.h"
#include "uri/path.h"

namespace caponier::openapi {
namespace {

// Up to here a walk over the members is as fast as a hash table.
constexpr std::uint32_t kIndexedFrom = 12;
// `$ref` leading to `$ref` leading to `$ref`: nobody writes more than a few.
constexpr int kReferenceChainMax = 32;

// RFC 6901 section 4: "~1" is '/', "~0" is '~', nothing else.
std::optional<std::string> unescape_token(std::string_view token) {
  std::string out;
  out.reserve(token.size());
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      out += token[i];
      continue;
    }
    if (++i == token.size()) return std::nullopt;
    if (token[i] != '0' && token[i] != '1') return std::nullopt;
    out += token[i] == '0' ? '~' : '/';
  }
  return out;
}

const Node* reference_of(const Node& node) {
  if (!node.is_object()) return nullptr;
  const Node* reference = node.find("$ref");
  return reference != nullptr && reference->is_string() ? reference : nullptr;
}

}  // namespace

std::string Operation::label() const {
  std::string out(http::name(method));
  out += ' ';
  out += path;
  return out;
}

const Node* Contract::child(const Node& node, std::string_view token) const {
  if (node.is_array()) {
    const bool leading_zero = token.size() > 1 && token.front() == '0';
    std::optional<std::uint64_t> index = leading_zero ? std::nullopt : parse_decimal(token);
    if (!index || *index >= node.child_count) return nullptr;
    const Node* element = node.first_child;
    for (; *index > 0; --*index) element = element->next;
    return element;
  }
  if (!node.is_object()) return nullptr;
  if (node.child_count < kIndexedFrom) return node.find(token);
  auto [index, is_new] = indices_.try_emplace(&node);
  if (is_new) {
    index->second.reserve(node.child_count);
    for (const Node& member : node) index->second.emplace(member.key, &member);
  }
  const auto found = index->second.find(token);
  return found == index->second.end() ? nullptr : found->second;
}

// `fragment` is what follows '#', as written: percent-encoded as a URI fragment, then a JSON pointer.
const Node* Contract::follow(const Tree& tree, std::string_view fragment) const {
  std::optional<std::string> decoded;
  if (fragment.find('%') != std::string_view::npos) {
    decoded = uri::decode(fragment);
    if (!decoded) return nullptr;
    fragment = *decoded;
  }
  const Node* node = tree.root();
  while (node != nullptr && !fragment.empty()) {
    if (fragment.front() != '/') return nullptr;
    fragment.remove_prefix(1);
    const std::string_view token = fragment.substr(0, fragment.find('/'));
    fragment.remove_prefix(token.size());
    if (token.find('~') == std::string_view::npos) {
      node = child(*node, token);
      continue;
    }
    const std::optional<std::string> name = unescape_token(token);
    if (!name) return nullptr;
    node = child(*node, *name);
  }
  return node;
}

bool Contract::returns_to(const Node& start, const Node& holder) const {
  const Node* node = &start;
  for (int hops = 0; node != nullptr && hops < kReferenceChainMax; ++hops) {
    if (node == &holder) return true;
    const Node* reference = reference_of(*node);
    if (reference == nullptr || !reference->text.starts_with('#')) return false;
    node = follow(tree_of(*node), reference->text.substr(1));
  }
  return node != nullptr;
}

const Node* Contract::resolve(const Node& holder, std::string_view reference,
                              Diagnostics& diagnostics) const {
  const bool is_member = holder.is_string() && holder.parent != nullptr && holder.parent->is_object();
  const Node& object = is_member ? *holder.parent : holder;
  const Node* written = reference_of(object);
  const Tree& tree = tree_of(holder);
  const auto refuse = [&](std::string code, std::string message, std::string fix) -> const Node* {
    diagnostics.add(at_node(tree, written != nullptr ? *written : holder, std::move(code), std::move(message),
                            std::move(fix)));
    return nullptr;
  };
  if (!reference.starts_with('#')) {
    return refuse(
        "external-ref",
        "the reference " + quote(reference) + " leads to another file or URL, which is not enforced yet",
        "Bundle the document into one file, so that every `$ref` begins with \"#/\".");
  }
  const std::string_view fragment = reference.substr(1);
  if (!fragment.empty() && fragment.front() != '/' && !fragment.starts_with("%2F") &&
      !fragment.starts_with("%2f")) {
    return refuse("anchor-ref",
                  "the reference " + quote(reference) + " names an anchor, which is not enforced yet",
                  "Write a JSON pointer, such as \"#/components/schemas/Order\".");
  }
  const Node* target = follow(tree, fragment);
  if (target == nullptr) {
    return refuse("unresolved-ref", "the reference " + quote(reference) + " leads nowhere",
                  "Correct the path, or add what it names.");
  }
  if (returns_to(*target, object)) {
    return refuse("circular-ref", "the reference " + quote(reference) + " leads back to itself",
                  "Let one of the references in the circle say what is meant.");
  }
  return target;
}

}  // namespace caponier::openapi
