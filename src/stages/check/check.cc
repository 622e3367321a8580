#include "stages/check/check.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "stages/check/strip.h"
#include "stages/check/websocket.h"
#include "stages/parameter_value.h"
#include "stages/violation.h"

namespace caponier::stages {
namespace {

constexpr std::string_view kStage = "check";
constexpr std::uint16_t kSwitchingProtocols = 101;

// "404" before "4XX" before "default".
const plan::Response* declared_response(const plan::Operation& operation, std::uint16_t status) {
  if (status < 100 || status > 599) return nullptr;
  const auto digit = [](int value) { return static_cast<char>('0' + value); };
  const std::array<char, 3> exact = {digit(status / 100), digit(status / 10 % 10), digit(status % 10)};
  const std::array<char, 3> range = {exact[0], 'X', 'X'};
  for (std::string_view wanted :
       {std::string_view(exact.data(), 3), std::string_view(range.data(), 3), std::string_view("default")}) {
    const auto found = std::ranges::find_if(operation.responses, [wanted](const plan::Response& response) {
      return equals_ignore_case(response.status, wanted);
    });
    if (found != operation.responses.end()) return &*found;
  }
  return nullptr;
}

bool is_conditional(const http::RequestHead& request) {
  return request.find("if-none-match") != nullptr || request.find("if-modified-since") != nullptr;
}

bool has_body(const http::RequestHead& request, const http::ResponseHead& head) {
  if (request.method == http::Method::kHead || head.status == 204 || head.status == 304) return false;
  return head.body.kind != http::BodyKind::kNone &&
         !(head.body.kind == http::BodyKind::kLength && head.body.bytes == 0);
}

// The one Content-Type, nullptr if there is none; `repeated` if there are several.
const http::Header* content_type(const http::ResponseHead& head, bool& repeated) {
  const http::Header* found = nullptr;
  for (const http::Header& header : head.headers) {
    if (header.field != http::Field::kContentType) continue;
    repeated = found != nullptr;
    found = &header;
  }
  return found;
}

// The most specific of the declared bodies that `value` is.
const plan::ResponseBody* declared_body(const plan::Response& response, std::string_view value) {
  const auto is_written_so = [value](const plan::ResponseBody& body) {
    const http::MediaType& type = body.parsed;
    return value.size() == type.type.size() + 1 + type.subtype.size() && value.starts_with(type.type) &&
           value[type.type.size()] == '/' && value.ends_with(type.subtype);
  };
  const auto same = std::ranges::find_if(response.bodies, is_written_so);
  if (same != response.bodies.end()) return &*same;
  const auto given = http::parse_media_type(value);
  if (!given) return nullptr;
  const auto found = std::ranges::find_if(response.bodies, [&given](const plan::ResponseBody& body) {
    return http::matches(body.parsed, *given);
  });
  return found == response.bodies.end() ? nullptr : &*found;
}

// An event stream, or the messages of a gRPC call.
bool is_stream(std::string_view value) {
  const auto type = http::parse_media_type(value);
  if (!type) return false;
  constexpr std::string_view kGrpc = "grpc";
  const std::string_view subtype = type->subtype;
  const bool grpc = equals_ignore_case(type->type, "application") && subtype.size() >= kGrpc.size() &&
                    equals_ignore_case(subtype.substr(0, kGrpc.size()), kGrpc) &&
                    (subtype.size() == kGrpc.size() || subtype[kGrpc.size()] == '+');
  return grpc || (equals_ignore_case(type->type, "text") && equals_ignore_case(subtype, "event-stream"));
}

// A refusal about an answer tells the client nothing but that there was none.
Denial private_denial(Denial denial) {
  denial.stage = kStage;
  denial.public_pointer.clear();
  denial.public_rule.clear();
  return denial;
}

bool is_encoded(const http::ResponseHead& head) {
  return std::ranges::any_of(head.headers, [](const http::Header& header) {
    return header.field == http::Field::kContentEncoding && !equals_ignore_case(header.value, "identity");
  });
}

// RFC 9110, section 15.3.7.
bool is_part(const http::ResponseHead& head) {
  return head.status == 206 && std::ranges::any_of(head.headers, [](const http::Header& header) {
           return equals_ignore_case(header.name, "content-range");
         });
}

std::optional<Denial> check_headers(Exchange& exchange, const plan::Response& response,
                                    const http::ResponseHead& head) {
  for (const plan::Parameter& declared : response.headers) {
    const auto is_it = [&declared](const http::Header& header) {
      return equals_ignore_case(header.name, declared.name);
    };
    bool found = false;
    for (const http::Header& header : head.headers) {
      if (!is_it(header)) continue;
      found = true;
      const uri::StyledText text{header.value, declared.style, declared.explode, uri::Escapes::kNone,
                                 declared.name};
      ParameterText given = read_styled(exchange.arena, declared, "header", text);
      given.reason = Reason::kResponseHeaderUnmet;
      if (auto denial = judge_parameter(exchange, given)) return private_denial(std::move(*denial));
    }
    if (!found && declared.required) {
      return deny(Reason::kResponseHeaderUnmet, kStage, "the upstream did not send " + declared.name,
                  declared.where.text);
    }
  }
  return std::nullopt;
}

Verdict<ResponseDecision> check_declared(Exchange& exchange, const plan::Operation& operation,
                                         const plan::Response& response, const http::ResponseHead& head) {
  ResponseDecision decision{nullptr, operation.response_mode, operation.response_bytes_max, &response};
  bool repeated = false;
  const http::Header* type = content_type(head, repeated);
  const auto refuse = [&response](std::string detail) {
    return deny(Reason::kResponseMediaTypeUndeclared, kStage, std::move(detail), response.where.text);
  };
  if (repeated) return refuse("the upstream sent Content-Type more than once");
  if (auto denial = check_headers(exchange, response, head)) return std::move(*denial);
  // Without a body the media type describes nothing, but that of a HEAD is what GET would give.
  if (!has_body(*exchange.head, head)) {
    const bool describes =
        exchange.head->method == http::Method::kHead && type != nullptr && !response.bodies.empty();
    if (describes && declared_body(response, type->value) == nullptr) {
      return refuse("the upstream's media type is not declared for this status");
    }
    return decision;
  }
  if (response.bodies.empty()) return refuse("the upstream sent a body where none is declared");
  if (type == nullptr) return refuse("the upstream sent a body without Content-Type");
  const plan::ResponseBody* body = declared_body(response, type->value);
  if (body == nullptr) return refuse("the upstream's media type is not declared for this status");
  const bool declared_as_stream =
      operation.response_mode == plan::ResponseMode::kStream && head.body.kind != http::BodyKind::kLength;
  decision.long_lived = declared_as_stream || is_stream(type->value);
  if (body->program == nullptr) return decision;
  const auto given = http::parse_media_type(type->value);
  // Pieces of something, which may be JSON.
  const bool pieces = given && equals_ignore_case(given->type, "multipart") &&
                      equals_ignore_case(given->subtype, "byteranges");
  // Of a range that JSON is in, JSON alone can be judged.
  if (!pieces && !(given && http::reads_as_json(*given))) return decision;
  if (pieces || is_part(head)) {
    return deny(Reason::kResponsePartial, kStage, "a part of a body that is to be judged as a whole",
                body->where.text);
  }
  if (is_encoded(head)) {
    return deny(Reason::kResponseBodyMalformed, kStage, "the upstream encoded a body that is to be judged",
                body->where.text);
  }
  if (head.body.kind == http::BodyKind::kLength && head.body.bytes > decision.bytes_max) {
    return deny(Reason::kResponseBodyTooLarge, kStage,
                "Content-Length is over the bound of " + std::to_string(decision.bytes_max),
                body->where.text);
  }
  decision.body = body;
  return decision;
}

Verdict<ResponseDecision> check_head(Exchange& exchange, const plan::Operation& operation,
                                     const http::ResponseHead& head) {
  const plan::Response* response = declared_response(operation, head.status);
  if (head.status == kSwitchingProtocols && response != nullptr) {
    if (auto denial = check_handshake(*exchange.head, head, response->where)) return std::move(*denial);
  }
  if (response != nullptr) return check_declared(exchange, operation, *response, head);
  const http::RequestHead& request = *exchange.head;
  const bool reads = request.method == http::Method::kGet || request.method == http::Method::kHead;
  if (head.status == 304 && reads && is_conditional(request)) return ResponseDecision{};
  return deny(Reason::kResponseStatusUndeclared, kStage,
              "the upstream answered " + std::to_string(head.status) + ", which is not declared",
              operation.where.text);
}

std::optional<Denial> judge(Exchange& exchange, const plan::ResponseBody& declared, std::string_view body,
                            std::uint64_t bytes_max) {
  JsonLimits limits = exchange.plan->limits.json;
  limits.bytes_max = static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes_max, UINT32_MAX));
  const auto value = exchange.body_document.read(body, limits);
  if (!value) {
    return deny(
        Reason::kResponseBodyMalformed, kStage,
        std::string(json::name(value.error().error)) + " at byte " + std::to_string(value.error().offset),
        declared.where.text);
  }
  if (schema::evaluate(*declared.program, *value) == schema::Outcome::kValid) return std::nullopt;
  return private_denial(violation_denial(exchange, Reason::kResponseBodyInvalid, *declared.program, *value,
                                         "", declared.where.text));
}

}  // namespace

