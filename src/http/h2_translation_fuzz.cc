// What goes in on one side of the gateway comes out equal on the other: a head that was accepted in HTTP/1.1,
// written in HTTP/2 and read again, says the same; and an answer the other way round.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/fuzzing.h"
#include "http/h1_decoder.h"
#include "http/h1_encoder.h"
#include "http/h2_decoder.h"
#include "http/h2_encoder.h"
#include "http/h2_request.h"
#include "http/h2_response.h"
#include "http/test_h2.h"

namespace {

using caponier::fuzzing::require;

using namespace caponier::http;
using caponier::Http2Limits;
using caponier::HttpLimits;

// Of the connection, not of the message; or told by the codec in its own way.
bool is_left_behind(Field field) {
  switch (field) {
    case Field::kHost:
    case Field::kConnection:
    case Field::kKeepAlive:
    case Field::kProxyConnection:
    case Field::kTransferEncoding:
    case Field::kUpgrade:
    case Field::kTe:
    case Field::kContentLength:
      return true;
    default:
      return false;
  }
}

// Names in lower case, and values: what a message says beside its framing. Several cookie fields are one that
// was cut (RFC 9113, section 8.2.3).
using Said = std::vector<std::pair<std::string, std::string>>;

template <class Head>
Said said_by(const Head& head) {
  Said said;
  std::size_t cookie = head.headers.size();
  for (const Header& header : head.headers) {
    if (is_left_behind(header.field)) continue;
    if (header.field == Field::kCookie) {
      if (cookie < said.size()) {
        said[cookie].second.append("; ").append(header.value);
        continue;
      }
      cookie = said.size();
    }
    std::string name;
    for (const char c : header.name) name += caponier::to_lower(c);
    said.emplace_back(std::move(name), header.value);
  }
  return said;
}

template <class Head>
void append_fields(std::string& text, const Head& head) {
  for (const Header& header : head.headers) {
    if (!is_left_behind(header.field)) require(append_header(text, header.name, header.value));
  }
  if (head.body.kind == BodyKind::kLength) append_content_length(text, head.body.bytes);
}

// The one head in `frames`; its fields are in the decoder.
bool read_head(h2::Decoder& decoder, std::string_view frames) {
  bool ends = false;
  int heads = 0;
  while (!frames.empty()) {
    const auto step = decoder.feed(frames);
    require(step.ok() && step->consumed > 0);
    frames.remove_prefix(step->consumed);
    if (step->event.kind != h2::Event::Kind::kHead) continue;
    ends = step->event.ends_stream;
    ++heads;
  }
  require(heads == 1);
  return ends;
}

void check_request(std::string_view bytes) {
  const HttpLimits limits = h2::small_limits();
  RequestDecoder decoder(limits);
  decoder.begin();
  const auto status = decoder.feed(bytes);
  if (!status || *status != HeadStatus::kComplete) return;
  const RequestHead& head = decoder.head();
  // HTTP/2 has no request without an authority, and CONNECT is refused before anything is written.
  if (head.authority.empty() || head.method == Method::kConnect || !head.path.starts_with('/')) return;
  std::string target(head.path);
  if (head.has_query) target.append("?").append(head.query);
  std::string lines;
  require(append_request_line(lines, head.method_text, target));
  require(append_header(lines, "Host", head.authority));
  append_fields(lines, head);
  const bool ends = head.body.kind == BodyKind::kNone;
  h2::HpackEncoder encoder(4096);
  std::string frames = h2::greeting();
  require(h2::append_request(frames, encoder, 1, lines, true, ends));

  const HttpLimits wide;
  h2::Decoder peer(wide, Http2Limits{});
  require(read_head(peer, frames) == ends);
  RequestHead same;
  require(!h2::read_request(peer.fields(), ends, true, wide, same));
  require(same.method_text == head.method_text && same.target == target && same.authority == head.authority);
  require(same.path == head.path && same.query == head.query && same.has_query == head.has_query);
  require(same.body.kind == head.body.kind && same.body.bytes == head.body.bytes);
  require(said_by(same) == said_by(head));
}

void check_answer(std::string_view bytes, Method request) {
  const HttpLimits limits = h2::small_limits();
  ResponseDecoder decoder(limits);
  decoder.begin(request);
  const auto status = decoder.feed(bytes);
  if (!status || *status != HeadStatus::kComplete) return;
  const ResponseHead& head = decoder.head();
  std::string lines;
  append_status_line(lines, head.status);
  append_fields(lines, head);
  const bool bodiless = head.body.kind == BodyKind::kNone;
  h2::HpackEncoder encoder(4096);
  std::string frames = h2::frame(h2::FrameType::kSettings, 0, 0);
  require(h2::append_head(frames, encoder, 1, lines, bodiless));

  const HttpLimits wide;
  h2::Decoder peer(wide, Http2Limits{}, h2::Peer::kServer);
  require(read_head(peer, frames) == bodiless);
  ResponseHead same;
  require(!h2::read_response(peer.fields(), bodiless, request, wide, same));
  require(same.status == head.status);
  require((same.body.kind == BodyKind::kNone) == bodiless);
  if (head.body.kind == BodyKind::kLength) require(same.body.bytes == head.body.bytes);
  require(said_by(same) == said_by(head));
}

// `block` as an upstream's header block; what is accepted, a client of HTTP/1.1 is told.
void check_answer_of_http2(std::string_view block, bool ends, Method request) {
  const HttpLimits limits = h2::small_limits();
  h2::Decoder decoder(limits, Http2Limits{}, h2::Peer::kServer);
  std::string frames = h2::frame(h2::FrameType::kSettings, 0, 0);
  frames += h2::headers(1, block, ends);
  std::string_view rest = frames;
  bool complete = false;
  while (!rest.empty()) {
    const auto step = decoder.feed(rest);
    if (!step) return;
    require(step->consumed > 0);
    rest.remove_prefix(step->consumed);
    complete = complete || step->event.kind == h2::Event::Kind::kHead;
  }
  ResponseHead head;
  if (!complete || h2::read_response(decoder.fields(), ends, request, limits, head)) return;
  std::string text;
  append_status_line(text, head.status);
  append_fields(text, head);
  if (head.body.kind == BodyKind::kChunked) text += "Transfer-Encoding: chunked\r\n";
  text += "\r\n";
  const HttpLimits wide;
  ResponseDecoder client(wide);
  client.begin(request);
  const auto status = client.feed(text);
  require(status.ok() && *status == HeadStatus::kComplete && client.head_bytes() == text.size());
  const ResponseHead& same = client.head();
  require(same.status == head.status && said_by(same) == said_by(head));
  require(same.body.kind == head.body.kind);
  if (head.body.kind == BodyKind::kLength) require(same.body.bytes == head.body.bytes);
}

// Lines that chance seldom spells, as the bytes choose them.
std::string assemble(std::string_view choices, std::string_view first) {
  static constexpr std::string_view kLines[] = {"X-Empty: \r\n",
                                                "Cookie: a=b\r\n",
                                                "Cookie: c=d\r\n",
                                                "Set-Cookie: a=b; Path=/\r\n",
                                                "Content-Length: 5\r\n",
                                                "Transfer-Encoding: chunked\r\n",
                                                "Content-Type: a/b\r\n",
                                                "TE: trailers\r\n",
                                                "Connection: keep-alive, x-hop\r\n",
                                                "X-Hop: 1\r\n",
                                                "Authorization: Bearer x\r\n",
                                                "x-value: \tin between\t \r\n"};
  std::string text(first);
  for (const char c : choices.substr(0, 8)) text += kLines[static_cast<unsigned char>(c) % std::size(kLines)];
  return text + "\r\n";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Method request = (data[0] & 1U) != 0 ? Method::kHead : Method::kGet;
  check_request(bytes);
  check_answer(bytes, request);
  check_request(assemble(bytes, "POST /a?b=c HTTP/1.1\r\nHost: localhost\r\n"));
  check_answer(assemble(bytes, (data[0] & 2U) != 0 ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 304 Not Modified\r\n"),
               request);
  check_answer_of_http2(bytes.substr(0, 16'000), (data[0] & 4U) != 0, request);
  check_answer_of_http2(h2::field(":status", "200").append(bytes.substr(0, 15'000)), (data[0] & 4U) != 0,
                        request);
  return 0;
}
