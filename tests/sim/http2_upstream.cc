// The simulated upstream where it speaks HTTP/2: many requests at a time on one connection, answered when
// they are ready, under flow control, and badly if it is told to.
#include <algorithm>
#include <map>

#include "base/limits.h"
#include "http/h1_decoder.h"
#include "http/h2_encoder.h"
#include "http/h2_fields.h"
#include "http/hpack.h"
#include "http/test_h2.h"
#include "sim/dice.h"
#include "sim/upstream.h"

namespace caponier::sim {

namespace h2 = http::h2;

// One request and what becomes of it.
struct Upstream::Http2Half {
  Seen* seen = nullptr;
  Answer answer;
  std::int64_t window = 0;
  bool answering = false;
  bool over = false;  // the gateway wants no more of it
};

struct Upstream::Http2Session {
  Upstream& upstream;
  net::Stream& stream;
  Dice dice;
  std::string in;
  std::string out;
  std::map<std::uint32_t, Http2Half> halves;
  h2::HpackDecoder decoder{4096};
  h2::HpackEncoder encoder{4096};
  std::int64_t first_window = h2::kFirstWindowBytes;
  std::int64_t window = h2::kFirstWindowBytes;
  std::uint32_t last_stream = 0;
  std::size_t tasks = 0;
  bool writing = false;
  bool leaving = false;  // new requests are not looked at
  bool dead = false;

