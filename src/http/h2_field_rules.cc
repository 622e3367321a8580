#include "http/h2_field_rules.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/canary.h"
#include "http/characters.h"

namespace caponier::http::h2 {
namespace {

bool is_lower_token(std::string_view name) {
  return is_token(name) &&
         std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

// RFC 9113, section 8.2.1: as in HTTP/1.1, and no whitespace around it that somebody would trim.
bool is_exact_value(std::string_view value) {
  const char* const end = value.data() + value.size();
  for (const char* at = find_control(value.data(), end); at != end; at = find_control(at + 1, end)) {
    if (*at != '\t') return false;
  }
  return trim(value).size() == value.size();
}

std::optional<DecodeError> judge_common(const Header& field) {
  if (!is_lower_token(field.name)) return DecodeError::kHeaderName;
  if (!is_exact_value(field.value)) return DecodeError::kHeaderValue;
  if (canary("h2-transfer-encoding") && field.field == Field::kTransferEncoding) return std::nullopt;
  switch (field.field) {
    case Field::kConnection:
    case Field::kTransferEncoding:
    case Field::kKeepAlive:
    case Field::kUpgrade:
    case Field::kProxyConnection:
      return DecodeError::kConnectionHeader;
    default:
      return std::nullopt;
  }
}

}  // namespace caponier::http::h2
