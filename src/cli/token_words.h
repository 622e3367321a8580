// The options that `caponier token verify` and `inspect` have in common.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/token_judgement.h"

namespace caponier::cli {

std::vector<Option> demand_options();
// The error is a sentence.
Result<TokenDemand, std::string> read_demand(const Arguments& arguments);
// The token among the positionals; - or none: the first line of standard input.
Result<std::string, std::string> read_token(const Arguments& arguments);

// "RS256", "ES256".
Result<jose::AlgorithmSet, std::string> read_algorithms(const std::vector<std::string>& names);

int verify_token(Words words);
int inspect_token(Words words);

}  // namespace caponier::cli
