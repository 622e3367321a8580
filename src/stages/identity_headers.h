// The headers that tell the upstream who asks: Caponier-Subject, Caponier-Issuer, Caponier-Scope.
#pragma once

#include <string_view>

#include "base/text_writer.h"

namespace caponier::stages {

// Whole lines; none for what is empty. `scopes` are words.
void append_identity_headers(TextWriter& out, std::string_view subject, std::string_view issuer,
                             std::string_view scopes);

}  // namespace caponier::stages
