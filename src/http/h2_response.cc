#include "http/h2_response.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "http/body_length.h"
#include "http/h2_field_rules.h"

namespace caponier::http::h2 {
namespace {

// RFC 9113, section 8.3.2: the one pseudo-header field of an answer, and its first field.
std::optional<DecodeError> take_status(std::span<Header>& fields, ResponseHead& head) {
  if (fields.empty() || fields.front().name != ":status") return DecodeError::kPseudoHeader;
  const std::string_view status = fields.front().value;
  const bool digits = status.size() == 3 && std::all_of(status.begin(), status.end(), is_digit);
  if (!digits || status[0] < '1' || status[0] > '5') return DecodeError::kStatusLine;
  head.status =
      static_cast<std::uint16_t>((status[0] - '0') * 100 + (status[1] - '0') * 10 + (status[2] - '0'));
  fields = fields.subspan(1);
  return std::nullopt;
}

std::optional<DecodeError> judge_body(bool ended, Method request, ResponseHead& head) {
  const auto body = response_body_length(head.headers, 1, request, head.status);
  if (!body) return body.error();
  head.body = *body;
  const bool bodiless = body->kind == BodyKind::kNone;
  // The stream's end is the body's.
  if (body->kind == BodyKind::kUntilClose) head.body = {BodyKind::kChunked, 0};
  if (!ended || bodiless) return std::nullopt;
  if (head.body.bytes != 0) return DecodeError::kContentLengthBad;
  head.body = {BodyKind::kLength, 0};
  return std::nullopt;
}

}  // namespace

std::optional<DecodeError> read_response(FieldBlock& fields, bool ended, Method request,
                                         const HttpLimits& limits, ResponseHead& head) {
  head = ResponseHead{};
  if (fields.over()) return fields.over();
  std::span<Header> rest = fields.headers();
  if (const auto error = take_status(rest, head)) return error;
  // RFC 9113, section 8.6: there is no switching of protocols here.
  if (head.status == 101) return DecodeError::kUpgradeUnsupported;
  if (rest.size() > limits.header_count_max) return DecodeError::kTooManyHeaders;
  for (const Header& field : rest) {
    if (field.name.starts_with(':')) return DecodeError::kPseudoHeader;
    if (const auto error = judge_common(field)) return error;
    if (field.field == Field::kTe) return DecodeError::kConnectionHeader;
    if (field.value.size() > limits.header_line_bytes_max) return DecodeError::kHeaderTooLong;
  }
  head.headers = rest;
  return judge_body(ended, request, head);
}

}  // namespace caponier::http::h2
