#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "openapi/content.h"
#include "openapi/contract.h"
#include "openapi/object_rules.h"
#include "openapi/overlay.h"
#include "openapi/parameters.h"
#include "openapi/paths.h"
#include "openapi/read_document.h"
#include "openapi/reader.h"
#include "openapi/security.h"
#include "openapi/servers.h"
#include "openapi/unserved.h"

namespace caponier::openapi {
namespace {

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
    check_webhooks(reader, *hooks);
  }
}

void check_schemas(Reader& reader, const Node& schemas) {
  for (const Node& entry : schemas) {
    const bool is_schema = entry.is_object() || (entry.is_boolean() && reader.is_31());
    if (is_schema || entry.key.starts_with("x-")) continue;
    reader.error(entry, "wrong-type",
                 std::string("a schema must be an object") + (reader.is_31() ? ", true or false" : "") +
                     ", not " + std::string(kind_name(entry.kind)),
                 "Write a schema, such as {type: string}.");
  }
}

void read_section(Reader& reader, const Node& section) {
  if (section.key == "examples") return check_examples(reader, section);
  if (section.key == "links") return check_links(reader, section);
  if (section.key == "callbacks") return check_callbacks(reader, section);
  if (section.key == "pathItems") return check_object_map(reader, section, "a path item");
  if (section.key == "schemas") return check_schemas(reader, section);
  for (const Node& entry : section) {
    if (reader.is_out_of_reach(entry)) continue;
    if (section.key == "parameters") read_parameter(reader, entry);
    if (section.key == "requestBodies") read_request_body(reader, entry);
    if (section.key == "responses") read_response(reader, entry);
    if (section.key == "headers") check_header(reader, entry);
  }
}

// Components are checked whether or not an operation uses them. What is in a schema is the compiler's
// business.
void read_components(Reader& reader, const Node& root) {
  const Node* components = member(root, "components", NodeKind::kObject);
  if (components == nullptr || !check_object(reader, *components, rules::kComponents)) return;
  for (const Node& section : *components) {
    if (!section.is_object()) continue;
    if (section.key == "securitySchemes") {
      read_schemes(reader, section);
    } else {
      read_section(reader, section);
    }
  }
}

}  // namespace

std::unique_ptr<Contract> load_contract(std::string_view text, const std::string& file,
                                        Diagnostics& diagnostics) {
  return load_contract({.text = text, .file = file}, diagnostics);
}

std::unique_ptr<Contract> load_contract(LoadInput input, Diagnostics& diagnostics) {
  std::unique_ptr<Tree> tree = read_document(input.text, input.file, 0, diagnostics);
  if (tree == nullptr) return nullptr;
  auto contract = std::make_unique<Contract>(std::move(input.read_file));
  contract->add(std::move(tree));
  apply_overlays(*contract, input.overlays, diagnostics);
  const Node& root = *contract->main_tree().root();
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
  note_unserved(reader);
  contract->operations.shrink_to_fit();
  return contract;
}

}  // namespace caponier::openapi
