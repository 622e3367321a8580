#include "stages/validate/cookies.h"

#include <algorithm>

#include "stages/parameter_value.h"
#include "stages/validate/query_parameters.h"
#include "stages/violation.h"

namespace caponier::stages {
namespace {

using openapi::ParameterIn;

struct Cookie {
  std::string_view name;
  std::string_view value;  // as received
  const plan::Parameter* owner = nullptr;
};
using Cookies = std::span<Cookie>;

const plan::Parameter* owner_of(const plan::Operation& operation, std::string_view name) {
  for (const plan::Parameter& parameter : operation.parameters) {
    if (parameter.in != ParameterIn::kCookie) continue;
    const bool owns = parameter.spreads ? parameter.shape->property(name) != nullptr : parameter.name == name;
    if (owns) return &parameter;
  }
  return nullptr;
}

// RFC 6265, section 5.4, from the other side: pairs between semicolons. The next one off `rest`; what has no
// name is nobody's.
Cookie take_cookie(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(';'), rest.size());
  std::string_view pair = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  pair.remove_prefix(std::min(pair.find_first_not_of(" \t"), pair.size()));
  pair = pair.substr(0, pair.find_last_not_of(" \t") + 1);
  const std::size_t equals = pair.find('=');
  if (equals == std::string_view::npos) return {};
  return {pair.substr(0, equals), pair.substr(equals + 1)};
}

// RFC 6265, section 4.1.1. With others some readers end the value early, or read more than one cookie; a
// comma stands between the values of a list.
bool is_cookie_value(const plan::Parameter& parameter, std::string_view value) {
  const bool lists = may_be_array(parameter) || may_be_object(parameter);
  return std::ranges::all_of(
      value, [lists](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\' && (c != ',' || lists); });
}

// The declared ones. Nothing if there are too many.
std::optional<Cookies> read_cookies(Exchange& exchange, const plan::Operation& operation) {
  const std::size_t most = exchange.plan->limits.parameters_max;
  const Cookies cookies = exchange.arena.array<Cookie>(most);
  std::size_t used = 0;
  for (const http::Header& header : exchange.head->headers) {
    if (header.field != http::Field::kCookie) continue;
    for (std::string_view rest = header.value; !rest.empty();) {
      Cookie cookie = take_cookie(rest);
      cookie.owner = owner_of(operation, cookie.name);
      if (cookie.owner == nullptr) continue;
      if (used == most) return std::nullopt;
      cookies[used++] = cookie;
    }
  }
  return cookies.first(used);
}

std::optional<Denial> judge(Exchange& exchange, const plan::Parameter& parameter, Cookies cookies) {
  Arena& arena = exchange.arena;
  const auto is_its = [&parameter](const Cookie& cookie) { return cookie.owner == &parameter; };
  const auto count = static_cast<std::size_t>(std::ranges::count_if(cookies, is_its));
  if (count == 0) {
    if (!parameter.required) return std::nullopt;
    return about(Reason::kParameterMissing, parameter, "is missing from the cookies");
  }
  for (const Cookie& cookie : cookies) {
    if (is_its(cookie) && !is_cookie_value(parameter, cookie.value))
      return about(Reason::kParameterInvalid, parameter, "has a character that no cookie holds bare");
  }
  const bool repeats = parameter.explode && may_be_array(parameter);
  if (count > 1 && !repeats && !parameter.spreads) {
    return about(Reason::kParameterRepeated, parameter, "came more than once as a cookie");
  }
  const Cookie& first = *std::ranges::find_if(cookies, is_its);
  ParameterText given{&parameter, "cookie", {}, {}, {}};
  if (!repeats && !parameter.spreads) {
    const uri::StyledText text{first.value, parameter.style, parameter.explode, uri::Escapes::kPercent,
                               parameter.name};
    return judge_parameter(exchange, read_styled(arena, parameter, "cookie", text));
  }
  const auto items = arena.array<std::string_view>(count);
  const auto fields = arena.array<Field>(count);
  std::size_t used = 0;
  for (const Cookie& cookie : cookies) {
    if (!is_its(cookie)) continue;
    const auto value = uri::decode_part(cookie.value, uri::Escapes::kPercent, arena);
    if (!value) return about(Reason::kParameterInvalid, parameter, "is not well-formed");
    items[used] = *value;
    fields[used++] = {{&cookie.name, 1}, *value, {}, nullptr};
  }
  if (parameter.spreads) {
    given.fields = fields;
  } else {
    given.items = items;
    if (count == 1) given.text = items.front();
  }
  return judge_parameter(exchange, given);
}

}  // namespace

Verdict<std::string_view> validate_cookies(Exchange& exchange, const plan::Operation& operation) {
  if (!operation.cookies_declared) return std::string_view();
  const auto cookies = read_cookies(exchange, operation);
  if (!cookies)
    return deny(Reason::kParameterInvalid, kValidateStage, "too many cookies", operation.where.text);
  for (const plan::Parameter& parameter : operation.parameters) {
    if (parameter.in != ParameterIn::kCookie) continue;
    if (auto denial = judge(exchange, parameter, *cookies)) return std::move(*denial);
  }
  std::string& out = exchange.scratch;
  out.clear();
  for (const Cookie& cookie : *cookies) {
    if (!exchange.passes_credentials() &&
        exchange.plan->has_credential(plan::CredentialIn::kCookie, cookie.name))
      continue;
    if (!out.empty()) out += "; ";
    out.append(cookie.name).append("=").append(cookie.value);
  }
  return exchange.arena.copy(out);
}

}  // namespace caponier::stages
