// A simulated client that sends its requests in HTTP/2, all at a time or one after the other.
#include <algorithm>
#include <memory>

#include "base/bytes.h"
#include "base/limits.h"
#include "http/h1_decoder.h"
#include "http/h2_fields.h"
#include "http/hpack.h"
#include "http/test_h2.h"
#include "sim/api.h"
#include "sim/client.h"

namespace caponier::sim {
namespace {

namespace h2 = http::h2;

struct Stream {
  Request* request = nullptr;
  Response response;
  bool has_head = false;
  bool invited = false;
  bool over = false;
  std::int64_t window = 0;
};

struct Connection {
  std::unique_ptr<net::Stream> stream;
  Dice dice;
  std::int64_t patience_until_ms = 0;
  std::string out;
  std::string in;
  std::vector<Stream> streams;  // stream 2i+1 is the i-th
  h2::HpackDecoder hpack{4096};
  std::int64_t first_window = h2::kFirstWindowBytes;
  std::int64_t window = h2::kFirstWindowBytes;
  std::size_t tasks = 0;
  bool stray = false;
  bool dead = false;
  bool done = false;

  [[nodiscard]] net::Loop& loop() const { return stream->loop(); }
  [[nodiscard]] bool over() const { return dead || done || loop().now_ms() >= patience_until_ms; }
};

net::Task<void> pump_out(Connection* c) {
  std::string bytes;
  while (!c->over()) {
    if (c->out.empty()) {
      co_await c->loop().sleep_until(c->loop().now_ms() + 1);
      continue;
    }
    bytes = std::exchange(c->out, {});
    const auto written = co_await c->stream->write(bytes, {}, c->patience_until_ms);
    c->dead |= !written.ok();
  }
  --c->tasks;
}

std::string lower(std::string_view text) {
  std::string out;
  for (const char letter : text) out += to_lower(letter);
  return out;
}

// The block and the body of a request that was written for HTTP/1.1.
bool translate(const Request& request, std::string& block, std::string& body) {
  const HttpLimits limits;
  http::RequestDecoder decoder(limits);
  decoder.begin();
  if (!request.decodable) {
    block = h2::request_block(
        {{"user-agent", "sim/" + std::to_string(request.id)}, {"transfer-encoding", "chunked"}});
    return true;
  }
  const auto status = decoder.feed(request.bytes);
  if (!status || *status != http::HeadStatus::kComplete) return false;
  const http::RequestHead& head = decoder.head();
  block = h2::field(":method", head.method_text) + h2::field(":scheme", "http") +
          h2::field(":authority", head.authority) + h2::field(":path", head.target);
  for (const http::Header& header : head.headers) {
    const std::string name = lower(header.name);
    if (name == "host" || name == "connection" || name == "transfer-encoding") continue;
    block += h2::field(name, header.value);
  }
  http::BodyDecoder decoded(head.body, limits);
  for (std::string_view rest = std::string_view(request.bytes).substr(decoder.head_bytes());
       !decoded.complete();) {
    const auto piece = decoded.feed(rest);
    if (!piece || piece->consumed == 0) break;
    body.append(piece->data);
    rest.remove_prefix(piece->consumed);
  }
  return true;
}

net::Task<void> send_request(Connection* c, std::size_t at) {
  const Request& request = *c->streams[at].request;
  const auto id = static_cast<std::uint32_t>(2 * at + 1);
  std::string block;
  std::string body;
  const bool cut = request.sent_bytes != std::string::npos;
  if (!translate(request, block, body)) {
    c->dead = true;
    --c->tasks;
    co_return;
  }
  const bool has_body = !body.empty() || http::parse_method(request.method) == http::Method::kPost;
  c->streams[at].window = c->first_window;
  c->out += h2::headers(id, block, !has_body && !cut);
  while (request.head_bytes > 0 && !c->streams[at].invited && !c->streams[at].over && !c->over())
    co_await c->loop().sleep_until(c->loop().now_ms() + 1);
  std::size_t sent = 0;
  const std::size_t most = cut ? std::min(body.size(), request.sent_bytes) : body.size();
  while (has_body && !c->streams[at].over && !c->over()) {
    Stream& stream = c->streams[at];
    const auto room = static_cast<std::size_t>(std::max<std::int64_t>(0, std::min(stream.window, c->window)));
    const std::size_t bytes = std::min({room, most - sent, 1 + c->dice.below(9000)});
    if (bytes == 0 && sent < most) {
      co_await c->loop().sleep_until(c->loop().now_ms() + 1);
      continue;
    }
    const bool ends = sent + bytes == body.size() && !cut;
    c->out += h2::data(id, std::string_view(body).substr(sent, bytes), ends);
    stream.window -= static_cast<std::int64_t>(bytes);
    c->window -= static_cast<std::int64_t>(bytes);
    sent += bytes;
    if (ends || sent >= most) break;
    if (c->dice.chance(20)) co_await c->loop().sleep_until(c->loop().now_ms() + 1);
  }
  if (cut && !c->streams[at].over) {
    co_await c->loop().sleep_until(c->loop().now_ms() + static_cast<std::int64_t>(c->dice.below(30)));
    c->out += h2::frame(h2::FrameType::kResetStream, 0, id, h2::u32(8));
    c->streams[at].over = true;
  }
  --c->tasks;
}

void take_head(Connection& c, Stream& stream, std::string_view block) {
  const HttpLimits limits;
  h2::FieldBlock fields;
  fields.begin();
  c.dead |= !c.hpack.decode(block, limits, fields);
  if (std::exchange(stream.has_head, true)) return;  // trailers
  for (const http::Header& header : fields.headers()) {
    if (header.name == ":status")
      stream.response.status = static_cast<std::uint16_t>(std::stoi(std::string(header.value)));
    if (header.name == "x-sim") stream.response.sim_id = header.value;
    if (header.name == "x-request-id") stream.response.request_id = header.value;
    if (header.name == "server") stream.response.server = header.value;
  }
  if (stream.response.status != 100) return;
  stream.invited = true;
  stream.has_head = false;
}

void take_settings(Connection& c, const h2::FrameHead& head, std::string_view payload) {
  if (head.has(h2::kAck)) return;
  for (; payload.size() >= h2::kSettingBytes; payload.remove_prefix(h2::kSettingBytes)) {
    if (h2::parse_u16(payload.data()) != static_cast<std::uint16_t>(h2::SettingId::kInitialWindowSize))
      continue;
    const std::int64_t window = h2::parse_u32(payload.data() + 2);
    for (Stream& stream : c.streams) stream.window += window - c.first_window;
    c.first_window = window;
  }
  h2::append_settings_ack(c.out);
}

void take_frame(Connection& c, const h2::FrameHead& head, std::string_view payload) {
  const std::size_t at = head.stream / 2;
  if (head.stream != 0 && (head.stream % 2 == 0 || at >= c.streams.size())) {
    c.stray = true;
    return;
  }
  Stream* stream = head.stream == 0 ? nullptr : &c.streams[at];
  if (head.is(h2::FrameType::kHeaders)) {
    take_head(c, *stream, payload);
  } else if (head.is(h2::FrameType::kData)) {
    stream->response.body.append(payload);
    h2::append_window_update(c.out, 0, std::max(head.bytes, 1U));
    if (!head.has(h2::kEndStream)) h2::append_window_update(c.out, head.stream, std::max(head.bytes, 1U));
  } else if (head.is(h2::FrameType::kResetStream)) {
    stream->over = true;
  } else if (head.is(h2::FrameType::kWindowUpdate)) {
    (stream == nullptr ? c.window : stream->window) += h2::parse_u32(payload.data());
  } else if (head.is(h2::FrameType::kSettings)) {
    take_settings(c, head, payload);
  } else if (head.is(h2::FrameType::kPing) && !head.has(h2::kAck)) {
    h2::append_ping(c.out, payload, true);
  }
  const bool ends =
      (head.is(h2::FrameType::kHeaders) || head.is(h2::FrameType::kData)) && head.has(h2::kEndStream);
  if (ends && stream->has_head) stream->response.whole = stream->over = true;
}

net::Task<void> pump_in(Connection* c) {
  std::string block(8192, '\0');
  while (!c->over()) {
    const auto read = co_await c->stream->read(block.data(), block.size(), c->loop().now_ms() + 50);
    if (read.status == net::IoStatus::kTimedOut) continue;
    if (!read.ok()) {
      c->dead = true;
      break;
    }
    c->in.append(block, 0, read.bytes);
    while (c->in.size() >= h2::kFrameHeadBytes) {
      const h2::FrameHead head = h2::parse_frame_head(c->in.data());
      if (c->in.size() < h2::kFrameHeadBytes + head.bytes) break;
      take_frame(*c, head, std::string_view(c->in).substr(h2::kFrameHeadBytes, head.bytes));
      c->in.erase(0, h2::kFrameHeadBytes + head.bytes);
    }
  }
  --c->tasks;
}

}  // namespace

net::Task<void> pay_http2(net::Network* network, Visit* visit, std::uint64_t seed, std::int64_t patience_ms) {
  net::Loop& loop = network->loop();
  Connection c{.stream = {}, .dice = Dice(seed)};
  visit->responses.resize(visit->requests.size());
  co_await loop.sleep_until(loop.now_ms() + static_cast<std::int64_t>(c.dice.below(200)));
  auto stream =
      co_await network->connect(*net::parse_address("127.0.0.1", kGatewayPort), loop.now_ms() + 5000);
  if (!stream) {
    visit->done = true;
    co_return;
  }
  visit->connected = true;
  c.stream = std::move(*stream);
  c.patience_until_ms = loop.now_ms() + patience_ms;
  c.out = h2::greeting();
  c.streams.resize(visit->requests.size());
  c.tasks = 2;
  net::spawn(pump_out(&c));
  net::spawn(pump_in(&c));
  const auto all_over = [&c](std::size_t first, std::size_t last) {
    return std::all_of(c.streams.begin() + static_cast<std::ptrdiff_t>(first),
                       c.streams.begin() + static_cast<std::ptrdiff_t>(last),
                       [](const Stream& s) { return s.over; });
  };
  for (std::size_t i = 0; i < c.streams.size() && !c.over(); ++i) {
    c.streams[i].request = &visit->requests[i];
    ++c.tasks;
    net::spawn(send_request(&c, i));
    while (!visit->at_a_time && !all_over(i, i + 1) && !c.over())
      co_await loop.sleep_until(loop.now_ms() + 1);
  }
  while (!all_over(0, c.streams.size()) && !c.over()) co_await loop.sleep_until(loop.now_ms() + 1);
  // What is still on its way to the gateway arrives, a reset of a stream for one.
  if (!c.over()) co_await loop.sleep_until(loop.now_ms() + 200);
  c.done = true;
  while (c.tasks > 0) co_await loop.sleep_until(loop.now_ms() + 1);
  for (std::size_t i = 0; i < c.streams.size(); ++i) {
    if (c.streams[i].has_head) visit->responses[i] = std::move(c.streams[i].response);
  }
  visit->stray_bytes = c.stray;
  if (c.dice.chance(50)) c.stream->shutdown();
  visit->done = true;
}

}  // namespace caponier::sim
