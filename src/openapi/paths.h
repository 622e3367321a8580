// `paths`: from path items to the operations that are served.
#pragma once

#include <optional>
#include <string_view>

#include "base/tree.h"
#include "http/message.h"
#include "openapi/reader.h"

namespace caponier::openapi {

// What an operation inherits from the document.
struct Inherited {
  std::vector<SecurityAlternative> security;
  const Node* security_node = nullptr;  // null: the document says nothing
  std::vector<std::string> base_paths;
};

// The method that a member of a path item declares: "get".
std::optional<http::Method> method_of(std::string_view member);

void read_paths(Reader& reader, const Node& paths, const Inherited& inherited);

}  // namespace caponier::openapi
