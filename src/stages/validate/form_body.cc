#include "stages/validate/form_body.h"

#include <algorithm>

#include "base/bytes.h"
#include "http/multipart.h"
#include "stages/parameter_value.h"
#include "stages/violation.h"

namespace caponier::stages {
namespace {

using Fields = std::span<const Field>;

Denial malformed(const plan::Body& declared, std::string detail) {
  return deny(Reason::kBodyMalformed, kValidateStage, std::move(detail), declared.where.text);
}

// The field of the form that `name` belongs to, with its path: "a" or, of a deep object, "a[b]".
struct Named {
  const plan::FormField* field = nullptr;
  std::span<const std::string_view> path;
};
std::optional<Named> find_field(Exchange& exchange, const plan::Body& declared,
                                const std::string_view& name) {
  for (const plan::FormField& field : declared.fields) {
    if (!field.deep_object && field.name == name) return Named{&field, {&name, 1}};
    const bool below = field.deep_object && name.size() > field.name.size() && name.starts_with(field.name) &&
                       name[field.name.size()] == '[';
    if (!below) continue;
    const auto keys = uri::read_brackets(name.substr(field.name.size()),
                                         exchange.plan->limits.forms.nesting_max, exchange.arena);
    if (!keys) return std::nullopt;
    const auto path = exchange.arena.array<std::string_view>(keys->size() + 1);
    path[0] = field.name;
    std::copy(keys->begin(), keys->end(), path.begin() + 1);
    return Named{&field, path};
  }
  return Named{nullptr, {&name, 1}};
}

std::optional<Denial> read_pairs(Exchange& exchange, const plan::Body& declared, std::string_view body,
                                 Fields& out) {
  const auto pairs = uri::read_form(body, exchange.plan->limits.forms.fields_max, exchange.arena);
  if (!pairs) return malformed(declared, "the form is not strictly encoded, or has too many fields");
  const auto fields = exchange.arena.array<Field>(pairs->size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const uri::FormPair& pair = (*pairs)[i];
    const auto named = find_field(exchange, declared, pair.name);
    if (!named) return malformed(declared, "a field's brackets do not match, or nest too deep");
    // Deep objects are read by their shape alone.
    const bool deep = named->field != nullptr && named->field->deep_object;
    fields[i] = {named->path, pair.value, pair.raw, deep ? nullptr : named->field};
  }
  out = fields;
  return std::nullopt;
}

Denial refuse_part(const plan::Body& declared, const plan::FormField& field, std::string_view rule) {
  return rule_denial(Reason::kBodyInvalid, "/" + field.name, rule, declared.where.text);
}

bool is_text(const http::MediaType& type) {
  return equals_ignore_case(type.type, "text") && equals_ignore_case(type.subtype, "plain");
}

// RFC 7578 section 4.4: a part that names no media type is text/plain.
std::optional<Denial> judge_part_type(const plan::Body& declared, const plan::FormField& field,
                                      const http::Part& part) {
  const auto type = http::parse_media_type(part.content_type.empty() ? "text/plain" : part.content_type);
  if (!type) return refuse_part(declared, field, "contentType: must be a media type");
  const bool text = !field.binary;
  const bool unicode = type->charset.empty() || equals_ignore_case(type->charset, "utf-8") ||
                       equals_ignore_case(type->charset, "us-ascii");
  if (text && !unicode) return refuse_part(declared, field, "contentType: must be in UTF-8");
  // Some backends open it, and take what is inside for files of this field.
  const bool composite =
      equals_ignore_case(type->type, "multipart") || equals_ignore_case(type->type, "message");
  const auto is_named = [&type](const http::MediaType& declared_type) {
    return declared_type.subtype != "*" && http::matches(declared_type, *type);
  };
  if (composite && std::ranges::none_of(field.parsed, is_named))
    return refuse_part(declared, field, "contentType: must not hold other parts");
  bool fits = field.binary || is_text(*type);
  if (field.json) fits = part.content_type.empty() || http::is_json(*type);
  if (!field.parsed.empty() && !(field.json && part.content_type.empty())) {
    fits = std::ranges::any_of(field.parsed,
                               [&type](const http::MediaType& range) { return http::matches(range, *type); });
  }
  if (!fits) return refuse_part(declared, field, "contentType: must be a declared media type");
  return std::nullopt;
}

std::optional<Denial> judge_part_headers(Exchange& exchange, const plan::Body& declared,
                                         const plan::FormField& field, const http::Part& part) {
  for (const http::Header& header : part.others) {
    const bool known = std::ranges::any_of(field.headers, [&header](const plan::Parameter& parameter) {
      return equals_ignore_case(parameter.name, header.name);
    });
    if (!known) return refuse_part(declared, field, "headers: has one that is not declared");
  }
  for (const plan::Parameter& parameter : field.headers) {
    const auto is_it = [&parameter](const http::Header& header) {
      return equals_ignore_case(parameter.name, header.name);
    };
    const auto count = std::ranges::count_if(part.others, is_it);
    if (count == 0 && !parameter.required) continue;
    if (count != 1) return refuse_part(declared, field, "headers: needs a declared one, once");
    const std::string_view value = std::ranges::find_if(part.others, is_it)->value;
    const uri::StyledText text{value, parameter.style, parameter.explode, uri::Escapes::kNone,
                               parameter.name};
    ParameterText given = read_styled(exchange.arena, parameter, field.name, text);
    given.reason = Reason::kBodyInvalid;
    if (auto denial = judge_parameter(exchange, given)) return denial;
  }
  return std::nullopt;
}

std::optional<Denial> judge_part(Exchange& exchange, const plan::Body& declared, const plan::FormField& field,
                                 const http::Part& part) {
  if (auto denial = judge_part_type(declared, field, part)) return denial;
  if (auto denial = judge_part_headers(exchange, declared, field, part)) return denial;
  if (field.binary) {
    if (field.bytes_max == 0 || part.body.size() <= field.bytes_max) return std::nullopt;
    return refuse_part(declared, field,
                       "maxLength: must be at most " + std::to_string(field.bytes_max) + " bytes");
  }
  // The backend would keep as a file what was judged as a text.
  if (part.filename && !field.json) return refuse_part(declared, field, "must be a text, not a file");
  if (!is_utf8(part.body)) return refuse_part(declared, field, "must be UTF-8");
  return std::nullopt;
}

std::optional<Denial> read_parts(Exchange& exchange, const plan::Body& declared, std::string_view body,
                                 std::string_view boundary, Fields& out) {
  const auto parts = http::parse_multipart(body, boundary, exchange.plan->limits.forms, exchange.arena);
  if (!parts) return malformed(declared, std::string(http::name(parts.error())));
  const auto fields = exchange.arena.array<Field>(parts->size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const http::Part& part = (*parts)[i];
    const auto named = find_field(exchange, declared, part.name);
    if (!named) return malformed(declared, "a field's brackets do not match, or nest too deep");
    static const plan::FormField undeclared;
    const plan::FormField& field = named->field == nullptr ? undeclared : *named->field;
    if (auto denial = judge_part(exchange, declared, field, part)) return denial;
    const bool plain = named->field == nullptr || named->field->deep_object;
    fields[i] = {named->path, part.body, part.body, plain ? nullptr : named->field};
  }
  out = fields;
  return std::nullopt;
}

}  // namespace

std::optional<Denial> judge_form(Exchange& exchange, const plan::Body& declared, std::string_view body,
                                 std::string_view boundary) {
  Fields fields;
  const bool multipart = declared.form == plan::BodyForm::kMultipart;
  auto denial = multipart ? read_parts(exchange, declared, body, boundary, fields)
                          : read_pairs(exchange, declared, body, fields);
  if (denial) return denial;
  json::Document& document = exchange.body_document;
  std::optional<Reading> first;
  const auto build = [&](Reading reading) {
    document.clear();
    ValueBuilder builder(document, exchange.parameter_document, exchange.arena, exchange.plan->limits.json,
                         reading);
    return builder.add_members(*declared.shape, fields);
  };
  for (const Reading reading : {Reading::kTyped, Reading::kText}) {
    if (!build(reading)) continue;
    if (!first) first = reading;
    if (schema::evaluate(*declared.program, document.root()) == schema::Outcome::kValid) return std::nullopt;
  }
  if (!first) {
    return rule_denial(Reason::kBodyInvalid, "", "type: a field is repeated, or not of its declared type",
                       declared.where.text);
  }
  (void)build(*first);
  return violation_denial(exchange, Reason::kBodyInvalid, *declared.program, document.root(), "",
                          declared.where.text);
}

}  // namespace caponier::stages
