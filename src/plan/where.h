// Where a demand is written.
#pragma once

#include <string>

namespace caponier::plan {

struct Where {
  std::string text;  // "openapi.yaml:12:7"
};

}  // namespace caponier::plan