  [[nodiscard]] net::Loop& loop() const { return stream.loop(); }
};

// Counted while it runs: what is left at the end of the world is known to be slow.
net::Task<void> Upstream::flush(Http2Session* session) {
  if (session->writing || session->dead) co_return;
  session->writing = true;
  ++session->tasks;
  ++session->upstream.open_;
  std::string bytes;
  while (!session->out.empty() && !session->dead) {
    bytes = std::exchange(session->out, {});
    const auto written = co_await session->stream.write(bytes, {}, net::kNoDeadline);
    session->dead |= !written.ok();
  }
  session->writing = false;
  --session->upstream.open_;
  --session->tasks;
}

void Upstream::say(Http2Session& session, std::string_view frames) {
  session.out.append(frames);
  net::spawn(flush(&session));
}

// True if all of it has left.
net::Task<bool> Upstream::send_body(Http2Session* session, std::uint32_t id, std::string_view body,
                                    bool ends) {
  for (;;) {
    if (session->dead || session->halves[id].over) co_return false;
    const std::int64_t window = std::min(session->halves[id].window, session->window);
    const std::size_t bytes =
        std::min({body.size(), static_cast<std::size_t>(std::max<std::int64_t>(0, window)),
                  1 + session->dice.below(9000)});
    if (bytes == 0 && !body.empty()) {
      co_await session->loop().sleep_until(session->loop().now_ms() + 1);
      continue;
    }
    session->halves[id].window -= static_cast<std::int64_t>(bytes);
    session->window -= static_cast<std::int64_t>(bytes);
    const bool last = bytes == body.size();
    if (bytes > 0 || ends) say(*session, h2::data(id, body.substr(0, bytes), last && ends));
    body.remove_prefix(bytes);
    if (last) co_return true;
    if (session->dice.chance(20)) co_await session->loop().sleep_until(session->loop().now_ms() + 1);
  }
}

// What was written for HTTP/1.1, as frames.
net::Task<void> Upstream::answer_http2(Http2Session* session, std::uint32_t id) {
  ++session->tasks;
  ++session->upstream.open_;
  session->halves[id].answering = true;
  const Answer answer = session->halves[id].answer;
  const http::Method method = http::parse_method(session->halves[id].seen->method);
  if (answer.delay_ms > 0) co_await session->loop().sleep_until(session->loop().now_ms() + answer.delay_ms);
  const HttpLimits limits;
  http::ResponseDecoder decoder(limits);
  std::string_view rest = answer.bytes;
  bool well = !session->dead && !session->halves[id].over;
  std::size_t taken = 0;
  const auto dies_before = [&answer, &taken] { return answer.dies_at < taken; };
  for (bool interim = true; well && interim;) {
    decoder.begin(method);
    const auto status = decoder.feed(rest);
    if (!status || *status != http::HeadStatus::kComplete) {
      say(*session, h2::headers(id, h2::field(":status", "200") + h2::field("x-broken", {"a\0b", 3}), true));
      well = false;
      break;
    }
    interim = decoder.head().status < 200;
    taken += decoder.head_bytes();
    if (dies_before()) break;
    const std::string lines(rest.substr(0, decoder.head_bytes() - 2));
    rest.remove_prefix(decoder.head_bytes());
    const bool bare = !interim && (method == http::Method::kHead || rest.empty());
    std::string frames;
    well = h2::append_head(frames, session->encoder, id, lines, bare);
    say(*session, frames);
    if (bare) well = false;  // and all of it
  }
  if (well && !dies_before()) {
    http::BodyDecoder body(decoder.head().body, limits);
    while (well && !body.complete()) {
      const auto piece = body.feed(rest);
      if (!piece || piece->consumed == 0) {
        if (!body.finish_on_close()) break;
        well = co_await send_body(session, id, {}, true);
        break;
      }
      rest.remove_prefix(piece->consumed);
      taken += piece->consumed;
      if (dies_before()) break;
      well = co_await send_body(session, id, piece->data, body.complete());
    }
  }
  if (answer.dies_at != std::string::npos && !session->dead && !session->halves[id].over) {
    if (answer.resets || session->dice.chance(30)) {
      say(*session, h2::frame(h2::FrameType::kResetStream, 0, id, h2::u32(2)));
    } else {
      // All that is under way on it ends with it.
      session->dead = true;
      session->dice.chance(50) ? session->stream.abort() : session->stream.shutdown();
    }
  }
  // RFC 9113, section 6.8: who is well behaved takes what is on its way.
  if (answer.closes && !session->leaving && !session->dead) {
    session->leaving = answer.abrupt;
    const std::uint32_t last = answer.abrupt ? session->last_stream : h2::kStreamIdMax;
    say(*session, h2::frame(h2::FrameType::kGoAway, 0, 0, h2::u32(last) + h2::u32(0)));
  }
  --session->upstream.open_;
  --session->tasks;
}

void Upstream::take_head(Http2Session& session, std::uint32_t id, std::string_view block) {
  const HttpLimits limits;
  h2::FieldBlock fields;
  fields.begin();
  if (!session.decoder.decode(block, limits, fields)) {
    session.upstream.scraps_.push_back("malformed: a header block");
    session.dead = true;
    return;
  }
  if (session.leaving && id > session.last_stream) return;
  if (id <= session.last_stream || id % 2 == 0) {
    session.upstream.scraps_.push_back("malformed: the number of a stream");
    return;
  }
  session.last_stream = id;
  auto seen = std::make_unique<Seen>();
  seen->connection = session.upstream.connections_++;  // nothing of one request touches another one
  for (const http::Header& field : fields.headers()) {
    if (field.name == ":method") seen->method = field.value;
    if (field.name == ":path") seen->target = field.value;
    if (field.name == ":authority") seen->headers.emplace_back("Host", field.value);
    if (!field.name.starts_with(':')) seen->headers.emplace_back(field.name, field.value);
  }
  seen->id = id_in(seen->header("User-Agent"));
  Answer answer = session.upstream.choose_(*seen);
  if (answer.refuses) {
    say(session, h2::frame(h2::FrameType::kResetStream, 0, id, h2::u32(7)));
    return;
  }
  Http2Half& half = session.halves[id];
  half.answer = std::move(answer);
  half.window = session.first_window;
  half.seen = seen.get();
  session.upstream.seen_.push_back(std::move(seen));
}

void Upstream::take_frame(Http2Session& session, const h2::FrameHead& head, std::string_view payload) {
  const bool begins = head.is(h2::FrameType::kHeaders);
  if (begins) take_head(session, head.stream, payload);
  const auto at = session.halves.find(head.stream);
  Http2Half* const half = at == session.halves.end() ? nullptr : &at->second;
  if (head.is(h2::FrameType::kData) && head.bytes > 0) {
    std::string frames;
    h2::append_window_update(frames, 0, head.bytes);
    if (!head.has(h2::kEndStream)) h2::append_window_update(frames, head.stream, head.bytes);
    say(session, frames);
    if (half != nullptr) half->seen->body.append(payload);
  } else if (head.is(h2::FrameType::kResetStream) && half != nullptr) {
    half->over = true;
  } else if (head.is(h2::FrameType::kWindowUpdate) && (half != nullptr || head.stream == 0)) {
    (head.stream == 0 ? session.window : half->window) += h2::parse_u32(payload.data());
  } else if (head.is(h2::FrameType::kSettings) && !head.has(h2::kAck)) {
    for (; payload.size() >= h2::kSettingBytes; payload.remove_prefix(h2::kSettingBytes)) {
      if (h2::parse_u16(payload.data()) != static_cast<std::uint16_t>(h2::SettingId::kInitialWindowSize))
        continue;
      const std::int64_t window = h2::parse_u32(payload.data() + 2);
      for (auto& [id, one] : session.halves) one.window += window - session.first_window;
      session.first_window = window;
    }
    say(session, h2::frame(h2::FrameType::kSettings, h2::kAck, 0));
  } else if (head.is(h2::FrameType::kPing) && !head.has(h2::kAck)) {
    say(session, h2::frame(h2::FrameType::kPing, h2::kAck, 0, payload));
  }
  if (half == nullptr || half->over) return;
  const bool ends = (begins || head.is(h2::FrameType::kData)) && head.has(h2::kEndStream);
  half->seen->whole |= ends;
  if (half->answering || !(ends || half->answer.early)) return;
  net::spawn(answer_http2(&session, head.stream));
}

net::Task<void> Upstream::converse_http2(Upstream* self, net::Stream* stream) {
  Http2Session session{*self, *stream, Dice(self->http2_seed_++)};
  std::string settings;
  if (session.dice.chance(50)) {
    h2::append_settings(
        settings, std::array{h2::Setting{h2::SettingId::kInitialWindowSize,
                                         static_cast<std::uint32_t>(1000 + session.dice.below(100'000))},
                             h2::Setting{h2::SettingId::kMaxConcurrentStreams,
                                         static_cast<std::uint32_t>(1 + session.dice.below(8))}});
  } else {
    h2::append_settings(settings, {});
  }
  say(session, settings);
  std::string block(4096, '\0');
  bool greeted = false;
  while (!session.dead) {
    const auto read = co_await stream->read(block.data(), block.size(), net::kNoDeadline);
    if (!read.ok()) break;
    session.in.append(block, 0, read.bytes);
    if (!greeted && session.in.size() >= h2::kPreface.size()) {
      greeted = true;
      if (!session.in.starts_with(h2::kPreface)) self->scraps_.push_back("malformed: " + session.in);
      session.in.erase(0, h2::kPreface.size());
    }
    while (greeted && !session.dead && session.in.size() >= h2::kFrameHeadBytes) {
      const h2::FrameHead head = h2::parse_frame_head(session.in.data());
      if (session.in.size() < h2::kFrameHeadBytes + head.bytes) break;
      const std::string payload = session.in.substr(h2::kFrameHeadBytes, head.bytes);
      session.in.erase(0, h2::kFrameHeadBytes + head.bytes);
      take_frame(session, head, payload);
    }
  }
  session.dead = true;
  stream->shutdown();
  while (session.tasks > 0) co_await session.loop().sleep_until(session.loop().now_ms() + 100);
}

}  // namespace caponier::sim
