// The folder that a contract's references are confined to.
#pragma once

#include <string>

#include "openapi/documents.h"

namespace caponier::cli {

// Reads files below the folder of `contract_file`, as they are once symbolic links are followed; what leads
// out of it, and what is no plain file, is refused.
openapi::ReadFile document_folder(const std::string& contract_file);

}  // namespace caponier::cli