Verdict<ResponseDecision> check(Exchange& exchange, const Matched& matched, const http::ResponseHead& head) {
  const plan::Operation& operation = *matched.operation;
  if (operation.undeclared) return ResponseDecision{};
  auto decision = check_head(exchange, operation, head);
  Denial* const denial = decision.denial();
  // A handshake is framing, which is never only reported.
  if (denial == nullptr || operation.response_mode != plan::ResponseMode::kReport ||
      head.status == kSwitchingProtocols) {
    return decision;
  }
  exchange.reported.push_back(std::move(*denial));
  return ResponseDecision{};
}

Verdict<ValidResponse> check_body(Exchange& exchange, const ResponseDecision& decision,
                                  std::string_view body) {
  if (decision.body == nullptr) return Denial{};
  std::optional<Denial> denial =
      body.size() > decision.bytes_max
          ? deny(Reason::kResponseBodyTooLarge, kStage,
                 "the body is over the bound of " + std::to_string(decision.bytes_max),
                 decision.body->where.text)
          : judge(exchange, *decision.body, body, decision.bytes_max);
  if (!denial) return ValidResponse{body};
  if (decision.mode == plan::ResponseMode::kReport) {
    exchange.reported.push_back(std::move(*denial));
    return ValidResponse{body};
  }
  if (decision.mode != plan::ResponseMode::kStrip || denial->reason != Reason::kResponseBodyInvalid)
    return std::move(*denial);
  std::string& stripped = exchange.stripped_body;
  stripped.clear();
  if (!strip(exchange.body_document.root(), *decision.body->shape, stripped)) return std::move(*denial);
  denial = judge(exchange, *decision.body, stripped, UINT32_MAX);
  if (denial) return std::move(*denial);
  return ValidResponse{stripped};
}

}  // namespace caponier::stages
