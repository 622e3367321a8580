#include "schema/resource.h"

#include <algorithm>
#include <array>

#include "json/read_tree.h"
#include "schema/meta_schema.h"
#include "schema/reference.h"

namespace caponier::schema {
namespace {

constexpr int kLoadDepthMax = 16;           // meta-schemas of meta-schemas
constexpr std::size_t kDocumentsMax = 500;  // that one schema's references may lead to

struct KnownDialect {
  std::string_view uri;
  Dialect dialect;
};
constexpr std::array kDialects = {
    KnownDialect{"https://json-schema.org/draft/2020-12/schema", Dialect::kDraft202012},
    KnownDialect{"https://json-schema.org/draft/2019-09/schema", Dialect::kDraft201909},
    KnownDialect{"http://json-schema.org/draft-07/schema", Dialect::kDraft07},
    KnownDialect{"http://json-schema.org/draft-06/schema", Dialect::kDraft06},
    KnownDialect{"http://json-schema.org/draft-04/schema", Dialect::kDraft04},
    KnownDialect{"https://spec.openapis.org/oas/3.1/dialect/base", Dialect::kOpenApi31},
};

struct KnownVocabulary {
  std::string_view name;
  Vocabularies words;
};
constexpr std::array kVocabularies = {
    KnownVocabulary{"core", kCoreWords},
    KnownVocabulary{"applicator", kApplicatorWords},
    KnownVocabulary{"unevaluated", kUnevaluatedWords},
    KnownVocabulary{"validation", kValidationWords},
    KnownVocabulary{"meta-data", 0},
    KnownVocabulary{"content", 0},
    KnownVocabulary{"format", 0},
    KnownVocabulary{"format-annotation", 0},
    KnownVocabulary{"format-assertion", kFormatAssertion},
};

std::string_view without_empty_fragment(std::string_view uri) {
  return uri.ends_with('#') ? uri.substr(0, uri.size() - 1) : uri;
}

// Drafts up to 7 begin with "http:", the later ones with "https:".
std::string fix_of(std::string_view unknown) {
  const auto address = [](std::string_view uri) { return uri.substr(std::min(uri.find("://"), uri.size())); };
  for (const KnownDialect& known : kDialects) {
    if (address(known.uri) == address(unknown)) return "Did you mean \"" + std::string(known.uri) + "#\"?";
  }
  return "Use https://json-schema.org/draft/2020-12/schema or leave it out.";
}

const Node* child_at(const Node& list, std::string_view position) {
  if (position.empty() || position.size() > 9 || (position.size() > 1 && position[0] == '0')) return nullptr;
  std::uint32_t index = 0;
  for (const char c : position) {
    if (c < '0' || c > '9') return nullptr;
    index = index * 10 + static_cast<std::uint32_t>(c - '0');
  }
  for (const Node& child : list) {
    if (index-- == 0) return &child;
  }
  return nullptr;
}

// RFC 6901.
const Node* at_pointer(const Node* node, std::string_view pointer) {
  while (node != nullptr && !pointer.empty()) {
    pointer.remove_prefix(1);
    const std::string_view raw = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(raw.size());
    std::string name;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      const bool escaped = raw[i] == '~' && i + 1 < raw.size();
      name += !escaped ? raw[i] : raw[++i] == '1' ? '/' : '~';
    }
    if (!node->is_array() && !node->is_object()) return nullptr;
    node = node->is_array() ? child_at(*node, name) : node->find(name);
  }
  return node;
}

// Members of contracts that hold data rather than schemas.
bool holds_data(std::string_view key) {
  return key == "example" || key == "examples" || key == "default" || key == "enum" || key.starts_with("x-");
}

}  // namespace

Resources::Resources(Dialect dialect, Loader loader) : default_(dialect), loader_(std::move(loader)) {}

Resource& Resources::make(const Node& root, std::string uri, std::string_view file, const Grammar& grammar) {
  Resource& resource = resources_.emplace_back();
  resource.uri = std::move(uri);
  resource.root = &root;
  resource.file = file;
  resource.grammar = grammar;
  resource.names_of = &resource;
  by_root_[&root] = &resource;
  return resource;
}

void Resources::add_schema(const Node& root, std::string_view uri, std::string_view file,
                           Diagnostics& diagnostics) {
  loads_ = true;
  Resource& resource = make(root, std::string(uri), files_.emplace_back(file), default_grammar());
  by_uri_.try_emplace(resource.uri, &resource);
  index(root, {&resource, 0}, diagnostics);
}

