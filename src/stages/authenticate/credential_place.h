// What stands in a request where a scheme reads its credential.
#pragma once

#include <cstddef>
#include <string_view>

#include "stages/exchange.h"

namespace caponier::stages {

// The texts that stand at a place: the first, and how many.
struct FoundCredential {
  std::string_view text;
  std::size_t count = 0;
  void add(std::string_view one) {
    if (count++ == 0) text = one;
  }
};

// Takes the next pair of a Cookie header (RFC 6265, section 5.4) from `rest`, which is not empty. False: what
// was taken is none.
struct Cookie {
  std::string_view name;
  std::string_view value;
};
bool take_cookie(std::string_view& rest, Cookie& cookie);

// Calls `each(name, value)` for what the Cookie headers hold.
template <class Each>
void for_each_cookie(const http::RequestHead& head, Each&& each) {
  for (const http::Header& header : head.headers) {
    if (header.field != http::Field::kCookie) continue;
    for (std::string_view rest = header.value; !rest.empty();) {
      Cookie cookie;
      if (take_cookie(rest, cookie)) each(cookie.name, cookie.value);
    }
  }
}

// Views the request's head.
FoundCredential at_place(Exchange& exchange, const plan::CredentialPlace& place);

}  // namespace caponier::stages
