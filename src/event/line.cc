#include "event/line.h"

#include "base/clock.h"
#include "event/redact.h"
#include "json/write.h"

namespace caponier::event {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
constexpr std::uint64_t kHighs = 0x8080808080808080ULL;

constexpr std::uint64_t has_zero_byte(std::uint64_t word) {
  return (word - kOnes) & ~word & kHighs;
}

// True if none of the eight bytes needs an escape: printable ASCII without quote and backslash.
constexpr bool is_plain(std::uint64_t word) {
  const std::uint64_t not_ascii = word & kHighs;
  const std::uint64_t control = (word - kOnes * 0x20) & ~word & kHighs;
  const std::uint64_t special = has_zero_byte(word ^ (kOnes * '"')) | has_zero_byte(word ^ (kOnes * '\\')) |
                                has_zero_byte(word ^ (kOnes * 0x7f));
  return (not_ascii | control | special) == 0;
}

// Copies `text` to `to`, which has room for eight bytes more than it needs; false as soon as something is not
// plain.
bool copy_plain(char* to, std::string_view text) {
  std::size_t at = 0;
  std::uint64_t word = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::memcpy(&word, text.data() + at, 8);
    if (!is_plain(word)) return false;
    std::memcpy(to + at, &word, 8);
  }
  word = kOnes * ' ';
  std::memcpy(&word, text.data() + at, text.size() - at);
  if (!is_plain(word)) return false;
  std::memcpy(to + at, &word, 8);
  return true;
}

}  // namespace

Line::Line(std::string& out, std::int64_t wall_ms) : out_(out) {
  put("{\"time\":\"");
  format_rfc3339(wall_ms, buffer_.data() + size_);
  size_ += 24;
  put("\"");
}

void Line::finish() {
  if (size_ + 2 > kBufferBytes) flush();
  put("}\n");
  flush();
}

void Line::flush() {
  out_.append(buffer_.data(), size_);
  size_ = 0;
}

void Line::string(std::string_view value, std::size_t bytes_max) {
  const std::string_view shown = cut(value, bytes_max);
  constexpr std::size_t kQuotesAndSlack = 2 + 8;
  if (size_ + shown.size() + kQuotesAndSlack > kBufferBytes) flush();
  if (shown.size() + kQuotesAndSlack <= kBufferBytes && copy_plain(buffer_.data() + size_ + 1, shown)) {
    buffer_[size_] = '"';
    buffer_[size_ + 1 + shown.size()] = '"';
    size_ += shown.size() + 2;
    return;
  }
  flush();
  json::append_string(out_, shown);
}

void Line::path(std::string_view value) {
  std::array<char, kUntrustedBytesMax> redacted;
  const std::size_t size = redact_path(value, redacted.data(), redacted.size());
  string({redacted.data(), size}, kUntrustedBytesMax);
}

void Line::subject(std::string_view value) {
  string(is_personal(value) ? "{withheld}" : value, kUntrustedBytesMax);
}

void Line::credential_name(std::string_view value) {
  string(is_credential_name(value) ? value : "{withheld}", kUntrustedBytesMax);
}

}  // namespace caponier::event