void Resources::add_contract(const Node& root, std::string_view uri, std::string_view file,
                             const Node* referrer, Diagnostics& diagnostics) {
  Resource& resource = make(root, std::string(uri), files_.emplace_back(file), default_grammar());
  by_uri_.try_emplace(resource.uri, &resource);
  // OpenAPI 3.1, section 4.8.24.7: an OpenAPI document speaks for itself, a fragment of one does not.
  resource.takes_dialect = referrer != nullptr && root.find("openapi") == nullptr &&
                           root.find("jsonSchemaDialect") == nullptr && root.find("$schema") == nullptr;
  if (referrer != nullptr && root.find("openapi") == nullptr) {
    resource.grammar = document_of(*referrer)->grammar;
    plain_ = plain_ && resource.grammar == default_grammar();
  }
  if (const Node* dialect = root.find("jsonSchemaDialect"); dialect != nullptr && dialect->is_string()) {
    resource.grammar =
        custom_grammar(*dialect, std::string(without_empty_fragment(dialect->text)), resource, diagnostics);
    plain_ = plain_ && resource.grammar == default_grammar();
  }
  // A file that a contract refers to may be a schema, or hold some.
  if (root.find("openapi") == nullptr) index(root, {&resource, 0}, diagnostics);
  index_contract(root, {&resource, 0}, diagnostics);
}

void Resources::index_contract(const Node& node, Standing at, Diagnostics& diagnostics) {
  if (at.depth > static_cast<int>(kDocumentDepthMax)) return;
  ++at.depth;
  for (const Node& child : node) {
    if (!node.is_object()) {
      index_contract(child, at, diagnostics);
    } else if (child.key == "schema") {
      index(child, at, diagnostics);
    } else if (child.key == "schemas" && child.is_object()) {
      for (const Node& schema : child) index(schema, at, diagnostics);
    } else if (!holds_data(child.key)) {
      index_contract(child, at, diagnostics);
    }
  }
}

void Resources::index(const Node& schema, Standing at, Diagnostics& diagnostics) {
  if (!schema.is_object() || at.depth > static_cast<int>(kDocumentDepthMax)) return;
  at.resource = identify(schema, at.resource, diagnostics);
  const bool hidden = hides_siblings(at.resource->grammar.dialect) && schema.find("$ref") != nullptr;
  if (!hidden) note_anchors(schema, *at.resource, diagnostics);
  ++at.depth;
  index_children(schema, at, diagnostics);
}

void Resources::index_children(const Node& schema, Standing at, Diagnostics& diagnostics) {
  for (const Node& member : schema) {
    switch (shape_of(member.key, at.resource->grammar.dialect)) {
      case Shape::kNoSchema:
        break;
      case Shape::kSchema:
        index(member, at, diagnostics);
        break;
      case Shape::kSchemaOrList:
        if (member.is_object()) index(member, at, diagnostics);
        [[fallthrough]];
      case Shape::kSchemas:
        if (!member.is_array()) break;
        for (const Node& part : member) index(part, at, diagnostics);
        break;
      case Shape::kNamed:
        if (!member.is_object()) break;
        for (const Node& part : member) index(part, at, diagnostics);
        break;
    }
  }
}

// The resource that the schema begins, or the one it stands in.
Resource* Resources::identify(const Node& schema, Resource* outer, Diagnostics& diagnostics) {
  const bool is_root = outer->root == &schema;
  if (const auto known = by_root_.find(&schema); known != by_root_.end() && !is_root) return known->second;
  Grammar grammar = outer->grammar;
  if (schema.find("$schema") != nullptr) grammar = grammar_of(schema, grammar, *outer, diagnostics);
  const bool hidden = hides_siblings(grammar.dialect) && schema.find("$ref") != nullptr;
  const Node* id =
      hidden || grammar.dialect == Dialect::kOpenApi30 ? nullptr : schema.find(id_keyword(grammar.dialect));
  std::string uri;
  if (id != nullptr && id->is_string()) {
    // Before 2019-09, a fragment alone is an anchor.
    const std::string_view text = id->text.substr(0, id->text.find('#'));
    if (!text.empty()) uri = resolve_reference(outer->uri, text);
  }
  if (uri.empty() && (grammar == outer->grammar || is_root)) {
    if (is_root) outer->grammar = grammar;
    plain_ = plain_ && grammar == default_grammar();
    return outer;
  }
  plain_ = false;
  Resource* resource = outer;
  if (is_root) {
    resource->grammar = grammar;
    resource->uri = uri;
  } else {
    resource = &make(schema, uri.empty() ? outer->uri : uri, outer->file, grammar);
    if (uri.empty()) resource->names_of = outer->names_of;
  }
  if (!uri.empty()) name(*resource, *id, diagnostics);
  return resource;
}

