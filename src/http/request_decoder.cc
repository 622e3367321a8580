#include "base/bytes.h"
#include "http/body_length.h"
#include "http/field_values.h"
#include "http/h1_decoder.h"
#include "http/request_line.h"

namespace caponier::http {
namespace {

bool has_body(const BodyLength& body) {
  return body.kind == BodyKind::kChunked || body.bytes != 0;
}

}  // namespace

void RequestDecoder::begin() {
  head_ = RequestHead{};
  headers_.clear();
  scan_.begin();
  line_base_ = nullptr;
  failed_.reset();
}

Err<DecodeError> RequestDecoder::fail(DecodeError error) {
  failed_ = error;
  return Err(error);
}

Result<HeadStatus, DecodeError> RequestDecoder::feed(std::string_view bytes) {
  if (failed_) return Err(*failed_);
  if (!scan_.has_start_line()) {
    const HeadScan::StartLineRules rules{limits_->request_line_bytes_max, false, DecodeError::kRequestLine,
                                         DecodeError::kRequestLineTooLong};
    auto status = scan_.scan_start_line(bytes, rules, *limits_);
    if (!status) return fail(status.error());
    if (*status == HeadStatus::kNeedMore) return status;
    if (const auto error = parse_request_line(scan_.start_line(bytes), head_)) return fail(*error);
    line_base_ = bytes.data();
  }
  auto status = scan_.scan_fields(bytes, *limits_);
  if (!status) return fail(status.error());
  if (*status == HeadStatus::kNeedMore) return status;
  if (const auto error = finish(bytes)) return fail(*error);
  return HeadStatus::kComplete;
}

// RFC 9112 section 3.2: one Host, a valid one, and the same as an absolute-form target says.
std::optional<DecodeError> RequestDecoder::judge_target(const Header* host) {
  if (host == nullptr) {
    if (head_.minor_version >= 1) return DecodeError::kHostMissing;
    return std::nullopt;
  }
  if (!is_authority(host->value)) return DecodeError::kHostBad;
  if (!head_.authority.empty() && !equals_ignore_case(head_.authority, host->value))
    return DecodeError::kHostBad;
  head_.authority = host->value;
  return std::nullopt;
}

std::optional<DecodeError> RequestDecoder::finish(std::string_view bytes) {
  if (bytes.data() != line_base_) {
    if (const auto error = parse_request_line(scan_.start_line(bytes), head_)) return error;
    line_base_ = bytes.data();
  }
  headers_.clear();
  ConnectionOptions connection;
  std::optional<std::size_t> host;
  bool has_expect = false;
  for (const FieldLine& line : scan_.lines()) {
    const Header header{line.name(bytes), line.value(bytes), line.field};
    switch (header.field) {
      case Field::kHost:
        if (host) return DecodeError::kHostRepeated;
        host = headers_.size();
        break;
      case Field::kConnection:
        connection.add(header.value);
        break;
      case Field::kExpect:
        if (!equals_ignore_case(header.value, "100-continue")) return DecodeError::kExpectUnsupported;
        has_expect = true;
        break;
      default:
        break;
    }
    headers_.push_back(header);
  }
  head_.headers = headers_;
  if (const auto error = judge_target(host ? &headers_[*host] : nullptr)) return error;
  const auto body = request_body_length(headers_, head_.minor_version);
  if (!body) return body.error();
  head_.body = *body;
  head_.keep_alive = connection.persistent(head_.minor_version);
  // RFC 9110 section 10.1.1: void in HTTP/1.0, and nothing to wait for without a body.
  head_.expects_continue = has_expect && head_.minor_version >= 1 && has_body(head_.body);
  return std::nullopt;
}

}  // namespace caponier::http
