// The tokens by which the gateway vouches for callers towards its upstreams, as they are made: who says so,
// to whom, for how long, by which keys, and where those are published.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret_reference.h"
#include "config/identity_token.h"
#include "jose/algorithm.h"
#include "plan/where.h"

namespace caponier::plan {

struct IdentityToken {
  std::string issuer;
  std::int64_t lifetime_s = 0;
  jose::Algorithm algorithm = jose::Algorithm::kES256;  // of keys that the gateway makes
  SecretReference key;                                  // none: it makes its own
  SecretReference next_key;
  std::int64_t rotate_every_s = 0;
  std::string jwks_path;               // canonical
  std::vector<std::string> listeners;  // which publish the keys; empty: all that serve
  Where where;

  [[nodiscard]] bool publishes_at(std::string_view listener) const;
};

struct UpstreamIdentity {
  bool told = false;
  std::string audience;
  config::AuthorizationHeader authorization = config::AuthorizationHeader::kKeep;
  std::string claims;  // those that are the same in each token, as the beginning of a JSON object
};

}  // namespace caponier::plan
