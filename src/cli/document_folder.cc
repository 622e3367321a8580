#include "cli/document_folder.h"

#include <filesystem>
#include <system_error>

#include "base/limits.h"
#include "store/state_dir.h"

namespace caponier::cli {

namespace fs = std::filesystem;

openapi::ReadFile document_folder(const std::string& contract_file) {
  std::error_code error;
  const fs::path parent = fs::path(contract_file).parent_path();
  const fs::path folder = fs::canonical(parent.empty() ? fs::path(".") : parent, error);
  if (error) return {};
  return [folder](const std::string& path) -> Result<std::string, std::string> {
    std::error_code missing;
    const fs::path file = fs::canonical(folder / path, missing);
    if (missing) return Err("there is no file " + path + " in the document's folder");
    const fs::path inside = file.lexically_relative(folder);
    if (inside.empty() || *inside.begin() == "..") {
      return Err(path + " is a link that leads out of the document's folder");
    }
    if (!fs::is_regular_file(file, missing)) return Err(path + " is not a file");
    auto text = store::read_file(file.string(), kDocumentBytesMax);
    if (!text) return Err(path + " cannot be read");
    return text;
  };
}

}  // namespace caponier::cli
