// caponier check: loads everything that `run` would, and reports without serving.
#pragma once

#include <span>
#include <string_view>

namespace caponier::cli {

// Exit status: 0 nothing to say, 1 findings, 2 it cannot be loaded.
int check(std::span<const std::string_view> arguments);

}  // namespace caponier::cli
