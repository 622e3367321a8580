// A canonical path is its own canonical form and has the same segments; a decoded pair survives being encoded
// again.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/fuzzing.h"
#include "uri/path.h"
#include "uri/url.h"

namespace {

using caponier::fuzzing::require;
using caponier::fuzzing::text_of;

using namespace caponier;

void check_path(std::string_view raw) {
  Arena arena;
  const auto path = uri::normalize_path(raw, arena);
  if (!path) return;
  const auto again = uri::normalize_path(path->canonical, arena);
  require(again.ok());
  require(again->canonical == path->canonical);
  require(std::ranges::equal(again->segments, path->segments));
  std::string rebuilt;
  for (const std::string_view segment : path->segments) {
    require(segment.find('/') == std::string_view::npos && segment != "." && segment != "..");
    rebuilt += '/';
    uri::append_encoded(rebuilt, segment);
  }
  const auto encoded = uri::normalize_path(rebuilt, arena);
  require(encoded.ok() && encoded->canonical == path->canonical);
}

void check_query(std::string_view raw) {
  Arena arena;
  const auto pairs = uri::parse_query(raw, arena, 100);
  if (!pairs) return;
  std::string rebuilt;
  for (const uri::QueryPair& pair : *pairs) {
    uri::append_encoded(rebuilt, pair.name);
    if (pair.has_equals) rebuilt += '=';
    uri::append_encoded(rebuilt, pair.value);
    rebuilt += '&';
  }
  const auto again = uri::parse_query(rebuilt, arena, 100);
  require(again.ok() && again->size() == pairs->size());
  for (std::size_t i = 0; i < pairs->size(); ++i) {
    require((*again)[i].name == (*pairs)[i].name && (*again)[i].value == (*pairs)[i].value);
  }
}

void check_url(std::string_view text) {
  const auto url = uri::parse_url(text);
  if (url) {
    const std::string written = url->text();
    const auto again = uri::parse_url(written);
    // Writing may lengthen a URL by its path, so that only the length bound may stand in the way.
    require(again.ok() ? again->text() == written : written.size() > text.size());
  }
  (void)uri::parse_listen(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = text_of(data, size);
  check_path(text);
  check_query(text);
  check_url(text);
  return 0;
}
