#include "plan/issuers.h"

#include <algorithm>

#include "base/bytes.h"

namespace caponier::plan {
namespace {

constexpr std::string_view kDiscoverySuffix = "/.well-known/openid-configuration";

const config::Issuer* find_configured(const config::Config& config, std::string_view name) {
  for (const config::Issuer& issuer : config.issuers) {
    if (issuer.issuer == name) return &issuer;
  }
  return nullptr;
}

std::string discovery_url(std::string_view issuer) {
  while (issuer.ends_with('/')) issuer.remove_suffix(1);
  return std::string(issuer) + std::string(kDiscoverySuffix);
}

// Where the fault is told: the configured issuer's entry, else the scheme.
Diagnostic refusal_of(const Compilation& compilation, const config::Issuer* configured,
                      const SchemeSource& scheme, std::string code, std::string message, std::string fix) {
  if (configured != nullptr)
    return diagnostic_at(configured->origin, std::move(code), std::move(message), std::move(fix));
  if (scheme.declared != nullptr) {
    return diagnostic_at(compilation.in_contract(scheme.declared->node), std::move(code), std::move(message),
                         std::move(fix));
  }
  return diagnostic_at(scheme.binding->origin, std::move(code), std::move(message), std::move(fix));
}

std::uint16_t bits_of(const jose::AlgorithmSet& set) {
  std::uint16_t bits = 0;
  for (int i = 0; i < jose::kAlgorithmCount; ++i) {
    if (set.has(static_cast<jose::Algorithm>(i))) bits = static_cast<std::uint16_t>(bits | (1U << i));
  }
  return bits;
}

bool same(const Issuer& a, const Issuer& b) {
  return a.rules.issuer == b.rules.issuer && a.rules.audiences == b.rules.audiences &&
         bits_of(a.rules.algorithms) == bits_of(b.rules.algorithms) && a.rules.leeway_s == b.rules.leeway_s &&
         a.rules.lifetime_max_s == b.rules.lifetime_max_s && a.source == b.source &&
         a.keys_file == b.keys_file && a.keys_url.text() == b.keys_url.text() &&
         a.allow_internal_addresses == b.allow_internal_addresses && a.ca_file == b.ca_file &&
         a.keys_stale_max_s == b.keys_stale_max_s && a.client == b.client &&
         a.introspection == b.introspection && a.binding == b.binding && a.dpop_nonce == b.dpop_nonce &&
         a.access_tokens_only == b.access_tokens_only;
}

void set_introspection(const config::Issuer& configured, Issuer& issuer) {
  if (!configured.introspection) return;
  const config::Introspection& said = *configured.introspection;
  Introspection introspection{std::nullopt, said.cache_s, said.negative_cache_s, said.signed_answers};
  // What is none was told by who read the configuration.
  if (auto url = uri::parse_url(said.url)) introspection.url = std::move(*url);
  issuer.introspection = std::move(introspection);
}

void set_client(const config::Issuer& configured, Issuer& issuer) {
  if (!configured.client) return;
  const config::IssuerClient& said = *configured.client;
  issuer.client = IssuerClient{said.id, said.secret, said.private_key, said.key_id, said.certificate_file};
}

// A nonce that no proof could carry is not what the writer meant.
void set_binding(Compilation& compilation, const config::Issuer& configured, Issuer& issuer) {
  for (const TokenBinding binding :
       {TokenBinding::kRequired, TokenBinding::kCertificate, TokenBinding::kDpop}) {
    if (configured.bound_tokens == name(binding)) issuer.binding = binding;
  }
  issuer.dpop_nonce = configured.dpop_nonce;
  issuer.access_tokens_only = configured.access_tokens_only;
  if (issuer.dpop_nonce && issuer.binding == TokenBinding::kCertificate) {
    compilation.report.add(
        diagnostic_at(configured.origin, "contradictory-binding",
                      "`dpop_nonce` asks for proofs, and `bound_tokens: certificate` for none",
                      "drop dpop_nonce, or write bound_tokens: dpop"));
  }
}

}  // namespace

bool Introspection::operator==(const Introspection& other) const {
  const auto text = [](const std::optional<uri::Url>& place) {
    return place ? place->text() : std::string();
  };
  return text(url) == text(other.url) && cache_s == other.cache_s &&
         negative_cache_s == other.negative_cache_s;
}

std::optional<Issuer> asked_issuer(const config::Issuer& configured) {
  auto metadata = uri::parse_url(discovery_url(configured.issuer));
  if (!metadata) return std::nullopt;
  Issuer issuer;
  issuer.rules.issuer = configured.issuer;
  issuer.allow_internal_addresses = configured.allow_internal_addresses;
  issuer.ca_file = configured.ca_file;
  issuer.metadata_url = std::move(*metadata);
  set_client(configured, issuer);
  return issuer;
}

std::string_view name(TokenBinding binding) {
  switch (binding) {
    case TokenBinding::kIfBound:
      return "if_bound";
    case TokenBinding::kRequired:
      return "required";
    case TokenBinding::kCertificate:
      return "certificate";
    case TokenBinding::kDpop:
      return "dpop";
  }
  return "";
}

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host == "::1" || host == "[::1]") return true;
  if (!host.starts_with("127.")) return false;
  int dots = 0;
  int digits = 0;
  int value = 0;
  for (const char c : host) {
    if (c == '.') {
      if (digits == 0) return false;
      ++dots;
      digits = value = 0;
    } else if (is_digit(c) && digits < 3) {
      ++digits;
      value = value * 10 + (c - '0');
      if (value > 255) return false;
    } else {
      return false;
    }
  }
  return dots == 3 && digits > 0;
}

