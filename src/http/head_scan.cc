#include "http/head_scan.h"

#include <algorithm>

#include "http/characters.h"

namespace caponier::http {
namespace {

constexpr std::size_t kCrlfBytes = 2;

}  // namespace

void HeadScan::begin() {
  lines_.clear();
  line_start_ = 0;
  at_ = 0;
  name_end_ = 0;
  start_line_bytes_ = 0;
  head_bytes_ = 0;
}

HeadScan::Bound HeadScan::bound(std::uint32_t line_bytes_max, DecodeError too_long,
                                const HttpLimits& limits) const {
  const std::size_t line_end = line_start_ + line_bytes_max + kCrlfBytes;
  if (line_end <= limits.head_bytes_max) return {line_end, too_long};
  return {limits.head_bytes_max, DecodeError::kHeadTooLong};
}

// Advances at_ to the CR of the CRLF that ends the line.
Result<HeadStatus, DecodeError> HeadScan::scan_to_line_end(std::string_view bytes, const Bound& bound,
                                                           LineRules rules) {
  const char* const stop = bytes.data() + std::min(bytes.size(), bound.end);
  const char* at = bytes.data() + at_;
  for (;; ++at) {
    at = find_control(at, stop);
    if (at == stop) break;
    if (*at == '\r') {
      if (at + 1 == stop) break;
      at_ = static_cast<std::size_t>(at - bytes.data());
      if (at[1] != '\n') return Err(DecodeError::kBareCarriageReturn);
      return HeadStatus::kComplete;
    }
    if (*at == '\n') return Err(DecodeError::kBareLineFeed);
    if (*at != '\t' || !rules.tab_allowed) return Err(rules.control_character);
  }
  at_ = static_cast<std::size_t>(at - bytes.data());
  if (bytes.size() >= bound.end) return Err(bound.error);
  return HeadStatus::kNeedMore;
}

Result<HeadStatus, DecodeError> HeadScan::scan_start_line(std::string_view bytes, const StartLineRules& rules,
                                                          const HttpLimits& limits) {
  auto status = scan_to_line_end(bytes, bound(rules.bytes_max, rules.too_long, limits),
                                 {rules.tab_allowed, rules.control_character});
  if (!status || *status == HeadStatus::kNeedMore) return status;
  // An empty line before the message is one more thing that peers disagree about.
  if (at_ == 0) return Err(rules.control_character);
  start_line_bytes_ = at_;
  at_ += kCrlfBytes;
  line_start_ = at_;
  return HeadStatus::kComplete;
}

// Advances at_ past the colon, or over the empty line that ends the head (then head_bytes_ is set).
Result<HeadStatus, DecodeError> HeadScan::scan_name(std::string_view bytes, const Bound& bound) {
  const char* const stop = bytes.data() + std::min(bytes.size(), bound.end);
  const char* at = bytes.data() + at_;
  while (at != stop && is_class(*at, kTokenCharacter)) ++at;
  at_ = static_cast<std::size_t>(at - bytes.data());
  const bool is_first = at_ == line_start_;
  if (at == stop || (is_first && *at == '\r' && at + 1 == stop)) {
    if (bytes.size() >= bound.end) return Err(bound.error);
    return HeadStatus::kNeedMore;
  }
  if (is_first && *at == '\r') {
    if (at[1] != '\n') return Err(DecodeError::kBareCarriageReturn);
    head_bytes_ = at_ + kCrlfBytes;
    return HeadStatus::kComplete;
  }
  if (*at == '\n') return Err(DecodeError::kBareLineFeed);
  if (is_first && is_whitespace(*at)) return Err(DecodeError::kObsoleteFolding);
  if (is_first || *at != ':') return Err(DecodeError::kHeaderName);
  name_end_ = at_;
  ++at_;
  return HeadStatus::kComplete;
}

void HeadScan::add_line(std::string_view bytes) {
  std::size_t first = name_end_ + 1;
  std::size_t last = at_;
  while (first < last && is_whitespace(bytes[first])) ++first;
  while (first < last && is_whitespace(bytes[last - 1])) --last;
  lines_.push_back({static_cast<std::uint32_t>(line_start_),
                    static_cast<std::uint32_t>(name_end_ - line_start_), static_cast<std::uint32_t>(first),
                    static_cast<std::uint32_t>(last - first)});
}

Result<HeadStatus, DecodeError> HeadScan::scan_fields(std::string_view bytes, const HttpLimits& limits) {
  while (head_bytes_ == 0) {
    const Bound line_bound = bound(limits.header_line_bytes_max, DecodeError::kHeaderTooLong, limits);
    if (name_end_ == 0) {
      auto status = scan_name(bytes, line_bound);
      if (!status || *status == HeadStatus::kNeedMore) return status;
      if (head_bytes_ != 0) break;
    }
    auto status = scan_to_line_end(bytes, line_bound, {true, DecodeError::kHeaderValue});
    if (!status || *status == HeadStatus::kNeedMore) return status;
    if (lines_.size() >= limits.header_count_max) return Err(DecodeError::kTooManyHeaders);
    add_line(bytes);
    at_ += kCrlfBytes;
    line_start_ = at_;
    name_end_ = 0;
  }
  return HeadStatus::kComplete;
}

}  // namespace caponier::http
