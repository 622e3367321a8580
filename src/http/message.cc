#include "http/message.h"

#include <cstddef>

#include "base/bytes.h"

namespace caponier::http {
namespace {

constexpr std::string_view kMethodNames[] = {"GET",    "HEAD",    "POST",  "PUT",     "PATCH",
                                             "DELETE", "OPTIONS", "TRACE", "CONNECT", ""};

const Header* find_field(std::span<const Header> headers, Field field) {
  for (const Header& header : headers) {
    if (header.field == field) return &header;
  }
  return nullptr;
}

const Header* find_name(std::span<const Header> headers, std::string_view name) {
  for (const Header& header : headers) {
    if (header.name.size() == name.size() && equals_ignore_case(header.name, name)) return &header;
  }
  return nullptr;
}

}  // namespace

std::string_view name(Method method) {
  return kMethodNames[static_cast<std::size_t>(method)];
}

Method parse_method(std::string_view text) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(Method::kOther); ++i) {
    if (text == kMethodNames[i]) return static_cast<Method>(i);
  }
  return Method::kOther;
}

const Header* RequestHead::find(Field field) const {
  return find_field(headers, field);
}
const Header* RequestHead::find(std::string_view field_name) const {
  return find_name(headers, field_name);
}
const Header* ResponseHead::find(Field field) const {
  return find_field(headers, field);
}
const Header* ResponseHead::find(std::string_view field_name) const {
  return find_name(headers, field_name);
}

}  // namespace caponier::http
