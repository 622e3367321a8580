#include "stages/validate/body.h"

#include <algorithm>

#include "base/bytes.h"
#include "stages/validate/violation.h"

namespace caponier::stages {
namespace {

Denial refuse(Reason reason, const plan::Operation& operation, std::string detail) {
  return deny(reason, kValidateStage, std::move(detail), operation.body_where.text);
}

bool announces_body(const http::BodyLength& length) {
  return length.kind == http::BodyKind::kChunked ||
         (length.kind == http::BodyKind::kLength && length.bytes > 0);
}

int wildcards(const http::MediaType& range) {
  return (range.type == "*" ? 1 : 0) + (range.subtype == "*" ? 1 : 0);
}

// The declared body that `given` is: the most exact one.
const plan::Body* declared_body(const plan::Operation& operation, const http::MediaType& given) {
  const plan::Body* best = nullptr;
  for (const plan::Body& body : operation.bodies) {
    if (!http::matches(body.parsed, given)) continue;
    if (best == nullptr || wildcards(body.parsed) < wildcards(best->parsed)) best = &body;
  }
  return best;
}

// JSON is UTF-8 (RFC 8259, section 8.1); whoever names another charset means bytes that others would read
// differently.
bool is_foreign_charset(const plan::Body& body, const http::MediaType& given) {
  return body.json && !given.charset.empty() && !equals_ignore_case(given.charset, "utf-8");
}

}  // namespace

Verdict<HeadDecision> validate_body_head(const http::RequestHead& head, const Matched& matched) {
  const plan::Operation& operation = *matched.operation;
  HeadDecision decision;
  decision.operation = &operation;
  if (!announces_body(head.body)) {
    if (operation.body_required) return refuse(Reason::kBodyMissing, operation, "no body came");
    return decision;
  }
  if (!operation.body_declared) return refuse(Reason::kBodyUndeclared, operation, "a body came");

  const http::Header* type = nullptr;
  for (const http::Header& header : head.headers) {
    if (header.field == http::Field::kContentEncoding && !equals_ignore_case(header.value, "identity")) {
      return refuse(Reason::kContentEncodingRefused, operation, "the body is encoded");
    }
    if (header.field != http::Field::kContentType) continue;
    if (type != nullptr)
      return refuse(Reason::kMediaTypeUndeclared, operation, "Content-Type came more than once");
    type = &header;
  }
  if (type == nullptr) return refuse(Reason::kMediaTypeUndeclared, operation, "Content-Type is missing");
  const auto given = http::parse_media_type(type->value);
  if (!given) return refuse(Reason::kMediaTypeUndeclared, operation, "Content-Type is malformed");
  const plan::Body* body = declared_body(operation, *given);
  if (body == nullptr)
    return refuse(Reason::kMediaTypeUndeclared, operation, "the media type is not declared");
  if (is_foreign_charset(*body, *given)) {
    return refuse(Reason::kMediaTypeUndeclared, operation, "the charset is not UTF-8");
  }
  if (head.body.kind == http::BodyKind::kLength && head.body.bytes > body->bytes_max) {
    return refuse(Reason::kBodyTooLarge, operation,
                  "Content-Length is over the bound of " + std::to_string(body->bytes_max));
  }
  decision.body = body;
  decision.buffer_body = !body->opaque;
  decision.body_bytes_max = body->bytes_max;
  return decision;
}

Verdict<ValidBody> validate_body(Exchange& exchange, const Matched& matched, const plan::Body& declared,
                                 std::string_view body) {
  const plan::Operation& operation = *matched.operation;
  if (body.empty()) {
    if (operation.body_required) return refuse(Reason::kBodyMissing, operation, "the body is empty");
    return ValidBody{};
  }
  if (body.size() > declared.bytes_max) {
    return refuse(Reason::kBodyTooLarge, operation,
                  "the body is over the bound of " + std::to_string(declared.bytes_max));
  }
  if (declared.opaque) return ValidBody{};
  JsonLimits limits = exchange.plan->limits.json;
  limits.bytes_max = static_cast<std::uint32_t>(std::min<std::uint64_t>(declared.bytes_max, UINT32_MAX));
  const auto value = exchange.body_document.read(body, limits);
  if (!value) {
    return refuse(
        Reason::kBodyMalformed, operation,
        std::string(json::name(value.error().error)) + " at byte " + std::to_string(value.error().offset));
  }
  if (!declared.program || schema::evaluate(*declared.program, *value) == schema::Outcome::kValid)
    return ValidBody{};
  return violation_denial(exchange, Reason::kBodyInvalid, *declared.program, *value, "", declared.where.text);
}

}  // namespace caponier::stages