void Resources::name(Resource& resource, const Node& node, Diagnostics& diagnostics) {
  const auto [known, added] = by_uri_.try_emplace(resource.uri, &resource);
  if (added || known->second->root == resource.root) return;
  say(resource, node, "duplicate-id", "another schema has the same identifier",
      "Give each schema an identifier of its own.", diagnostics);
}

void Resources::note_anchors(const Node& schema, Resource& resource, Diagnostics& diagnostics) {
  Resource& owner = *resource.names_of;
  const auto note = [&](std::map<std::string_view, const Node*>& names, const Node& node,
                        std::string_view text) {
    plain_ = false;
    const auto [known, added] = names.try_emplace(text, &schema);
    if (added || known->second == &schema) return;
    say(resource, node, "duplicate-anchor", "another schema has the same anchor",
        "Give each schema an anchor of its own.", diagnostics);
  };
  const Dialect dialect = resource.grammar.dialect;
  if (dialect == Dialect::kOpenApi30) return;
  if (hides_siblings(dialect)) {
    const Node* id = schema.find(id_keyword(dialect));
    const std::size_t hash = id == nullptr || !id->is_string() ? std::string_view::npos : id->text.find('#');
    if (hash != std::string_view::npos && hash + 1 < id->text.size() && id->text[hash + 1] != '/')
      note(owner.anchors, *id, id->text.substr(hash + 1));
    return;
  }
  if (const Node* anchor = schema.find("$anchor"); anchor != nullptr && anchor->is_string())
    note(owner.anchors, *anchor, anchor->text);
  if (dialect == Dialect::kDraft201909) {
    const Node* recursive = schema.find("$recursiveAnchor");
    if (recursive == nullptr || !recursive->is_boolean() || !recursive->boolean || &schema != owner.root)
      return;
    owner.dynamic_anchors[""] = &schema;
    dynamic_ = true;
    plain_ = false;
    return;
  }
  const Node* anchor = schema.find("$dynamicAnchor");
  if (anchor == nullptr || !anchor->is_string()) return;
  note(owner.anchors, *anchor, anchor->text);
  owner.dynamic_anchors.try_emplace(anchor->text, &schema);
  dynamic_ = true;
}

Grammar Resources::grammar_of(const Node& schema, const Grammar& outer, Resource& where,
                              Diagnostics& diagnostics) {
  const Node* named = schema.find("$schema");
  if (!named->is_string() || outer.dialect == Dialect::kOpenApi30) return outer;
  return custom_grammar(*named, std::string(without_empty_fragment(named->text)), where, diagnostics);
}

Grammar Resources::custom_grammar(const Node& named, const std::string& uri, Resource& where,
                                  Diagnostics& diagnostics) {
  for (const KnownDialect& known : kDialects) {
    if (known.uri == uri) return {known.dialect, kStandardWords};
  }
  const std::string absolute = resolve_reference(where.uri, uri);
  const Resource* meta = nullptr;
  if (loading_ < kLoadDepthMax) {
    ++loading_;
    meta = document(absolute, diagnostics);
    --loading_;
  }
  if (meta == nullptr || meta == &where) {
    say(where, named, "unsupported-dialect",
        "this schema dialect is not known, and its meta-schema not at hand", fix_of(uri), diagnostics);
    return where.grammar;
  }
  Grammar out = meta->grammar;
  const Node* listed = meta->root->find("$vocabulary");
  if (listed == nullptr || !listed->is_object() || hides_siblings(out.dialect)) return out;
  out.vocabularies = kCoreWords | kOtherWords;
  for (const Node& vocabulary : *listed) {
    const std::string_view key = vocabulary.key;
    constexpr std::string_view kPrefixes[] = {"https://json-schema.org/draft/2020-12/vocab/",
                                              "https://json-schema.org/draft/2019-09/vocab/"};
    bool known = key == "https://spec.openapis.org/oas/3.1/vocab/base";
    for (const std::string_view prefix : kPrefixes) {
      for (const KnownVocabulary& row : kVocabularies) {
        if (!key.starts_with(prefix) || key.substr(prefix.size()) != row.name) continue;
        out.vocabularies = static_cast<Vocabularies>(out.vocabularies | row.words);
        // In 2019-09 the applicators' vocabulary has the unevaluated ones too.
        if (prefix == kPrefixes[1] && row.name == "applicator") out.vocabularies |= kUnevaluatedWords;
        known = true;
      }
    }
    if (known || !vocabulary.is_boolean() || !vocabulary.boolean) continue;
    say(where, named, "unsupported-vocabulary",
        "its meta-schema requires the vocabulary \"" + std::string(key) + "\", which is not known",
        "Use a meta-schema without it, or declare it as optional there.", diagnostics);
  }
  return out;
}