std::string beside(std::string_view file, std::string_view name) {
  const std::size_t slash = file.rfind('/');
  if (name.starts_with('/') || slash == std::string_view::npos) return std::string(name);
  return std::string(file.substr(0, slash + 1)) + std::string(name);
}

std::vector<std::string> Issuers::names_of(const SchemeSource& scheme) const {
  if (scheme.binding != nullptr && !scheme.binding->issuers.empty()) return scheme.binding->issuers;
  std::vector<std::string> names;
  for (const auto& said : scheme.members.issuers) names.push_back(said.value);
  if (!names.empty()) return names;
  if (scheme.declared != nullptr) {
    std::string_view url = scheme.declared->openid_connect_url;
    if (url.size() > kDiscoverySuffix.size() && url.ends_with(kDiscoverySuffix)) {
      url.remove_suffix(kDiscoverySuffix.size());
      return {std::string(url)};
    }
  }
  // The only issuer there is cannot be the wrong one.
  if (compilation_.config.issuers.size() == 1) return {compilation_.config.issuers.front().issuer};
  return {};
}

std::optional<Diagnostic> Issuers::set_audiences(Issuer& issuer, const config::Issuer* configured,
                                                 const SchemeSource& scheme) const {
  const std::string name = quoted(issuer.rules.issuer);
  const std::string any = "tokens of " + name + " are accepted whatever API they are meant for";
  if (configured != nullptr && !configured->audiences.empty()) {
    issuer.rules.audiences = configured->audiences;
    return std::nullopt;
  }
  if (configured != nullptr && configured->any_audience) {
    Diagnostic finding = diagnostic_at(configured->origin, "audience-any", any, {});
    finding.severity = Severity::kFinding;
    compilation_.report.add_finding(std::move(finding));
    return std::nullopt;
  }
  if (scheme.members.audiences) {
    issuer.rules.audiences = scheme.members.audiences->value;
    if (issuer.rules.audiences.empty()) {
      compilation_.report.finding(scheme.members.audiences->source, "audience-any", any);
    }
    return std::nullopt;
  }
  std::string fix =
      "add to the issuer: audiences: [\"https://your-api\"], or audiences: any, if that is meant";
  if (configured == nullptr) {
    fix = "add to the security scheme: \"x-caponier\": {\"issuer\": " + name +
          ", \"audiences\": [\"https://your-api\"]}; or to " + compilation_.config_name() +
          ": issuers: [{issuer: " + name + ", audiences: [\"https://your-api\"]}]";
  }
  return refusal_of(compilation_, configured, scheme, "audience-unknown",
                    "no audience is known for issuer " + name +
                        ", so that a token meant for another API of that issuer would be accepted",
                    std::move(fix));
}

std::optional<Diagnostic> Issuers::set_keys(Issuer& issuer, const config::Issuer* configured,
                                            const SchemeSource& scheme) const {
  std::string url;
  if (configured != nullptr) {
    issuer.keys_file = configured->jwks_file;
    url = configured->jwks_uri;
    issuer.allow_internal_addresses = configured->allow_internal_addresses;
    issuer.ca_file = configured->ca_file;
  } else if (scheme.members.jwks_file) {
    issuer.keys_file = beside(scheme.members.jwks_file->source.file, scheme.members.jwks_file->value);
  } else if (scheme.members.jwks_uri) {
    url = scheme.members.jwks_uri->value;
  }
  if (!issuer.keys_file.empty()) {
    issuer.source = KeySource::kFile;
    return std::nullopt;
  }
  if (url.empty() && issuer.introspection) {
    issuer.source = KeySource::kNone;
    return std::nullopt;
  }
  issuer.source = url.empty() ? KeySource::kDiscovery : KeySource::kUrl;
  if (url.empty()) url = discovery_url(issuer.rules.issuer);
  auto parsed = uri::parse_url(url);
  if (!parsed) {
    return refusal_of(compilation_, configured, scheme, "bad-key-location",
                      "the keys of issuer " + quoted(issuer.rules.issuer) + " cannot be found at " +
                          quoted(url) + ": " + parsed.error(),
                      "give the issuer a jwks_uri (https) or a jwks_file");
  }
  if (!parsed->https && !is_loopback(parsed->host) && !issuer.allow_internal_addresses) {
    return refusal_of(compilation_, configured, scheme, "bad-key-location",
                      "keys fetched over plain HTTP from " + quoted(url) + " could be anybody's",
                      "use https");
  }
  issuer.keys_url = std::move(*parsed);
  return std::nullopt;
}

