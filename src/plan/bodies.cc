#include "plan/bodies.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "http/media_type.h"
#include "plan/forms.h"

namespace caponier::plan {
namespace {

bool is(std::string_view text, std::string_view lower_case) {
  return equals_ignore_case(text, lower_case);
}

// Types that have a structure which a schema would be about.
bool has_structure(const http::MediaType& type) {
  if (is(type.type, "text") || is(type.type, "multipart")) return true;
  if (!is(type.type, "application")) return false;
  const std::string subtype = lower(type.subtype);
  return subtype == "x-www-form-urlencoded" || subtype == "xml" || subtype.ends_with("+xml") ||
         subtype == "yaml" || subtype == "x-yaml" || subtype.ends_with("+yaml");
}

std::uint64_t bound_of(Compilation& compilation, const Policy& policy, bool json) {
  const MemoryLimits& memory = compilation.config.limits.memory;
  const std::uint64_t by_default =
      json ? std::min<std::uint64_t>(memory.body_buffer_bytes_max, compilation.config.limits.json.bytes_max)
           : memory.streamed_body_bytes_max;
  if (!policy.body_bytes_max) return by_default;
  const Settled<std::uint64_t>& said = *policy.body_bytes_max;
  const std::uint64_t most =
      json ? std::min(kJudgedBodyBytesMax, memory.in_flight_bytes_max) : memory.streamed_body_bytes_max;
  if (said.value <= most) {
    // Inherited, it only tightens.
    return said.explicitly ? said.value : std::min(said.value, by_default);
  }
  if (!said.explicitly || said.by_wildcard) return by_default;
  compilation.report.error(said.source, "body-bound",
                           "the bound of " + std::to_string(said.value) + " bytes is above " +
                               std::to_string(most) + ", the most that a " + (json ? "judged" : "streamed") +
                               " body may have",
                           json ? "lower it, or send the bytes as application/octet-stream"
                                : "lower it, or raise limits.memory.streamed_body_bytes_max");
  return by_default;
}

// An object whose members nothing judges is a finding, said once for a schema, however many operations share
// it.
void note_open_object(Compilation& compilation, const Node& schema, Body& body) {
  const Node* open = compilation.programs.find_open_object(schema);
  body.closed = open == nullptr;
  if (open == nullptr) return;
  const std::string operation = compilation.report.operation();
  compilation.report.concern({});
  compilation.report.finding_once(compilation.in_contract(open), "schema-open",
                                  "this object accepts members that nothing judges",
                                  "declare its properties, or additionalProperties with a schema");
  compilation.report.concern(operation);
}

bool compile_json(Compilation& compilation, const openapi::MediaTypeBody& declared, Body& body) {
  body.form = BodyForm::kJson;
  if (declared.schema == nullptr) {
    compilation.report.finding(compilation.in_contract(declared.node), "body-unjudged",
                               "the JSON body has no schema, so that any well-formed JSON passes",
                               "give it a schema");
    return true;
  }
  body.program = compilation.programs.compile(*declared.schema, schema::Direction::kRequest);
  if (body.program == nullptr) return false;
  note_open_object(compilation, *declared.schema, body);
  return true;
}

// Text in UTF-8, judged as one JSON string would be.
bool compile_text(Compilation& compilation, const openapi::MediaTypeBody& declared, Body& body) {
  body.form = BodyForm::kText;
  if (declared.schema == nullptr) return true;
  body.program = compilation.programs.compile(*declared.schema, schema::Direction::kRequest);
  if (body.program == nullptr) return false;
  body.closed = true;
  if (compilation.shapes.of(*declared.schema)->allows(json::Kind::kString)) return true;
  compilation.report.error(compilation.in_contract(declared.schema), "not-enforced-yet",
                           "a body of " + declared.media_type + " is one text, and its schema allows none",
                           "write type: string, or x-caponier: {opaque: {reason: ...}} at the operation");
  return false;
}

bool compile_opaque(Compilation& compilation, const openapi::MediaTypeBody& declared,
                    const http::MediaType& type, const Policy& policy, Body& body) {
  body.form = BodyForm::kOpaque;
  const Node* schema = declared.schema == nullptr ? nullptr : compilation.programs.target(*declared.schema);
  const bool bytes = declared.schema == nullptr || (schema != nullptr && says_bytes(*schema));
  if (has_structure(type) || !bytes) {
    if (policy.opaque_reason) {
      compilation.report.finding(
          compilation.in_contract(declared.node), "body-opaque",
          "bodies of " + declared.media_type +
              " pass unjudged, by size and media type only: " + policy.opaque_reason->value);
      return true;
    }
    compilation.report.error(compilation.in_contract(declared.node), "not-enforced-yet",
                             "bodies of " + declared.media_type +
                                 (has_structure(type) ? "" : " with a schema") + " cannot be judged",
                             "let them pass unjudged with x-caponier: {opaque: {reason: ...}} at the "
                             "operation, take the operation out with "
                             "exposed: false, or declare application/json, or application/octet-stream with "
                             "{type: string, format: binary}");
    return false;
  }
  const Node* length = schema != nullptr && schema->is_object() ? schema->find("maxLength") : nullptr;
  // OpenAPI 3.1, "Considerations for File Uploads": of binary data, maxLength counts octets.
  if (length != nullptr) {
    body.bytes_max = std::min(body.bytes_max, static_cast<std::uint64_t>(length->integer().value_or(0)));
  }
  return true;
}

BodyForm form_of(const http::MediaType& type) {
  if (http::is_json(type)) return BodyForm::kJson;
  const std::string subtype = lower(type.subtype);
  if (is(type.type, "application") && subtype == "x-www-form-urlencoded") return BodyForm::kForm;
  if (is(type.type, "multipart") && subtype == "form-data") return BodyForm::kMultipart;
  const bool markup = subtype == "xml" || subtype.ends_with("+xml");
  return is(type.type, "text") && subtype != "*" && !markup ? BodyForm::kText : BodyForm::kOpaque;
}

bool compile_body(Compilation& compilation, const openapi::MediaTypeBody& declared,
                  const http::MediaType& type, const Policy& policy, Body& body) {
  // Whoever lets bodies pass unjudged means those that could not be judged as they are declared.
  const bool no_schema = declared.schema == nullptr && policy.opaque_reason.has_value();
  switch (form_of(type)) {
    case BodyForm::kJson:
      return compile_json(compilation, declared, body);
    case BodyForm::kForm:
    case BodyForm::kMultipart:
      if (no_schema) break;
      body.form = form_of(type);
      if (!compile_form(compilation, declared, body)) return false;
      note_open_object(compilation, *declared.schema, body);
      return true;
    case BodyForm::kText:
      return compile_text(compilation, declared, body);
    case BodyForm::kOpaque:
      break;
  }
  return compile_opaque(compilation, declared, type, policy, body);
}

// OpenAPI 3.1, "Request Body Object": the most specific key applies. 0: exact, 1: "image/*", 2: "*/*".
int generality(const Body& body) {
  const auto type = http::parse_media_type(body.media_type);
  if (!type) return 3;
  return (type->type == "*" ? 1 : 0) + (type->subtype == "*" ? 1 : 0);
}

void check_duplicates(Compilation& compilation, const std::vector<openapi::MediaTypeBody>& contents) {
  for (std::size_t i = 0; i < contents.size(); ++i) {
    for (std::size_t j = i + 1; j < contents.size(); ++j) {
      const auto a = http::parse_media_type(contents[i].media_type);
      const auto b = http::parse_media_type(contents[j].media_type);
      if (!a || !b || !is(a->type, b->type) || !is(a->subtype, b->subtype)) continue;
      compilation.report.error(compilation.in_contract(contents[j].node), "duplicate-media-type",
                               quoted(contents[i].media_type) + " and " + quoted(contents[j].media_type) +
                                   " are the same media type once parameters are set aside",
                               "declare one of the two");
    }
  }
}

}  // namespace

void compile_request_body(Compilation& compilation, const openapi::Operation& declared, const Policy& policy,
                          Operation& operation) {
  if (!declared.request_body) return;
  operation.body_declared = true;
  operation.body_required = declared.request_body->required;
  operation.body_where = where_of(compilation.in_contract(declared.request_body->node));
  for (const openapi::MediaTypeBody& content : declared.request_body->content) {
    const auto type = http::parse_media_type(content.media_type);
    if (!type) {
      compilation.report.error_at_key(compilation.in_contract(content.node), "invalid-value",
                                      quoted(content.media_type) + " is not a media type");
      continue;
    }
    Body body;
    body.media_type = content.media_type;
    body.where = where_of(compilation.in_contract(content.node));
    body.bytes_max = bound_of(compilation, policy, form_of(*type) != BodyForm::kOpaque);
    const bool done = compile_body(compilation, content, *type, policy, body);
    if (body.form == BodyForm::kOpaque)
      body.bytes_max = std::min(body.bytes_max, bound_of(compilation, policy, false));
    if (done) operation.bodies.push_back(std::move(body));
  }
  check_duplicates(compilation, declared.request_body->content);
  std::stable_sort(operation.bodies.begin(), operation.bodies.end(),
                   [](const Body& a, const Body& b) { return generality(a) < generality(b); });
}

}  // namespace caponier::plan
