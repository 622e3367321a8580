#include "plan/schemes.h"

#include <algorithm>

#include "base/bytes.h"
#include "plan/logins.h"
#include "plan/password_users.h"

namespace caponier::plan {
namespace {

// How the schemes that are not enforced are called.
std::string kind_of(const openapi::SecurityScheme& scheme) {
  switch (scheme.type) {
    case openapi::SchemeType::kHttpOther:
      return "HTTP " + scheme.http_scheme;
    default:
      return "this type";
  }
}

// RFC 9449, section 7.1: with which a proof may be signed.
std::string proof_algorithms() {
  std::string names;
  const jose::AlgorithmSet all = jose::all_algorithms();
  for (int i = 0; i < jose::kAlgorithmCount; ++i) {
    const auto algorithm = static_cast<jose::Algorithm>(i);
    if (!all.has(algorithm)) continue;
    names += (names.empty() ? "" : " ") + std::string(jose::name(algorithm));
  }
  return names;
}

CredentialPlace place_of(const openapi::SecurityScheme& declared) {
  switch (declared.api_key_in) {
    case openapi::ParameterIn::kCookie:
      return {CredentialIn::kCookie, declared.api_key_name, {}};
    case openapi::ParameterIn::kQuery:
      return {CredentialIn::kQuery, declared.api_key_name, {}};
    default:
      return {CredentialIn::kHeader, lower(declared.api_key_name), {}};
  }
}

}  // namespace

std::string_view name(CertificateName kind) {
  switch (kind) {
    case CertificateName::kAny:
      return "any";
    case CertificateName::kUri:
      return "uri";
    case CertificateName::kDns:
      return "dns";
    case CertificateName::kEmail:
      return "email";
    case CertificateName::kSubject:
      return "subject";
  }
  return "";
}

Schemes::Schemes(Compilation& compilation) : compilation_(compilation), issuers_(compilation) {
  for (const openapi::SecurityScheme& declared : compilation.contract.schemes) {
    Entry entry;
    entry.source.name = declared.name;
    entry.source.declared = &declared;
    entry.source.members = read_scheme_members(compilation.in_contract(declared.node), compilation.report);
    entries_.push_back(std::move(entry));
  }
  const std::size_t declared_count = entries_.size();
  for (const config::SchemeBinding& binding : compilation.config.schemes) {
    const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(declared_count);
    const auto found = std::find_if(entries_.begin(), end,
                                    [&binding](const Entry& e) { return e.source.name == binding.scheme; });
    if (found != end) {
      found->source.binding = &binding;
      continue;
    }
    Entry entry;
    entry.source.name = binding.scheme;
    entry.source.binding = &binding;
    entries_.push_back(std::move(entry));
  }
}

std::vector<std::string_view> Schemes::names() const {
  std::vector<std::string_view> names;
  for (const Entry& entry : entries_) names.push_back(entry.source.name);
  return names;
}

std::optional<std::uint32_t> Schemes::use(std::uint32_t contract_scheme, const std::string& operation) {
  return use(entries_[contract_scheme], operation);
}

std::optional<std::uint32_t> Schemes::use(std::string_view name, const std::string& operation, bool& known) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [name](const Entry& e) { return e.source.name == name; });
  known = found != entries_.end();
  return known ? use(*found, operation) : std::nullopt;
}

std::optional<std::uint32_t> Schemes::use(Entry& entry, const std::string& operation) {
  if (!entry.resolved) resolve(entry);
  entry.resolved = true;
  entry.operations.push_back(operation);
  return entry.index;
}

void Schemes::refuse(Entry& entry, std::string code, std::string message, std::string fix) {
  entry.refusal = diagnostic_at(compilation_.in_contract(entry.source.declared->node), std::move(code),
                                std::move(message), std::move(fix));
}

void Schemes::add(Entry& entry, Scheme scheme) {
  scheme.name = entry.source.name;
  entry.index = static_cast<std::uint32_t>(compilation_.plan->schemes.size());
  compilation_.plan->schemes.push_back(std::move(scheme));
}

