#include "plan/upstream_token.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "plan/issuers.h"
#include "uri/path.h"

namespace caponier::plan {
namespace {

constexpr std::string_view kExchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";
constexpr std::string_view kAccessToken = "urn:ietf:params:oauth:token-type:access_token";

void append_parameter(std::string& form, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  if (!form.empty()) form += '&';
  form.append(name).append(1, '=');
  uri::append_encoded(form, value);
}

std::string form_of(const config::UpstreamToken& said) {
  std::string scope;
  for (const std::string& one : said.scopes) scope += (scope.empty() ? "" : " ") + one;
  std::string form;
  append_parameter(form, "grant_type", said.exchange ? kExchangeGrant : "client_credentials");
  append_parameter(form, "scope", scope);
  append_parameter(form, "audience", said.audience);
  append_parameter(form, "resource", said.resource);
  if (!said.exchange) return form;
  append_parameter(form, "subject_token_type", kAccessToken);
  append_parameter(form, "requested_token_type", kAccessToken);
  return form;
}

// The issuer's entry of the configuration, if a token can be asked for there.
const config::Issuer* asked(Compilation& compilation, const config::UpstreamToken& said) {
  std::vector<std::string_view> names;
  for (const config::Issuer& issuer : compilation.config.issuers) {
    names.push_back(issuer.issuer);
    if (issuer.issuer != said.issuer) continue;
    if (issuer.client) return &issuer;
    compilation.report.add(
        diagnostic_at(said.origin, "issuer-without-client",
                      "tokens of " + quoted(said.issuer) +
                          " are for its clients, and nothing says as which the gateway asks",
                      "add to the issuer: client: {id: api-gateway, secret: \"file:///run/secrets/name\"}"));
    return nullptr;
  }
  const std::string_view meant = did_you_mean(said.issuer, names);
  compilation.report.add(
      diagnostic_at(said.origin, "unknown-issuer", quoted(said.issuer) + " is none of the `issuers`",
                    meant.empty() ? "add it there, with a `client`" : "did you mean " + quoted(meant) + "?"));
  return nullptr;
}

// Whether every request of the operation that is let through brings a token that can be exchanged.
bool always_brings_token(const Plan& plan, const Operation& operation) {
  if (operation.report_only.authentication || operation.alternatives.empty()) return false;
  // For a browser that has logged in, the gateway keeps one.
  const auto brings = [&plan](const Requirement& requirement) {
    const Scheme& scheme = plan.schemes[requirement.scheme];
    return scheme.as<BearerRule>() != nullptr || scheme.as<SessionRule>() != nullptr;
  };
  const auto all_bring = [&brings](const Alternative& alternative) {
    return std::any_of(alternative.all.begin(), alternative.all.end(), brings);
  };
  return std::all_of(operation.alternatives.begin(), operation.alternatives.end(), all_bring);
}

void check_operations(Compilation& compilation, std::uint32_t upstream, const config::UpstreamToken& said) {
  const Plan& plan = *compilation.plan;
  for (const Operation& operation : plan.operations) {
    if (operation.upstream != upstream || always_brings_token(plan, operation)) continue;
    compilation.report.add(diagnostic_at(
        said.origin, "nothing-to-exchange",
        "the caller's token is exchanged for upstream " + quoted(plan.upstreams[upstream].label()) +
            ", and " + operation.label + " (" + operation.where.text + ") can be called without one",
        "send that operation to another upstream, require a bearer token, or write grant: "
        "client_credentials"));
  }
}

void check_authorization(Compilation& compilation, const config::Upstream& source) {
  if (source.identity.authorization == config::AuthorizationHeader::kKeep) return;
  compilation.report.add(
      diagnostic_at(source.token->origin, "two-tokens",
                    "Authorization holds one token, and both `token` and `identity_token` claim it",
                    "write authorization: keep; the identity token stands in Caponier-Identity in any case"));
}

void compile_token(Compilation& compilation, const config::Upstream& source, std::uint32_t index) {
  if (!source.token) return;
  const config::UpstreamToken& said = *source.token;
  check_authorization(compilation, source);
  const config::Issuer* issuer = asked(compilation, said);
  if (issuer == nullptr) return;
  if (said.exchange) check_operations(compilation, index, said);
  auto made = asked_issuer(*issuer);
  if (!made) {
    compilation.report.add(
        diagnostic_at(said.origin, "bad-issuer",
                      quoted(said.issuer) + " does not say where its endpoints are, because it is no URL",
                      "name an issuer by its https URL"));
    return;
  }
  UpstreamToken token;
  token.issuer = std::move(*made);
  token.exchange = said.exchange;
  token.form = form_of(said);
  token.where = {said.origin.file + ':' + std::to_string(said.origin.position.line) + ':' +
                 std::to_string(said.origin.position.column)};
  compilation.plan->upstreams[index].token = std::move(token);
}

}  // namespace

void compile_upstream_tokens(Compilation& compilation) {
  compile_token(compilation, compilation.config.upstream, 0);
  for (std::size_t i = 0; i < compilation.config.upstreams.size(); ++i)
    compile_token(compilation, compilation.config.upstreams[i], static_cast<std::uint32_t>(i + 1));
}

}  // namespace caponier::plan
