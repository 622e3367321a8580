#include "http/head_scan.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "http/characters.h"
#include "http/field_names.h"

#define CAPONIER_INLINE [[gnu::always_inline]] inline

namespace caponier::http {
namespace {

constexpr std::size_t kCrlfBytes = 2;

// The first colon of the 32 bytes at `at`, or null.
CAPONIER_INLINE const char* find_near_colon(const char* at) {
  constexpr std::size_t kNear = 32;
#if defined(__SSE2__)
  for (const char* const end = at + kNear; at != end; at += sizeof(__m128i)) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(':'))));
    if (found != 0) return at + std::countr_zero(found);
  }
  return nullptr;
#else
  return static_cast<const char*>(std::memchr(at, ':', kNear));
#endif
}

}  // namespace

void HeadScan::begin() {
  lines_.clear();
  line_start_ = 0;
  at_ = 0;
  name_end_ = 0;
  start_line_bytes_ = 0;
  head_bytes_ = 0;
}

CAPONIER_INLINE HeadScan::Bound HeadScan::bound(std::uint32_t line_bytes_max, DecodeError too_long,
                                                const HttpLimits& limits) const {
  const std::size_t line_end = line_start_ + line_bytes_max + kCrlfBytes;
  if (line_end <= limits.head_bytes_max) return {line_end, too_long};
  return {limits.head_bytes_max, DecodeError::kHeadTooLong};
}

// The usual line: true, and at_ at the CR of its CRLF, if that is the first control character.
CAPONIER_INLINE bool HeadScan::find_line_end(std::string_view bytes, const Bound& bound) {
  const char* const stop = bytes.data() + std::min(bytes.size(), bound.end);
  const char* const at = find_near_control(bytes.data() + at_, stop);
  if (stop - at < 2 || at[0] != '\r' || at[1] != '\n') return false;
  at_ = static_cast<std::size_t>(at - bytes.data());
  return true;
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

// Most names are known ones, and a known name is a token without looking at each byte. Same effect as
// scan_name.
CAPONIER_INLINE bool HeadScan::scan_known_name(std::string_view bytes, const Bound& bound) {
  const std::size_t stop = std::min(bytes.size(), bound.end);
  if (at_ != line_start_ || stop - at_ < 32) return false;
  const char* const name = bytes.data() + at_;
  const char* const colon = find_near_colon(name);
  if (colon == nullptr) return false;
  field_ = parse_whole_name({name, static_cast<std::size_t>(colon - name)});
  if (field_ == Field::kOther) return false;
  name_end_ = static_cast<std::size_t>(colon - bytes.data());
  at_ = name_end_ + 1;
  return true;
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
  field_ = parse_field({bytes.data() + line_start_, name_end_ - line_start_});
  ++at_;
  return HeadStatus::kComplete;
}

CAPONIER_INLINE void HeadScan::add_line(std::string_view bytes) {
  const char* first = bytes.data() + name_end_ + 1;
  const char* last = bytes.data() + at_;
  while (first != last && is_whitespace(*first)) ++first;
  while (first != last && is_whitespace(last[-1])) --last;
  lines_.push_back(
      {static_cast<std::uint32_t>(line_start_), static_cast<std::uint32_t>(name_end_ - line_start_),
       static_cast<std::uint32_t>(first - bytes.data()), static_cast<std::uint32_t>(last - first), field_});
}

Result<HeadStatus, DecodeError> HeadScan::scan_fields(std::string_view bytes, const HttpLimits& limits) {
  while (head_bytes_ == 0) {
    const Bound line_bound = bound(limits.header_line_bytes_max, DecodeError::kHeaderTooLong, limits);
    if (name_end_ == 0 && !scan_known_name(bytes, line_bound)) {
      auto status = scan_name(bytes, line_bound);
      if (!status || *status == HeadStatus::kNeedMore) return status;
      if (head_bytes_ != 0) break;
    }
    if (!find_line_end(bytes, line_bound)) {
      auto status = scan_to_line_end(bytes, line_bound, {true, DecodeError::kHeaderValue});
      if (!status || *status == HeadStatus::kNeedMore) return status;
    }
    if (lines_.size() >= limits.header_count_max) return Err(DecodeError::kTooManyHeaders);
    add_line(bytes);
    at_ += kCrlfBytes;
    line_start_ = at_;
    name_end_ = 0;
  }
  return HeadStatus::kComplete;
}

}  // namespace caponier::http