void Schemes::resolve(Entry& entry) {
  const config::SchemeBinding* binding = entry.source.binding;
  if (binding != nullptr && binding->session) return resolve_session(entry);
  if (entry.source.declared == nullptr) {
    if (binding->basic) return resolve_basic(entry);
    return binding->client_certificate ? resolve_client_certificate(entry) : resolve_bearer(entry);
  }
  const openapi::SecurityScheme& scheme = *entry.source.declared;
  switch (scheme.type) {
    case openapi::SchemeType::kHttpBearer:
    case openapi::SchemeType::kOAuth2:
    case openapi::SchemeType::kOpenIdConnect:
      return resolve_bearer(entry);
    case openapi::SchemeType::kMutualTls:
      return resolve_client_certificate(entry);
    case openapi::SchemeType::kHttpOther:
      if (equals_ignore_case(scheme.http_scheme, kDpopWord)) return resolve_bearer(entry);
      break;
    case openapi::SchemeType::kApiKey:
      return resolve_api_key(entry);
    case openapi::SchemeType::kHttpBasic:
      return resolve_basic(entry);
    default:
      break;
  }
  refuse(entry, "not-enforced-yet",
         "security scheme " + quoted(scheme.name) + " is " + kind_of(scheme) + ", which is not enforced yet",
         "take the operations out with exposed: false, or let them demand a token, an API key or a client "
         "certificate");
}

void Schemes::resolve_bearer(Entry& entry) {
  const config::SchemeBinding* binding = entry.source.binding;
  if (binding != nullptr && (binding->client_certificate || binding->basic)) {
    entry.refusal = diagnostic_at(binding->origin, "bad-binding",
                                  "security scheme " + quoted(entry.source.name) + " is not one of " +
                                      (binding->basic ? "passwords" : "client certificates"),
                                  "bind it to an issuer");
    return;
  }
  BearerRule rule{issuers_.of(entry.source, entry.refusal)};
  if (entry.refusal) return;
  const openapi::SecurityScheme* declared = entry.source.declared;
  const bool proofs_only = declared != nullptr && declared->type == openapi::SchemeType::kHttpOther;
  Scheme scheme;
  scheme.place = {CredentialIn::kHeader, "authorization", {std::string(kDpopWord)}};
  if (!proofs_only) scheme.place.words.emplace_back(kBearerWord);
  scheme.challenges = token_challenges(rule, proofs_only);
  scheme.rule = std::move(rule);
  add(entry, std::move(scheme));
}

// What the tokens of these issuers are sent with.
std::vector<std::string> Schemes::token_challenges(const BearerRule& rule, bool proofs_only) const {
  bool anybody = false;
  bool senders = proofs_only;
  for (const std::uint32_t index : rule.issuers) {
    const TokenBinding binding = compilation_.plan->issuers[index].binding;
    anybody |= binding != TokenBinding::kDpop && !proofs_only;
    senders |= binding == TokenBinding::kDpop || binding == TokenBinding::kRequired;
  }
  std::vector<std::string> challenges;
  if (anybody) challenges.emplace_back("Bearer realm=\"api\"");
  if (senders) challenges.push_back("DPoP realm=\"api\", algs=\"" + proof_algorithms() + "\"");
  return challenges;
}

// Declared as a cookie, as what its issuer speaks, or by the configuration alone.
void Schemes::resolve_session(Entry& entry) {
  const config::SchemeBinding& binding = *entry.source.binding;
  const openapi::SecurityScheme* declared = entry.source.declared;
  std::string cookie(kSessionCookie);
  const auto refuse_binding = [&](const std::string& message, std::string fix) {
    entry.refusal = diagnostic_at(binding.session->at, "bad-binding",
                                  "security scheme " + quoted(binding.scheme) + message, std::move(fix));
  };
  if (declared != nullptr && declared->type == openapi::SchemeType::kApiKey) {
    if (declared->api_key_in != openapi::ParameterIn::kCookie ||
        !declared->api_key_name.starts_with("__Host-"))
      return refuse_binding(" is no cookie whose name begins with __Host-, so that it can be no session",
                            "declare it as {type: apiKey, in: cookie, name: __Host-session}");
    cookie = declared->api_key_name;
  } else if (declared != nullptr && declared->type != openapi::SchemeType::kOpenIdConnect &&
             declared->type != openapi::SchemeType::kOAuth2) {
    return refuse_binding(
        " is " + kind_of(*declared) + ", which no session can be",
        "declare it as {type: apiKey, in: cookie, name: __Host-session}, or as openIdConnect");
  }
  const std::vector<std::uint32_t> issuers = issuers_.of(entry.source, entry.refusal);
  if (entry.refusal) return;
  const auto named = std::ranges::find_if(issuers, [&](std::uint32_t index) {
    return compilation_.plan->issuers[index].rules.issuer == binding.issuers.front();
  });
  if (named == issuers.end() || !compilation_.plan->issuers[*named].client) {
    return refuse_binding(" logs in at an issuer at which the gateway is no client",
                          "add to the issuer: client: {id: my-app, secret: file:///run/secrets/name}");
  }
  Scheme scheme;
  scheme.place = {CredentialIn::kCookie, cookie, {}};
  scheme.rule = SessionRule{add_login(compilation_, binding, *named, std::move(cookie))};
  add(entry, std::move(scheme));
}

