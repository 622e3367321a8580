#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "config/sections.h"
#include "uri/url.h"

namespace caponier::config {
namespace {

constexpr std::string_view kIssuerKeys[] = {
    "issuer",        "audiences",      "jwks_uri",           "jwks_file",
    "leeway",        "algorithms",     "token_lifetime_max", "allow_internal_addresses",
    "ca_file",       "keys_stale_max", "bound_tokens",       "dpop_nonce",
    "introspection", "client",         "access_tokens_only"};
constexpr std::string_view kClientKeys[] = {"id", "secret", "private_key", "key_id", "certificate"};
constexpr std::string_view kIntrospectionKeys[] = {"url", "cache", "negative_cache", "signed_answers"};
constexpr std::string_view kBindingKeys[] = {"issuer", "issuers", "client_certificate", "session", "basic"};
constexpr std::string_view kBasicKeys[] = {"reason", "users_file"};
constexpr std::string_view kCertificateKeys[] = {"identity", "allow"};
constexpr std::string_view kBindings[] = {"if_bound", "required", "certificate", "dpop"};
constexpr std::string_view kCertificateNames[] = {"uri", "dns", "email", "subject"};
constexpr std::string_view kApiKeysKeys[] = {"hash_key"};
// What jose verifies; the room below it may not be asked.
constexpr std::string_view kAlgorithms[] = {"RS256", "RS384", "RS512", "PS256", "PS384",
                                            "PS512", "ES256", "ES384", "ES512", "EdDSA"};
constexpr std::int64_t kSecondMs = 1000;
constexpr std::int64_t kDayMs = 24 * 3600 * kSecondMs;

// A text that must be one of `words`; empty if it is not there.
std::string read_word(Reader& reader, const Node& node, std::string_view key,
                      std::span<const std::string_view> words) {
  std::string word = reader.text(node, key).value_or("");
  if (word.empty() || std::find(words.begin(), words.end(), word) != words.end()) return word;
  std::string list;
  for (const std::string_view one : words) list += (list.empty() ? "" : ", ") + std::string(one);
  const std::string_view meant = did_you_mean(word, {words.begin(), words.end()});
  reader.error(*node.find(key), "invalid-value", quote(word) + " is none of " + list,
               meant.empty() ? "Choose one of them." : "Did you mean " + quote(meant) + "?");
  return {};
}

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
  } else if (uri == nullptr && file == nullptr && !issuer.issuer.empty() &&
             node.find("introspection") == nullptr) {
    check_key_source(reader, *node.find("issuer"), "an issuer whose keys are discovered", issuer.issuer,
                     issuer.allow_internal_addresses);
  }
}

// One of the three ways.
void check_proof(Reader& reader, const Node& said) {
  const bool secret = said.find("secret") != nullptr;
  const bool key = said.find("private_key") != nullptr;
  if (secret == key) {
    reader.error(said, secret ? "invalid-value" : "missing-key",
                 "`client` needs exactly one of `secret` and `private_key`",
                 "Write secret: file:///run/secrets/name, or private_key: file:///run/secrets/key.pem.");
  }
  for (const std::string_view with : {"key_id", "certificate"}) {
    if (said.find(with) == nullptr || key) continue;
    reader.error(*said.find(with), "invalid-value", quote(with) + " needs `private_key`",
                 "Add the key that it belongs to, or leave it out.");
  }
}

void read_client(Reader& reader, const Node& node, Issuer& issuer) {
  const Node* said = node.find("client");
  if (said == nullptr || !reader.check_keys(*said, kClientKeys, "a client")) return;
  IssuerClient client;
  client.origin = reader.origin_of(*said);
  reader.required(*said, "id", "a client");
  client.id = reader.text(*said, "id").value_or("");
  if (auto secret = reader.secret(*said, "secret")) client.secret = std::move(*secret);
  if (auto key = reader.secret(*said, "private_key")) client.private_key = std::move(*key);
  client.key_id = reader.text(*said, "key_id").value_or("");
  client.certificate_file = reader.file(*said, "certificate").value_or("");
  check_proof(reader, *said);
  issuer.client = std::move(client);
}

