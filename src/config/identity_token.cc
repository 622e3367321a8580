#include "config/identity_token.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "config/sections.h"

namespace caponier::config {
namespace {

constexpr std::string_view kKeys[] = {"issuer",   "lifetime",     "algorithm", "key",
                                      "next_key", "rotate_every", "jwks_path", "published_on"};
constexpr std::string_view kUpstreamKeys[] = {"audience", "authorization"};
constexpr std::string_view kAlgorithms[] = {"ES256", "EdDSA", "RS256"};
constexpr std::int64_t kSecondMs = 1000;
constexpr std::int64_t kHourMs = 3600 * kSecondMs;
constexpr std::int64_t kDayMs = 24 * kHourMs;

void read_algorithm(Reader& reader, const Node& node, IdentityToken& token) {
  token.algorithm = reader.text(node, "algorithm").value_or("");
  const bool known =
      std::find(std::begin(kAlgorithms), std::end(kAlgorithms), token.algorithm) != std::end(kAlgorithms);
  if (token.algorithm.empty() || known) return;
  const std::string_view meant =
      did_you_mean(token.algorithm, {std::begin(kAlgorithms), std::end(kAlgorithms)});
  reader.error(*node.find("algorithm"), "invalid-value",
               quote(token.algorithm) + " is no algorithm by which the gateway signs",
               meant.empty() ? "Write ES256, EdDSA or RS256." : "Did you mean " + quote(meant) + "?");
}

// Keys that the gateway makes rotate by themselves; those of somebody else are somebody else's to rotate.
void read_keys(Reader& reader, const Node& node, IdentityToken& token) {
  if (auto reference = reader.secret(node, "key")) token.key = std::move(*reference);
  if (auto reference = reader.secret(node, "next_key")) token.next_key = std::move(*reference);
  if (const auto every = reader.duration_ms(node, "rotate_every", kHourMs, 366 * kDayMs))
    token.rotate_every_s = *every / kSecondMs;
  const bool own = node.find("key") == nullptr;
  if (own && node.find("next_key") != nullptr) {
    reader.error(*node.find("next_key"), "missing-key", "`next_key` is the one that comes after `key`",
                 "Add `key`, or remove both: the gateway then makes and rotates keys by itself.");
  }
  for (const std::string_view name : {"rotate_every", "algorithm"}) {
    if (own || node.find(name) == nullptr) continue;
    reader.error_at_key(*node.find(name), "invalid-value",
                        quote(name) + " is about keys that the gateway makes, and `key` names one",
                        name == "algorithm" ? "Remove it: what the key is says the algorithm."
                                            : "Remove it, and rotate by `next_key` and a reload.");
  }
}

void read_publication(Reader& reader, const Node& node, IdentityToken& token) {
  if (auto path = reader.text(node, "jwks_path")) token.jwks_path = std::move(*path);
  token.listeners = reader.texts(node, "published_on");
  const Node* listeners = node.find("published_on");
  if (listeners != nullptr && listeners->is_array() && listeners->child_count == 0) {
    reader.error(*listeners, "invalid-value", "`published_on` is empty, so that no upstream could verify",
                 "Name listeners, or remove it: every one that serves publishes the keys then.");
  }
}

void read_authorization(Reader& reader, const Node& node, UpstreamIdentity& identity) {
  const auto word = reader.text(node, "authorization");
  if (!word || *word == "keep") return;
  if (*word == "replace") {
    identity.authorization = AuthorizationHeader::kReplace;
  } else if (*word == "replace_opaque") {
    identity.authorization = AuthorizationHeader::kReplaceOpaque;
  } else {
    const std::string_view meant = did_you_mean(*word, {"keep", "replace", "replace_opaque"});
    reader.error(
        *node.find("authorization"), "invalid-value",
        quote(*word) + " says nothing about what becomes of the client's Authorization",
        meant.empty() ? "Write keep, replace or replace_opaque." : "Did you mean " + quote(meant) + "?");
  }
}

}  // namespace

void read_identity_token(Reader& reader, const Node& root, Config& config) {
  const Node* node = root.find("identity_token");
  if (node == nullptr || !reader.check_keys(*node, kKeys, "`identity_token`")) return;
  IdentityToken token;
  token.origin = reader.origin_of(*node);
  reader.required(*node, "issuer", "`identity_token`");
  token.issuer = reader.text(*node, "issuer").value_or("");
  if (const auto lifetime = reader.duration_ms(*node, "lifetime", 5 * kSecondMs, 60 * kSecondMs))
    token.lifetime_s = *lifetime / kSecondMs;
  read_algorithm(reader, *node, token);
  read_keys(reader, *node, token);
  read_publication(reader, *node, token);
  config.identity_token = std::move(token);
}

void read_upstream_identity(Reader& reader, const Node& node, Upstream& upstream) {
  const Node* said = node.find("identity_token");
  if (said == nullptr) return;
  UpstreamIdentity& identity = upstream.identity;
  identity.origin = reader.origin_of(*said);
  if (said->is_object()) {
    if (!reader.check_keys(*said, kUpstreamKeys, "an upstream's `identity_token`")) return;
    identity.told = true;
    identity.audience = reader.text(*said, "audience").value_or("");
    read_authorization(reader, *said, identity);
    return;
  }
  identity.told = reader.boolean(node, "identity_token").value_or(false);
}

}  // namespace caponier::config
