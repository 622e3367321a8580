#include "plan/shape.h"

#include <algorithm>

namespace caponier::plan {

const Shape* Shape::property(std::string_view name) const {
  const auto at =
      std::lower_bound(properties.begin(), properties.end(), name,
                       [](const auto& entry, std::string_view text) { return entry.first < text; });
  return at != properties.end() && at->first == name ? at->second : nullptr;
}

const Shape& any_shape() {
  static const Shape shape;
  return shape;
}

}  // namespace caponier::plan
