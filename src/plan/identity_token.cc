#include "plan/identity_token.h"

#include <algorithm>
#include <utility>

#include "base/arena.h"
#include "json/write.h"
#include "plan/compile_identity_token.h"
#include "uri/path.h"

namespace caponier::plan {
namespace {

// Where a document has the path, in whichever method: nobody could tell which of the two was meant.
void check_collision(Compilation& compilation, const config::IdentityToken& said, const uri::Path& path) {
  const RouteMatch route = compilation.plan->router.match(path.segments, http::Method::kGet);
  if (!route.path_found && !route.hidden) return;
  std::string whose;
  for (const Operation& operation : compilation.plan->operations) {
    if (route.operation != kNoOperation && &operation == &compilation.plan->operations[route.operation])
      whose = " (" + operation.label + ", " + operation.where.text + ")";
  }
  compilation.report.add(diagnostic_at(
      said.origin, "jwks-path-declared",
      "the keys would be published at " + quoted(said.jwks_path) + ", which the document declares" + whose,
      "name another path: identity_token: {jwks_path: /.well-known/caponier-keys.json}"));
}

void check_path(Compilation& compilation, const config::IdentityToken& said) {
  Arena arena(1024);
  const auto path = uri::normalize_path(said.jwks_path, arena);
  if (path && path->canonical == said.jwks_path) return check_collision(compilation, said, *path);
  compilation.report.add(diagnostic_at(said.origin, "bad-jwks-path",
                                       quoted(said.jwks_path) + " is no path in its plain spelling",
                                       "write it as clients send it: /.well-known/jwks.json"));
}

// Where nobody is served, nothing is published.
void check_listeners(Compilation& compilation, const config::IdentityToken& said) {
  for (const std::string& name : said.listeners) {
    std::vector<std::string_view> names;
    const config::Listener* found = nullptr;
    for (const config::Listener& listener : compilation.config.listeners) {
      names.push_back(listener.name);
      if (listener.name == name) found = &listener;
    }
    if (found == nullptr) {
      const std::string_view meant = did_you_mean(name, names);
      compilation.report.add(diagnostic_at(
          said.origin, "unknown-listener", "`published_on` names " + quoted(name) + ", which no listener is",
          meant.empty() ? "name listeners of the configuration" : "did you mean " + quoted(meant) + "?"));
    } else if (found->surface == config::Surface::kAdmin || !found->rules.redirect.empty()) {
      compilation.report.add(diagnostic_at(
          said.origin, "listener-serves-nothing",
          "`published_on` names " + quoted(name) + ", which " +
              (found->rules.redirect.empty() ? "is the admin surface" : "sends everybody elsewhere"),
          "name a public or internal listener, which upstreams reach"));
    }
  }
}

void check_issuer(Compilation& compilation, const config::IdentityToken& said) {
  for (const Issuer& issuer : compilation.plan->issuers) {
    if (issuer.rules.issuer != said.issuer) continue;
    compilation.report.add(diagnostic_at(
        said.origin, "identity-token-issuer",
        quoted(said.issuer) + " issues tokens by which callers are known: what the gateway says of callers "
                              "must not be taken for what they say of themselves",
        "name the gateway: issuer: \"https://gateway.internal\""));
  }
}

// RSA signs more than ten times slower than P-256, and every request pays.
void tell_slow(Compilation& compilation, const config::IdentityToken& said) {
  if (said.algorithm != "RS256") return;
  compilation.report.add_finding(
      diagnostic_at(said.origin, "identity-token-slow",
                    "every request that an upstream is told about waits for an RS256 signature, which takes "
                    "more than half a "
                    "millisecond of a core",
                    "write algorithm: ES256, unless an upstream can verify nothing else"));
}

UpstreamIdentity identity_of(const IdentityToken& token, const config::UpstreamIdentity& said,
                             const Upstream& upstream) {
  UpstreamIdentity out;
  out.told = true;
  out.authorization = said.authorization;
  out.audience = said.audience.empty() ? upstream.label() : said.audience;
  out.claims = "{\"iss\":";
  json::append_string(out.claims, token.issuer);
  out.claims += ",\"aud\":";
  json::append_string(out.claims, out.audience);
  return out;
}

void tell_upstream(Compilation& compilation, const config::Upstream& source, Upstream& upstream) {
  if (!source.identity.told) return;
  Plan& plan = *compilation.plan;
  if (plan.identity_token) {
    upstream.identity = identity_of(*plan.identity_token, source.identity, upstream);
    return;
  }
  compilation.report.add(diagnostic_at(
      source.identity.origin, "identity-token-unknown",
      "upstream " + quoted(upstream.label()) + " is to be told who calls, and nothing says as whom",
      "add to " + compilation.config_name() + ": identity_token: {issuer: \"https://gateway.internal\"}"));
}

IdentityToken made_of(const config::IdentityToken& said) {
  IdentityToken out;
  out.issuer = said.issuer;
  out.lifetime_s = said.lifetime_s;
  if (!said.algorithm.empty())
    out.algorithm = jose::parse_algorithm(said.algorithm).value_or(jose::Algorithm::kES256);
  out.key = said.key;
  out.next_key = said.next_key;
  out.rotate_every_s = said.rotate_every_s;
  out.jwks_path = said.jwks_path;
  out.listeners = said.listeners;
  out.where = {said.origin.file + ':' + std::to_string(said.origin.position.line) + ':' +
               std::to_string(said.origin.position.column)};
  return out;
}

}  // namespace

bool IdentityToken::publishes_at(std::string_view listener) const {
  return listeners.empty() || std::find(listeners.begin(), listeners.end(), listener) != listeners.end();
}

void compile_identity_token(Compilation& compilation) {
  const auto& said = compilation.config.identity_token;
  Plan& plan = *compilation.plan;
  if (said) {
    plan.identity_token = made_of(*said);
    check_path(compilation, *said);
    check_listeners(compilation, *said);
    check_issuer(compilation, *said);
    tell_slow(compilation, *said);
  }
  tell_upstream(compilation, compilation.config.upstream, plan.upstreams.front());
  for (std::size_t i = 0; i < compilation.config.upstreams.size(); ++i)
    tell_upstream(compilation, compilation.config.upstreams[i], plan.upstreams[i + 1]);
  const bool told = std::any_of(plan.upstreams.begin(), plan.upstreams.end(),
                                [](const Upstream& u) { return u.identity.told; });
  if (!said || told) return;
  compilation.report.add_finding(
      diagnostic_at(said->origin, "identity-token-unused",
                    "no upstream is told who calls, so that the keys are published for nobody",
                    "write identity_token: true for an upstream"));
}

}  // namespace caponier::plan
