// Frames mean the same whole and in fragments; a head that is accepted obeys the rules that smuggling breaks,
// and says the same when it is written down in HTTP/1.1.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/fuzzing.h"
#include "http/h1_decoder.h"
#include "http/h1_encoder.h"
#include "http/h2_decoder.h"
#include "http/h2_request.h"
#include "http/test_h2.h"

namespace {

using caponier::fuzzing::require;

using namespace caponier::http;
using caponier::HttpLimits;

// What the gateway sends upstream, read as an upstream reads it.
void check_translation(const RequestHead& head) {
  std::string text;
  require(append_request_line(text, head.method_text, head.target));
  require(append_header(text, "Host", head.authority));
  for (const Header& header : head.headers) {
    if (header.field == Field::kHost || header.field == Field::kTe || header.field == Field::kContentLength)
      continue;
    require(append_header(text, header.name, header.value));
  }
  if (head.body.kind == BodyKind::kChunked) text += "Transfer-Encoding: chunked\r\n";
  if (head.body.kind == BodyKind::kLength) append_content_length(text, head.body.bytes);
  text += "\r\n";
  HttpLimits limits;
  RequestDecoder decoder(limits);
  decoder.begin();
  const auto status = decoder.feed(text);
  require(status.ok() && *status == HeadStatus::kComplete && decoder.head_bytes() == text.size());
  const RequestHead& same = decoder.head();
  require(same.method_text == head.method_text && same.target == head.target && same.path == head.path);
  require(same.query == head.query && same.authority == head.authority);
  require(same.body.kind == head.body.kind && same.body.bytes == head.body.bytes);
  for (const Header& header : head.headers) {
    if (header.field == Field::kTe) continue;
    const Header* other = same.find(header.name);
    require(other != nullptr);
  }
}

std::string describe_head(h2::FieldBlock& fields, bool ended) {
  const HttpLimits limits = h2::small_limits();
  RequestHead head;
  const auto error = h2::read_request(fields, ended, true, limits, head);
  if (error) return std::string(name(*error));
  check_translation(head);
  std::string text(head.method_text);
  for (const Header& header : head.headers) {
    require(header.field != Field::kTransferEncoding && header.field != Field::kConnection);
    text.append("\n").append(header.name).append("=").append(header.value);
  }
  return text;
}

// All that the bytes mean; DATA without the places where it was cut.
std::string meaning_of(std::string_view bytes, std::size_t step_bytes) {
  caponier::Http2Limits http2;
  http2.continuations_max = 3;
  h2::Decoder decoder(h2::small_limits(), http2);
  std::string text;
  std::string body;
  std::uint64_t flow = 0;
  while (!bytes.empty()) {
    const std::size_t here = std::min(step_bytes, bytes.size());
    // Exactly as large as what has come, so that reading past it shows.
    const auto place = std::make_unique<char[]>(here);
    bytes.copy(place.get(), here);
    bytes.remove_prefix(here);
    for (std::string_view piece(place.get(), here); !piece.empty();) {
      const auto step = decoder.feed(piece);
      if (!step) return text + body + "broken " + std::string(step.error().detail);
      require(step->consumed > 0 && step->consumed <= piece.size());
      piece.remove_prefix(step->consumed);
      const h2::Event& event = step->event;
      if (event.kind == h2::Event::Kind::kData) {
        require(event.data.size() <= event.flow_bytes);
        flow += event.flow_bytes;
        body.append(event.data);
        if (!event.ends_stream) continue;
      }
      if (event.kind == h2::Event::Kind::kNone) continue;
      text.append("\n").append(std::to_string(static_cast<int>(event.kind))).append(" ");
      text.append(std::to_string(event.stream)).append(event.ends_stream ? " end " : " ");
      text.append(std::to_string(event.number));
      if (event.kind == h2::Event::Kind::kHead) text += describe_head(decoder.fields(), event.ends_stream);
    }
  }
  return text + body + std::to_string(flow) + (decoder.owes() ? " owes" : "");
}

// Fields that chance seldom spells, as the bytes choose them, behind those that every request has.
std::string assemble(std::string_view choices) {
  static constexpr std::pair<std::string_view, std::string_view> kFields[] = {
      {"host", "localhost"},
      {"content-length", "5"},
      {"content-length", "5, 5"},
      {"transfer-encoding", "chunked"},
      {"connection", "close"},
      {"te", "trailers"},
      {"te", "gzip"},
      {"upgrade", "websocket"},
      {"Upper", "case"},
      {"x", " spaces "},
      {"x", "two\r\nlines"},
      {"expect", "100-continue"},
      {":path", "/again"},
      {"cookie", "a=b"},
      {"keep-alive", "1"},
      {"proxy-connection", "close"},
  };
  std::string block = h2::request_block({}, choices.size() % 2 == 0 ? "GET" : "POST");
  for (const char c : choices.substr(0, 12)) {
    const auto& [name, value] = kFields[static_cast<unsigned char>(c) % std::size(kFields)];
    block += h2::field(name, value);
  }
  return block;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::size_t step_bytes = data[0] % 17U + 1;
  std::string bytes = h2::greeting();
  bytes.append(reinterpret_cast<const char*>(data) + 1, size - 1);
  require(meaning_of(bytes, bytes.size()) == meaning_of(bytes, step_bytes));
  // The same bytes as a header block, which chance seldom frames.
  const std::string head = h2::greeting() + h2::headers(1, bytes.substr(h2::greeting().size(), 16'000));
  require(meaning_of(head, head.size()) == meaning_of(head, step_bytes));
  const std::string whole = h2::greeting() + h2::headers(1, assemble(bytes.substr(h2::greeting().size())));
  require(meaning_of(whole, whole.size()) == meaning_of(whole, step_bytes));
  return 0;
}
