#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "config/sections.h"
#include "uri/url.h"

namespace caponier::config {
namespace {

constexpr std::string_view kIssuerKeys[] = {
    "issuer", "audiences",  "jwks_uri",           "jwks_file",
    "leeway", "algorithms", "token_lifetime_max", "allow_internal_addresses",
    "ca_file"};
constexpr std::string_view kBindingKeys[] = {"issuer", "issuers", "keys_file"};
// What jose verifies; the room below it may not be asked.
constexpr std::string_view kAlgorithms[] = {"RS256", "RS384", "RS512", "PS256", "PS384",
                                            "PS512", "ES256", "ES384", "ES512", "EdDSA"};
constexpr std::int64_t kSecondMs = 1000;
constexpr std::int64_t kDayMs = 24 * 3600 * kSecondMs;

void read_audiences(Reader& reader, const Node& node, Issuer& issuer) {
  const Node* audiences = node.find("audiences");
  if (audiences == nullptr) return;
  if (audiences->is_string() && audiences->text == "any") {
    issuer.any_audience = true;
    return;
  }
  issuer.audiences = reader.texts(node, "audiences");
  if (audiences->is_array() && audiences->child_count == 0) {
    reader.error(*audiences, "invalid-value", "`audiences` is empty, so no token would be accepted",
                 "Name your API as the issuer does, or write `audiences: any`.");
  }
}

void read_algorithms(Reader& reader, const Node& node, Issuer& issuer) {
  issuer.algorithms = reader.texts(node, "algorithms");
  for (const std::string& name : issuer.algorithms) {
    if (std::find(std::begin(kAlgorithms), std::end(kAlgorithms), name) != std::end(kAlgorithms)) continue;
    const std::string_view meant = did_you_mean(name, {std::begin(kAlgorithms), std::end(kAlgorithms)});
    reader.error(*node.find("algorithms"), "invalid-value",
                 quote(name) + " is not an algorithm that is accepted",
                 meant.empty() ? "Choose from RS, PS and ES with 256, 384 or 512, and EdDSA."
                               : "Did you mean " + quote(meant) + "?");
  }
}

// Keys that come over plain HTTP are anybody's keys; inside one's own walls that can be said explicitly.
void check_key_source(Reader& reader, const Node& at, std::string_view what, const std::string& url_text,
                      bool allow_internal) {
  const auto url = uri::parse_url(url_text);
  if (!url.ok()) {
    reader.error(at, "invalid-value", std::string(what) + " is not a URL: " + url.error(),
                 "Write it in full, with https.");
  } else if (!url->https && !allow_internal) {
    reader.error(at, "plain-http", std::string(what) + " must be an https URL",
                 "Write https; for an issuer inside your network, add `allow_internal_addresses: true`.");
  }
}

void read_keys(Reader& reader, const Node& node, Issuer& issuer) {
  issuer.jwks_uri = reader.text(node, "jwks_uri").value_or("");
  issuer.jwks_file = reader.file(node, "jwks_file").value_or("");
  issuer.ca_file = reader.file(node, "ca_file").value_or("");
  issuer.allow_internal_addresses = reader.boolean(node, "allow_internal_addresses").value_or(false);
  const Node* uri = node.find("jwks_uri");
  const Node* file = node.find("jwks_file");
  if (uri != nullptr && file != nullptr) {
    reader.error(*file, "invalid-value", "`jwks_uri` and `jwks_file` exclude each other",
                 "Keep one of the two.");
  }
  if (!issuer.jwks_uri.empty()) {
    check_key_source(reader, *uri, "`jwks_uri`", issuer.jwks_uri, issuer.allow_internal_addresses);
  } else if (uri == nullptr && file == nullptr && !issuer.issuer.empty()) {
    check_key_source(reader, *node.find("issuer"), "an issuer whose keys are discovered", issuer.issuer,
                     issuer.allow_internal_addresses);
  }
}

void read_issuer(Reader& reader, const Node& node, Config& config) {
  if (!reader.check_keys(node, kIssuerKeys, "an issuer")) return;
  reader.required(node, "issuer", "an issuer");
  Issuer issuer;
  issuer.origin = reader.origin_of(node);
  issuer.issuer = reader.text(node, "issuer").value_or("");
  read_audiences(reader, node, issuer);
  read_algorithms(reader, node, issuer);
  read_keys(reader, node, issuer);
  if (const auto leeway = reader.duration_ms(node, "leeway", 0, 300 * kSecondMs)) {
    issuer.leeway_s = *leeway / kSecondMs;
  }
  if (const auto lifetime = reader.duration_ms(node, "token_lifetime_max", kSecondMs, 366 * kDayMs)) {
    issuer.token_lifetime_max_s = *lifetime / kSecondMs;
  }
  const bool twice = std::any_of(config.issuers.begin(), config.issuers.end(),
                                 [&issuer](const Issuer& other) { return other.issuer == issuer.issuer; });
  if (twice && !issuer.issuer.empty()) {
    reader.error(node, "duplicate-name", "the issuer " + quote(issuer.issuer) + " is declared twice",
                 "Keep one of the two.");
  }
  config.issuers.push_back(std::move(issuer));
}

}  // namespace

void read_issuers(Reader& reader, const Node& root, Config& config) {
  const Node* list = reader.array(root, "issuers");
  if (list == nullptr) return;
  for (const Node& node : *list) read_issuer(reader, node, config);
}

void read_scheme_bindings(Reader& reader, const Node& root, Config& config) {
  const Node* schemes = reader.object(root, "security_schemes");
  if (schemes == nullptr) return;
  for (const Node& node : *schemes) {
    if (!reader.check_keys(node, kBindingKeys, "a security scheme")) continue;
    SchemeBinding binding;
    binding.scheme = node.key;
    binding.origin = reader.origin_of(node);
    binding.keys_file = reader.file(node, "keys_file").value_or("");
    binding.issuers = reader.texts(node, "issuers");
    if (auto issuer = reader.text(node, "issuer")) binding.issuers.push_back(std::move(*issuer));
    const int said = (node.find("issuer") != nullptr) + (node.find("issuers") != nullptr) +
                     (node.find("keys_file") != nullptr);
    if (said != 1) {
      reader.error_at_key(node, said == 0 ? "missing-key" : "invalid-value",
                          "the security scheme " + quote(node.key) +
                              " needs exactly one of `issuer`, `issuers` and `keys_file`",
                          "Say whose tokens it accepts, or which file holds its API keys.");
    }
    config.schemes.push_back(std::move(binding));
  }
}

}  // namespace caponier::config
