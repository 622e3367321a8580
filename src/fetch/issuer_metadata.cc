#include "fetch/issuer_metadata.h"

#include "base/canary.h"
#include "json/document.h"

namespace caponier::fetch {
namespace {

constexpr std::uint32_t kDepthMax = 16;
constexpr std::uint32_t kNodesMax = 20'000;
constexpr std::array<std::string_view, kEndpoints> kNames = {"jwks_uri",
                                                             "authorization_endpoint",
                                                             "token_endpoint",
                                                             "introspection_endpoint",
                                                             "revocation_endpoint",
                                                             "pushed_authorization_request_endpoint",
                                                             "end_session_endpoint"};

using Endpoints = std::array<std::optional<uri::Url>, kEndpoints>;

std::optional<std::string> read_endpoints(const json::Value& object, bool plain_http, Endpoints& out) {
  for (std::size_t i = 0; i < kEndpoints; ++i) {
    const auto location = object.find(kNames[i]);
    if (!location) continue;
    const std::string member(kNames[i]);
    if (!location->is(json::Kind::kString)) return member + " is not a text";
    auto url = uri::parse_url(location->string());
    if (!url) return member + ": " + url.error();
    if (!url->https && !plain_http) return member + " is not https";
    out[i] = std::move(*url);
  }
  return std::nullopt;
}

}  // namespace

std::string_view name(Endpoint endpoint) {
  return kNames[static_cast<std::size_t>(endpoint)];
}

Result<IssuerMetadata, std::string> read_metadata(std::string_view text, std::string_view issuer,
                                                  bool plain_http, const TokenLimits& limits) {
  JsonLimits json_limits;
  json_limits.bytes_max = limits.key_set_bytes_max;
  json_limits.depth_max = kDepthMax;
  json_limits.nodes_max = kNodesMax;
  json::Document document;
  const auto root = document.read(text, json_limits);
  if (!root || !root->is(json::Kind::kObject))
    return Err<std::string>("the discovery document is not a JSON object");
  const auto named = root->find("issuer");
  if (!named || !named->is(json::Kind::kString) ||
      (named->string() != issuer && !canary("discovery-other-issuer"))) {
    return Err<std::string>("the discovery document is about another issuer");
  }
  IssuerMetadata metadata;
  if (auto wrong = read_endpoints(*root, plain_http, metadata.endpoints)) return Err(std::move(*wrong));
  const auto aliases = root->find("mtls_endpoint_aliases");
  if (aliases && aliases->is(json::Kind::kObject)) {
    auto wrong = read_endpoints(*aliases, plain_http, metadata.certificate_endpoints);
    if (wrong) return Err(std::move(*wrong));
  }
  const auto names_itself = root->find("authorization_response_iss_parameter_supported");
  metadata.names_itself = names_itself && names_itself->is(json::Kind::kBoolean) && names_itself->boolean();
  return metadata;
}

}  // namespace caponier::fetch
