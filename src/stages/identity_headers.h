// The headers that tell the upstream who asks: Caponier-Subject, Caponier-Issuer, Caponier-Scope.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/text_writer.h"

namespace caponier::stages {

// Whole lines; none for what is empty.
void append_identity_headers(TextWriter& out, std::string_view subject, std::string_view issuer,
                             const std::vector<std::string>& scopes);

}  // namespace caponier::stages