// The resource with this URI, loaded if need be.
Resource* Resources::document(const std::string& uri, Diagnostics& diagnostics) {
  if (const auto known = by_uri_.find(uri); known != by_uri_.end()) return known->second;
  if (absent_.contains(uri)) return nullptr;
  if (loaded_ >= kDocumentsMax) {
    diagnostics.add({.code = "schema-too-large",
                     .file = uri,
                     .message = "the references of one schema lead to more than 500 documents",
                     .fix = "Put what belongs together into one document."});
    absent_.insert(uri);
    return nullptr;
  }
  std::unique_ptr<Tree> tree;
  if (const std::string_view text = meta_schema(uri); !text.empty()) {
    auto read = json::read_tree(text, uri);
    if (read) tree = std::move(*read);
  } else if (loader_) {
    tree = loader_(uri, diagnostics);
  }
  if (tree == nullptr || tree->root() == nullptr) {
    absent_.insert(uri);
    return nullptr;
  }
  ++loaded_;
  trees_.push_back(std::move(tree));
  const Tree& kept = *trees_.back();
  Resource& resource = make(*kept.root(), uri, kept.file(), default_grammar());
  by_uri_.emplace(uri, &resource);
  plain_ = false;
  index(*kept.root(), {&resource, 0}, diagnostics);
  return &resource;
}

const Resource* Resources::of(const Node& schema) const {
  for (const Node* at = &schema; at != nullptr; at = at->parent) {
    if (const auto found = by_root_.find(at); found != by_root_.end()) return found->second;
  }
  return nullptr;
}

const Resource* Resources::document_of(const Node& node) const {
  const Node* root = &node;
  while (root->parent != nullptr) root = root->parent;
  const auto found = by_root_.find(root);
  return found == by_root_.end() ? nullptr : found->second;
}

bool Resources::misreads(const Node& from, const Node& to) const {
  const Resource* const reader = document_of(from);
  const Resource* const read = document_of(to);
  return reader != nullptr && read != nullptr && reader != read && read->takes_dialect &&
         read->grammar != reader->grammar;
}

std::string_view Resources::file_of(const Node& node) const {
  const Resource* resource = of(node);
  return resource == nullptr ? std::string_view() : resource->file;
}

Resources::Target Resources::find(const Resource& from, std::string_view reference,
                                  Diagnostics& diagnostics) {
  const SplitReference split = split_reference(resolve_reference(from.uri, reference));
  // Resources that share an URI share their names too: the reference stays where it stands.
  Resource* found = split.uri == from.uri ? from.names_of : document(split.uri, diagnostics);
  if (found == nullptr) return {};
  found = found->names_of;
  if (split.fragment.empty() || split.fragment[0] == '/')
    return {at_pointer(found->root, split.fragment), {}};
  const auto anchor = found->anchors.find(split.fragment);
  if (anchor == found->anchors.end()) return {};
  Target out{anchor->second, {}};
  const auto dynamic = found->dynamic_anchors.find(split.fragment);
  if (dynamic != found->dynamic_anchors.end() && dynamic->second == anchor->second)
    out.dynamic_name = dynamic->first;
  return out;
}

void Resources::say(const Resource& where, const Node& node, std::string code, std::string message,
                    std::string fix, Diagnostics& diagnostics) {
  Diagnostic out;
  out.code = std::move(code);
  out.file = where.file;
  out.position = node.key_position.line != 0 ? node.key_position : node.position;
  out.pointer = node.pointer();
  out.message = std::move(message);
  out.fix = std::move(fix);
  diagnostics.add(std::move(out));
}

}  // namespace caponier::schema
