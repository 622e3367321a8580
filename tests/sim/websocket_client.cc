// A simulated client that opens a WebSocket, says something from time to time, and hears what comes back.
#include <algorithm>
#include <memory>

#include "http/h1_decoder.h"
#include "sim/api.h"
#include "sim/client.h"
#include "sim/frames.h"

namespace caponier::sim {
namespace {

struct Talk {
  std::unique_ptr<net::Stream> stream;
  Visit* visit;
  Dice dice;
  std::int64_t until_ms;
  bool writing = false;
  bool stops = false;

  [[nodiscard]] net::Loop& loop() const { return stream->loop(); }
};

// Stops where the connection does.
net::Task<void> say_frames(Talk* talk) {
  talk->writing = true;
  Feed& feed = *talk->visit->feed;
  const std::uint32_t id = talk->visit->requests.front().id;
  const std::size_t count = feed.end == Feed::End::kWaits ? SIZE_MAX : feed.frames;
  for (std::size_t n = 0; n < count && !talk->stops; ++n) {
    std::string text = std::to_string(id) + '.' + std::to_string(n) + ';';
    text.resize(std::max(text.size(), talk->dice.below(talk->dice.chance(20) ? 2000 : 60)), ' ');
    feed.said += text;
    const std::string bytes = frame_bytes(kTextFrame, text, true);
    const auto sent = co_await talk->stream->write(bytes, {}, talk->until_ms);
    if (!sent.ok()) break;
    const std::int64_t pause_ms =
        feed.end == Feed::End::kWaits ? 3000 : static_cast<std::int64_t>(talk->dice.below(300));
    const std::int64_t next_ms = talk->loop().now_ms() + pause_ms;
    while (!talk->stops && talk->loop().now_ms() < next_ms)
      co_await talk->loop().sleep_until(std::min(next_ms, talk->loop().now_ms() + 50));
  }
  if (feed.end == Feed::End::kCloses && !talk->stops) {
    const std::string bytes = frame_bytes(kCloseFrame, {}, true);
    (void)co_await talk->stream->write(bytes, {}, talk->until_ms);
  }
  if (feed.end == Feed::End::kLeaves) talk->stream->abort();
  talk->writing = false;
}

void hear(Feed& feed, std::string& received) {
  while (const auto frame = take_frame(received)) {
    if (frame->opcode == kTextFrame) feed.heard += frame->payload;
    if (frame->opcode != kCloseFrame) continue;
    feed.closed = true;
    if (frame->payload.size() == 2) {
      feed.code = static_cast<std::uint16_t>(static_cast<unsigned char>(frame->payload[0]) << 8 |
                                             static_cast<unsigned char>(frame->payload[1]));
    }
  }
}

std::string text_of(const http::Header* header) {
  return header == nullptr ? std::string() : std::string(header->value);
}

net::Task<void> converse(Talk* talk) {
  Visit& visit = *talk->visit;
  const Request& request = visit.requests.front();
  const auto asked = co_await talk->stream->write(request.bytes, {}, talk->until_ms);
  if (!asked.ok()) co_return;
  std::string received;
  std::string block(4096, '\0');
  const HttpLimits limits;
  http::ResponseDecoder decoder(limits);
  http::BodyDecoder body;
  decoder.begin(http::Method::kGet, true);
  std::optional<Response>& response = visit.responses.front();
  for (;;) {
    const auto read = co_await talk->stream->read(block.data(), block.size(), talk->until_ms);
    if (!read.ok()) break;
    received.append(block, 0, read.bytes);
    if (!response) {
      const auto status = decoder.feed(received);
      if (!status) break;
      if (*status != http::HeadStatus::kComplete) continue;
      const http::ResponseHead& head = decoder.head();
      response.emplace();
      response->status = head.status;
      response->sim_id = text_of(head.find("x-sim"));
      response->request_id = text_of(head.find("x-request-id"));
      response->server = text_of(head.find("server"));
      response->closes = true;
      body = http::BodyDecoder(head.body, limits);
      received.erase(0, decoder.head_bytes());
      response->whole = response->status == 101;
      if (response->whole) net::spawn(say_frames(talk));
    }
    if (response->status == 101) {
      hear(*visit.feed, received);
      continue;
    }
    for (;;) {
      const auto piece = body.feed(received);
      if (!piece || piece->consumed == 0) break;
      response->body.append(piece->data);
      received.erase(0, piece->consumed);
    }
    response->whole = body.complete();
    if (response->whole) break;
  }
  visit.feed->ended_ms = talk->loop().now_ms();
}

}  // namespace

net::Task<void> pay_websocket(net::Network* network, Visit* visit, std::uint64_t seed,
                              std::int64_t patience_ms) {
  net::Loop& loop = network->loop();
  Talk talk{.stream = {}, .visit = visit, .dice = Dice(seed), .until_ms = 0};
  visit->responses.resize(visit->requests.size());
  co_await loop.sleep_until(loop.now_ms() + static_cast<std::int64_t>(talk.dice.below(200)));
  auto stream =
      co_await network->connect(*net::parse_address("127.0.0.1", kGatewayPort), loop.now_ms() + 5000);
  if (!stream) {
    visit->done = true;
    co_return;
  }
  visit->connected = true;
  talk.stream = std::move(*stream);
  talk.until_ms = loop.now_ms() + patience_ms;
  co_await converse(&talk);
  talk.stops = true;
  talk.stream->abort();
  while (talk.writing) co_await loop.sleep_until(loop.now_ms() + 10);
  visit->done = true;
}

}  // namespace caponier::sim
