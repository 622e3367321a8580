// What the demo's shop sells.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace caponier::demo {

struct Product {
  std::uint32_t id;
  std::string_view name;
  std::uint32_t price_cents;
};

std::span<const Product> catalog();
// Null if there is none.
const Product* find_product(std::uint64_t id);

}  // namespace caponier::demo
