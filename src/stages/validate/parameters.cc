#include "stages/validate/parameters.h"

#include <algorithm>

#include "base/bytes.h"
#include "stages/validate/parameter_value.h"
#include "stages/validate/violation.h"
#include "uri/path.h"

namespace caponier::stages {
namespace {

using Pairs = std::span<const uri::QueryPair>;

// The pieces between the commas of `text`.
std::span<std::string_view> split(Arena& arena, std::string_view text) {
  const auto count = static_cast<std::size_t>(std::ranges::count(text, ',')) + 1;
  const auto pieces = arena.array<std::string_view>(count);
  for (std::string_view& piece : pieces) {
    const std::size_t end = std::min(text.find(','), text.size());
    piece = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return pieces;
}

// One component of a query, decoded; the query as a whole was found to be well-formed.
std::string_view decode_piece(Arena& arena, std::string_view raw) {
  char* const to = static_cast<char*>(arena.allocate(raw.size() + 1, 1));
  std::size_t length = 0;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '%' && i + 2 < raw.size()) {
      to[length++] = static_cast<char>(hex_value(raw[i + 1]) * 16 + hex_value(raw[i + 2]));
      i += 2;
    } else {
      to[length++] = raw[i] == '+' ? ' ' : raw[i];
    }
  }
  return {to, length};
}

const plan::Parameter* find_query_parameter(const plan::Operation& operation, std::string_view name) {
  const auto found = std::ranges::find_if(operation.parameters, [name](const plan::Parameter& parameter) {
    return parameter.in == openapi::ParameterIn::kQuery && parameter.name == name;
  });
  return found == operation.parameters.end() ? nullptr : &*found;
}

Denial about(Reason reason, const plan::Parameter& parameter, std::string_view what) {
  return deny(reason, kValidateStage, parameter.name + " " + std::string(what), parameter.where.text);
}

// A comma in the raw text of an array that is not exploded parts its items; an encoded one belongs to an
// item.
bool is_comma_list(const plan::Parameter& parameter) {
  return !parameter.explode && may_be_array(parameter);
}

std::optional<Denial> judge_query_parameter(Exchange& exchange, const plan::Parameter& parameter,
                                            Pairs pairs) {
  const auto is_it = [&parameter](const uri::QueryPair& pair) { return pair.name == parameter.name; };
  const auto count = static_cast<std::size_t>(std::ranges::count_if(pairs, is_it));
  if (count == 0) {
    if (!parameter.required) return std::nullopt;
    return about(Reason::kParameterMissing, parameter, "is missing from the query");
  }
  const bool array = may_be_array(parameter);
  if (count > 1 && !(array && parameter.explode)) {
    return about(Reason::kParameterRepeated, parameter, "came more than once in the query");
  }
  ParameterText given{&parameter, "query", std::nullopt, {}};
  const uri::QueryPair& first = *std::ranges::find_if(pairs, is_it);
  if (count == 1) given.text = first.value;
  if (array && parameter.explode) {
    const auto items = exchange.arena.array<std::string_view>(count);
    std::size_t used = 0;
    for (const uri::QueryPair& pair : pairs) {
      if (is_it(pair)) items[used++] = pair.value;
    }
    given.items = items;
  } else if (array) {
    const auto items = split(exchange.arena, first.value_raw);
    for (std::string_view& item : items) item = decode_piece(exchange.arena, item);
    given.items = items;
  }
  return judge_parameter(exchange, given);
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
  ParameterText given{&parameter, "header", found->value, {}};
  if (may_be_array(parameter)) {
    const auto items = split(exchange.arena, found->value);
    for (std::string_view& item : items) {
      item.remove_prefix(std::min(item.find_first_not_of(" \t"), item.size()));
      item = item.substr(0, item.find_last_not_of(" \t") + 1);
    }
    given.items = items;
  }
  return judge_parameter(exchange, given);
}

std::optional<Denial> judge_path_parameter(Exchange& exchange, const plan::Parameter& parameter,
                                           const Matched& matched) {
  if (parameter.path_index >= matched.path_parameters.size()) {
    return about(Reason::kParameterMissing, parameter, "is missing from the path");
  }
  ParameterText given{&parameter, "path", matched.path_parameters[parameter.path_index], {}};
  if (may_be_array(parameter)) given.items = split(exchange.arena, *given.text);
  return judge_parameter(exchange, given);
}

// What goes upstream, in the arena.
std::string_view canonical_query(Exchange& exchange, const plan::Operation& operation, Pairs pairs) {
  std::string& out = exchange.scratch;
  out.clear();
  for (const uri::QueryPair& pair : pairs) {
    if (!out.empty()) out += '&';
    uri::append_encoded(out, pair.name);
    if (!pair.has_equals) continue;
    out += '=';
    if (!is_comma_list(*find_query_parameter(operation, pair.name))) {
      uri::append_encoded(out, pair.value);
      continue;
    }
    bool first = true;
    for (const std::string_view piece : split(exchange.arena, pair.value_raw)) {
      if (!first) out += ',';
      first = false;
      uri::append_encoded(out, decode_piece(exchange.arena, piece));
    }
  }
  return exchange.arena.copy(out);
}

}  // namespace

Verdict<ValidParameters> validate_parameters(Exchange& exchange, const Matched& matched) {
  const plan::Operation& operation = *matched.operation;
  std::span<uri::QueryPair> pairs;
  if (!exchange.head->query.empty()) {
    const auto parsed =
        uri::parse_query(exchange.head->query, exchange.arena, exchange.plan->limits.parameters_max);
    if (!parsed) return deny(Reason::kQueryMalformed, kValidateStage, std::string(uri::name(parsed.error())));
    pairs = *parsed;
  }
  for (const uri::QueryPair& pair : pairs) {
    if (find_query_parameter(operation, pair.name) == nullptr) {
      return deny(Reason::kParameterUndeclared, kValidateStage,
                  "the query has a parameter that is not declared", operation.where.text);
    }
  }
  for (const plan::Parameter& parameter : operation.parameters) {
    std::optional<Denial> denial;
    switch (parameter.in) {
      case openapi::ParameterIn::kPath:
        denial = judge_path_parameter(exchange, parameter, matched);
        break;
      case openapi::ParameterIn::kQuery:
        denial = judge_query_parameter(exchange, parameter, pairs);
        break;
      case openapi::ParameterIn::kHeader:
        denial = judge_header_parameter(exchange, parameter);
        break;
      case openapi::ParameterIn::kCookie:
        // The plan loads none of these; one that got through must not pass unjudged.
        denial = about(Reason::kInternalError, parameter, "is a cookie parameter");
        break;
    }
    if (denial) return std::move(*denial);
  }
  return ValidParameters{pairs.empty() ? std::string_view() : canonical_query(exchange, operation, pairs)};
}

}  // namespace caponier::stages
