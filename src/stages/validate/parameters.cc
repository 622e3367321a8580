#include "stages/validate/parameters.h"

#include <algorithm>

#include "base/bytes.h"
#include "stages/parameter_value.h"
#include "stages/validate/cookies.h"
#include "stages/validate/query_parameters.h"
#include "stages/violation.h"
#include "uri/style.h"

namespace caponier::stages {
namespace {

using openapi::ParameterIn;

bool is_divided(const plan::Parameter& parameter) {
  return parameter.style != uri::Style::kSimple || may_be_array(parameter) || may_be_object(parameter);
}

std::optional<Denial> judge_header_parameter(Exchange& exchange, const plan::Parameter& parameter) {
  const http::Header* found = nullptr;
  for (const http::Header& header : exchange.head->headers) {
    if (!equals_ignore_case(header.name, parameter.name)) continue;
    if (found != nullptr)
      return about(Reason::kParameterRepeated, parameter, "came more than once as a header");
    found = &header;
  }
  if (found == nullptr) {
    if (!parameter.required) return std::nullopt;
    return about(Reason::kParameterMissing, parameter, "is missing from the headers");
  }
  if (!is_utf8(found->value)) return about(Reason::kParameterInvalid, parameter, "is not UTF-8");
  ParameterText given{&parameter, "header", found->value, {}, {}};
  if (is_divided(parameter)) {
    const uri::StyledText text{found->value, parameter.style, parameter.explode, uri::Escapes::kNone,
                               parameter.name};
    given = read_styled(exchange.arena, parameter, "header", text);
  }
  return judge_parameter(exchange, given);
}

// The text of a path parameter as it was received. Nothing if its segment was decoded and is only in part the
// parameter's: then nobody can tell which delimiters were encoded.
std::optional<std::string_view> received(const Matched& matched, std::string_view decoded) {
  for (std::size_t i = 0; i < matched.segments.size(); ++i) {
    const std::string_view segment = matched.segments[i];
    const std::string_view raw = matched.raw_segments[i];
    if (segment.data() == decoded.data() && segment.size() == decoded.size()) return raw;
    const bool within =
        decoded.data() >= raw.data() && decoded.data() + decoded.size() <= raw.data() + raw.size();
    if (within && segment.data() == raw.data()) return decoded;
  }
  return std::nullopt;
}

std::optional<Denial> judge_path_parameter(Exchange& exchange, const plan::Parameter& parameter,
                                           const Matched& matched) {
  if (parameter.path_index >= matched.path_parameters.size()) {
    return about(Reason::kParameterMissing, parameter, "is missing from the path");
  }
  const std::string_view decoded = matched.path_parameters[parameter.path_index];
  if (!is_divided(parameter)) return judge_parameter(exchange, {&parameter, "path", decoded, {}, {}});
  const auto raw = received(matched, decoded);
  if (!raw)
    return about(Reason::kParameterInvalid, parameter, "has escapes in a segment that is not its own");
  const uri::StyledText text{*raw, parameter.style, parameter.explode, uri::Escapes::kPercent,
                             parameter.name};
  return judge_parameter(exchange, read_styled(exchange.arena, parameter, "path", text));
}

}  // namespace

Verdict<ValidParameters> validate_parameters(Exchange& exchange, const Matched& matched) {
  const plan::Operation& operation = *matched.operation;
  auto query = validate_query(exchange, operation);
  if (!query) return std::move(query).refusal<ValidParameters>();
  auto cookies = validate_cookies(exchange, operation);
  if (!cookies) return std::move(cookies).refusal<ValidParameters>();
  for (const plan::Parameter& parameter : operation.parameters) {
    std::optional<Denial> denial;
    if (parameter.in == ParameterIn::kPath) denial = judge_path_parameter(exchange, parameter, matched);
    if (parameter.in == ParameterIn::kHeader) denial = judge_header_parameter(exchange, parameter);
    if (denial) return std::move(*denial);
  }
  return ValidParameters{*query, *cookies};
}

namespace {

// The rest of what lies between `mark` in `text`, without the pairs that are credentials for the gateway.
// Nobody judges it: it stays as it came, byte for byte.
std::string_view without_credentials(Exchange& exchange, std::string_view text, char mark,
                                     plan::CredentialIn in) {
  const auto is_credential = [&](std::string_view pair) {
    pair.remove_prefix(std::min(pair.find_first_not_of(" \t"), pair.size()));
    const std::string_view name = pair.substr(0, pair.find('='));
    if (in == plan::CredentialIn::kCookie) return exchange.plan->has_credential(in, name);
    const auto written = uri::decode_part(name, uri::Escapes::kForm, exchange.arena);
    return written && exchange.plan->has_credential(in, *written);
  };
  std::string& out = exchange.scratch;
  out.clear();
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(mark), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (is_credential(pair)) continue;
    if (!out.empty()) out += mark;
    // What follows the first that stays does not begin with the space between.
    out += out.empty() && pair.starts_with(' ') ? pair.substr(1) : pair;
  }
  return exchange.arena.copy(out);
}

bool has_any(const plan::Plan& plan, plan::CredentialIn in) {
  return std::ranges::any_of(plan.schemes,
                             [in](const plan::Scheme& scheme) { return scheme.place.in == in; });
}

}  // namespace

ValidParameters unjudged_parameters(Exchange& exchange, const Matched& matched) {
  const auto strips = [&exchange](plan::CredentialIn in) {
    return !exchange.passes_credentials() && has_any(*exchange.plan, in);
  };
  ValidParameters parameters;
  parameters.canonical_query = exchange.head->query;
  if (strips(plan::CredentialIn::kQuery)) {
    parameters.canonical_query =
        without_credentials(exchange, parameters.canonical_query, '&', plan::CredentialIn::kQuery);
  }
  if (!matched.operation->cookies_declared && !matched.operation->undeclared) return parameters;
  // RFC 9113, section 8.2.3: several fields are one, divided by "; ".
  exchange.scratch.clear();
  for (const http::Header& header : exchange.head->headers) {
    if (header.field != http::Field::kCookie || header.value.empty()) continue;
    if (!exchange.scratch.empty()) exchange.scratch += "; ";
    exchange.scratch += header.value;
  }
  parameters.cookies = exchange.arena.copy(exchange.scratch);
  if (strips(plan::CredentialIn::kCookie)) {
    parameters.cookies = without_credentials(exchange, parameters.cookies, ';', plan::CredentialIn::kCookie);
  }
  return parameters;
}

}  // namespace caponier::stages
