// Removes from an answer what its schema does not declare, and what it declares write-only.
#pragma once

#include <string>

#include "json/document.h"
#include "plan/shape.h"

namespace caponier::stages {

// Appends `value` as JSON text without such members. False if nothing was to be removed; `out` is of no use
// then.
bool strip(json::Value value, const plan::Shape& shape, std::string& out);

}  // namespace caponier::stages
