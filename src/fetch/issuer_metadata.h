// What an issuer says of itself (OpenID Connect Discovery 1.0, RFC 8414): where its keys and endpoints are.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/result.h"
#include "uri/url.h"

namespace caponier::fetch {

enum class Endpoint : std::uint8_t {
  kKeys,
  kAuthorization,
  kToken,
  kIntrospection,
  kRevocation,
  kPushedAuthorization,
  kEndSession,
};
inline constexpr std::size_t kEndpoints = 7;
std::string_view name(Endpoint endpoint);  // of the document's member: "token_endpoint"

struct IssuerMetadata {
  std::array<std::optional<uri::Url>, kEndpoints> endpoints;
  // For clients that show a certificate (RFC 8705, section 5); where nothing is said, the others serve.
  std::array<std::optional<uri::Url>, kEndpoints> certificate_endpoints;
  bool names_itself = false;  // authorization_response_iss_parameter_supported (RFC 9207)

  [[nodiscard]] const std::optional<uri::Url>& at(Endpoint endpoint, bool with_certificate = false) const {
    const auto index = static_cast<std::size_t>(endpoint);
    const bool other = with_certificate && certificate_endpoints[index];
    return other ? certificate_endpoints[index] : endpoints[index];
  }
};

// A document that names the very issuer it was asked for (section 4.3). What it names is a URL, in https
// unless `plain_http`, or an error, which is the end of a sentence.
Result<IssuerMetadata, std::string> read_metadata(std::string_view text, std::string_view issuer,
                                                  bool plain_http, const TokenLimits& limits);

}  // namespace caponier::fetch
