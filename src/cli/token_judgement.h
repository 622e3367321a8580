// What `caponier token verify` and `inspect` say of a token: by the same code as a gateway's requests, and
// without one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jose/key_set.h"
#include "jose/token.h"

namespace caponier::cli {

struct TokenDemand {
  std::string issuer;                  // empty: not judged
  std::vector<std::string> audiences;  // any of them; empty: not judged
  jose::AlgorithmSet algorithms = jose::all_algorithms();
  std::int64_t at_s = 0;
  std::int64_t leeway_s = jose::TokenRules{}.leeway_s;
  std::int64_t lifetime_max_s = jose::TokenRules{}.lifetime_max_s;
  bool signature_only = false;  // of any signed text, whatever its payload
};

// Null: it is valid.
std::optional<jose::TokenError> judge_token(std::string_view token, const jose::KeySet& keys,
                                            const TokenDemand& demand);

enum class CheckResult : std::uint8_t { kPasses, kFails, kNotJudged };
struct TokenCheck {
  std::string_view name;
  CheckResult result = CheckResult::kNotJudged;
  std::string detail;  // why; empty where it passes
};

// Each check for itself, as far as the token can be read. `keys` null: the signature is not judged.
std::vector<TokenCheck> check_token(std::string_view token, const jose::KeySet* keys,
                                    const TokenDemand& demand);

// What is wrong, in a sentence.
std::string_view sentence_of(jose::TokenError error);

}  // namespace caponier::cli
