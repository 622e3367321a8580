#include "stages/authenticate/credential_place.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/canary.h"
#include "uri/style.h"

namespace caponier::stages {
namespace {

FoundCredential in_headers(const http::RequestHead& head, std::string_view name) {
  FoundCredential found;
  for (const http::Header& header : head.headers) {
    if (equals_ignore_case(header.name, name)) found.add(header.value);
  }
  return found;
}

FoundCredential in_cookies(const http::RequestHead& head, std::string_view name) {
  FoundCredential found;
  for_each_cookie(head, [&](std::string_view one, std::string_view value) {
    if (one == name) found.add(value);
  });
  return found;
}

FoundCredential in_query(Exchange& exchange, std::string_view name) {
  FoundCredential found;
  for (std::string_view rest = exchange.head->query; !rest.empty();) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto written = uri::decode_part(pair.substr(0, equals), uri::Escapes::kForm, exchange.arena);
    // A key has no characters that need escapes.
    if (written == name) found.add(pair.substr(std::min(equals + 1, pair.size())));
  }
  return found;
}

}  // namespace

bool take_cookie(std::string_view& rest, Cookie& cookie) {
  const std::size_t end = std::min(rest.find(';'), rest.size());
  std::string_view pair = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  pair.remove_prefix(std::min(pair.find_first_not_of(" \t"), pair.size()));
  pair = pair.substr(0, pair.find_last_not_of(" \t") + 1);
  const std::size_t equals = canary("cookie-last-equals") ? pair.rfind('=') : pair.find('=');
  if (equals == std::string_view::npos) return false;
  cookie = {pair.substr(0, equals), pair.substr(equals + 1)};
  return true;
}

FoundCredential at_place(Exchange& exchange, const plan::CredentialPlace& place) {
  switch (place.in) {
    case plan::CredentialIn::kHeader:
      return in_headers(*exchange.head, place.name);
    case plan::CredentialIn::kCookie:
      return in_cookies(*exchange.head, place.name);
    case plan::CredentialIn::kQuery:
      return in_query(exchange, place.name);
    case plan::CredentialIn::kConnection:
      break;
  }
  return {};
}

}  // namespace caponier::stages
