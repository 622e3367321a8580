// Which files of API keys contract and configuration name. The caller reads them, because the plan does no
// I/O.
#pragma once

#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "config/config.h"
#include "openapi/contract.h"

namespace caponier::plan {

struct KeyFile {
  std::string name;  // as CompileInput::api_keys must call it
  Diagnostic at;     // where it is named, for whatever is wrong with it
};
std::vector<KeyFile> key_files(const openapi::Contract& contract, const config::Config& config);

}  // namespace caponier::plan
