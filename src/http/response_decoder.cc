#include "base/bytes.h"
#include "base/canary.h"
#include "http/body_length.h"
#include "http/characters.h"
#include "http/field_values.h"
#include "http/h1_decoder.h"

namespace caponier::http {
namespace {

constexpr std::size_t kVersionBytes = 8;    // "HTTP/1.1"
constexpr std::size_t kStatusLineMin = 12;  // "HTTP/1.1 200"
constexpr std::uint16_t kSwitchingProtocols = 101;

// RFC 9112 section 4. The space after the status may be missing together with the phrase: many servers do so,
// and nobody reads it in another way.
std::optional<DecodeError> parse_status_line(std::string_view line, ResponseHead& head) {
  head = ResponseHead{};
  if (!line.starts_with("HTTP/")) return DecodeError::kStatusLine;
  const std::string_view version = line.substr(0, line.find(' '));
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return DecodeError::kVersion;
  head.minor_version = version.back() == '1' ? 1 : 0;

  if (line.size() < kStatusLineMin) return DecodeError::kStatusLine;
  const std::string_view status = line.substr(kVersionBytes + 1, 3);
  if (status[0] < '1' || status[0] > '5' || !is_digit(status[1]) || !is_digit(status[2])) {
    return DecodeError::kStatusLine;
  }
  if (line.size() > kStatusLineMin && line[kStatusLineMin] != ' ') return DecodeError::kStatusLine;
  head.status =
      static_cast<std::uint16_t>((status[0] - '0') * 100 + (status[1] - '0') * 10 + (status[2] - '0'));
  return std::nullopt;
}

}  // namespace

void ResponseDecoder::begin(Method request, bool upgrade) {
  request_ = request;
  upgrade_ = upgrade;
  head_ = ResponseHead{};
  headers_.clear();
  scan_.begin();
  failed_.reset();
}

Err<DecodeError> ResponseDecoder::fail(DecodeError error) {
  failed_ = error;
  return Err(error);
}

Result<HeadStatus, DecodeError> ResponseDecoder::feed(std::string_view bytes) {
  if (failed_) return Err(*failed_);
  if (!scan_.has_start_line()) {
    const HeadScan::StartLineRules rules{limits_->header_line_bytes_max, true, DecodeError::kStatusLine,
                                         DecodeError::kStatusLine};
    auto status = scan_.scan_start_line(bytes, rules, *limits_);
    if (!status) return fail(status.error());
    if (*status == HeadStatus::kNeedMore) return status;
    if (const auto error = parse_status_line(scan_.start_line(bytes), head_)) return fail(*error);
    if (head_.status == kSwitchingProtocols && !upgrade_) return fail(DecodeError::kUpgradeUnsupported);
  }
  auto status = scan_.scan_fields(bytes, *limits_);
  if (!status) return fail(status.error());
  if (*status == HeadStatus::kNeedMore) {
    if (canary("answer-to-head-resumed")) request_ = Method::kGet;
    return status;
  }
  if (const auto error = finish(bytes)) return fail(*error);
  return HeadStatus::kComplete;
}

std::optional<DecodeError> ResponseDecoder::finish(std::string_view bytes) {
  headers_.clear();
  ConnectionOptions connection;
  for (const FieldLine& line : scan_.lines()) {
    const Header header{line.name(bytes), line.value(bytes), line.field};
    if (header.field == Field::kConnection) connection.add(header.value);
    headers_.push_back(header);
  }
  head_.headers = headers_;
  const auto body = response_body_length(headers_, head_.minor_version, request_, head_.status);
  if (!body) return body.error();
  head_.body = *body;
  head_.keep_alive = connection.persistent(head_.minor_version) && head_.body.kind != BodyKind::kUntilClose;
  return std::nullopt;
}

}  // namespace caponier::http
