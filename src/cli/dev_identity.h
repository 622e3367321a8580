// The local development issuer and the local certificate authority: keys of their own per state directory,
// made when first needed, never accepted without --dev.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "jose/signing_key.h"
#include "store/state_dir.h"

namespace caponier::cli {

inline constexpr std::string_view kDevelopmentAudience = "caponier-dev";

struct DevelopmentIssuer {
  jose::SigningKey key;
  std::string issuer;  // "urn:caponier:dev:<thumbprint>"
};
// Loads the key from the state directory, or makes it.
Result<DevelopmentIssuer, std::string> development_issuer(const store::StateDir& state);

struct TokenRequest {
  std::string subject;
  std::vector<std::string> scopes;
  std::int64_t issued_at_s = 0;
  std::int64_t expires_at_s = 0;
};
Result<std::string, std::string> issue_token(const DevelopmentIssuer& issuer, const TokenRequest& request);

struct LocalCertificate {
  std::string chain_pem;
  Secret key_pem;
  std::string ca_file;  // for curl --cacert
};
Result<LocalCertificate, std::string> local_certificate(const store::StateDir& state, std::int64_t now_s);

}  // namespace caponier::cli
