#include "openapi/object_rules.h"

#include <string>
#include <vector>

#include "base/bytes.h"

namespace caponier::openapi {
namespace rules {
namespace {

constexpr bool kRequired = true;
constexpr bool kSince31 = true;
constexpr bool kOptionalIn31 = true;

constexpr MemberRule kDocumentMembers[] = {{"openapi", Shape::kString, kRequired},
                                           {"info", Shape::kObject, kRequired},
                                           {"jsonSchemaDialect", Shape::kString, false, kSince31},
                                           {"servers", Shape::kArray},
                                           {"paths", Shape::kObject, kRequired, false, kOptionalIn31},
                                           {"webhooks", Shape::kObject, false, kSince31},
                                           {"components", Shape::kObject},
                                           {"security", Shape::kArray},
                                           {"tags", Shape::kArray},
                                           {"externalDocs", Shape::kObject}};
constexpr MemberRule kInformationMembers[] = {
    {"title", Shape::kString, kRequired},  {"summary", Shape::kString, false, kSince31},
    {"description", Shape::kString},       {"termsOfService", Shape::kString},
    {"contact", Shape::kObject},           {"license", Shape::kObject},
    {"version", Shape::kString, kRequired}};
constexpr MemberRule kContactMembers[] = {
    {"name", Shape::kString}, {"url", Shape::kString}, {"email", Shape::kString}};
constexpr MemberRule kLicenseMembers[] = {{"name", Shape::kString, kRequired},
                                          {"identifier", Shape::kString, false, kSince31},
                                          {"url", Shape::kString}};
constexpr MemberRule kExternalDocsMembers[] = {{"description", Shape::kString},
                                               {"url", Shape::kString, kRequired}};
constexpr MemberRule kTagMembers[] = {
    {"name", Shape::kString, kRequired}, {"description", Shape::kString}, {"externalDocs", Shape::kObject}};
constexpr MemberRule kServerMembers[] = {
    {"url", Shape::kString, kRequired}, {"description", Shape::kString}, {"variables", Shape::kObject}};
constexpr MemberRule kServerVariableMembers[] = {
    {"enum", Shape::kStrings}, {"default", Shape::kString, kRequired}, {"description", Shape::kString}};
constexpr MemberRule kComponentsMembers[] = {
    {"schemas", Shape::kObject},         {"responses", Shape::kObject},
    {"parameters", Shape::kObject},      {"examples", Shape::kObject},
    {"requestBodies", Shape::kObject},   {"headers", Shape::kObject},
    {"securitySchemes", Shape::kObject}, {"links", Shape::kObject},
    {"callbacks", Shape::kObject},       {"pathItems", Shape::kObject, false, kSince31}};
constexpr MemberRule kPathItemMembers[] = {
    {"$ref", Shape::kString},     {"summary", Shape::kString}, {"description", Shape::kString},
    {"get", Shape::kObject},      {"put", Shape::kObject},     {"post", Shape::kObject},
    {"delete", Shape::kObject},   {"options", Shape::kObject}, {"head", Shape::kObject},
    {"patch", Shape::kObject},    {"trace", Shape::kObject},   {"servers", Shape::kArray},
    {"parameters", Shape::kArray}};
constexpr MemberRule kOperationMembers[] = {
    {"tags", Shape::kStrings},       {"summary", Shape::kString},
    {"description", Shape::kString}, {"externalDocs", Shape::kObject},
    {"operationId", Shape::kString}, {"parameters", Shape::kArray},
    {"requestBody", Shape::kObject}, {"responses", Shape::kObject, kRequired, false, kOptionalIn31},
    {"callbacks", Shape::kObject},   {"deprecated", Shape::kBoolean},
    {"security", Shape::kArray},     {"servers", Shape::kArray}};
constexpr MemberRule kParameterMembers[] = {{"name", Shape::kString, kRequired},
                                            {"in", Shape::kString, kRequired},
                                            {"description", Shape::kString},
                                            {"required", Shape::kBoolean},
                                            {"deprecated", Shape::kBoolean},
                                            {"allowEmptyValue", Shape::kBoolean},
                                            {"style", Shape::kString},
                                            {"explode", Shape::kBoolean},
                                            {"allowReserved", Shape::kBoolean},
                                            {"schema", Shape::kSchema},
                                            {"example"},
                                            {"examples", Shape::kObject},
                                            {"content", Shape::kObject}};
constexpr MemberRule kHeaderMembers[] = {
    {"description", Shape::kString},      {"required", Shape::kBoolean}, {"deprecated", Shape::kBoolean},
    {"allowEmptyValue", Shape::kBoolean}, {"style", Shape::kString},     {"explode", Shape::kBoolean},
    {"allowReserved", Shape::kBoolean},   {"schema", Shape::kSchema},    {"example"},
    {"examples", Shape::kObject},         {"content", Shape::kObject}};
constexpr MemberRule kRequestBodyMembers[] = {
    {"description", Shape::kString}, {"content", Shape::kObject, kRequired}, {"required", Shape::kBoolean}};
constexpr MemberRule kMediaTypeMembers[] = {
    {"schema", Shape::kSchema}, {"example"}, {"examples", Shape::kObject}, {"encoding", Shape::kObject}};
constexpr MemberRule kEncodingMembers[] = {{"contentType", Shape::kString},
                                           {"headers", Shape::kObject},
                                           {"style", Shape::kString},
                                           {"explode", Shape::kBoolean},
                                           {"allowReserved", Shape::kBoolean}};
constexpr MemberRule kResponseMembers[] = {{"description", Shape::kString, kRequired},
                                           {"headers", Shape::kObject},
                                           {"content", Shape::kObject},
                                           {"links", Shape::kObject}};
constexpr MemberRule kSecuritySchemeMembers[] = {{"type", Shape::kString, kRequired},
                                                 {"description", Shape::kString},
                                                 {"name", Shape::kString},
                                                 {"in", Shape::kString},
                                                 {"scheme", Shape::kString},
                                                 {"bearerFormat", Shape::kString},
                                                 {"flows", Shape::kObject},
                                                 {"openIdConnectUrl", Shape::kString}};
constexpr MemberRule kFlowsMembers[] = {{"implicit", Shape::kObject},
                                        {"password", Shape::kObject},
                                        {"clientCredentials", Shape::kObject},
                                        {"authorizationCode", Shape::kObject}};
constexpr MemberRule kFlowMembers[] = {{"authorizationUrl", Shape::kString},
                                       {"tokenUrl", Shape::kString},
                                       {"refreshUrl", Shape::kString},
                                       {"scopes", Shape::kObject, kRequired}};

constexpr MemberRule kLinkMembers[] = {{"operationRef", Shape::kString}, {"operationId", Shape::kString},
                                       {"parameters", Shape::kObject},   {"requestBody"},
                                       {"description", Shape::kString},  {"server", Shape::kObject}};
constexpr MemberRule kExampleMembers[] = {{"summary", Shape::kString},
                                          {"description", Shape::kString},
                                          {"value"},
                                          {"externalValue", Shape::kString}};
// OpenAPI Overlay 1.0.
constexpr MemberRule kOverlayMembers[] = {{"overlay", Shape::kString, kRequired},
                                          {"info", Shape::kObject, kRequired},
                                          {"extends", Shape::kString},
                                          {"actions", Shape::kArray, kRequired}};
constexpr MemberRule kOverlayInformationMembers[] = {{"title", Shape::kString, kRequired},
                                                     {"version", Shape::kString, kRequired}};
constexpr MemberRule kOverlayActionMembers[] = {{"target", Shape::kString, kRequired},
                                                {"description", Shape::kString},
                                                {"update"},
                                                {"remove", Shape::kBoolean}};

}  // namespace

const ObjectRule kDocument{"an OpenAPI document", kDocumentMembers, true};
const ObjectRule kInformation{"`info`", kInformationMembers};
const ObjectRule kContact{"a contact", kContactMembers};
const ObjectRule kLicense{"a license", kLicenseMembers};
const ObjectRule kExternalDocs{"`externalDocs`", kExternalDocsMembers};
const ObjectRule kTag{"a tag", kTagMembers};
const ObjectRule kServer{"a server", kServerMembers};
const ObjectRule kServerVariable{"a server variable", kServerVariableMembers};
const ObjectRule kComponents{"`components`", kComponentsMembers};
const ObjectRule kPathItem{"a path item", kPathItemMembers, true};
const ObjectRule kOperation{"an operation", kOperationMembers, true};
const ObjectRule kParameter{"a parameter", kParameterMembers, true};
const ObjectRule kHeader{"a header", kHeaderMembers};
const ObjectRule kRequestBody{"a request body", kRequestBodyMembers};
const ObjectRule kMediaType{"a media type", kMediaTypeMembers};
const ObjectRule kEncoding{"an encoding", kEncodingMembers};
const ObjectRule kResponse{"a response", kResponseMembers};
const ObjectRule kSecurityScheme{"a security scheme", kSecuritySchemeMembers, true};
const ObjectRule kFlows{"`flows`", kFlowsMembers};
const ObjectRule kFlow{"an OAuth flow", kFlowMembers};
const ObjectRule kLink{"a link", kLinkMembers};
const ObjectRule kExample{"an example", kExampleMembers};
const ObjectRule kOverlay{"an overlay", kOverlayMembers};
const ObjectRule kOverlayInformation{"an overlay's `info`", kOverlayInformationMembers};
const ObjectRule kOverlayAction{"an action", kOverlayActionMembers};

}  // namespace rules

namespace {

std::string_view shape_name(Shape shape, bool is_31) {
  switch (shape) {
    case Shape::kString:
      return "a string";
    case Shape::kBoolean:
      return "true or false";
    case Shape::kArray:
      return "an array";
    case Shape::kObject:
      return "an object";
    case Shape::kSchema:
      return is_31 ? "an object, true or false" : "an object";
    case Shape::kStrings:
      return "an array of strings";
    case Shape::kAny:
      break;
  }
  return "a value";
}

bool has_shape(const Node& node, Shape shape, bool is_31) {
  switch (shape) {
    case Shape::kString:
      return node.is_string();
    case Shape::kBoolean:
      return node.is_boolean();
    case Shape::kArray:
      return node.is_array();
    case Shape::kObject:
      return node.is_object();
    case Shape::kSchema:
      return node.is_object() || (is_31 && node.is_boolean());
    case Shape::kStrings:
      if (!node.is_array()) return false;
      for (const Node& element : node) {
        if (!element.is_string()) return false;
      }
      return true;
    case Shape::kAny:
      break;
  }
  return true;
}

const MemberRule* rule_of(const ObjectRule& rule, std::string_view name, bool is_31) {
  for (const MemberRule& candidate : rule.members) {
    if (candidate.name == name) return candidate.since_31 && !is_31 ? nullptr : &candidate;
  }
  return nullptr;
}

void report_unknown(Reader& reader, const Node& unknown, const ObjectRule& rule) {
  std::vector<std::string_view> names;
  for (const MemberRule& candidate : rule.members) {
    if (candidate.name == unknown.key) {
      reader.error_at_key(unknown, "unknown-member",
                          quote(unknown.key) + " belongs to OpenAPI 3.1, this document is 3.0",
                          "Set `openapi` to \"3.1.0\", or remove it.");
      return;
    }
    if (!candidate.since_31 || reader.is_31()) names.push_back(candidate.name);
  }
  const std::string_view meant = did_you_mean(unknown.key, names);
  reader.error_at_key(
      unknown, "unknown-member", quote(unknown.key) + " is not a member of " + std::string(rule.what),
      meant.empty() ? "Remove it; extensions begin with \"x-\"." : "Did you mean " + quote(meant) + "?");
}

}  // namespace

void check_extension(Reader& reader, const Node& extension, bool policy) {
  if (extension.key == "x-caponier") {
    if (!policy) {
      reader.error_at_key(extension, "unknown-member", "`x-caponier` means nothing at this place",
                          "Move it to the document's root, a security scheme, a path, an operation, a "
                          "parameter or a schema.");
    } else if (!extension.is_object()) {
      reader.error(extension, "wrong-type",
                   "`x-caponier` must be an object, not " + std::string(kind_name(extension.kind)));
    }
    return;
  }
  // A mistyped policy would otherwise pass as another vendor's extension.
  static const std::vector<std::string_view> ours = {"x-caponier"};
  if (!did_you_mean(lower(extension.key), ours).empty()) {
    reader.error_at_key(extension, "unknown-member", quote(extension.key) + " is not known",
                        "Did you mean \"x-caponier\"?");
  }
}

bool check_object(Reader& reader, const Node& node, const ObjectRule& rule) {
  if (!node.is_object()) {
    reader.error(node, "wrong-type",
                 std::string(rule.what) + " must be an object, not " + std::string(kind_name(node.kind)));
    return false;
  }
  for (const Node& found : node) {
    if (found.key.starts_with("x-")) {
      check_extension(reader, found, rule.policy);
      continue;
    }
    const MemberRule* known = rule_of(rule, found.key, reader.is_31());
    if (known == nullptr) {
      report_unknown(reader, found, rule);
    } else if (!has_shape(found, known->shape, reader.is_31())) {
      std::string message = quote(found.key) + " must be ";
      message += shape_name(known->shape, reader.is_31());
      if (known->shape != Shape::kStrings) message += ", not " + std::string(kind_name(found.kind));
      std::string fix = "Write ";
      fix += shape_name(known->shape, reader.is_31());
      reader.error(found, "wrong-type", std::move(message), fix + '.');
    }
  }
  for (const MemberRule& wanted : rule.members) {
    if (!wanted.required || (wanted.optional_in_31 && reader.is_31())) continue;
    if (node.find(wanted.name) != nullptr) continue;
    reader.error(node, "missing-member", std::string(rule.what) + " needs the member " + quote(wanted.name),
                 "Add it.");
  }
  return true;
}

const Node* member(const Node& object, std::string_view name, NodeKind kind) {
  const Node* found = object.find(name);
  return found != nullptr && found->kind == kind ? found : nullptr;
}

std::string_view text_member(const Node& object, std::string_view name) {
  const Node* found = member(object, name, NodeKind::kString);
  return found == nullptr ? std::string_view() : found->text;
}

bool boolean_member(const Node& object, std::string_view name, bool absent) {
  const Node* found = member(object, name, NodeKind::kBoolean);
  return found == nullptr ? absent : found->boolean;
}

}  // namespace caponier::openapi
