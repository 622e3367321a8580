// A response head means the same, and fails the same, whole or in fragments; and what is accepted obeys the
// rules that smuggling breaks.
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>

#include "http/h1_decoder.h"

namespace {

using caponier::HttpLimits;
using namespace caponier::http;

std::string outcome_of(const ResponseDecoder& decoder,
                       const caponier::Result<HeadStatus, DecodeError>& outcome) {
  if (!outcome) return std::string(name(outcome.error()));
  if (*outcome == HeadStatus::kNeedMore) return "need more";
  const ResponseHead& head = decoder.head();
  std::string text = std::to_string(head.status) + std::to_string(head.minor_version) +
                     std::to_string(static_cast<int>(head.body.kind)) + std::to_string(head.body.bytes) +
                     (head.keep_alive ? "k" : "c") + std::to_string(decoder.head_bytes());
  for (const Header& header : head.headers)
    text.append("\n").append(header.name).append("=").append(header.value);
  return text;
}

void check_accepted(const ResponseHead& head) {
  int framings = 0;
  for (const Header& header : head.headers) {
    framings += header.field == Field::kContentLength || header.field == Field::kTransferEncoding;
    if (header.name.empty() || header.name.find_first_of(" \t:\r\n") != std::string_view::npos) std::abort();
    if (header.value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) std::abort();
  }
  if (framings > 1 || head.status < 100 || head.status > 599) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::size_t step = data[0] % 16U + 1;
  const Method request = data[0] >= 128 ? Method::kHead : Method::kGet;
  const bool upgrade = (data[0] & 0x40U) != 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  HttpLimits limits;
  limits.header_line_bytes_max = 256;
  limits.head_bytes_max = 1024;
  limits.header_count_max = 8;

  ResponseDecoder whole(limits);
  whole.begin(request, upgrade);
  const auto whole_outcome = whole.feed(bytes);
  if (whole_outcome.ok() && *whole_outcome == HeadStatus::kComplete) check_accepted(whole.head());

  ResponseDecoder fragmented(limits);
  fragmented.begin(request, upgrade);
  caponier::Result<HeadStatus, DecodeError> outcome = HeadStatus::kNeedMore;
  std::unique_ptr<char[]> place;
  for (std::size_t have = 0; have < bytes.size();) {
    have = std::min(have + step, bytes.size());
    place = std::make_unique<char[]>(have);
    bytes.copy(place.get(), have);
    outcome = fragmented.feed({place.get(), have});
    if (!outcome || *outcome == HeadStatus::kComplete) break;
  }
  if (outcome_of(whole, whole_outcome) != outcome_of(fragmented, outcome)) std::abort();
  return 0;
}
