#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"
#include "json/read_tree.h"
#include "openapi/content.h"
#include "openapi/contract.h"
#include "openapi/object_rules.h"
#include "openapi/parameters.h"
#include "openapi/paths.h"
#include "openapi/reader.h"
#include "openapi/security.h"
#include "openapi/servers.h"
#include "yaml/read_tree.h"

namespace caponier::openapi {
namespace {

std::unique_ptr<Tree> read_text(std::string_view text, const std::string& file, Diagnostics& diagnostics) {
  if (text.size() > kDocumentBytesMax) {
    diagnostics.add(
        {.code = "too-large",
         .file = file,
         .message = "the document is larger than " + std::to_string(kDocumentBytesMax) + " bytes"});
    return nullptr;
  }
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool is_json = first != std::string_view::npos && text[first] == '{';
  auto tree = is_json ? json::read_tree(text, file) : yaml::read_tree(text, file);
  if (!tree.ok()) {
    diagnostics.add(tree.error());
    return nullptr;
  }
  return std::move(tree).value();
}

// "3.0.3" and "3.1.0-rc1", but not "3.0" or "3.10.0".
bool is_version(std::string_view text, std::string_view minor) {
  if (!text.starts_with(minor)) return false;
  std::string_view patch = text.substr(minor.size());
  patch = patch.substr(0, patch.find('-'));
  return !patch.empty() && std::all_of(patch.begin(), patch.end(), is_digit);
}

bool read_version(Reader& reader, const Node& root) {
  const Node* version = root.find("openapi");
  if (version == nullptr) {
    if (const Node* swagger = root.find("swagger")) {
      reader.error_at_key(*swagger, "unsupported-version",
                          "this is a Swagger 2.0 document, which is not supported",
                          "Convert it to OpenAPI 3.0 or 3.1.");
    } else {
      reader.error(root, "missing-member",
                   "the document has no `openapi` member, so it is not known what it is",
                   "Add `openapi: \"3.1.0\"`, or \"3.0.3\".");
    }
    return false;
  }
  if (!version->is_string()) {
    reader.error(*version, "wrong-type",
                 "`openapi` must be a string, not " + std::string(kind_name(version->kind)),
                 "Write it in full and in quotes: \"3.0.3\".");
    return false;
  }
  if (is_version(version->text, "3.0.")) {
    reader.contract.version = Version::k30;
    return true;
  }
  if (is_version(version->text, "3.1.")) {
    reader.contract.version = Version::k31;
    return true;
  }
  reader.error(*version, "unsupported-version",
               "OpenAPI " + quote(version->text) + " is not supported; 3.0.x and 3.1.x are",
               "Use a document of one of these versions.");
  return false;
}

// OpenAPI 3.1, "OpenAPI Object": at least one of the three. With nothing to serve it is the plan that
// refuses.
void check_containers(Reader& reader, const Node& root) {
  if (!reader.is_31()) return;
  for (const std::string_view name : {"paths", "components", "webhooks"}) {
    if (root.find(name) != nullptr) return;
  }
  reader.error(root, "missing-member", "an OpenAPI document needs the member \"paths\"", "Add it.");
}

void read_information(Reader& reader, const Node& root) {
  const Node* info = member(root, "info", NodeKind::kObject);
  if (info == nullptr || !check_object(reader, *info, rules::kInformation)) return;
  reader.contract.title = text_member(*info, "title");
  reader.contract.api_version = text_member(*info, "version");
  if (const Node* contact = member(*info, "contact", NodeKind::kObject)) {
    check_object(reader, *contact, rules::kContact);
  }
  if (const Node* license = member(*info, "license", NodeKind::kObject)) {
    check_object(reader, *license, rules::kLicense);
  }
}

void read_descriptions(Reader& reader, const Node& root) {
  if (const Node* docs = member(root, "externalDocs", NodeKind::kObject)) {
    check_object(reader, *docs, rules::kExternalDocs);
  }
  if (const Node* tags = member(root, "tags", NodeKind::kArray)) {
    for (const Node& tag : *tags) check_object(reader, tag, rules::kTag);
  }
  if (const Node* hooks = member(root, "webhooks", NodeKind::kObject)) {
    // Understood and not served: requests that the upstream makes.
    check_object_map(reader, *hooks, "a webhook");
  }
}

// Components are checked whether or not an operation uses them. Schemas are the compiler's business.
void read_components(Reader& reader, const Node& root) {
  const Node* components = member(root, "components", NodeKind::kObject);
  if (components == nullptr || !check_object(reader, *components, rules::kComponents)) return;
  for (const Node& section : *components) {
    if (!section.is_object()) continue;
    if (section.key == "securitySchemes") {
      read_schemes(reader, section);
    } else if (section.key == "parameters") {
      for (const Node& entry : section) read_parameter(reader, entry);
    } else if (section.key == "requestBodies") {
      for (const Node& entry : section) read_request_body(reader, entry);
    } else if (section.key == "responses") {
      for (const Node& entry : section) read_response(reader, entry);
    } else if (section.key == "headers") {
      for (const Node& entry : section) check_header(reader, entry);
    } else if (section.key == "examples" || section.key == "links" || section.key == "callbacks" ||
               section.key == "pathItems") {
      check_object_map(reader, section, "a component");
    }
  }
}

}  // namespace

std::unique_ptr<Contract> load_contract(std::string_view text, const std::string& file,
                                        Diagnostics& diagnostics) {
  std::unique_ptr<Tree> tree = read_text(text, file, diagnostics);
  if (tree == nullptr) return nullptr;
  auto contract = std::make_unique<Contract>();
  const Node& root = *tree->root();
  contract->trees_.push_back(std::move(tree));
  Reader reader(*contract, diagnostics);
  if (!root.is_object()) {
    reader.error(root, "wrong-type",
                 "an OpenAPI document is an object, not " + std::string(kind_name(root.kind)));
    return nullptr;
  }
  if (!read_version(reader, root)) return nullptr;
  check_object(reader, root, rules::kDocument);
  check_containers(reader, root);
  contract->x_caponier = member(root, "x-caponier", NodeKind::kObject);
  read_information(reader, root);
  read_descriptions(reader, root);
  read_components(reader, root);
  Inherited inherited;
  inherited.base_paths.emplace_back();
  if (const Node* servers = member(root, "servers", NodeKind::kArray)) {
    inherited.base_paths = read_servers(reader, *servers);
  }
  if (const Node* security = member(root, "security", NodeKind::kArray)) {
    inherited.security = read_security(reader, *security);
    inherited.security_node = security;
  }
  if (const Node* paths = member(root, "paths", NodeKind::kObject)) read_paths(reader, *paths, inherited);
  return contract;
}

}  // namespace caponier::openapi
