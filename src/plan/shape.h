// What a schema says about types, place by place: which types a text may be read as, what the parts of a form
// are, and which members of an object nobody declares. A hint for decoding; the schema's program decides.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/document.h"

namespace caponier::plan {

struct Shape {
  static constexpr std::uint8_t kEveryType = (1U << 6) - 1;

  std::uint8_t types = kEveryType;  // bits over json::Kind
  bool closed = false;              // members that are not among `properties` are refused
  bool write_only = false;
  bool binary = false;  // the schema says bytes
  const Shape* items = nullptr;
  const Shape* rest = nullptr;                                   // of members that no property names
  std::vector<std::pair<std::string, const Shape*>> properties;  // by name

  [[nodiscard]] bool allows(json::Kind kind) const {
    return ((types >> static_cast<unsigned>(kind)) & 1U) != 0;
  }
  // Allows it and says so, rather than saying nothing.
  [[nodiscard]] bool names(json::Kind kind) const { return types != kEveryType && allows(kind); }
  [[nodiscard]] const Shape* property(std::string_view name) const;
};

// Of what no schema describes.
const Shape& any_shape();

}  // namespace caponier::plan
