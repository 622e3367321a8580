// The listeners of a configuration for `check`: where each listens, and whom it believes.
#pragma once

#include <string>

#include "config/config.h"

namespace caponier::cli {

void append_listeners(std::string& out, const config::Config& config);

}  // namespace caponier::cli
