// Keys that somebody on this machine names to verify tokens with: a file or a URL, a JWK Set, one JWK, or
// PEM.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "jose/key_set.h"

namespace caponier::cli {

// `source`: a file, or a URL (https; http on this machine). `ca_file`: who vouches for the URL's server;
// empty: the system's authorities. Keys that are refused are in the set, with the reason.
Result<jose::KeySet, std::string> load_keys(const std::string& source, const std::string& ca_file);

// Of a private key, its public half is used. A secret key is refused.
Result<jose::KeySet, std::string> parse_keys(std::string_view text);

}  // namespace caponier::cli
