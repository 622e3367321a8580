#include "http/h2_fields.h"

namespace caponier::http::h2 {
namespace {

constexpr std::size_t kSeparatorBytes = 4;  // ": " and CRLF

}  // namespace

void FieldBlock::begin() {
  text_.clear();
  lines_.clear();
  headers_.clear();
  bytes_ = 0;
  over_.reset();
}

void FieldBlock::add(std::string_view name, std::string_view value, const HttpLimits& limits) {
  if (over_) return;
  const std::size_t line_bytes = name.size() + value.size() + kSeparatorBytes;
  if (line_bytes > limits.header_line_bytes_max + std::size_t{2}) {
    over_ = name == ":path" ? DecodeError::kRequestLineTooLong : DecodeError::kHeaderTooLong;
  } else if (bytes_ + line_bytes > limits.head_bytes_max) {
    over_ = DecodeError::kHeadTooLong;
  } else if (lines_.size() >= limits.header_count_max + std::size_t{4}) {  // with the pseudo-header fields
    over_ = DecodeError::kTooManyHeaders;
  }
  if (over_) return;
  bytes_ += line_bytes;
  const std::size_t at = text_.size();
  text_.append(name).append(value);
  lines_.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(name.size()),
                    static_cast<std::uint32_t>(at + name.size()), static_cast<std::uint32_t>(value.size())});
}

std::string_view FieldBlock::name(std::size_t at) const {
  return {text_.data() + lines_[at].name_at, lines_[at].name_bytes};
}

std::string_view FieldBlock::value(std::size_t at) const {
  return {text_.data() + lines_[at].value_at, lines_[at].value_bytes};
}

void FieldBlock::join_cookies() {
  constexpr std::string_view kCookie = "cookie";
  std::size_t first = lines_.size();
  std::size_t crumbs = 0;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (name(i) == kCookie && crumbs++ == 0) first = i;
  }
  if (crumbs < 2) return;
  const std::size_t joined_at = text_.size();
  text_.reserve(joined_at + bytes_);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const bool crumb = name(i) == kCookie;
    if (crumb) {
      if (i != first) text_ += "; ";
      text_.append(text_, lines_[i].value_at, lines_[i].value_bytes);
    }
    if (!crumb || i == first) lines_[kept++] = lines_[i];
  }
  lines_.resize(kept);
  lines_[first].value_at = static_cast<std::uint32_t>(joined_at);
  lines_[first].value_bytes = static_cast<std::uint32_t>(text_.size() - joined_at);
}

std::span<Header> FieldBlock::headers() {
  headers_.clear();
  for (std::size_t i = 0; i < lines_.size(); ++i)
    headers_.push_back({name(i), value(i), parse_field(name(i))});
  return headers_;
}

}  // namespace caponier::http::h2