void Schemes::resolve_client_certificate(Entry& entry) {
  const config::SchemeBinding* binding = entry.source.binding;
  if (binding != nullptr && !binding->client_certificate) {
    entry.refusal =
        diagnostic_at(binding->origin, "bad-binding",
                      "security scheme " + quoted(entry.source.name) +
                          " is one of client certificates, which have neither issuer nor file here",
                      "write client_certificate: {}, or leave the binding out");
    return;
  }
  const auto asks = [](const config::Listener& listener) {
    return listener.surface != config::Surface::kAdmin &&
           listener.client_certificates.mode != config::ClientCertificateMode::kNone;
  };
  if (std::ranges::none_of(compilation_.config.listeners, asks)) {
    const std::string message = "security scheme " + quoted(entry.source.name) +
                                " wants a client certificate, and no listener asks for one";
    const std::string fix = "add to a listener in " + compilation_.config_name() +
                            ": client_certificates: {mode: optional, ca: clients.pem}";
    if (entry.source.declared != nullptr) return refuse(entry, "client-certificates-unasked", message, fix);
    entry.refusal = diagnostic_at(binding->origin, "client-certificates-unasked", message, fix);
    return;
  }
  ClientCertificateRule rule;
  if (binding != nullptr) {
    rule.allow = binding->client_certificate->allow;
    for (const CertificateName kind :
         {CertificateName::kUri, CertificateName::kDns, CertificateName::kEmail, CertificateName::kSubject}) {
      if (binding->client_certificate->identity == name(kind)) rule.identity = kind;
    }
  }
  Scheme scheme;
  scheme.place = {CredentialIn::kConnection, {}, {}};
  scheme.rule = std::move(rule);
  add(entry, std::move(scheme));
}

// Only with a word that says why: every request carries what opens everything.
void Schemes::resolve_basic(Entry& entry) {
  const config::SchemeBinding* binding = entry.source.binding;
  if (binding == nullptr) {
    return refuse(entry, "basic-unasked",
                  "security scheme " + quoted(entry.source.name) +
                      " is HTTP basic, which sends a password with each request",
                  "demand a token or an API key; or, where clients cannot change, add to " +
                      compilation_.config_name() + ": security_schemes: {" + std::string(entry.source.name) +
                      ": {basic: {reason: why, users_file: users}}}");
  }
  if (!binding->basic) {
    entry.refusal = diagnostic_at(
        binding->origin, "bad-binding",
        "security scheme " + quoted(entry.source.name) + " is HTTP basic, and has users of its own",
        "write basic: {reason: why, users_file: users}");
    return;
  }
  const std::string& file = binding->basic->users_file;
  if (basic_file_ && *basic_file_ != file) {
    entry.refusal = diagnostic_at(binding->basic->origin, "bad-binding",
                                  "two security schemes read names and passwords from the same header, and "
                                  "their users stand in two files",
                                  "name one file for both");
    return;
  }
  if (!users_) {
    basic_file_ = file;
    const auto text = compilation_.input.user_files.find(file);
    Diagnostics diagnostics;
    if (text != compilation_.input.user_files.end())
      users_ = PasswordUsers::parse(text->second, file, diagnostics);
    compilation_.report.adopt(diagnostics);
    if (!users_) {
      entry.refusal = diagnostic_at(binding->basic->origin, "bad-users",
                                    "security scheme " + quoted(entry.source.name) + " has no users",
                                    "put right what is wrong with " + file);
      return;
    }
  }
  compilation_.report.add_finding(
      diagnostic_at(binding->basic->origin, "http-basic",
                    "clients of " + quoted(entry.source.name) +
                        " send a password with each request: " + binding->basic->reason,
                    "give them tokens or API keys as soon as they can change"));
  Scheme scheme;
  scheme.place = {CredentialIn::kHeader, "authorization", {std::string(kBasicWord)}};
  scheme.challenges.emplace_back("Basic realm=\"api\", charset=\"UTF-8\"");
  scheme.rule = BasicRule{users_};
  add(entry, std::move(scheme));
}

