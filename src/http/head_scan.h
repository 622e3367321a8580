// Splits the head of a message, request or response, into its lines, in one pass over bytes that may come in
// any fragments. Errors are found in the order of the bytes, so fragmentation cannot change the verdict.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "http/decode_error.h"
#include "http/message.h"

namespace caponier::http {

enum class HeadStatus : std::uint8_t { kNeedMore, kComplete };

// Offsets, not views: the bytes may move between two calls.
struct FieldLine {
  std::uint32_t name_at;
  std::uint32_t name_bytes;
  std::uint32_t value_at;  // optional whitespace trimmed
  std::uint32_t value_bytes;
  Field field;

  [[nodiscard]] std::string_view name(std::string_view bytes) const {
    return {bytes.data() + name_at, name_bytes};
  }
  [[nodiscard]] std::string_view value(std::string_view bytes) const {
    return {bytes.data() + value_at, value_bytes};
  }
};

class HeadScan {
 public:
  struct StartLineRules {
    std::uint32_t bytes_max;
    bool tab_allowed;
    DecodeError control_character;
    DecodeError too_long;
  };

  HeadScan() { lines_.reserve(32); }
  void begin();

  // `bytes` is the head from its first byte, as far as it has come. kComplete once the line's CRLF is there.
  Result<HeadStatus, DecodeError> scan_start_line(std::string_view bytes, const StartLineRules& rules,
                                                  const HttpLimits& limits);
  [[nodiscard]] bool has_start_line() const { return start_line_bytes_ != 0; }
  [[nodiscard]] std::string_view start_line(std::string_view bytes) const {
    return bytes.substr(0, start_line_bytes_);
  }

  // After the start line. kComplete once the empty line is there.
  Result<HeadStatus, DecodeError> scan_fields(std::string_view bytes, const HttpLimits& limits);
  [[nodiscard]] std::span<const FieldLine> lines() const { return lines_; }
  [[nodiscard]] std::size_t head_bytes() const { return head_bytes_; }

 private:
  // Where a line that begins at line_start_ has to end, and what it is if it does not.
  struct Bound {
    std::size_t end;
    DecodeError error;
  };
  struct LineRules {
    bool tab_allowed;
    DecodeError control_character;
  };
  [[nodiscard]] Bound bound(std::uint32_t line_bytes_max, DecodeError too_long,
                            const HttpLimits& limits) const;
  // Inlined into scan_fields: a line has few bytes, and a call costs as much as ten of them.
  [[nodiscard]] bool scan_known_name(std::string_view bytes, const Bound& bound);
  Result<HeadStatus, DecodeError> scan_name(std::string_view bytes, const Bound& bound);
  [[nodiscard]] bool find_line_end(std::string_view bytes, const Bound& bound);
  Result<HeadStatus, DecodeError> scan_to_line_end(std::string_view bytes, const Bound& bound,
                                                   LineRules rules);
  void add_line(std::string_view bytes);

  std::vector<FieldLine> lines_;
  std::size_t line_start_ = 0;
  std::size_t at_ = 0;        // first byte not looked at yet, of the line at line_start_
  std::size_t name_end_ = 0;  // where its colon is, once that is known; else 0
  Field field_ = Field::kOther;
  std::size_t start_line_bytes_ = 0;
  std::size_t head_bytes_ = 0;
};

}  // namespace caponier::http
