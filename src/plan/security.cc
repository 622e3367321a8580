#include "plan/security.h"

#include <algorithm>

#include "base/bytes.h"

namespace caponier::plan {
namespace {

std::string where(const CredentialPlace& place) {
  switch (place.in) {
    case CredentialIn::kHeader:
      return "the header " + quoted(place.name);
    case CredentialIn::kCookie:
      return "the cookie " + quoted(place.name);
    case CredentialIn::kQuery:
      return "the query parameter " + quoted(place.name);
    case CredentialIn::kConnection:
      break;
  }
  return "the connection";
}

// What stands in one alternative cannot contradict itself: one Authorization header holds one token, one
// header one key.
void check_together(Compilation& compilation, const Alternative& alternative, const Source& at) {
  const std::vector<Scheme>& schemes = compilation.plan->schemes;
  for (std::size_t i = 0; i < alternative.all.size(); ++i) {
    for (std::size_t j = i + 1; j < alternative.all.size(); ++j) {
      const Scheme& a = schemes[alternative.all[i].scheme];
      const Scheme& b = schemes[alternative.all[j].scheme];
      if (!a.place.meets(b.place)) continue;
      compilation.report.error(at, "contradictory-security",
                               "schemes " + quoted(a.name) + " and " + quoted(b.name) +
                                   " are demanded together, and both are read from " + where(a.place),
                               "make them alternatives: one list item each");
    }
  }
}

bool carries_scopes(const Scheme& scheme) {
  return scheme.as<ClientCertificateRule>() == nullptr && scheme.as<BasicRule>() == nullptr;
}

// A scope that no credential of the scheme can carry would refuse everybody.
void check_scopes(Compilation& compilation, const Alternative& alternative, const Source& at) {
  for (const Requirement& requirement : alternative.all) {
    const Scheme& scheme = compilation.plan->schemes[requirement.scheme];
    for (const std::string& scope : requirement.scopes) {
      if (scope.find(' ') == std::string::npos) continue;
      compilation.report.error(
          at, "scope-malformed",
          quoted(scope) + " is no scope (RFC 6749, section 3.3), so that nobody could ever call",
          "write each scope as an entry of its own: [\"orders:read\", \"orders:write\"]");
    }
    if (requirement.scopes.empty() || carries_scopes(scheme)) continue;
    compilation.report.error(at, "scopes-without-credential",
                             "scheme " + quoted(scheme.name) + " is one of " +
                                 (scheme.as<BasicRule>() != nullptr ? "passwords" : "client certificates") +
                                 ", which carry no scopes, so that nobody could ever call",
                             "write [] here, or demand a token as well");
  }
}

void add_declared(Compilation& compilation, Schemes& schemes, const openapi::Operation& declared,
                  Operation& operation) {
  for (const openapi::SecurityAlternative& written : declared.security) {
    Alternative alternative;
    bool enforceable = true;
    for (const openapi::SecurityRequirement& requirement : written.all) {
      const auto index = schemes.use(requirement.scheme, operation.label);
      enforceable = enforceable && index.has_value();
      if (index) alternative.all.push_back({*index, requirement.scopes});
    }
    // An alternative that lost a requirement demands less than was written: it must never stand.
    if (!enforceable) continue;
    check_together(compilation, alternative, compilation.in_contract(written.node));
    check_scopes(compilation, alternative, compilation.in_contract(written.node));
    operation.alternatives.push_back(std::move(alternative));
  }
}

// One requirement of a `security` that policy adds: {"scheme": ["scope"]}.
bool add_requirement(Compilation& compilation, Schemes& schemes, const Source& at, Operation& operation,
                     Alternative& alternative) {
  std::vector<std::string> scopes;
  bool good = at.node->is_array();
  if (good) {
    for (const Node& scope : *at.node) {
      good = good && scope.is_string() && !scope.text.empty();
      scopes.emplace_back(scope.text);
    }
  }
  if (!good) compilation.report.error(at, "wrong-type", "a list of scopes is expected here", "write []");
  bool known = false;
  const auto index = schemes.use(at.node->key, operation.label, known);
  if (!known) {
    const std::string_view meant = did_you_mean(at.node->key, schemes.names());
    compilation.report.error_at_key(
        at, "unknown-scheme", "no security scheme is called " + quoted(at.node->key),
        meant.empty()
            ? "declare it in the document's securitySchemes, or in the configuration: security_schemes: {" +
                  std::string(at.node->key) + ": {issuer: \"https://your-issuer\"}}"
            : "did you mean \"" + std::string(meant) + "\"?");
  }
  if (index) alternative.all.push_back({*index, std::move(scopes)});
  return good && index.has_value();
}

void add_from_policy(Compilation& compilation, Schemes& schemes, const Source& security,
                     Operation& operation) {
  const char* const fix = "write it as OpenAPI does: security: [{scheme: [scope]}]";
  if (!security.node->is_array())
    return compilation.report.error(security, "wrong-type", "\"security\" is a list", fix);
  for (const Node& item : *security.node) {
    const Source at{security.file, &item};
    if (!item.is_object()) {
      compilation.report.error(at, "wrong-type", "an alternative of \"security\" is an object", fix);
      continue;
    }
    Alternative alternative;
    bool enforceable = true;
    for (const Node& requirement : item) {
      enforceable &=
          add_requirement(compilation, schemes, {security.file, &requirement}, operation, alternative);
    }
    if (!enforceable) continue;
    check_together(compilation, alternative, at);
    check_scopes(compilation, alternative, at);
    operation.alternatives.push_back(std::move(alternative));
  }
}

// Whether the text, before anything is resolved, lets somebody in without a credential.
bool needs_nothing(const openapi::Operation& declared, const Policy& policy) {
  if (declared.security_declared) {
    return declared.security.empty() || std::any_of(declared.security.begin(), declared.security.end(),
                                                    [](const auto& a) { return a.all.empty(); });
  }
  if (!policy.security || !policy.security->source.node->is_array()) return true;
  const Node& list = *policy.security->source.node;
  if (list.child_count == 0) return true;
  for (const Node& item : list) {
    if (item.is_object() && item.child_count == 0) return true;
  }
  return false;
}

void refuse_public(Compilation& compilation, const openapi::Operation& declared, const Policy& policy) {
  std::string why = "neither the operation nor the document says who may call";
  Source at = compilation.in_contract(declared.node);
  if (declared.security_declared || policy.security) {
    at = declared.security_declared ? compilation.in_contract(declared.security_node)
                                    : policy.security->source;
    why = declared.security_declared && declared.security.empty()
              ? "its security is empty"
              : "one of its security alternatives needs no credential";
  }
  const Where operation = where_of(compilation.in_contract(declared.node));
  const std::string chosen =
      declared.has_operation_id ? "operation: " + declared.id : "path: " + quoted(declared.label());
  std::string fix = "if that is meant, add to the operation (" + operation.text +
                    "): \"x-caponier\": {\"public\": {\"reason\": \"why anyone may call this\"}}; or to " +
                    compilation.config_name() + ": operations: [{" + chosen +
                    ", public: {reason: \"why anyone may call this\"}}]; otherwise ";
  fix += declared.security_declared ? "demand a credential in its security"
                                    : "add security to the operation or the document";
  compilation.report.error(at, "public-unsaid", "anyone may call this operation, because " + why,
                           std::move(fix));
}

}  // namespace

bool Plan::has_credential(CredentialIn in, std::string_view name) const {
  return std::ranges::any_of(schemes, [in, name](const Scheme& scheme) {
    const CredentialPlace& place = scheme.place;
    if (place.in != in || place.name.size() != name.size() || !place.words.empty()) return false;
    return in == CredentialIn::kHeader ? equals_ignore_case(place.name, name) : place.name == name;
  });
}

void compile_security(Compilation& compilation, Schemes& schemes, const openapi::Operation& declared,
                      const Policy& policy, Operation& operation) {
  if (declared.security_declared) {
    add_declared(compilation, schemes, declared, operation);
    operation.security_where = where_of(compilation.in_contract(declared.security_node));
    if (policy.security && policy.security->explicitly && !policy.security->by_wildcard) {
      compilation.report.error_at_key(
          policy.security->source, "security-declared",
          "the document says already who may call this operation (" + operation.security_where.text + ")",
          "change it there: policy adds security only where the document is silent");
    }
  } else if (policy.security) {
    add_from_policy(compilation, schemes, policy.security->source, operation);
    operation.security_where = where_of(policy.security->source);
  } else {
    operation.security_where = operation.where;
  }
  const bool open = needs_nothing(declared, policy);
  if (!open) {
    if (policy.public_reason && policy.public_reason->explicitly && !policy.public_reason->by_wildcard) {
      compilation.report.error_at_key(policy.public_reason->source, "contradictory-public",
                                      "the operation is called public, and its security (" +
                                          operation.security_where.text + ") demands a credential",
                                      "take one of the two away");
    }
    return;
  }
  operation.is_public = true;
  if (operation.alternatives.empty()) operation.alternatives.emplace_back();
  if (!policy.public_reason) return refuse_public(compilation, declared, policy);
  operation.public_reason = policy.public_reason->value;
}

void settle_schemes(const Plan& plan, Operation& operation) {
  const auto named = [&operation](std::uint32_t scheme) {
    return std::ranges::any_of(operation.alternatives, [scheme](const Alternative& alternative) {
      return std::ranges::any_of(alternative.all, [scheme](const auto& r) { return r.scheme == scheme; });
    });
  };
  const auto is_read_for_another = [&](std::uint32_t scheme) {
    for (std::uint32_t other = 0; other < plan.schemes.size(); ++other) {
      if (named(other) && plan.schemes[scheme].place.meets(plan.schemes[other].place)) return true;
    }
    return false;
  };
  for (std::uint32_t i = 0; i < plan.schemes.size(); ++i) {
    const Scheme& scheme = plan.schemes[i];
    if (!named(i) && is_read_for_another(i)) continue;
    operation.judged_by.push_back(i);
    if (!named(i) && !operation.is_public) continue;
    for (const std::string& challenge : scheme.challenges) {
      const std::string line = "WWW-Authenticate: " + challenge + "\r\n";
      if (operation.challenges.find(line) == std::string::npos) operation.challenges += line;
    }
  }
}

namespace {

void report_ambiguous(Compilation& compilation, const Operation& operation, const Issuer& one,
                      const Issuer& other) {
  Diagnostic diagnostic;
  diagnostic.code = "ambiguous-introspection";
  diagnostic.message = "opaque tokens for " + operation.label + " could be of " + quoted(one.rules.issuer) +
                       " or of " + quoted(other.rules.issuer) + ", and a token does not say whose it is";
  diagnostic.fix = "let the operation demand the scheme of one of them";
  compilation.report.add(std::move(diagnostic));
}

}  // namespace

void check_introspection(Compilation& compilation, const Operation& operation) {
  const Plan& plan = *compilation.plan;
  const Issuer* asked = nullptr;
  for (const Alternative& alternative : operation.alternatives) {
    for (const Requirement& requirement : alternative.all) {
      const auto* rule = plan.schemes[requirement.scheme].as<BearerRule>();
      if (rule == nullptr) continue;
      for (const std::uint32_t issuer : rule->issuers) {
        const Issuer& one = plan.issuers[issuer];
        if (!one.introspection || &one == asked) continue;
        if (asked != nullptr) return report_ambiguous(compilation, operation, *asked, one);
        asked = &one;
      }
    }
  }
}

void compile_owner(Compilation& compilation, const Policy& policy,
                   const std::vector<std::string>& template_names, Operation& operation) {
  if (!policy.owner) return;
  const Settled<OwnerRule>& rule = *policy.owner;
  const auto found = std::find(template_names.begin(), template_names.end(), rule.value.parameter);
  if (found == template_names.end()) {
    // Inherited, it concerns the paths that have the parameter.
    if (!rule.explicitly || rule.by_wildcard) return;
    std::vector<std::string_view> names(template_names.begin(), template_names.end());
    const std::string_view meant = did_you_mean(rule.value.parameter, names);
    return compilation.report.error(
        rule.source, "owner-parameter",
        "the path " + operation.path + " has no parameter " + quoted(rule.value.parameter),
        meant.empty() ? "" : "did you mean \"" + std::string(meant) + "\"?");
  }
  if (operation.is_public) {
    return compilation.report.error(
        rule.source, "owner-of-public",
        "an owner is demanded, and the operation can be called without a credential",
        "demand a credential in every security alternative, or drop the owner");
  }
  operation.owner = Owner{rule.value.claim, rule.value.parameter,
                          static_cast<std::uint32_t>(found - template_names.begin()), where_of(rule.source)};
  operation.provenance.push_back("owner " + rule.value.claim + " = {" + rule.value.parameter +
                                 "}: " + operation.owner->where.text);
}

}  // namespace caponier::plan
