#include "openapi/read_document.h"

#include <utility>

#include "base/limits.h"
#include "json/read_tree.h"
#include "yaml/read_tree.h"

namespace caponier::openapi {

std::unique_ptr<Tree> read_document(std::string_view text, const std::string& file, std::uint32_t number,
                                    Diagnostics& diagnostics) {
  if (text.size() > kDocumentBytesMax) {
    diagnostics.add(
        {.code = "too-large",
         .file = file,
         .message = "the document is larger than " + std::to_string(kDocumentBytesMax) + " bytes"});
    return nullptr;
  }
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool is_json = first != std::string_view::npos && text[first] == '{';
  auto tree = is_json ? json::read_tree(text, file, number) : yaml::read_tree(text, file, number);
  const bool says_yaml = file.ends_with(".yaml") || file.ends_with(".yml");
  if (is_json && says_yaml && !tree.ok()) tree = yaml::read_tree(text, file, number);
  if (!tree.ok()) {
    diagnostics.add(tree.error());
    return nullptr;
  }
  return std::move(tree).value();
}

}  // namespace caponier::openapi
