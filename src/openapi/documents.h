// The documents that a contract is made of: the one that a person names, the files that it refers to, and the
// overlays put over it. Follows references from one to the other. Opens files only through the function that
// is handed in, and only below the folder of the main document; never asks the network.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/diagnostic.h"
#include "base/result.h"
#include "base/tree.h"

namespace caponier::openapi {

// The text of a file, or a sentence why there is none. `path` is relative to the main document's folder and
// has no dot segments; that links do not lead out of the folder is for the function to see to.
using ReadFile = std::function<Result<std::string, std::string>(const std::string& path)>;

// Files besides the main document, and the bytes of them all.
inline constexpr std::size_t kReferredFilesMax = 1'000;

// True of "https://host/x", "urn:x" and "//host": what is no file.
bool is_network(std::string_view reference);

// That one document refers to another, and where it does so first; both by their number among the trees.
struct FileReference {
  std::uint32_t from;
  std::uint32_t to;
  const Node* at;
};

class Documents {
 public:
  explicit Documents(ReadFile read_file) : read_file_(std::move(read_file)) {}
  Documents(const Documents&) = delete;
  Documents& operator=(const Documents&) = delete;

  // The main document first, then the overlays. `tree` has been read with number trees().size().
  void add(std::unique_ptr<Tree> tree);

  [[nodiscard]] const std::vector<std::unique_ptr<Tree>>& trees() const { return trees_; }
  [[nodiscard]] const Tree& main() const { return *trees_.front(); }
  // Those that were followed so far, in their order.
  [[nodiscard]] const std::vector<FileReference>& file_references() const { return file_references_; }
  // The file that `node` was written in, be it an overlay.
  [[nodiscard]] const Tree& written_in(const Node& node) const { return *trees_[node.document]; }

  // Where `reference` leads, as written at `holder` (the object with `$ref`, or the `$ref` member itself);
  // null with a diagnostic if it leads nowhere, or by `$ref` after `$ref` back to `holder`. Remembers the
  // members of large objects, so it is not for several threads at once.
  const Node* resolve(const Node& holder, std::string_view reference, Diagnostics& diagnostics);

 private:
  struct Refusal {
    std::string code;
    std::string message;
    std::string fix;
  };
  using MemberIndex = std::unordered_map<std::string_view, const Node*>;

  // The tree that holds `node` once the overlays are applied.
  [[nodiscard]] std::uint32_t base_of(const Node& node) const;
  Result<const Tree*, Refusal> open(const Node& holder, std::string_view file, Diagnostics& diagnostics);
  Result<const Tree*, Refusal> read(const std::string& path, Diagnostics& diagnostics);
  void note_reference(const Node& holder, const Tree& target);
  Result<const Node*, Refusal> locate(const Node& holder, std::string_view reference,
                                      Diagnostics& diagnostics);
  [[nodiscard]] const Node* child(const Node& node, std::string_view token);
  [[nodiscard]] const Node* follow(const Tree& tree, std::string_view fragment);
  [[nodiscard]] bool returns_to(const Node& start, const Node& holder, Diagnostics& diagnostics);

  ReadFile read_file_;
  std::vector<std::unique_ptr<Tree>> trees_;
  std::vector<std::string> paths_;  // of trees_, relative to the main document's folder; empty: an overlay
  std::string folder_;              // of the main document, as the person named it, with its slash
  std::map<std::string, const Tree*, std::less<>> files_;  // null: cannot be read, which has been said
  std::vector<FileReference> file_references_;
  std::size_t bytes_ = 0;  // of the files read
  std::unordered_map<const Node*, MemberIndex> indices_;
};

}  // namespace caponier::openapi
