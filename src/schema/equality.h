// Equality of JSON values as JSON Schema means it: 1 equals 1.0, members have no order. Every comparison is
// paid for in steps, so that a hostile instance runs out of them instead of running on.
#pragma once

#include <cstdint>

#include "json/document.h"

namespace caponier::schema {

// `steps` goes below zero when they are used up; the answer then means nothing.
bool equal(json::Value a, json::Value b, std::int64_t& steps);
// Two different elements of the array that are equal, by their positions; first == second if there are none.
struct EqualItems {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
};
EqualItems find_equal_items(json::Value array, std::int64_t& steps);

}  // namespace caponier::schema
