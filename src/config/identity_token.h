// What of the caller an upstream is told, and by which token of its own the gateway calls it:
// `identity_token` at the root, and the members of the same purpose of an upstream.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/secret_reference.h"

namespace caponier::config {

// Where a setting was written, for messages; file empty: on the command line or by default.
struct Origin {
  std::string file;
  SourcePosition position;
  std::string pointer;
};

// The tokens by which the gateway vouches for callers.
struct IdentityToken {
  std::string issuer;  // `iss`
  std::int64_t lifetime_s = 60;
  std::string algorithm;     // "ES256", "EdDSA", "RS256"; empty: ES256, or what the key is for
  SecretReference key;       // PEM; none: the gateway makes keys of its own
  SecretReference next_key;  // published already, not used yet
  std::int64_t rotate_every_s = std::int64_t{30} * 24 * 3600;  // keys of its own
  std::string jwks_path = "/.well-known/jwks.json";
  std::vector<std::string> listeners;  // which publish the keys, by name; empty: all that serve
  Origin origin;
};

// What becomes of the client's Authorization where such a token goes upstream.
enum class AuthorizationHeader : std::uint8_t { kKeep, kReplaceOpaque, kReplace };

// Whether an upstream is told by such a token who calls.
struct UpstreamIdentity {
  bool told = false;
  std::string audience;  // `aud`; empty: the upstream's name
  AuthorizationHeader authorization = AuthorizationHeader::kKeep;
  Origin origin;
};

// By which token of an issuer the gateway calls an upstream.
struct UpstreamToken {
  std::string issuer;     // of `issuers`, with a client
  bool exchange = false;  // the caller's token is exchanged (RFC 8693); else it is the gateway's own
  std::vector<std::string> scopes;
  std::string audience;
  std::string resource;  // RFC 8707
  Origin origin;
};

}  // namespace caponier::config
