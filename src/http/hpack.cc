#include "http/hpack.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"
#include "base/canary.h"
#include "http/message.h"

namespace caponier::http::h2 {
namespace {

std::string_view text_of(const std::uint8_t* bytes, std::size_t count) {
  return {reinterpret_cast<const char*>(bytes), count};
}

// The library reads only.
std::uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
}

constexpr std::size_t kPseudoBeforeHost = 3;

// Off the front of `lines`, without its CRLF.
std::string_view take_line(std::string_view& lines) {
  const std::size_t end = std::min(lines.find("\r\n"), lines.size());
  const std::string_view line = lines.substr(0, end);
  lines.remove_prefix(std::min(end + 2, lines.size()));
  return line;
}

bool is_of_the_connection(Field field) {
  return field == Field::kConnection || field == Field::kTransferEncoding || field == Field::kKeepAlive ||
         field == Field::kUpgrade || field == Field::kProxyConnection;
}

// Fields whose value is another in each message, and those that no one may keep.
bool is_passing(Field field, std::string_view lower_name) {
  switch (field) {
    case Field::kXRequestId:
    case Field::kContentLength:
    case Field::kSetCookie:
    case Field::kLocation:
    case Field::kRateLimit:
    case Field::kRetryAfter:
    case Field::kWwwAuthenticate:
    case Field::kAuthorization:
    case Field::kCookie:
    case Field::kTraceparent:
    case Field::kTracestate:
    case Field::kForwarded:
    case Field::kXForwarded:
    case Field::kCaponier:
      return true;
    default:
      return lower_name == ":path" || lower_name == "etag" || lower_name == "last-modified" ||
             lower_name == "expires" || lower_name == "age" || lower_name == "content-range";
  }
}

}  // namespace

void HpackDecoder::Free::operator()(nghttp2_hd_inflater* inflater) const {
  nghttp2_hd_inflate_del(inflater);
}

HpackDecoder::HpackDecoder(std::uint32_t table_bytes_max) {
  nghttp2_hd_inflater* inflater = nullptr;
  if (nghttp2_hd_inflate_new(&inflater) != 0) return;
  inflater_.reset(inflater);
  if (table_bytes_max != NGHTTP2_DEFAULT_HEADER_TABLE_SIZE &&
      nghttp2_hd_inflate_change_table_size(inflater, table_bytes_max) != 0) {
    inflater_.reset();
  }
}

bool HpackDecoder::decode(std::string_view block, const HttpLimits& limits, FieldBlock& fields) {
  if (!inflater_) return false;
  const std::uint8_t* at = bytes_of(block);
  std::size_t left = block.size();
  for (;;) {
    nghttp2_nv field{};
    int flags = 0;
    const auto taken = nghttp2_hd_inflate_hd2(inflater_.get(), &field, &flags, at, left, 1);
    if (taken < 0) return false;
    at += taken;
    left -= static_cast<std::size_t>(taken);
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0)
      fields.add(text_of(field.name, field.namelen), text_of(field.value, field.valuelen), limits);
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0 && left == 0) return false;
  }
  nghttp2_hd_inflate_end_headers(inflater_.get());
  return true;
}

void HpackEncoder::Free::operator()(nghttp2_hd_deflater* deflater) const {
  nghttp2_hd_deflate_del(deflater);
}

HpackEncoder::HpackEncoder(std::uint32_t table_bytes_max) : table_bytes_max_(table_bytes_max) {
  nghttp2_hd_deflater* deflater = nullptr;
  if (nghttp2_hd_deflate_new(&deflater, table_bytes_max) == 0) deflater_.reset(deflater);
}

void HpackEncoder::set_peer_table_bytes(std::uint32_t bytes) {
  if (deflater_ &&
      nghttp2_hd_deflate_change_table_size(deflater_.get(), std::min(bytes, table_bytes_max_)) != 0) {
    deflater_.reset();
  }
}

void HpackEncoder::add(std::string_view name, std::string_view value) {
  const Field field = parse_field(name);
  if (is_of_the_connection(field) || (canary("h2-empty-field-lost") && value.empty())) return;
  const std::size_t at = names_.size();
  for (const char c : name) names_ += to_lower(c);
  const std::string_view lower = std::string_view(names_).substr(at);
  lines_.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(lower.size()), value,
                    is_passing(field, lower)});
}

void HpackEncoder::add_line(std::string_view line) {
  const std::size_t colon = std::min(line.find(": "), line.size());
  add(line.substr(0, colon), line.substr(std::min(colon + 2, line.size())));
}

bool HpackEncoder::encode(std::string& out, std::string_view lines) {
  names_.clear();
  lines_.clear();
  while (!lines.empty()) {
    const std::string_view line = take_line(lines);
    constexpr std::string_view kStatusLine = "HTTP/1.1 ";
    if (line.starts_with(kStatusLine)) {
      add(":status", line.substr(kStatusLine.size(), 3));
    } else {
      add_line(line);
    }
  }
  return append_block(out);
}

bool HpackEncoder::encode_request(std::string& out, std::string_view lines, bool https) {
  names_.clear();
  lines_.clear();
  const std::string_view first = take_line(lines);
  const std::size_t method_end = first.find(' ');
  const std::size_t target_end = first.rfind(' ');
  if (method_end == std::string_view::npos || target_end <= method_end) return false;
  add(":method", first.substr(0, method_end));
  add(":scheme", https ? "https" : "http");
  add(":path", first.substr(method_end + 1, target_end - method_end - 1));
  constexpr std::string_view kHost = "Host: ";
  bool named = false;
  while (!lines.empty()) {
    const std::string_view line = take_line(lines);
    if (!line.starts_with(kHost)) {
      add_line(line);
      continue;
    }
    // Pseudo-header fields come before all others.
    if (std::exchange(named, true) || lines_.size() != kPseudoBeforeHost) return false;
    add(":authority", line.substr(kHost.size()));
  }
  return named && append_block(out);
}

bool HpackEncoder::append_block(std::string& out) {
  if (!deflater_) return false;
  // As many as the configuration can let a head have, and ours.
  constexpr std::size_t kFieldsMax = 1100;
  std::array<nghttp2_nv, kFieldsMax> fields;
  if (lines_.size() > kFieldsMax) return false;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const Line& line = lines_[i];
    const std::string_view name = std::string_view(names_).substr(line.name_at, line.name_bytes);
    fields[i] = {bytes_of(name), bytes_of(line.value), name.size(), line.value.size(),
                 static_cast<std::uint8_t>(line.passing ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE)};
  }
  const std::size_t before = out.size();
  const std::size_t bound = nghttp2_hd_deflate_bound(deflater_.get(), fields.data(), lines_.size());
  out.resize(before + bound);
  const auto written =
      nghttp2_hd_deflate_hd(deflater_.get(), reinterpret_cast<std::uint8_t*>(out.data() + before), bound,
                            fields.data(), lines_.size());
  out.resize(before + static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
  return written >= 0;
}

}  // namespace caponier::http::h2
