// A head means the same, and fails the same, whole or in fragments; and what is accepted obeys the rules that
// smuggling breaks.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include "base/fuzzing.h"
#include "http/h1_decoder.h"

namespace {

using caponier::fuzzing::require;

using caponier::HttpLimits;
using namespace caponier::http;

std::string describe(const RequestHead& head) {
  std::string text;
  for (std::string_view part : {head.method_text, head.target, head.path, head.query, head.authority}) {
    text.append(part).push_back('\n');
  }
  text += std::to_string(head.minor_version) + std::to_string(static_cast<int>(head.body.kind)) +
          std::to_string(head.body.bytes) + (head.keep_alive ? "k" : "c") +
          (head.expects_continue ? "e" : "");
  for (const Header& header : head.headers) {
    text.append("\n").append(header.name).append("=").append(header.value);
    text += std::to_string(static_cast<int>(header.field));
  }
  return text;
}

std::string outcome_of(const RequestDecoder& decoder,
                       const caponier::Result<HeadStatus, DecodeError>& outcome) {
  if (!outcome) return std::string(name(outcome.error()));
  if (*outcome == HeadStatus::kNeedMore) return "need more";
  return describe(decoder.head()) + std::to_string(decoder.head_bytes());
}

void check_accepted(const RequestHead& head) {
  int lengths = 0;
  int codings = 0;
  int hosts = 0;
  for (const Header& header : head.headers) {
    lengths += header.field == Field::kContentLength;
    codings += header.field == Field::kTransferEncoding;
    hosts += header.field == Field::kHost;
    require(!header.name.empty() && header.name.find_first_of(" \t:\r\n") == std::string_view::npos);
    require(header.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
  }
  require(lengths + codings <= 1);
  require(hosts == 1 || (hosts == 0 && head.minor_version == 0));
  require(!head.path.empty() && head.path.front() == '/');
  require(head.authority.find_first_of("/@ ,") == std::string_view::npos);
}

void judge(std::string_view bytes, std::size_t step) {
  HttpLimits limits;
  limits.request_line_bytes_max = 256;
  limits.header_line_bytes_max = 256;
  limits.head_bytes_max = 1024;
  limits.header_count_max = 8;

  RequestDecoder whole(limits);
  whole.begin();
  const auto whole_outcome = whole.feed(bytes);
  if (whole_outcome.ok() && *whole_outcome == HeadStatus::kComplete) check_accepted(whole.head());

  RequestDecoder fragmented(limits);
  fragmented.begin();
  caponier::Result<HeadStatus, DecodeError> outcome = HeadStatus::kNeedMore;
  std::unique_ptr<char[]> place;  // exactly as large as what has come, so that reading past it shows
  for (std::size_t have = 0; have < bytes.size();) {
    have = std::min(have + step, bytes.size());
    place = std::make_unique<char[]>(have);
    bytes.copy(place.get(), have);
    outcome = fragmented.feed({place.get(), have});
    if (!outcome || *outcome == HeadStatus::kComplete) break;
  }
  require(outcome_of(whole, whole_outcome) == outcome_of(fragmented, outcome));
}

// Lines that chance seldom spells, put together as the bytes say; a byte beyond them stands for itself.
std::string assemble(std::string_view choices) {
  static constexpr std::string_view kLines[] = {
      "POST /a HTTP/1.1\r\n",
      "GET http://a/ HTTP/1.1\r\n",
      "PUT /b HTTP/1.0\r\n",
      "Host: a\r\n",
      "Content-Length: 5\r\n",
      "Content-Length: 5, 5\r\n",
      "Transfer-Encoding: chunked\r\n",
      "transfer-encoding:\tCHUNKED \r\n",
      "Transfer-Encoding: gzip, chunked\r\n",
      "Connection: close, keep-alive\r\n",
      "Expect: 100-continue\r\n",
      "Upgrade: websocket\r\n",
      " folded\r\n",
      "\r\n",
  };
  return caponier::fuzzing::assemble(choices, kLines);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::size_t step = data[0] % 17U + 1;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  judge(bytes, step);
  judge(assemble(bytes), step);
  return 0;
}
