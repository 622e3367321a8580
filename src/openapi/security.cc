#include "openapi/security.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "openapi/object_rules.h"

namespace caponier::openapi {
namespace {

void require(Reader& reader, const Node& scheme, std::string_view name) {
  const Node* found = scheme.find(name);
  if (found == nullptr) {
    reader.error(scheme, "missing-member", "a security scheme of this type needs the member " + quote(name),
                 "Add it.");
  } else if (found->is_string() && found->text.empty()) {
    reader.error(*found, "invalid-value", quote(name) + " must not be empty");
  }
}

void read_api_key(Reader& reader, const Node& node, SecurityScheme& scheme) {
  require(reader, node, "name");
  require(reader, node, "in");
  scheme.api_key_name = text_member(node, "name");
  const std::string_view in = text_member(node, "in");
  if (in == "header") {
    scheme.api_key_in = ParameterIn::kHeader;
  } else if (in == "query") {
    scheme.api_key_in = ParameterIn::kQuery;
  } else if (in == "cookie") {
    scheme.api_key_in = ParameterIn::kCookie;
  } else if (!in.empty()) {
    reader.error(*node.find("in"), "invalid-value", quote(in) + " is not a place for an API key",
                 "Write header, query or cookie.");
  }
}

void read_http(Reader& reader, const Node& node, SecurityScheme& scheme) {
  require(reader, node, "scheme");
  scheme.http_scheme = text_member(node, "scheme");
  // RFC 9110 section 11.1: scheme names are case-insensitive.
  if (equals_ignore_case(scheme.http_scheme, "bearer")) {
    scheme.type = SchemeType::kHttpBearer;
  } else if (equals_ignore_case(scheme.http_scheme, "basic")) {
    scheme.type = SchemeType::kHttpBasic;
  } else {
    scheme.type = SchemeType::kHttpOther;
  }
}

struct FlowUrls {
  std::string_view flow;
  bool authorization;
  bool token;
};
constexpr FlowUrls kFlowUrls[] = {{"implicit", true, false},
                                  {"password", false, true},
                                  {"clientCredentials", false, true},
                                  {"authorizationCode", true, true}};

void read_flows(Reader& reader, const Node& node) {
  const Node* flows = member(node, "flows", NodeKind::kObject);
  if (flows == nullptr) {
    require(reader, node, "flows");
    return;
  }
  check_object(reader, *flows, rules::kFlows);
  for (const FlowUrls& urls : kFlowUrls) {
    const Node* flow = member(*flows, urls.flow, NodeKind::kObject);
    if (flow == nullptr || !check_object(reader, *flow, rules::kFlow)) continue;
    if (urls.authorization) require(reader, *flow, "authorizationUrl");
    if (urls.token) require(reader, *flow, "tokenUrl");
  }
}

std::optional<SchemeType> type_of(Reader& reader, const Node& node) {
  const Node* type = member(node, "type", NodeKind::kString);
  if (type == nullptr) return std::nullopt;
  if (type->text == "apiKey") return SchemeType::kApiKey;
  if (type->text == "http") return SchemeType::kHttpOther;
  if (type->text == "oauth2") return SchemeType::kOAuth2;
  if (type->text == "openIdConnect") return SchemeType::kOpenIdConnect;
  if (type->text == "mutualTLS" && reader.is_31()) return SchemeType::kMutualTls;
  if (type->text == "mutualTLS") {
    reader.error(*type, "invalid-value",
                 "the type \"mutualTLS\" belongs to OpenAPI 3.1, this document is 3.0",
                 "Set `openapi` to \"3.1.0\".");
    return std::nullopt;
  }
  const std::string_view meant =
      did_you_mean(type->text, {"apiKey", "http", "oauth2", "openIdConnect", "mutualTLS"});
  reader.error(
      *type, "invalid-value", quote(type->text) + " is not a type of security scheme",
      meant.empty() ? "Write apiKey, http, oauth2 or openIdConnect." : "Did you mean " + quote(meant) + "?");
  return std::nullopt;
}

// False where the document lists an OAuth scheme's scopes and this one is not among them.
bool is_declared_scope(const SecurityScheme& scheme, std::string_view scope) {
  if (scheme.type != SchemeType::kOAuth2) return true;
  const Node* flows = member(*scheme.node, "flows", NodeKind::kObject);
  if (flows == nullptr) return true;
  bool any_listed = false;
  for (const Node& flow : *flows) {
    const Node* scopes = flow.is_object() ? member(flow, "scopes", NodeKind::kObject) : nullptr;
    if (scopes == nullptr) continue;
    if (scopes->find(scope) != nullptr) return true;
    any_listed = any_listed || scopes->child_count > 0;
  }
  return !any_listed;
}

std::vector<std::string> read_scopes(Reader& reader, const Node& list, const SecurityScheme& scheme) {
  std::vector<std::string> scopes;
  if (!list.is_array()) {
    reader.error(
        list, "wrong-type",
        "the scopes of " + quote(list.key) + " must be an array, not " + std::string(kind_name(list.kind)),
        "Write `[]` where no scope is needed.");
    return scopes;
  }
  for (const Node& scope : list) {
    if (!scope.is_string() || scope.text.empty()) {
      reader.error(scope, "wrong-type", "a scope must be a string that is not empty");
      continue;
    }
    if (!is_declared_scope(scheme, scope.text)) {
      reader.finding(scope, "undeclared-scope",
                     "the scope " + quote(scope.text) + " is required here, but scheme " +
                         quote(scheme.name) + " does not list it",
                     "List it under the scheme's `flows`, or correct its name.");
    }
    scopes.emplace_back(scope.text);
  }
  return scopes;
}

}  // namespace

void read_schemes(Reader& reader, const Node& schemes) {
  for (const Node& entry : schemes) {
    if (reader.is_out_of_reach(entry)) continue;
    const Node* node = reader.dereference(entry);
    if (node == nullptr || !check_object(reader, *node, rules::kSecurityScheme)) continue;
    const std::optional<SchemeType> type = type_of(reader, *node);
    SecurityScheme scheme;
    scheme.name = entry.key;
    scheme.node = node;
    scheme.x_caponier = member(*node, "x-caponier", NodeKind::kObject);
    scheme.type = type.value_or(SchemeType::kHttpOther);
    if (type == SchemeType::kApiKey) read_api_key(reader, *node, scheme);
    if (type == SchemeType::kHttpOther) read_http(reader, *node, scheme);
    if (type == SchemeType::kOAuth2) read_flows(reader, *node);
    if (type == SchemeType::kOpenIdConnect) {
      require(reader, *node, "openIdConnectUrl");
      scheme.openid_connect_url = text_member(*node, "openIdConnectUrl");
    }
    reader.schemes.emplace(entry.key, static_cast<std::uint32_t>(reader.contract.schemes.size()));
    reader.contract.schemes.push_back(std::move(scheme));
  }
}

std::vector<SecurityAlternative> read_security(Reader& reader, const Node& security) {
  std::vector<SecurityAlternative> alternatives;
  for (const Node& entry : security) {
    if (!entry.is_object()) {
      reader.error(entry, "wrong-type",
                   "a security requirement must be an object, not " + std::string(kind_name(entry.kind)),
                   "Write `- schemeName: []`.");
      continue;
    }
    SecurityAlternative alternative;
    alternative.node = &entry;
    for (const Node& requirement : entry) {
      const auto scheme = reader.schemes.find(requirement.key);
      if (scheme == reader.schemes.end()) {
        std::vector<std::string_view> names;
        for (const SecurityScheme& known : reader.contract.schemes) names.push_back(known.name);
        const std::string_view meant = did_you_mean(requirement.key, names);
        reader.error_at_key(requirement, "undefined-scheme",
                            "the security scheme " + quote(requirement.key) + " is not defined",
                            meant.empty() ? "Define it under `components.securitySchemes`."
                                          : "Did you mean " + quote(meant) + "?");
        continue;
      }
      alternative.all.push_back(
          {scheme->second, read_scopes(reader, requirement, reader.contract.schemes[scheme->second])});
    }
    // An alternative with a requirement that could not be read must never become `{}`, which needs no
    // credential.
    if (alternative.all.size() == entry.child_count) alternatives.push_back(std::move(alternative));
  }
  return alternatives;
}

}  // namespace caponier::openapi