void Schemes::resolve_api_key(Entry& entry) {
  const openapi::SecurityScheme& declared = *entry.source.declared;
  const std::optional<Said<std::string>>& allowed = entry.source.members.allow_in_query;
  if (entry.source.binding != nullptr) {
    return refuse(
        entry, "bad-binding",
        "security scheme " + quoted(declared.name) + " is an API key and has neither issuer nor certificate",
        "take it out of security_schemes: its keys are made with caponier keys create; or declare it as "
        "http bearer");
  }
  const bool in_query = declared.api_key_in == openapi::ParameterIn::kQuery;
  if (in_query && !allowed) {
    return refuse(entry, "key-in-query",
                  "security scheme " + quoted(declared.name) +
                      " is an API key in the query, where logs, histories and Referer headers keep it",
                  "declare it in a header; or, where clients cannot change, add to the security scheme: "
                  "\"x-caponier\": {\"allow_in_query\": {\"reason\": \"why\"}}");
  }
  if (in_query) {
    compilation_.report.finding(
        allowed->source, "key-in-query",
        "API keys of " + quoted(declared.name) +
            " come in the query, where whoever logs a URL keeps them: " + allowed->value,
        "declare it in a header as soon as clients can change");
  } else if (allowed) {
    return refuse(
        entry, "bad-member",
        "security scheme " + quoted(declared.name) + " has allow_in_query, and its key is not in the query",
        "leave allow_in_query out");
  }
  Scheme scheme;
  scheme.place = place_of(declared);
  scheme.rule = ApiKeyRule{};
  add(entry, std::move(scheme));
}

// A credential that is presented is judged also where none is demanded: what no operation demands is enforced
// as well if it can be, and if it cannot, nobody misses it.
void Schemes::resolve_undemanded() {
  for (Entry& entry : entries_) {
    if (entry.resolved || entry.source.declared == nullptr) continue;
    resolve(entry);
    entry.resolved = true;
    entry.refusal.reset();
  }
}

void Schemes::flush() {
  constexpr std::size_t kNamedMax = 3;
  compilation_.report.concern({});
  resolve_undemanded();
  for (Entry& entry : entries_) {
    if (entry.refusal) {
      std::sort(entry.operations.begin(), entry.operations.end());
      entry.operations.erase(std::unique(entry.operations.begin(), entry.operations.end()),
                             entry.operations.end());
      std::string needed = "; needed by ";
      for (std::size_t i = 0; i < std::min(kNamedMax, entry.operations.size()); ++i) {
        needed += (i == 0 ? "" : ", ") + entry.operations[i];
      }
      if (entry.operations.size() > kNamedMax) {
        needed += " and " + std::to_string(entry.operations.size() - kNamedMax) + " more";
      }
      entry.refusal->message += needed;
      compilation_.report.add(std::move(*entry.refusal));
    } else if (entry.source.declared == nullptr && entry.operations.empty()) {
      std::vector<std::string_view> declared;
      for (const auto& scheme : compilation_.contract.schemes) declared.push_back(scheme.name);
      const std::string_view meant = did_you_mean(entry.source.name, declared);
      compilation_.report.add(
          diagnostic_at(entry.source.binding->origin, "unknown-scheme",
                        "the document has no security scheme " + quoted(entry.source.name) +
                            ", and no operation here demands it",
                        meant.empty() ? "" : "did you mean \"" + std::string(meant) + "\"?"));
    }
  }
}

}  // namespace caponier::plan
