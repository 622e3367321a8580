// Fields that hold lists (RFC 9110, section 5.6.1): items between commas, over all lines of the field. Not
// for fields whose items may be quoted.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "http/characters.h"
#include "http/message.h"

namespace caponier::http {

// Calls `visit` with each item of a value, empty ones left out, until it returns true.
template <class Visit>
bool any_item(std::string_view value, Visit&& visit) {
  while (!value.empty()) {
    const std::size_t end = std::min(value.find(','), value.size());
    const std::string_view item = trim(value.substr(0, end));
    value.remove_prefix(std::min(end + 1, value.size()));
    if (!item.empty() && visit(item)) return true;
  }
  return false;
}

// The same over all fields called `name`.
template <class Visit>
bool any_item(std::span<const Header> headers, std::string_view name, Visit&& visit) {
  return std::ranges::any_of(headers, [&](const Header& header) {
    return equals_ignore_case(header.name, name) && any_item(header.value, visit);
  });
}

}  // namespace caponier::http
