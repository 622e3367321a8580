#include "stages/check/check.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace caponier::stages {
namespace {

constexpr std::string_view kStage = "check";

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

bool is_declared(const plan::Response& response, std::string_view value) {
  const auto is_written_so = [value](const http::MediaType& range) {
    return value.size() == range.type.size() + 1 + range.subtype.size() && value.starts_with(range.type) &&
           value[range.type.size()] == '/' && value.ends_with(range.subtype);
  };
  if (std::ranges::any_of(response.parsed, is_written_so)) return true;
  const auto given = http::parse_media_type(value);
  if (!given) return false;
  return std::ranges::any_of(response.parsed,
                             [&given](const http::MediaType& range) { return http::matches(range, *given); });
}

}  // namespace

Verdict<CheckedResponse> check(const http::RequestHead& request, const Matched& matched,
                               const http::ResponseHead& head) {
  const plan::Operation& operation = *matched.operation;
  const plan::Response* response = declared_response(operation, head.status);
  if (response == nullptr) {
    const bool reads = request.method == http::Method::kGet || request.method == http::Method::kHead;
    if (head.status == 304 && reads && is_conditional(request)) return CheckedResponse{};
    return deny(Reason::kResponseStatusUndeclared, kStage,
                "the upstream answered " + std::to_string(head.status) + ", which is not declared",
                operation.where.text);
  }
  bool repeated = false;
  const http::Header* type = content_type(head, repeated);
  const auto refuse = [response](std::string detail) {
    return deny(Reason::kResponseMediaTypeUndeclared, kStage, std::move(detail), response->where.text);
  };
  if (repeated) return refuse("the upstream sent Content-Type more than once");
  // Without a body the media type describes nothing, but that of a HEAD is what GET would give.
  if (!has_body(request, head)) {
    const bool describes =
        request.method == http::Method::kHead && type != nullptr && !response->media_types.empty();
    if (describes && !is_declared(*response, type->value)) {
      return refuse("the upstream's media type is not declared for this status");
    }
    return CheckedResponse{};
  }
  if (response->media_types.empty()) return refuse("the upstream sent a body where none is declared");
  if (type == nullptr) return refuse("the upstream sent a body without Content-Type");
  if (!is_declared(*response, type->value))
    return refuse("the upstream's media type is not declared for this status");
  return CheckedResponse{};
}

}  // namespace caponier::stages
