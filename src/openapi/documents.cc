#include "openapi/documents.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/quote.h"
#include "openapi/read_document.h"
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

// `file` beside `holder`, both relative to one folder; nothing if that leads out of it, or to no file.
std::optional<std::string> join(std::string_view holder, std::string_view file) {
  std::vector<std::string_view> segments;
  const std::size_t slash = holder.rfind('/');
  std::string whole(slash == std::string_view::npos ? "" : holder.substr(0, slash + 1));
  whole += file;
  for (std::string_view rest = whole; !rest.empty();) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view segment = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      segments.push_back(segment);
    } else if (segments.empty()) {
      return std::nullopt;
    } else {
      segments.pop_back();
    }
  }
  std::string out;
  for (const std::string_view segment : segments) {
    if (!out.empty()) out += '/';
    out += segment;
  }
  return out.empty() ? std::nullopt : std::optional(std::move(out));
}

// "3.0" of "3.0.3"; empty if the document does not say.
std::string_view minor_version(const Tree& tree) {
  if (!tree.root()->is_object()) return {};
  for (const std::string_view name : {"openapi", "swagger"}) {
    const Node* version = tree.root()->find(name);
    if (version != nullptr && version->is_string()) return version->text.substr(0, version->text.rfind('.'));
  }
  return {};
}

}  // namespace

// RFC 3986 section 3.1: a scheme; "//host" has none and is no file either.
bool is_network(std::string_view file) {
  if (file.starts_with("//")) return true;
  const std::size_t colon = file.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_alpha(file.front())) return false;
  return std::all_of(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(colon),
                     [](char c) { return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; });
}

void Documents::add(std::unique_ptr<Tree> tree) {
  const std::string_view file = tree->file();
  const std::size_t slash = file.rfind('/');
  const bool is_main = trees_.empty();
  if (is_main) {
    folder_ = slash == std::string_view::npos ? "" : file.substr(0, slash + 1);
    paths_.emplace_back(file.substr(folder_.size()));
    files_.emplace(paths_.front(), tree.get());
  } else {
    paths_.emplace_back();
  }
  trees_.push_back(std::move(tree));
}

// What an overlay adds is part of the document that it is put over, and refers to files from there.
std::uint32_t Documents::base_of(const Node& node) const {
  return paths_[node.document].empty() ? 0 : node.document;
}

Result<const Tree*, Documents::Refusal> Documents::open(const Node& holder, std::string_view file,
                                                        Diagnostics& diagnostics) {
  const std::uint32_t base = base_of(holder);
  if (file.empty()) return trees_[base].get();
  if (is_network(file)) {
    return Err(Refusal{"network-ref", "leads to the network, which is never asked while a document is loaded",
                       "Save what it leads to beside this document, and refer to it by its file name."});
  }
  const std::optional<std::string> decoded = uri::decode(file);
  if (!decoded || decoded->find('\0') != std::string::npos || file.find('?') != std::string_view::npos) {
    return Err(Refusal{"unresolved-ref", "is not the name of a file",
                       "Write a relative file name, with %20 for a space and so on."});
  }
  const std::optional<std::string> path =
      decoded->starts_with('/') ? std::nullopt : join(paths_[base], *decoded);
  if (!path) {
    return Err(Refusal{"outside-ref", "leads out of the folder of the document",
                       "Move the file into the folder of the main document, or below it."});
  }
  auto tree = read(*path, diagnostics);
  if (tree) note_reference(holder, **tree);
  return tree;
}

void Documents::note_reference(const Node& holder, const Tree& target) {
  const FileReference reference{base_of(holder), target.root()->document, &holder};
  if (reference.from == reference.to) return;
  const auto same = [&reference](const FileReference& other) {
    return other.from == reference.from && other.to == reference.to;
  };
  if (std::ranges::none_of(file_references_, same)) file_references_.push_back(reference);
}

