#include "cli/coverage.h"

#include <algorithm>

#include "cli/text_table.h"
#include "plan/password_users.h"
#include "plan/policy_members.h"
#include "stages/failures.h"

namespace caponier::cli {
namespace {

constexpr std::size_t kWidthMax = 100;

void append_part(std::string& out, std::string_view part, std::string_view separator) {
  if (!out.empty()) out += separator;
  out += part;
}

std::string authentication(const plan::Plan& plan, const plan::Operation& operation) {
  std::string out;
  for (const plan::Alternative& alternative : operation.alternatives) {
    std::string all;
    for (const plan::Requirement& requirement : alternative.all) {
      append_part(all, plan.schemes[requirement.scheme].name, " + ");
    }
    if (!all.empty()) append_part(out, all, " or ");
  }
  if (operation.is_public) append_part(out, "public: " + operation.public_reason, " or ");
  return out;
}

std::string scopes(const plan::Operation& operation) {
  std::string out;
  for (const plan::Alternative& alternative : operation.alternatives) {
    std::string all;
    for (const plan::Requirement& requirement : alternative.all) {
      for (const std::string& scope : requirement.scopes) append_part(all, scope, " ");
    }
    if (!all.empty() && all != out) append_part(out, all, " or ");
  }
  return out.empty() ? "-" : out;
}

std::string_view judged_as(const plan::Body& body) {
  switch (body.form) {
    case plan::BodyForm::kJson:
      if (body.program == nullptr) return "body any JSON";
      return body.closed ? "body closed" : "body open";
    case plan::BodyForm::kForm:
    case plan::BodyForm::kMultipart:
      return body.closed ? "form closed" : "form open";
    case plan::BodyForm::kText:
      return body.program == nullptr ? "any text" : "text";
    case plan::BodyForm::kOpaque:
      return "bytes bounded";
  }
  return "";
}

// What happens to answers beyond their status, media type and headers.
std::string_view answers(const plan::Operation& operation) {
  if (operation.response_mode == plan::ResponseMode::kReport) return "answers reported";
  if (!operation.judges_responses) return "";
  return operation.response_mode == plan::ResponseMode::kStrip ? "answers stripped" : "answers enforced";
}

std::string validation(const plan::Operation& operation) {
  std::string out;
  const std::size_t count = operation.parameters.size();
  if (count > 0) out = std::to_string(count) + (count == 1 ? " param" : " params");
  for (const plan::Body& body : operation.bodies) {
    const std::string_view kind = judged_as(body);
    if (out.find(kind) == std::string::npos) append_part(out, kind, ", ");
  }
  if (operation.websocket) append_part(out, "WebSocket", ", ");
  if (out.empty()) out = "no input";
  if (const std::string_view held = answers(operation); !held.empty()) append_part(out, held, ", ");
  return out;
}

std::string_view counted(plan::LimitPer per) {
  switch (per) {
    case plan::LimitPer::kAddress:
      return "addr";
    case plan::LimitPer::kCredential:
      return "cred";
    case plan::LimitPer::kOperation:
      return "all";
  }
  return "";
}

std::string limits(const plan::Operation& operation) {
  std::string out;
  for (const plan::RateLimit& limit : operation.limits) {
    append_part(out, to_text(plan::RateRule{limit.requests, limit.window_us, false, {}}), ", ");
    out += '/';
    out += counted(limit.per);
  }
  return out.empty() ? "none" : out;
}

std::string describe(const plan::Plan& plan, const plan::Scheme& scheme) {
  std::string out = scheme.name;
  if (scheme.as<plan::ApiKeyRule>() != nullptr) {
    const std::string_view in = scheme.place.in == plan::CredentialIn::kCookie  ? "cookie "
                                : scheme.place.in == plan::CredentialIn::kQuery ? "query parameter "
                                                                                : "header ";
    return out.append(": API key of the store, in the ").append(in).append(scheme.place.name);
  }
  if (const auto* rule = scheme.as<plan::ClientCertificateRule>()) {
    out += ": client certificate";
    if (rule->identity != plan::CertificateName::kAny) out += ", by its " + std::string(name(rule->identity));
    std::string allowed;
    for (const std::string& one : rule->allow) append_part(allowed, one, " or ");
    return out + (allowed.empty() ? ", any that the listener verifies" : ": " + allowed);
  }
  if (const auto* rule = scheme.as<plan::SessionRule>()) {
    const plan::Login& login = plan.logins[rule->login];
    return out + ": browser's session, in the cookie " + login.cookie + ", from " +
           plan.issuers[login.issuer].rules.issuer + " by " + login.origin +
           login.path(plan::LoginAction::kLogin) + ", idle " + std::to_string(login.idle_s) + "s of " +
           std::to_string(login.lifetime_s) + "s";
  }
  if (const auto* rule = scheme.as<plan::BasicRule>()) {
    const std::size_t count = rule->users->size();
    return out + ": name and password in each request, of " + std::to_string(count) +
           (count == 1 ? " user" : " users");
  }
  std::string_view separator = ": token of ";
  for (const std::uint32_t index : scheme.as<plan::BearerRule>()->issuers) {
    const plan::Issuer& issuer = plan.issuers[index];
    out += std::string(separator) + issuer.rules.issuer;
    std::string audiences;
    for (const std::string& audience : issuer.rules.audiences) append_part(audiences, audience, " or ");
    out += audiences.empty() ? " for any audience" : " for " + audiences;
    if (issuer.source == plan::KeySource::kDevelopment) out += " (development)";
    if (issuer.introspection) {
      const auto& place = issuer.introspection->url;
      out += ", introspected at " + (place ? place->text() : "the endpoint that it names");
    }
    if (issuer.binding != plan::TokenBinding::kIfBound)
      out += ", bound: " + std::string(name(issuer.binding));
    separator = ", or of ";
  }
  return out;
}

// How often somebody may be wrong.
std::vector<std::string> guessing(const ConnectionLimits& limits) {
  const auto line = [](std::string_view who, std::uint32_t burst, std::uint32_t per_minute) {
    return std::string(who) + ": " + std::to_string(burst) + " failed authentications at once, " +
           std::to_string(per_minute) + " a minute; then a wait that doubles up to " +
           std::to_string(stages::kBackOffMaxUs / 60'000'000) + " minutes";
  };
  return {line("of an address", limits.failed_authentications_per_address_burst,
               limits.failed_authentications_per_address_per_minute),
          line("for an identity, wherever from", limits.failed_authentications_per_identity_burst,
               limits.failed_authentications_per_identity_per_minute) +
              "; a valid credential never waits"};
}

// Which of the columns are words only, so far.
std::string reported(const plan::Operation& operation) {
  std::string out;
  if (operation.report_only.authentication) append_part(out, "authentication", ", ");
  if (operation.report_only.limit) append_part(out, "limits", ", ");
  if (operation.report_only.authorize) append_part(out, "authorization", ", ");
  if (operation.report_only.validate) append_part(out, "validation", ", ");
  return out.empty() ? out : " (reports only: " + out + ')';
}

std::string_view protocol_of(const plan::Upstream& upstream) {
  switch (upstream.rules.protocol) {
    case UpstreamProtocol::kAuto:
      return upstream.url.https ? "; HTTP/2 if it chooses that, else HTTP/1.1" : "";
    case UpstreamProtocol::kHttp1:
      return "; HTTP/1.1 only";
    case UpstreamProtocol::kHttp2:
      return upstream.url.https ? "; HTTP/2 only" : "; HTTP/2 only, without asking";
  }
  return "";
}

// Who calls, as the upstream is told, and by which token of an issuer it is called.
std::string told_to(const plan::Upstream& upstream) {
  std::string out;
  if (upstream.identity.told) {
    out += "; told who calls, as " + upstream.identity.audience;
    switch (upstream.identity.authorization) {
      case config::AuthorizationHeader::kKeep:
        break;
      case config::AuthorizationHeader::kReplaceOpaque:
        out += ", in the place of opaque tokens";
        break;
      case config::AuthorizationHeader::kReplace:
        out += ", in the place of every token";
        break;
    }
  }
  if (!upstream.token) return out;
  const std::string issuer = " of " + upstream.token->issuer.rules.issuer;
  return out + (upstream.token->exchange ? "; called by a token" + issuer + " for the caller's"
                                         : "; called by a token" + issuer + " of the gateway's own");
}

// Where requests go, and what is done when it is not well.
std::string describe(const plan::Upstream& upstream) {
  std::string out = (upstream.name.empty() ? "default" : upstream.name) + ": ";
  std::string endpoints;
  for (const plan::UpstreamEndpoint& endpoint : upstream.endpoints) {
    const bool ipv6 = endpoint.host.find(':') != std::string::npos;
    append_part(endpoints,
                (ipv6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port),
                ", ");
  }
  out += upstream.url.https ? "https to " + endpoints : "plain http to " + endpoints;
  if (!upstream.certificate_file.empty()) out += "; with a certificate of ours";
  if (!upstream.spiffe_id.empty()) out += "; verified as " + upstream.spiffe_id;
  out += told_to(upstream);
  out += protocol_of(upstream);
  const UpstreamRules& rules = upstream.rules;
  if (!rules.health_check.path.empty()) out += "; health asked at " + rules.health_check.path;
  out += rules.ejection.failures == 0
             ? "; never ejected"
             : "; ejected after " + std::to_string(rules.ejection.failures) + " failures";
  const std::uint32_t tries = rules.retries.attempts_max;
  out += "; at most " + std::to_string(tries) + (tries == 1 ? " retry" : " retries") +
         (rules.retries.idempotent ? ", of idempotent requests also on fresh connections" : "");
  return out + "; " + std::to_string(rules.requests_max) + " requests at once";
}

std::string describe(const plan::IdentityToken& token) {
  std::string out = "of " + token.issuer + ", for " + std::to_string(token.lifetime_s) + "s; ";
  out += token.key.kind == SecretReference::Kind::kNone
             ? std::string(jose::name(token.algorithm)) + " keys of its own, another every " +
                   std::to_string(token.rotate_every_s / 3600) + "h"
             : "the key at " + token.key.text();
  out += "; published at " + token.jwks_path;
  std::string listeners;
  for (const std::string& name : token.listeners) append_part(listeners, name, ", ");
  return out + (listeners.empty() ? " of every listener that serves" : " of " + listeners);
}

void append_section(std::string& out, std::string_view title, const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  out += '\n' + std::string(title) + '\n';
  for (const std::string& line : lines) out += "  " + visible(line) + '\n';
}

}  // namespace

void append_coverage_table(std::string& out, const plan::Plan& plan) {
  TextTable table({"OPERATION", "AUTHENTICATION", "SCOPES", "OWNER", "VALIDATION", "LIMITS"});
  for (const plan::Operation& operation : plan.operations) {
    const std::string owner =
        operation.owner ? operation.owner->claim + "={" + operation.owner->parameter + "}" : "-";
    table.add({operation.label + (operation.internal ? " (internal)" : "") +
                   (operation.deprecated ? " (deprecated)" : "") + reported(operation),
               authentication(plan, operation), scopes(operation), owner, validation(operation),
               limits(operation)});
  }
  table.append(out, kWidthMax);
}

void append_coverage_details(std::string& out, const plan::Plan& plan) {
  std::vector<std::string> lines;
  for (const plan::Scheme& scheme : plan.schemes) lines.push_back(describe(plan, scheme));
  append_section(out, "authentication", lines);
  if (!plan.schemes.empty()) append_section(out, "guessing", guessing(plan.limits.connections));
  lines.clear();
  for (const plan::Upstream& upstream : plan.upstreams) lines.push_back(describe(upstream));
  append_section(out, "upstreams", lines);
  if (plan.identity_token) append_section(out, "identity tokens", {describe(*plan.identity_token)});
  append_section(out, "not exposed", plan.not_exposed);
  lines.clear();
  for (const plan::Operation& operation : plan.operations) {
    for (const std::string& source : operation.provenance) lines.push_back(operation.label + ": " + source);
  }
  append_section(out, "policy, and which source won", lines);
}

void append_findings(std::string& out, const Diagnostics& diagnostics) {
  std::vector<std::string> lines;
  for (const Diagnostic& finding : diagnostics.all()) {
    if (finding.severity != Severity::kFinding) continue;
    std::string where = finding.file;
    if (finding.position.line > 0) {
      where += ':' + std::to_string(finding.position.line) + ':' + std::to_string(finding.position.column);
    }
    if (!where.empty()) where += ": ";
    lines.push_back(where + finding.message + " [" + finding.code + ']');
  }
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  append_section(out, "findings", lines);
}

}  // namespace caponier::cli
