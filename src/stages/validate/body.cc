#include "stages/validate/body.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "http/content_coding.h"
#include "stages/validate/form_body.h"
#include "stages/violation.h"

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

// What is judged is judged as UTF-8; whoever names another charset means bytes that others would read
// differently.
bool is_foreign_charset(const plan::Body& body, const http::MediaType& given) {
  if (body.form == plan::BodyForm::kOpaque || given.charset.empty()) return false;
  const bool ascii = body.form == plan::BodyForm::kText && equals_ignore_case(given.charset, "us-ascii");
  return !ascii && !equals_ignore_case(given.charset, "utf-8");
}

struct Announced {
  const http::Header* type = nullptr;
  http::Coding coding = http::Coding::kIdentity;
};

// What the head says of the body's form; each said once.
std::optional<Denial> read_announcement(const http::RequestHead& head, const plan::Operation& operation,
                                        Announced& announced) {
  bool encoded = false;
  for (const http::Header& header : head.headers) {
    if (header.field == http::Field::kContentEncoding) {
      const auto coding = http::parse_coding(header.value);
      if (!coding || std::exchange(encoded, true)) {
        return refuse(Reason::kContentEncodingRefused, operation, "the body's encoding is not decoded");
      }
      announced.coding = *coding;
    }
    if (header.field != http::Field::kContentType) continue;
    if (announced.type != nullptr)
      return refuse(Reason::kMediaTypeUndeclared, operation, "Content-Type came more than once");
    announced.type = &header;
  }
  if (announced.type == nullptr)
    return refuse(Reason::kMediaTypeUndeclared, operation, "Content-Type is missing");
  return std::nullopt;
}

std::optional<Denial> judge_json(Exchange& exchange, const plan::Operation& operation,
                                 const plan::Body& declared, std::string_view body) {
  JsonLimits limits = exchange.plan->limits.json;
  limits.bytes_max = static_cast<std::uint32_t>(std::min<std::uint64_t>(declared.bytes_max, UINT32_MAX));
  const auto value = exchange.body_document.read(body, limits);
  if (!value) {
    return refuse(
        Reason::kBodyMalformed, operation,
        std::string(json::name(value.error().error)) + " at byte " + std::to_string(value.error().offset));
  }
  if (!declared.program || schema::evaluate(*declared.program, *value) == schema::Outcome::kValid)
    return std::nullopt;
  return violation_denial(exchange, Reason::kBodyInvalid, *declared.program, *value, "", declared.where.text);
}

std::optional<Denial> judge_text(Exchange& exchange, const plan::Operation& operation,
                                 const plan::Body& declared, std::string_view body) {
  if (!is_utf8(body)) return refuse(Reason::kBodyMalformed, operation, "the text is not UTF-8");
  if (!declared.program) return std::nullopt;
  json::Document& document = exchange.body_document;
  document.clear();
  document.add_string(body);
  if (schema::evaluate(*declared.program, document.root()) == schema::Outcome::kValid) return std::nullopt;
  return violation_denial(exchange, Reason::kBodyInvalid, *declared.program, document.root(), "",
                          declared.where.text);
}

std::optional<Denial> judge(Exchange& exchange, const plan::Operation& operation,
                            const HeadDecision& decision, std::string_view body) {
  const plan::Body& declared = *decision.body;
  switch (declared.form) {
    case plan::BodyForm::kJson:
      return judge_json(exchange, operation, declared, body);
    case plan::BodyForm::kForm:
    case plan::BodyForm::kMultipart:
      return judge_form(exchange, declared, body, decision.boundary);
    case plan::BodyForm::kText:
      return judge_text(exchange, operation, declared, body);
    case plan::BodyForm::kOpaque:
      break;
  }
  return std::nullopt;
}

// The body as it is judged and sent on: decoded.
Verdict<std::string_view> decode(Exchange& exchange, const plan::Operation& operation,
                                 const HeadDecision& decision, std::string_view body) {
  if (decision.coding == http::Coding::kIdentity) return body;
  const http::InflateBounds bounds{decision.body_bytes_max, exchange.plan->limits.forms.inflate_ratio_max};
  const auto decoded = http::inflate(decision.coding, body, bounds, exchange.decoded_body);
  if (decoded) return *decoded;
  const bool large = decoded.error() == http::InflateError::kTooLarge ||
                     decoded.error() == http::InflateError::kTooManyTimes;
  return refuse(large ? Reason::kBodyExpandsTooMuch : Reason::kContentEncodingMalformed, operation,
                std::string(http::name(decoded.error())));
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

  Announced announced;
  if (auto denial = read_announcement(head, operation, announced)) return std::move(*denial);
  const auto given = http::parse_media_type(announced.type->value);
  if (!given) return refuse(Reason::kMediaTypeUndeclared, operation, "Content-Type is malformed");
  const plan::Body* body = declared_body(operation, *given);
  if (body == nullptr)
    return refuse(Reason::kMediaTypeUndeclared, operation, "the media type is not declared");
  if (is_foreign_charset(*body, *given)) {
    return refuse(Reason::kMediaTypeUndeclared, operation, "the charset is not UTF-8");
  }
  // What streams cannot be held to the bound of what it becomes.
  if (announced.coding != http::Coding::kIdentity && body->form == plan::BodyForm::kOpaque) {
    return refuse(Reason::kContentEncodingRefused, operation, "the body is encoded and streams");
  }
  if (head.body.kind == http::BodyKind::kLength && head.body.bytes > body->bytes_max) {
    return refuse(Reason::kBodyTooLarge, operation,
                  "Content-Length is over the bound of " + std::to_string(body->bytes_max));
  }
  decision.body = body;
  decision.buffer_body = body->form != plan::BodyForm::kOpaque;
  decision.body_bytes_max = body->bytes_max;
  decision.coding = announced.coding;
  decision.boundary = given->boundary;
  return decision;
}

HeadDecision unjudged_body(const http::RequestHead& head, const Matched& matched) {
  static const plan::Body kAnything = [] {
    plan::Body body;
    body.bytes_max = UINT64_MAX;
    return body;
  }();
  HeadDecision decision;
  decision.operation = matched.operation;
  if (!announces_body(head.body)) return decision;
  decision.body = &kAnything;
  decision.body_bytes_max = kAnything.bytes_max;
  return decision;
}

Verdict<ValidBody> validate_body(Exchange& exchange, const Matched& matched, const HeadDecision& decision,
                                 std::string_view body) {
  const plan::Operation& operation = *matched.operation;
  if (body.empty()) {
    if (operation.body_required) return refuse(Reason::kBodyMissing, operation, "the body is empty");
    return ValidBody{body};
  }
  if (body.size() > decision.body_bytes_max) {
    return refuse(Reason::kBodyTooLarge, operation,
                  "the body is over the bound of " + std::to_string(decision.body_bytes_max));
  }
  auto decoded = decode(exchange, operation, decision, body);
  if (!decoded) return std::move(decoded).refusal<ValidBody>();
  if (auto denial = judge(exchange, operation, decision, *decoded)) return std::move(*denial);
  return ValidBody{*decoded};
}

}  // namespace caponier::stages