Result<const Tree*, Documents::Refusal> Documents::read(const std::string& path, Diagnostics& diagnostics) {
  const auto known = files_.find(path);
  if (known != files_.end() && known->second != nullptr) return known->second;
  const auto refuse = [&](std::string message, std::string fix) {
    files_.insert_or_assign(path, nullptr);
    return Err(Refusal{"unreadable-ref", std::move(message), std::move(fix)});
  };
  if (known != files_.end()) return refuse("leads to a file that cannot be read", "Correct that file.");
  if (!read_file_)
    return refuse("leads to another file, and there is no folder to look for it",
                  "Bundle the document into one file.");
  if (files_.size() > kReferredFilesMax) {
    return refuse("leads to one file more than " + std::to_string(kReferredFilesMax),
                  "Bundle the document into fewer files.");
  }
  Result<std::string, std::string> text = read_file_(path);
  if (!text) return refuse("cannot be followed: " + text.error(), "Correct the name, or add the file.");
  bytes_ += text->size();
  if (bytes_ > kDocumentBytesMax) {
    return refuse("leads to more than " + std::to_string(kDocumentBytesMax) + " bytes in all files together",
                  "Split the document.");
  }
  auto tree = read_document(*text, folder_ + path, static_cast<std::uint32_t>(trees_.size()), diagnostics);
  if (tree == nullptr) return refuse("leads to a file that cannot be read", "Correct that file.");
  const std::string_view version = minor_version(*tree);
  if (!version.empty() && version != minor_version(main())) {
    return refuse(
        "leads to a document of OpenAPI " + quote(version) + ", which means other things by its words",
        "Bring both documents to the same version.");
  }
  const Tree* const read = tree.get();
  files_.insert_or_assign(path, read);
  paths_.push_back(path);
  trees_.push_back(std::move(tree));
  return read;
}

const Node* Documents::child(const Node& node, std::string_view token) {
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
const Node* Documents::follow(const Tree& tree, std::string_view fragment) {
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

Result<const Node*, Documents::Refusal> Documents::locate(const Node& holder, std::string_view reference,
                                                          Diagnostics& diagnostics) {
  const std::size_t hash = std::min(reference.find('#'), reference.size());
  const std::string_view fragment = reference.substr(std::min(hash + 1, reference.size()));
  const auto tree = open(holder, reference.substr(0, hash), diagnostics);
  if (!tree) return Err(tree.error());
  if (!fragment.empty() && fragment.front() != '/' && !fragment.starts_with("%2F") &&
      !fragment.starts_with("%2f")) {
    return Err(Refusal{"anchor-ref", "names an anchor, which only schemas have, and no schema is meant here",
                       "Write a JSON pointer, such as \"#/components/parameters/Page\"."});
  }
  const Node* target = follow(**tree, fragment);
  if (target == nullptr) {
    return Err(Refusal{"unresolved-ref", "leads nowhere", "Correct the path, or add what it names."});
  }
  return target;
}

bool Documents::returns_to(const Node& start, const Node& holder, Diagnostics& diagnostics) {
  const Node* node = &start;
  for (int hops = 0; hops < kReferenceChainMax; ++hops) {
    if (node == &holder) return true;
    const Node* reference = reference_of(*node);
    if (reference == nullptr) return false;
    const auto next = locate(*node, reference->text, diagnostics);
    if (!next) return false;
    node = *next;
  }
  return true;
}

const Node* Documents::resolve(const Node& holder, std::string_view reference, Diagnostics& diagnostics) {
  const bool is_member = holder.is_string() && holder.parent != nullptr && holder.parent->is_object();
  const Node& object = is_member ? *holder.parent : holder;
  const Node* written = reference_of(object);
  const Node& at = written != nullptr ? *written : holder;
  const auto refuse = [&](const Refusal& refusal) -> const Node* {
    diagnostics.add(at_node(written_in(at), at, refusal.code,
                            "the reference " + quote(reference) + ' ' + refusal.message, refusal.fix));
    return nullptr;
  };
  if (reference.empty()) {
    return refuse({"unresolved-ref", "is empty", "Write what it should lead to."});
  }
  const auto target = locate(holder, reference, diagnostics);
  if (!target) return refuse(target.error());
  if (returns_to(**target, object, diagnostics)) {
    return refuse({"circular-ref", "leads back to itself",
                   "Let one of the references in the circle say what is meant."});
  }
  return *target;
}

}  // namespace caponier::openapi
