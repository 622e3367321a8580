// `servers`: the paths under which the operations are reached, and the hosts that the document names.
#pragma once

#include <string>
#include <vector>

#include "base/tree.h"
#include "openapi/reader.h"

namespace caponier::openapi {

// What the enumerations of a server URL's variables may multiply to.
inline constexpr std::size_t kServerPathsMax = 16;
inline constexpr std::size_t kServerHostsMax = 256;

// Base paths of `servers`, without a slash at the end; {""} where it is empty. Host names go to the contract.
std::vector<std::string> read_servers(Reader& reader, const Node& servers);

}  // namespace caponier::openapi
