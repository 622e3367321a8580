// Schema resources: which URI, anchors and dialect every part of the documents has, by `$id`, `$anchor`,
// `$dynamicAnchor` and `$schema`. Finds what references mean, with the standard meta-schemas built in and all
// other documents asked of a loader. Used while compiling only.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/diagnostic.h"
#include "base/tree.h"
#include "schema/keyword.h"

namespace caponier::schema {

// The document at an absolute URI without fragment, or null (with a diagnostic, if there is more to say than
// that there is none).
using Loader = std::function<std::unique_ptr<Tree>(std::string_view uri, Diagnostics& diagnostics)>;

// A schema with an identifier, or a document's root, with everything below it down to the next ones.
struct Resource {
  std::string uri;  // without fragment
  const Node* root = nullptr;
  Grammar grammar;
  std::string_view file;
  // A part that only declares another `$schema` shares the names of the resource it stands in.
  Resource* names_of = nullptr;
  // A document that names no dialect and is no OpenAPI document: it speaks as who refers to it.
  bool takes_dialect = false;
  std::map<std::string_view, const Node*> anchors;
  std::map<std::string_view, const Node*> dynamic_anchors;  // "": `$recursiveAnchor: true`
};

// What is said of a reference between documents that misread each other; see Resources::misreads.
inline constexpr std::string_view kMisread =
    "leads to a file that names no dialect, and documents of different dialects refer to it";
inline constexpr std::string_view kMisreadFix =
    "Write $schema at the root of that file, or keep a copy of it for each dialect.";

class Resources {
 public:
  // `dialect` is what schemas without `$schema` are written in.
  explicit Resources(Dialect dialect, Loader loader = {});
  Resources(const Resources&) = delete;
  Resources& operator=(const Resources&) = delete;

  // Reads the identifiers of a document that is a schema, found at `uri`. Trees must outlive the Resources.
  void add_schema(const Node& root, std::string_view uri, std::string_view file, Diagnostics& diagnostics);
  // ...of a document that holds schemas among other things: OpenAPI, or a file that such a document refers
  // to. `referrer`: the root of the document that does so, added before; null if none does.
  void add_contract(const Node& root, std::string_view uri, std::string_view file, const Node* referrer,
                    Diagnostics& diagnostics);
  // True if the document of `to` takes the dialect of whoever refers to it, and took another than that of
  // `from`.
  [[nodiscard]] bool misreads(const Node& from, const Node& to) const;

  // True as long as no schema has an identifier, an anchor or a dialect of its own.
  [[nodiscard]] bool plain() const { return plain_; }
  [[nodiscard]] bool has_dynamic_anchors() const { return dynamic_; }
  // Whether documents come from here, rather than from whoever resolves the references of a contract.
  [[nodiscard]] bool loads() const { return loads_; }
  // What the schema stands in. Null where its document was not added.
  [[nodiscard]] const Resource* of(const Node& schema) const;
  // The file of a node of a document added here; empty if it was not.
  [[nodiscard]] std::string_view file_of(const Node& node) const;
  [[nodiscard]] Grammar default_grammar() const { return {default_, kStandardWords}; }

  struct Target {
    const Node* node = nullptr;
    // Set where the reference names a dynamic anchor: what another resource may take over.
    std::optional<std::string_view> dynamic_name;
  };
  // Where `reference` leads from a schema within `from`. Says nothing if it leads nowhere.
  Target find(const Resource& from, std::string_view reference, Diagnostics& diagnostics);

 private:
  struct Standing {
    Resource* resource;
    int depth;
  };
  void index(const Node& schema, Standing at, Diagnostics& diagnostics);
  void index_children(const Node& schema, Standing at, Diagnostics& diagnostics);
  void index_contract(const Node& node, Standing at, Diagnostics& diagnostics);
  Resource* identify(const Node& schema, Resource* outer, Diagnostics& diagnostics);
  void note_anchors(const Node& schema, Resource& resource, Diagnostics& diagnostics);
  void name(Resource& resource, const Node& node, Diagnostics& diagnostics);
  Resource& make(const Node& root, std::string uri, std::string_view file, const Grammar& grammar);
  Grammar grammar_of(const Node& schema, const Grammar& outer, Resource& where, Diagnostics& diagnostics);
  Grammar custom_grammar(const Node& named, const std::string& uri, Resource& where,
                         Diagnostics& diagnostics);
  Resource* document(const std::string& uri, Diagnostics& diagnostics);
  [[nodiscard]] const Resource* document_of(const Node& node) const;
  void say(const Resource& where, const Node& node, std::string code, std::string message, std::string fix,
           Diagnostics& diagnostics);

  Dialect default_;
  Loader loader_;
  bool plain_ = true;
  bool dynamic_ = false;
  bool loads_ = false;
  int loading_ = 0;
  std::size_t loaded_ = 0;
  std::deque<Resource> resources_;
  std::unordered_map<const Node*, Resource*> by_root_;
  std::map<std::string, Resource*, std::less<>> by_uri_;
  std::set<std::string, std::less<>> absent_;
  std::vector<std::unique_ptr<Tree>> trees_;
  std::deque<std::string> files_;
};

}  // namespace caponier::schema
