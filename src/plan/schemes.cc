#include "plan/schemes.h"

#include <algorithm>

#include "base/bytes.h"

namespace caponier::plan {
namespace {

// How the schemes that are not enforced are called.
std::string kind_of(const openapi::SecurityScheme& scheme) {
  switch (scheme.type) {
    case openapi::SchemeType::kHttpBasic:
      return "HTTP basic";
    case openapi::SchemeType::kHttpOther:
      return "HTTP " + scheme.http_scheme;
    case openapi::SchemeType::kMutualTls:
      return "mutual TLS";
    case openapi::SchemeType::kApiKey:
      return scheme.api_key_in == openapi::ParameterIn::kQuery ? "an API key in the query"
                                                               : "an API key in a cookie";
    default:
      return "this type";
  }
}

}  // namespace

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

void Schemes::resolve(Entry& entry) {
  if (entry.source.declared == nullptr) return resolve_bearer(entry);
  const openapi::SecurityScheme& scheme = *entry.source.declared;
  switch (scheme.type) {
    case openapi::SchemeType::kHttpBearer:
    case openapi::SchemeType::kOAuth2:
    case openapi::SchemeType::kOpenIdConnect:
      return resolve_bearer(entry);
    case openapi::SchemeType::kApiKey:
      if (scheme.api_key_in == openapi::ParameterIn::kHeader) return resolve_api_key(entry);
      break;
    default:
      break;
  }
  refuse(entry, "not-enforced-yet",
         "security scheme " + quoted(scheme.name) + " is " + kind_of(scheme) + ", which is not enforced yet",
         "take the operations out with exposed: false, or let them demand a bearer token or an API key in a "
         "header");
}

void Schemes::resolve_bearer(Entry& entry) {
  const config::SchemeBinding* binding = entry.source.binding;
  if (binding != nullptr && !binding->keys_file.empty()) {
    entry.refusal = diagnostic_at(
        binding->origin, "bad-binding",
        "security scheme " + quoted(entry.source.name) + " is no API key that the document declares",
        "bind it to an issuer");
    return;
  }
  Scheme scheme{std::string(entry.source.name),
                SchemeKind::kBearerJwt,
                issuers_.of(entry.source, entry.refusal),
                {},
                {}};
  if (entry.refusal) return;
  entry.index = static_cast<std::uint32_t>(compilation_.plan->schemes.size());
  compilation_.plan->schemes.push_back(std::move(scheme));
}

void Schemes::resolve_api_key(Entry& entry) {
  const openapi::SecurityScheme& declared = *entry.source.declared;
  const config::SchemeBinding* binding = entry.source.binding;
  if (binding != nullptr && !binding->issuers.empty()) {
    return refuse(entry, "bad-binding",
                  "security scheme " + quoted(declared.name) + " is an API key and has no issuer",
                  "bind it to a keys_file, or declare it as http bearer");
  }
  std::string file;
  if (binding != nullptr) file = binding->keys_file;
  if (file.empty() && entry.source.members.keys_file) {
    const Said<std::string>& said = *entry.source.members.keys_file;
    file = beside(said.source.file, said.value);
  }
  if (file.empty()) {
    return refuse(entry, "keys-file-unknown",
                  "no file holds the keys of security scheme " + quoted(declared.name) +
                      ", so that no key could be known",
                  "create a key with caponier keys create, and add to " + compilation_.config_name() +
                      ": security_schemes: {" + declared.name +
                      ": {keys_file: keys.ndjson}}; or to the security "
                      "scheme: \"x-caponier\": {\"keys_file\": \"keys.ndjson\"}");
  }
  const auto& indexes = compilation_.input.api_keys;
  const auto found =
      std::find_if(indexes.begin(), indexes.end(), [&file](const auto& one) { return one.first == file; });
  if (found != indexes.end() && found->second == nullptr) return;  // whoever read it has told why
  if (found == indexes.end()) {
    return refuse(entry, "keys-file-unreadable", "the API keys in " + quoted(file) + " could not be read",
                  "create the file with caponier keys create");
  }
  Scheme scheme{declared.name, SchemeKind::kApiKeyHeader, {}, lower(declared.api_key_name), found->second};
  entry.index = static_cast<std::uint32_t>(compilation_.plan->schemes.size());
  compilation_.plan->schemes.push_back(std::move(scheme));
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
