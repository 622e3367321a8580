#include "stages/validate/query_parameters.h"

#include <algorithm>

#include "base/canary.h"
#include "stages/parameter_value.h"
#include "stages/violation.h"
#include "uri/path.h"

namespace caponier::stages {
namespace {

using openapi::ParameterIn;

// A query with the owner of each of its pairs.
struct Query {
  std::span<const uri::QueryPair> pairs;
  std::span<const plan::Parameter*> owners;
};

bool owns_by_name(const plan::Parameter& parameter, std::string_view name) {
  if (parameter.in != ParameterIn::kQuery || parameter.spreads) return false;
  if (!parameter.deep_object) return parameter.name == name;
  return name.size() > parameter.name.size() && name.starts_with(parameter.name) &&
         name[parameter.name.size()] == '[';
}

// An exploded object declares the names of its members; an open one takes what nobody else does.
bool owns_by_member(const plan::Parameter& parameter, std::string_view name, bool others) {
  if (parameter.in != ParameterIn::kQuery || !parameter.spreads) return false;
  return others ? !parameter.shape->closed : parameter.shape->property(name) != nullptr;
}

const plan::Parameter* owner_of(const plan::Operation& operation, std::string_view name) {
  for (const plan::Parameter& parameter : operation.parameters) {
    if (owns_by_name(parameter, name)) return &parameter;
  }
  for (const bool others : {false, true}) {
    for (const plan::Parameter& parameter : operation.parameters) {
      if (owns_by_member(parameter, name, others)) return &parameter;
    }
  }
  return nullptr;
}

std::optional<Denial> find_owners(Exchange& exchange, const plan::Operation& operation, Query& query) {
  query.owners = exchange.arena.array<const plan::Parameter*>(query.pairs.size());
  for (std::size_t i = 0; i < query.pairs.size(); ++i) {
    const uri::QueryPair& pair = query.pairs[i];
    const plan::Parameter* owner = query.owners[i] = owner_of(operation, pair.name);
    if (owner == nullptr && exchange.plan->has_credential(plan::CredentialIn::kQuery, pair.name)) continue;
    if (owner == nullptr) {
      return deny(Reason::kParameterUndeclared, kValidateStage,
                  "the query has a parameter that is not declared", operation.where.text);
    }
    if (pair.has_semicolon && !owner->allow_reserved) {
      return deny(Reason::kQueryMalformed, kValidateStage,
                  std::string(uri::name(uri::QueryError::kForbiddenCharacter)), owner->where.text);
    }
  }
  return std::nullopt;
}

// The pairs of an object that is exploded, or deep, as fields; nothing if a name is malformed.
std::optional<std::span<const Field>> fields_of(Exchange& exchange, const plan::Parameter& parameter,
                                                const Query& query, std::size_t count) {
  const auto fields = exchange.arena.array<Field>(count);
  std::size_t used = 0;
  for (std::size_t i = 0; i < query.pairs.size(); ++i) {
    if (query.owners[i] != &parameter) continue;
    const uri::QueryPair& pair = query.pairs[i];
    std::span<const std::string_view> path(&pair.name, 1);
    if (parameter.deep_object) {
      const auto keys = uri::read_brackets(pair.name.substr(parameter.name.size()),
                                           exchange.plan->limits.forms.nesting_max, exchange.arena);
      if (!keys) return std::nullopt;
      path = *keys;
    }
    fields[used++] = {path, pair.value, pair.value_raw, nullptr};
  }
  return fields;
}

std::optional<Denial> judge(Exchange& exchange, const plan::Parameter& parameter, const Query& query) {
  const auto count = static_cast<std::size_t>(std::ranges::count(query.owners, &parameter));
  if (count == 0) {
    if (!parameter.required) return std::nullopt;
    return about(Reason::kParameterMissing, parameter, "is missing from the query");
  }
  ParameterText given{&parameter, "query", {}, {}, {}};
  if (parameter.spreads || parameter.deep_object) {
    given.fields = fields_of(exchange, parameter, query, count);
    return judge_parameter(exchange, given);
  }
  const bool repeats = parameter.explode && may_be_array(parameter);
  if (count > 1 && !repeats) {
    return about(Reason::kParameterRepeated, parameter, "came more than once in the query");
  }
  const std::size_t at =
      static_cast<std::size_t>(std::ranges::find(query.owners, &parameter) - query.owners.begin());
  const uri::QueryPair& first = query.pairs[at];
  if (repeats) {
    const auto items = exchange.arena.array<std::string_view>(count);
    std::size_t used = 0;
    for (std::size_t i = 0; i < query.pairs.size(); ++i) {
      if (query.owners[i] == &parameter) items[used++] = query.pairs[i].value;
    }
    given.items = items;
  } else if (may_be_array(parameter) || may_be_object(parameter)) {
    const uri::StyledText text{first.value_raw, parameter.style, parameter.explode, uri::Escapes::kForm,
                               parameter.name};
    given = read_styled(exchange.arena, parameter, "query", text);
  }
  if (count == 1) given.text = first.value;
  return judge_parameter(exchange, given);
}

// A bare comma parts a list that is not exploded; an encoded one belongs to an item.
void append_list(std::string& out, std::string_view raw, Arena& arena) {
  for (bool first = true;; first = false) {
    const std::size_t end = std::min(raw.find(','), raw.size());
    if (!first) out.append(canary("list-joined") ? "%2C" : ",");
    // Well-formed: it was decoded before.
    uri::append_encoded(out, uri::decode_part(raw.substr(0, end), uri::Escapes::kForm, arena).value_or(""));
    if (end == raw.size()) return;
    raw.remove_prefix(end + 1);
  }
}

std::string_view canonical(Exchange& exchange, const Query& query) {
  std::string& out = exchange.scratch;
  out.clear();
  for (std::size_t i = 0; i < query.pairs.size(); ++i) {
    const uri::QueryPair& pair = query.pairs[i];
    if (!exchange.passes_credentials() &&
        exchange.plan->has_credential(plan::CredentialIn::kQuery, pair.name))
      continue;
    if (!out.empty()) out += '&';
    uri::append_encoded(out, pair.name);
    if (!pair.has_equals) continue;
    out += '=';
    if (query.owners[i] != nullptr && query.owners[i]->list_delimited) {
      append_list(out, pair.value_raw, exchange.arena);
    } else {
      uri::append_encoded(out, pair.value);
    }
  }
  return exchange.arena.copy(out);
}

}  // namespace

Denial about(Reason reason, const plan::Parameter& parameter, std::string_view what) {
  return deny(reason, kValidateStage, parameter.name + " " + std::string(what), parameter.where.text);
}

Verdict<std::string_view> validate_query(Exchange& exchange, const plan::Operation& operation) {
  Query query;
  if (!exchange.head->query.empty()) {
    const auto parsed =
        uri::parse_query(exchange.head->query, exchange.arena, exchange.plan->limits.parameters_max);
    if (!parsed) return deny(Reason::kQueryMalformed, kValidateStage, std::string(uri::name(parsed.error())));
    query.pairs = *parsed;
    if (auto denial = find_owners(exchange, operation, query)) return std::move(*denial);
  }
  for (const plan::Parameter& parameter : operation.parameters) {
    if (parameter.in != ParameterIn::kQuery) continue;
    if (auto denial = judge(exchange, parameter, query)) return std::move(*denial);
  }
  return query.pairs.empty() ? std::string_view() : canonical(exchange, query);
}

}  // namespace caponier::stages
