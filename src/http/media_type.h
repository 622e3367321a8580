// Media types (RFC 9110 section 8.3.1), compared without their parameters.
#pragma once

#include <optional>
#include <string_view>

namespace caponier::http {

struct MediaType {
  std::string_view type;  // as written
  std::string_view subtype;
  std::string_view charset;   // of its parameters, unquoted; empty if none
  std::string_view boundary;  // as charset
};

// Nothing if it is none, or if readers could differ about its boundary or charset.
std::optional<MediaType> parse_media_type(std::string_view value);
// application/json, or any subtype that ends in +json.
bool is_json(const MediaType& media_type);
// Also by the names that JSON had before, and that some servers answer with.
bool reads_as_json(const MediaType& media_type);
// `range` may be "*/*", "application/*" or exact; case-insensitive.
bool matches(const MediaType& range, const MediaType& media_type);

}  // namespace caponier::http
