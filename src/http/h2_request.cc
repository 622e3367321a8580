#include "http/h2_request.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "http/body_length.h"
#include "http/field_values.h"
#include "http/h2_field_rules.h"
#include "http/request_line.h"

namespace caponier::http::h2 {
namespace {

struct PseudoFields {
  std::optional<std::string_view> method;
  std::optional<std::string_view> scheme;
  std::optional<std::string_view> authority;
  std::optional<std::string_view> path;

  // False if nothing is known by that name, or it came already.
  bool take(const Header& field) {
    std::optional<std::string_view>* place = nullptr;
    if (field.name == ":method") place = &method;
    if (field.name == ":scheme") place = &scheme;
    if (field.name == ":authority") place = &authority;
    if (field.name == ":path") place = &path;
    if (place == nullptr || place->has_value()) return false;
    *place = field.value;
    return true;
  }
};

std::optional<DecodeError> judge_field(const Header& field) {
  if (const auto error = judge_common(field)) return error;
  switch (field.field) {
    case Field::kTe:
      if (!equals_ignore_case(field.value, "trailers")) return DecodeError::kConnectionHeader;
      return std::nullopt;
    case Field::kExpect:
      if (!equals_ignore_case(field.value, "100-continue")) return DecodeError::kExpectUnsupported;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

// Takes the pseudo-header fields off the front of `fields`.
std::optional<DecodeError> take_pseudo_fields(std::span<Header>& fields, PseudoFields& pseudo) {
  while (!fields.empty() && fields.front().name.starts_with(':')) {
    if (!is_exact_value(fields.front().value)) return DecodeError::kHeaderValue;
    if (!pseudo.take(fields.front())) return DecodeError::kPseudoHeader;
    fields = fields.subspan(1);
  }
  // RFC 9113, section 8.5: CONNECT has no path and no scheme; it is not served, and not malformed for that.
  if (pseudo.method == "CONNECT") return DecodeError::kTarget;
  if (!pseudo.method || !pseudo.scheme || !pseudo.path) return DecodeError::kPseudoHeader;
  return std::nullopt;
}

std::optional<DecodeError> judge_target(const PseudoFields& pseudo, const HttpLimits& limits,
                                        RequestHead& head) {
  constexpr std::size_t kRestOfLineBytes = std::string_view("  HTTP/1.1").size();
  if (pseudo.method->size() + pseudo.path->size() + kRestOfLineBytes > limits.request_line_bytes_max)
    return DecodeError::kRequestLineTooLong;
  if (const auto error = parse_method_and_target(*pseudo.method, *pseudo.path, head)) return error;
  // No absolute form here: the authority has a field of its own.
  if (!pseudo.path->starts_with('/')) return DecodeError::kTarget;
  return std::nullopt;
}

// RFC 9113, section 8.3.1: :authority or Host, and the same if both.
std::optional<DecodeError> judge_authority(const PseudoFields& pseudo, RequestHead& head) {
  const Header* host = head.find(Field::kHost);
  const bool repeated = std::ranges::count(head.headers, Field::kHost, &Header::field) > 1;
  if (repeated) return DecodeError::kHostRepeated;
  if (!pseudo.authority && host == nullptr) return DecodeError::kHostMissing;
  const std::string_view authority = pseudo.authority ? *pseudo.authority : host->value;
  if (!is_authority(authority)) return DecodeError::kHostBad;
  if (host != nullptr && !equals_ignore_case(host->value, authority)) return DecodeError::kHostBad;
  head.authority = authority;
  return std::nullopt;
}

std::optional<DecodeError> judge_body(bool ended, RequestHead& head) {
  const auto body = request_body_length(head.headers, 1);
  if (!body) return body.error();
  head.body = *body;
  if (ended && head.body.bytes != 0) return DecodeError::kContentLengthBad;
  if (!ended && head.body.kind == BodyKind::kNone) head.body.kind = BodyKind::kChunked;
  return std::nullopt;
}

}  // namespace

std::optional<DecodeError> read_request(FieldBlock& fields, bool ended, bool tls, const HttpLimits& limits,
                                        RequestHead& head) {
  head = RequestHead{};
  head.http2 = true;
  if (fields.over()) return fields.over();
  fields.join_cookies();
  std::span<Header> rest = fields.headers();
  PseudoFields pseudo;
  if (const auto error = take_pseudo_fields(rest, pseudo)) return error;
  if (!equals_ignore_case(*pseudo.scheme, tls ? "https" : "http")) return DecodeError::kPseudoHeader;
  if (const auto error = judge_target(pseudo, limits, head)) return error;
  if (rest.size() > limits.header_count_max) return DecodeError::kTooManyHeaders;
  for (const Header& field : rest) {
    if (field.name.starts_with(':')) return DecodeError::kPseudoHeader;
    if (const auto error = judge_field(field)) return error;
    if (field.value.size() > limits.header_line_bytes_max) return DecodeError::kHeaderTooLong;
    head.expects_continue |= field.field == Field::kExpect;
  }
  head.headers = rest;
  if (const auto error = judge_authority(pseudo, head)) return error;
  if (const auto error = judge_body(ended, head)) return error;
  head.expects_continue &= !ended;
  return std::nullopt;
}

std::optional<DecodeError> judge_trailers(FieldBlock& fields, const HttpLimits& limits) {
  if (fields.over() || fields.bytes() > limits.trailer_bytes_max) return DecodeError::kTrailer;
  for (const Header& field : fields.headers()) {
    if (field.name.starts_with(':')) return DecodeError::kPseudoHeader;
    if (const auto error = judge_field(field)) return error;
  }
  return std::nullopt;
}

}  // namespace caponier::http::h2
