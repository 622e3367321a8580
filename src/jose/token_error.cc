#include "jose/token.h"

namespace caponier::jose {

std::string_view name(TokenError error) {
  switch (error) {
    case TokenError::kMalformed:
      return "malformed";
    case TokenError::kUnsupportedAlgorithm:
      return "unsupported-algorithm";
    case TokenError::kCriticalHeader:
      return "critical-header";
    case TokenError::kWrongType:
      return "wrong-type";
    case TokenError::kUnknownKey:
      return "unknown-key";
    case TokenError::kBadSignature:
      return "bad-signature";
    case TokenError::kWrongIssuer:
      return "wrong-issuer";
    case TokenError::kWrongAudience:
      return "wrong-audience";
    case TokenError::kExpired:
      return "expired";
    case TokenError::kNotYetValid:
      return "not-yet-valid";
    case TokenError::kMissingClaim:
      return "missing-claim";
    case TokenError::kTooLongLived:
      return "too-long-lived";
  }
  return "";
}

}  // namespace caponier::jose
