// URI references of schemas: RFC 3986 section 5, as far as `$ref` and `$id` need it. Nothing is fetched.
#pragma once

#include <string>
#include <string_view>

namespace caponier::schema {

// Where `reference` leads from `base`; both may be relative. Dot segments are removed.
std::string resolve_reference(std::string_view base, std::string_view reference);

// A reference without its fragment, and the fragment with its percent-encoding undone.
struct SplitReference {
  std::string uri;
  std::string fragment;
};
SplitReference split_reference(std::string_view reference);

}  // namespace caponier::schema
