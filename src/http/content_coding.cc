#include "http/content_coding.h"

#include <zlib.h>

#include <algorithm>

#include "base/bytes.h"

namespace caponier::http {
namespace {

// Closes the stream on every path out.
class Inflater {
 public:
  explicit Inflater(Coding coding) {
    constexpr int kWindowBits = 15;
    constexpr int kGzipOnly = 16;
    ready_ = inflateInit2(&stream_, kWindowBits + (coding == Coding::kGzip ? kGzipOnly : 0)) == Z_OK;
  }
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  [[nodiscard]] bool ready() const { return ready_; }
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

}  // namespace

std::optional<Coding> parse_coding(std::string_view value) {
  if (equals_ignore_case(value, "identity")) return Coding::kIdentity;
  if (equals_ignore_case(value, "gzip") || equals_ignore_case(value, "x-gzip")) return Coding::kGzip;
  if (equals_ignore_case(value, "deflate")) return Coding::kDeflate;
  return std::nullopt;
}

std::string_view name(InflateError error) {
  switch (error) {
    case InflateError::kMalformed:
      return "malformed";
    case InflateError::kTruncated:
      return "truncated";
    case InflateError::kTrailingBytes:
      return "trailing-bytes";
    case InflateError::kTooLarge:
      return "too-large";
    case InflateError::kTooManyTimes:
      return "too-many-times";
  }
  return "";
}

Result<std::string_view, InflateError> inflate(Coding coding, std::string_view encoded,
                                               const InflateBounds& bounds, std::string& out) {
  constexpr std::size_t kStepBytes = std::size_t{16} * 1024;
  Inflater inflater(coding);
  if (!inflater.ready() || encoded.size() > UINT32_MAX) return Err(InflateError::kMalformed);
  z_stream& stream = inflater.stream();
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(encoded.data()));  // zlib reads only
  stream.avail_in = static_cast<uInt>(encoded.size());
  out.clear();
  for (;;) {
    const std::size_t had = out.size();
    out.resize(had + kStepBytes);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + had);
    stream.avail_out = kStepBytes;
    const int status = ::inflate(&stream, Z_NO_FLUSH);
    out.resize(had + kStepBytes - stream.avail_out);
    if (out.size() > bounds.bytes_max) return Err(InflateError::kTooLarge);
    if (out.size() > kInflateFreeBytes && out.size() / bounds.ratio_max > encoded.size()) {
      return Err(InflateError::kTooManyTimes);
    }
    if (status == Z_STREAM_END) {
      if (stream.avail_in > 0) return Err(InflateError::kTrailingBytes);
      return std::string_view(out);
    }
    if (status != Z_OK && status != Z_BUF_ERROR) return Err(InflateError::kMalformed);
    if (out.size() == had && stream.avail_in == 0) return Err(InflateError::kTruncated);
  }
}

}  // namespace caponier::http
