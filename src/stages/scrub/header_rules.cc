#include "stages/scrub/header_rules.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "http/field_lists.h"

namespace caponier::stages {
namespace {

using http::Field;

// Names in lower case. Most headers are on no list, and most of those show it by their length.
template <std::size_t kSize>
class NameList {
 public:
  constexpr explicit NameList(const std::array<std::string_view, kSize>& names) : names_(names) {
    for (const std::string_view name : names) lengths_ |= std::uint64_t{1} << name.size();
  }
  [[nodiscard]] bool has(std::string_view name) const {
    if (name.size() >= 64 || ((lengths_ >> name.size()) & 1U) == 0) return false;
    return std::ranges::any_of(names_, [name](std::string_view n) { return equals_ignore_case(n, name); });
  }

 private:
  std::array<std::string_view, kSize> names_;
  std::uint64_t lengths_ = 0;  // bit i: some name has i bytes
};

constexpr NameList kImpersonating(std::to_array<std::string_view>({
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "x-original-url",
    "x-rewrite-url",
    "x-original-uri",
    "x-original-method",
    "x-original-host",
    "x-host",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-originating-ip",
    "x-remote-ip",
    "x-remote-addr",
    "x-remote-user",
    "remote-user",
    "remote-addr",
    "true-client-ip",
    "client-ip",
    "cf-connecting-ip",
    "cf-connecting-ipv6",
    "fastly-client-ip",
    "x-azure-clientip",
    "x-envoy-external-address",
    "x-authenticated-user",
    "x-webauth-user",
    "client-cert",  // RFC 9440, section 2.4
    "client-cert-chain",
    "x-client-cert",
    "x-client-certificate",
    "x-client-dn",
    "x-client-verify",
}));

constexpr NameList kDisclosing(std::to_array<std::string_view>({
    "alt-svc",  // would lead clients around the gateway
    "x-served-by",
    "x-backend-server",
    "x-backend",
    "x-server",
    "x-server-powered-by",
    "x-powered-cms",
    "liferay-portal",
    "x-turbo-charged-by",
    "x-varnish",
    "x-debug-token",
    "x-debug-token-link",
    "sourcemap",
}));

bool has_prefix(std::string_view name, std::string_view lower_prefix) {
  return name.size() >= lower_prefix.size() &&
         equals_ignore_case(name.substr(0, lower_prefix.size()), lower_prefix);
}

}  // namespace

ConnectionOptions::ConnectionOptions(std::span<const http::Header> headers) : headers_(headers) {
  for (const http::Header& header : headers) {
    if (header.field != Field::kConnection || equals_ignore_case(header.value, "keep-alive")) continue;
    any_ |= http::any_item(header.value, [](std::string_view option) {
      return !equals_ignore_case(option, "keep-alive") && !equals_ignore_case(option, "close");
    });
  }
}

bool ConnectionOptions::list(std::string_view name) const {
  if (!any_) return false;
  return std::ranges::any_of(headers_, [name](const http::Header& header) {
    return header.field == Field::kConnection &&
           http::any_item(header.value,
                          [name](std::string_view option) { return equals_ignore_case(option, name); });
  });
}

bool is_hop_by_hop(const http::Header& header) {
  switch (header.field) {
    case Field::kConnection:
    case Field::kContentLength:
    case Field::kTransferEncoding:
    case Field::kUpgrade:
    case Field::kTe:
    case Field::kTrailer:
    case Field::kKeepAlive:
    case Field::kProxyConnection:
    case Field::kProxyAuthorization:
    case Field::kProxyAuthenticate:
      return true;
    case Field::kOther:
      return has_prefix(header.name, "proxy-") || equals_ignore_case(header.name, "http2-settings");
    default:
      return false;
  }
}

namespace {

// What CGI and its kind leave as it is; many make one sign of all others.
bool is_plain(char c) {
  return is_alpha(c) || is_digit(c) || c == '-';
}

}  // namespace

bool is_impersonation(const http::Header& header) {
  switch (header.field) {
    case Field::kTraceparent:
    case Field::kTracestate:
    case Field::kForwarded:
    case Field::kXForwarded:
    case Field::kXRequestId:
    case Field::kCaponier:
      return true;
    case Field::kOther:
    case Field::kRateLimit:  // in either spelling
      return kImpersonating.has(header.name) || !std::ranges::all_of(header.name, is_plain);
    default:
      return false;
  }
}

bool is_disclosure(const http::Header& header) {
  switch (header.field) {
    case Field::kServer:
    case Field::kVia:
    case Field::kXPoweredBy:
    case Field::kStrictTransportSecurity:
    case Field::kXContentTypeOptions:
    case Field::kXRequestId:
    case Field::kXForwarded:
    case Field::kCaponier:
    case Field::kRateLimit:
      return true;
    case Field::kOther:
      return kDisclosing.has(header.name);
    default:
      return false;
  }
}

bool wants_trailers(const http::RequestHead& head) {
  const auto lists = [&head](std::string_view name, std::string_view wanted) {
    return http::any_item(head.headers, name,
                          [wanted](std::string_view item) { return equals_ignore_case(item, wanted); });
  };
  // HTTP/2 has no connection options: TE itself is allowed there for this one word.
  return head.minor_version == 1 && head.find(Field::kTe) != nullptr && lists("te", "trailers") &&
         (head.http2 || lists("connection", "te"));
}

namespace {

// As CGI and its kind name a header: of letters in one case, and with one sign for all that is neither letter
// nor digit.
bool is_same_variable(std::string_view one, std::string_view other) {
  const auto folded = [](char c) { return is_alpha(c) || is_digit(c) ? to_lower(c) : '_'; };
  return std::ranges::equal(one, other, {}, folded, folded);
}

}  // namespace

bool is_twin(const plan::Plan& plan, const plan::Operation& operation, std::string_view name) {
  const auto shadows = [name](std::string_view declared) {
    return !std::ranges::all_of(declared, is_plain) && is_same_variable(declared, name) &&
           !equals_ignore_case(declared, name);
  };
  if (is_declared_header(operation, name)) return false;
  return std::ranges::any_of(operation.parameters,
                             [&](const plan::Parameter& parameter) {
                               return parameter.in == openapi::ParameterIn::kHeader &&
                                      shadows(parameter.name);
                             }) ||
         std::ranges::any_of(plan.schemes, [&](const plan::Scheme& scheme) {
           return scheme.place.in == plan::CredentialIn::kHeader && shadows(scheme.place.name);
         });
}

bool is_declared_header(const plan::Operation& operation, std::string_view name) {
  return std::ranges::any_of(operation.parameters, [name](const plan::Parameter& parameter) {
    return parameter.in == openapi::ParameterIn::kHeader && equals_ignore_case(parameter.name, name);
  });
}

}  // namespace caponier::stages