std::optional<Issuer> Issuers::make(const std::string& name, const SchemeSource& scheme,
                                    std::optional<Diagnostic>& refusal) const {
  const config::Issuer* configured = find_configured(compilation_.config, name);
  Issuer issuer;
  issuer.rules.issuer = name;
  if (configured != nullptr) {
    set_binding(compilation_, *configured, issuer);
    set_client(*configured, issuer);
    set_introspection(*configured, issuer);
    issuer.rules.leeway_s = configured->leeway_s;
    issuer.rules.lifetime_max_s = configured->token_lifetime_max_s;
    issuer.keys_stale_max_s = configured->keys_stale_max_s;
    jose::AlgorithmSet set;
    for (const std::string& text : configured->algorithms) {
      const auto algorithm = jose::parse_algorithm(text);
      if (!algorithm) {
        refusal = diagnostic_at(configured->origin, "bad-algorithm",
                                quoted(text) + " is no algorithm that is accepted",
                                "use RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 or EdDSA");
        return std::nullopt;
      }
      set.add(*algorithm);
    }
    if (!set.empty()) issuer.rules.algorithms = set;
  } else {
    if (scheme.members.leeway_s) issuer.rules.leeway_s = scheme.members.leeway_s->value;
    if (scheme.members.token_lifetime_max_s)
      issuer.rules.lifetime_max_s = scheme.members.token_lifetime_max_s->value;
    if (scheme.members.algorithms) issuer.rules.algorithms = scheme.members.algorithms->value;
  }
  if (auto metadata = uri::parse_url(discovery_url(name))) issuer.metadata_url = std::move(*metadata);
  refusal = set_keys(issuer, configured, scheme);
  if (!refusal) refusal = set_audiences(issuer, configured, scheme);
  if (refusal) return std::nullopt;
  return issuer;
}

Diagnostic Issuers::unknown_issuer(const SchemeSource& scheme) const {
  const std::string name = quoted(scheme.name);
  std::string fix = "add to " + compilation_.config_name() +
                    ": issuers: [{issuer: \"https://your-issuer\", audiences: [\"https://your-api\"]}]";
  if (compilation_.config.issuers.size() > 1) {
    fix += " has more than one entry already, so say which: security_schemes: {" + std::string(scheme.name) +
           ": {issuer: " + quoted(compilation_.config.issuers.front().issuer) + "}}";
  }
  fix +=
      "; or to the security scheme: \"x-caponier\": {\"issuer\": \"https://your-issuer\", \"audiences\": "
      "[\"https://your-api\"]}; or run with --dev to accept tokens of the local development issuer";
  return refusal_of(compilation_, nullptr, scheme, "issuer-unknown",
                    "no issuer is known for security scheme " + name + ", so that no token could be verified",
                    std::move(fix));
}

std::uint32_t Issuers::add(Issuer issuer) {
  auto& issuers = compilation_.plan->issuers;
  for (std::uint32_t i = 0; i < issuers.size(); ++i) {
    if (same(issuers[i], issuer)) return i;
  }
  issuers.push_back(std::move(issuer));
  return static_cast<std::uint32_t>(issuers.size() - 1);
}

std::uint32_t Issuers::development() {
  Issuer issuer;
  issuer.rules.issuer = compilation_.input.development_issuer;
  issuer.rules.audiences = {std::string(kDevelopmentAudience)};
  issuer.source = KeySource::kDevelopment;
  return add(std::move(issuer));
}

std::vector<std::uint32_t> Issuers::of(const SchemeSource& scheme, std::optional<Diagnostic>& refusal) {
  const bool dev = !compilation_.input.development_issuer.empty();
  std::vector<std::uint32_t> out;
  for (const std::string& name : names_of(scheme)) {
    std::optional<Diagnostic> problem;
    if (auto issuer = make(name, scheme, problem)) {
      const std::uint32_t index = add(std::move(*issuer));
      if (std::find(out.begin(), out.end(), index) == out.end()) out.push_back(index);
    } else if (problem && dev && problem->code == "audience-unknown") {
      // The document alone is enough for a first run: the development issuer is there to call with.
      problem->severity = Severity::kFinding;
      problem->message = "issuer " + quoted(name) + " is not accepted, because no audience is known for it";
      compilation_.report.add_finding(std::move(*problem));
    } else if (problem && !refusal) {
      refusal = std::move(problem);
    }
  }
  if (refusal) return {};
  if (dev) out.push_back(development());
  if (out.empty()) refusal = unknown_issuer(scheme);
  return out;
}

}  // namespace caponier::plan