void read_introspection(Reader& reader, const Node& node, Issuer& issuer) {
  const Node* said = node.find("introspection");
  if (said == nullptr || !reader.check_keys(*said, kIntrospectionKeys, "an introspection")) return;
  Introspection out;
  out.origin = reader.origin_of(*said);
  out.url = reader.text(*said, "url").value_or("");
  if (!out.url.empty())
    check_key_source(reader, *said->find("url"), "`url`", out.url, issuer.allow_internal_addresses);
  if (node.find("client") == nullptr) {
    reader.error(*said, "missing-key", "`introspection` needs `client`: an issuer tells its own clients only",
                 "Add to the issuer: client: {id: api-gateway, secret: file:///run/secrets/name}.");
  }
  if (const auto cache = reader.duration_ms(*said, "cache", 0, 3600 * kSecondMs))
    out.cache_s = *cache / kSecondMs;
  if (const auto cache = reader.duration_ms(*said, "negative_cache", 0, 300 * kSecondMs))
    out.negative_cache_s = *cache / kSecondMs;
  out.signed_answers = reader.boolean(*said, "signed_answers").value_or(false);
  if (out.signed_answers && issuer.jwks_uri.empty() && issuer.jwks_file.empty()) {
    reader.error(*said->find("signed_answers"), "missing-key",
                 "signed answers are verified by the issuer's keys, and none are named",
                 "Add jwks_uri or jwks_file to the issuer.");
  }
  issuer.introspection = std::move(out);
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
  read_client(reader, node, issuer);
  read_introspection(reader, node, issuer);
  issuer.bound_tokens = read_word(reader, node, "bound_tokens", kBindings);
  issuer.dpop_nonce = reader.boolean(node, "dpop_nonce").value_or(false);
  issuer.access_tokens_only = reader.boolean(node, "access_tokens_only").value_or(false);
  if (const auto leeway = reader.duration_ms(node, "leeway", 0, 300 * kSecondMs)) {
    issuer.leeway_s = *leeway / kSecondMs;
  }
  if (const auto lifetime = reader.duration_ms(node, "token_lifetime_max", kSecondMs, 366 * kDayMs)) {
    issuer.token_lifetime_max_s = *lifetime / kSecondMs;
  }
  if (const auto stale = reader.duration_ms(node, "keys_stale_max", kSecondMs, 30 * kDayMs)) {
    issuer.keys_stale_max_s = *stale / kSecondMs;
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

namespace {

void read_client_certificate(Reader& reader, const Node& node, SchemeBinding& binding) {
  const Node* said = node.find("client_certificate");
  if (said == nullptr || !reader.check_keys(*said, kCertificateKeys, "a client certificate")) return;
  ClientCertificateBinding rule;
  rule.identity = read_word(reader, *said, "identity", kCertificateNames);
  rule.allow = reader.texts(*said, "allow");
  const Node* allow = said->find("allow");
  if (allow != nullptr && allow->is_array() && allow->child_count == 0) {
    reader.error(*allow, "invalid-value", "`allow` is empty, so no certificate would be accepted",
                 "List names, or leave it out for every certificate that the listener verifies.");
  }
  for (const std::string& name : rule.allow) {
    if (name == "*" || name.find('*') < name.size() - 1) {
      reader.error(*allow, "invalid-value", quote(name) + " is no name that a certificate could have",
                   "Write a whole name, or one that ends with * after a part that is yours.");
    }
  }
  binding.client_certificate = std::move(rule);
}

void read_basic(Reader& reader, const Node& node, SchemeBinding& binding) {
  const Node* said = node.find("basic");
  if (said == nullptr || !reader.check_keys(*said, kBasicKeys, "a basic scheme")) return;
  BasicBinding basic;
  basic.origin = reader.origin_of(*said);
  for (const std::string_view key : kBasicKeys) reader.required(*said, key, "a basic scheme");
  basic.reason = reader.text(*said, "reason").value_or("");
  basic.users_file = reader.file(*said, "users_file").value_or("");
  binding.basic = std::move(basic);
}

}  // namespace

void read_scheme_bindings(Reader& reader, const Node& root, Config& config) {
  const Node* schemes = reader.object(root, "security_schemes");
  if (schemes == nullptr) return;
  for (const Node& node : *schemes) {
    if (!reader.check_keys(node, kBindingKeys, "a security scheme")) continue;
    SchemeBinding binding;
    binding.scheme = node.key;
    binding.origin = reader.origin_of(node);
    binding.issuers = reader.texts(node, "issuers");
    if (auto issuer = reader.text(node, "issuer")) binding.issuers.push_back(std::move(*issuer));
    read_client_certificate(reader, node, binding);
    read_session(reader, node, binding);
    read_basic(reader, node, binding);
    const int said = (node.find("issuer") != nullptr) + (node.find("issuers") != nullptr) +
                     (node.find("client_certificate") != nullptr) + (node.find("session") != nullptr) +
                     (node.find("basic") != nullptr);
    if (said != 1) {
      reader.error_at_key(
          node, said == 0 ? "missing-key" : "invalid-value",
          "the security scheme " + quote(node.key) +
              " needs exactly one of `issuer`, `issuers`, `client_certificate`, `session` and `basic`",
          "Say whose tokens it accepts, which certificates count, where browsers log in, or whose "
          "passwords.");
    }
    config.schemes.push_back(std::move(binding));
  }
}

void read_api_keys(Reader& reader, const Node& root, Config& config) {
  const Node* keys = reader.object(root, "api_keys");
  if (keys == nullptr || !reader.check_keys(*keys, kApiKeysKeys, "`api_keys`")) return;
  if (auto reference = reader.secret(*keys, "hash_key")) config.api_keys.hash_key = std::move(*reference);
}

}  // namespace caponier::config
