// A chunked body is the same bytes, and ends at the same place, whole or in fragments, and as the plainest
// reader takes it; and one that our encoder wrote reads back.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/fuzzing.h"
#include "http/h1_decoder.h"
#include "http/h1_encoder.h"

namespace {

using caponier::fuzzing::require;

using namespace caponier::http;

struct Outcome {
  std::string body;
  std::size_t consumed = 0;
  std::string end = "need more";
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome decode(std::string_view bytes, std::size_t step) {
  caponier::HttpLimits limits;
  limits.trailer_bytes_max = 64;
  BodyDecoder decoder({BodyKind::kChunked, 0}, limits);
  Outcome outcome;
  std::size_t have = 0;
  while (outcome.consumed < bytes.size()) {
    have = std::min(std::max(have, outcome.consumed) + step, bytes.size());
    const auto piece = decoder.feed(bytes.substr(outcome.consumed, have - outcome.consumed));
    if (!piece) {
      outcome.end = name(piece.error());
      outcome.consumed = 0;  // how much was taken before an error may depend on the fragments
      return outcome;
    }
    outcome.consumed += piece->consumed;
    outcome.body += piece->data;
    if (decoder.complete()) {
      outcome.end = "complete";
      return outcome;
    }
  }
  return outcome;
}

// The body by the rules alone (RFC 9112 section 7.1), without extensions and with sizes of 64 bits.
std::optional<std::string> read_plainly(std::string_view bytes) {
  std::string body;
  for (;;) {
    const std::size_t digits = bytes.find_first_not_of("0123456789abcdefABCDEF");
    if (digits == 0 || digits > 16 || !bytes.substr(digits).starts_with("\r\n")) return std::nullopt;
    const std::uint64_t size = std::stoull(std::string(bytes.substr(0, digits)), nullptr, 16);
    bytes.remove_prefix(digits + 2);
    if (size == 0) return body;
    if (size > bytes.size() || !bytes.substr(size).starts_with("\r\n")) return std::nullopt;
    body += bytes.substr(0, size);
    bytes.remove_prefix(size + 2);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::size_t step = data[0] % 17U + 1;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = decode(bytes, bytes.size() + 1);
  require(whole == decode(bytes, step));
  if (whole.end == "complete") require(read_plainly(bytes) == whole.body);

  std::string encoded;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    const std::string_view piece = bytes.substr(at, step);
    append_chunk_head(encoded, piece.size());
    encoded.append(piece).append("\r\n");
  }
  append_last_chunk(encoded);
  const Outcome back = decode(encoded, step);
  require(back.end == "complete" && back.body == bytes && back.consumed == encoded.size());
  return 0;
}
