#include "http/trailers.h"

#include <algorithm>
#include <iterator>

#include "base/bytes.h"
#include "http/characters.h"

namespace caponier::http {
namespace {

// In lower case. Names with a field of their own are of the head without exception.
constexpr std::string_view kOfTheHead[] = {"age",
                                           "allow",
                                           "clear-site-data",
                                           "date",
                                           "expires",
                                           "link",
                                           "location",
                                           "max-forwards",
                                           "nel",
                                           "pragma",
                                           "range",
                                           "refresh",
                                           "report-to",
                                           "reporting-endpoints",
                                           "vary",
                                           "warning",
                                           "authentication-info",
                                           "referrer-policy",
                                           "permissions-policy",
                                           "x-frame-options",
                                           "x-xss-protection"};
constexpr std::string_view kOfTheHeadByPrefix[] = {"accept-", "access-control-", "content-", "cross-origin-",
                                                   "if-",     "proxy-",          "sec-"};

bool has_prefix(std::string_view name, std::string_view prefix) {
  return name.size() >= prefix.size() && equals_ignore_case(name.substr(0, prefix.size()), prefix);
}

}  // namespace

Header take_trailer(std::string_view& lines) {
  const std::size_t end = std::min(lines.find("\r\n"), lines.size());
  const std::string_view line = lines.substr(0, end);
  lines.remove_prefix(std::min(end + 2, lines.size()));
  const std::size_t colon = std::min(line.find(':'), line.size());
  const std::string_view name = line.substr(0, colon);
  return {name, trim(line.substr(std::min(colon + 1, line.size()))), parse_field(name)};
}

bool may_be_trailer(const Header& header) {
  if (header.field != Field::kOther) return false;
  const auto is_name = [&header](std::string_view name) { return equals_ignore_case(header.name, name); };
  const auto begins = [&header](std::string_view prefix) { return has_prefix(header.name, prefix); };
  return !std::any_of(std::begin(kOfTheHead), std::end(kOfTheHead), is_name) &&
         !std::any_of(std::begin(kOfTheHeadByPrefix), std::end(kOfTheHeadByPrefix), begins);
}

}  // namespace caponier::http
