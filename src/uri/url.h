// Absolute URLs as configuration and key-set locations name them: http and https only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace caponier::uri {

struct Url {
  bool https = false;
  std::string host;  // lower case; IPv6 without brackets
  std::uint16_t port = 0;
  std::string path;  // begins with '/', without a query
  std::string query;

  // As in a Host header: default port left out, IPv6 in brackets.
  [[nodiscard]] std::string authority() const;
  [[nodiscard]] std::string text() const;
};

// Userinfo and fragments are refused. The error is a sentence.
Result<Url, std::string> parse_url(std::string_view text);

// "HOST:PORT", "[::1]:8443", "https://HOST:PORT", "http://HOST:PORT"; port 0 allowed. Without a scheme:
// https.
Result<Url, std::string> parse_listen(std::string_view text);

}  // namespace caponier::uri
