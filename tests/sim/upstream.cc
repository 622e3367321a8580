#include "sim/upstream.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/limits.h"
#include "http/h1_decoder.h"
#include "http/h1_encoder.h"
#include "net/test_net.h"
#include "sim/api.h"
#include "sim/frames.h"

namespace caponier::sim {

std::string thing(std::uint32_t id, std::size_t bytes) {
  std::string text = R"({"id":)" + std::to_string(id) + R"(,"pad":")";
  const std::string unit = std::to_string(id) + ".";
  while (text.size() + 2 < bytes) text += unit;
  return text + "\"}";
}

std::string response_bytes(std::uint32_t id, std::uint16_t status, std::string_view body, Framing framing,
                           bool head_only, std::size_t chunk_bytes) {
  std::string out;
  http::append_status_line(out, status);
  out += "Server: sim/9.9\r\nX-Sim: " + std::to_string(id) + "\r\nContent-Type: application/json\r\n";
  if (framing == Framing::kLength) http::append_content_length(out, body.size());
  if (framing == Framing::kChunked) out += "Transfer-Encoding: chunked\r\n";
  if (framing == Framing::kUntilClose) out += "Connection: close\r\n";
  out += "\r\n";
  if (head_only) return out;
  if (framing != Framing::kChunked) return out.append(body);
  for (std::size_t at = 0; at < body.size(); at += chunk_bytes) {
    const std::string_view piece = body.substr(at, chunk_bytes);
    http::append_chunk_head(out, piece.size());
    out.append(piece).append("\r\n");
  }
  http::append_last_chunk(out);
  return out;
}

std::string switch_bytes(std::uint32_t id) {
  return "HTTP/1.1 101 Switching Protocols\r\nServer: sim/9.9\r\nX-Sim: " + std::to_string(id) +
         "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
}

std::string Seen::header(std::string_view name) const {
  std::string found;
  for (const auto& [key, value] : headers) {
    if (key.size() == name.size() && equals_ignore_case(key, name))
      found += (found.empty() ? "" : "|") + value;
  }
  return found;
}

std::uint32_t id_in(std::string_view user_agent) {
  if (!user_agent.starts_with("sim/")) return 0;
  return static_cast<std::uint32_t>(parse_decimal(user_agent.substr(4)).value_or(0));
}

struct Upstream::Conversation {
  Upstream& upstream;
  net::Stream& stream;
  std::size_t number;
  bool strayed = false;  // it said what nobody asked for
  HttpLimits limits;
  std::string received;
  http::RequestDecoder decoder{limits};
  http::BodyDecoder body;
  std::string block = std::string(4096, '\0');
};

Upstream::Upstream(net::Network& network, std::uint16_t port, Choose choose)
    : network_(network),
      choose_(std::move(choose)),
      listener_(network.listen(*net::parse_address("127.0.0.1", port)).value()) {
  net::spawn(accept(this));
}

net::Task<void> Upstream::accept(Upstream* self) {
  for (;;) {
    auto accepted = co_await self->listener_->accept();
    if (!accepted.stream) co_return;
    net::spawn(serve(self, std::move(accepted.stream)));
  }
}

net::Task<void> Upstream::serve(Upstream* self, std::unique_ptr<net::Stream> stream) {
  ++self->open_;
  self->streams_.push_back(stream.get());
  if (self->http2_seed_ != 0) {
    co_await converse_http2(self, stream.get());
  } else {
    Conversation with{*self, *stream, self->connections_++};
    co_await converse(&with);
  }
  std::erase(self->streams_, stream.get());
  --self->open_;
}

void Upstream::die() {
  close();
  // Ending one takes it off the list.
  const std::vector<net::Stream*> all = streams_;
  for (net::Stream* stream : all) stream->abort();
}

net::Task<void> Upstream::converse(Conversation* with) {
  for (;;) {
    Seen* seen = co_await read_head(with);
    if (seen == nullptr) co_return;
    Answer answers = with->upstream.choose_(*seen);
    if (answers.early) {
      co_await answer(with, &answers);
      co_await read_body(with, seen);
      co_return;
    }
    if (!co_await read_body(with, seen)) co_return;
    if (!co_await answer(with, &answers)) co_return;
    if (answers.echoes) {
      co_await echo(with, seen, &answers);
      co_return;
    }
  }
}

net::Task<Seen*> Upstream::read_head(Conversation* with) {
  with->decoder.begin();
  for (;;) {
    const auto status = with->decoder.feed(with->received);
    if (!status) {
      with->upstream.scraps_.push_back("malformed: " + with->received);
      co_return nullptr;
    }
    if (*status == http::HeadStatus::kComplete) break;
    const auto read = co_await with->stream.read(with->block.data(), with->block.size(), net::kNoDeadline);
    if (!read.ok()) {
      if (!with->received.empty()) with->upstream.scraps_.push_back("cut: " + with->received);
      co_return nullptr;
    }
    // Whoever asks for something new has read the answer to what was asked before.
    if (with->received.empty() && !with->strayed && net::SimNetwork::unread(with->stream) > 0)
      with->upstream.wrong_ += "a connection carried a request before its last answer was read\n";
    with->received.append(with->block, 0, read.bytes);
  }
  const http::RequestHead& head = with->decoder.head();
  auto seen = std::make_unique<Seen>();
  seen->connection = with->number;
  seen->method = head.method_text;
  seen->target = head.target;
  for (const http::Header& header : head.headers) seen->headers.emplace_back(header.name, header.value);
  seen->id = id_in(seen->header("User-Agent"));
  with->body = http::BodyDecoder(head.body, with->limits);
  with->received.erase(0, with->decoder.head_bytes());
  with->upstream.seen_.push_back(std::move(seen));
  co_return with->upstream.seen_.back().get();
}

net::Task<bool> Upstream::read_body(Conversation* with, Seen* seen) {
  while (!with->body.complete()) {
    const auto piece = with->body.feed(with->received);
    if (!piece) {
      with->upstream.scraps_.push_back("malformed body");
      co_return false;
    }
    seen->body.append(piece->data);
    with->received.erase(0, piece->consumed);
    if (piece->consumed > 0) continue;
    const auto read = co_await with->stream.read(with->block.data(), with->block.size(), net::kNoDeadline);
    if (!read.ok()) co_return false;
    with->received.append(with->block, 0, read.bytes);
  }
  seen->whole = true;
  co_return true;
}

// False if the connection ends here.
net::Task<bool> Upstream::answer(Conversation* with, const Answer* answer) {
  net::Loop& loop = with->upstream.network_.loop();
  if (answer->delay_ms > 0) co_await loop.sleep_until(loop.now_ms() + answer->delay_ms);
  const std::string_view bytes = std::string_view(answer->bytes).substr(0, answer->dies_at);
  const auto written = co_await with->stream.write(bytes, {}, net::kNoDeadline);
  if (!written.ok()) co_return false;
  if (!answer->stray.empty()) {
    with->strayed = true;
    co_await loop.sleep_until(loop.now_ms() + 1);
    const auto strayed = co_await with->stream.write(answer->stray, {}, net::kNoDeadline);
    if (!strayed.ok()) co_return false;
  }
  if (answer->dies_at == std::string::npos && !answer->closes) co_return true;
  if (answer->echoes && answer->dies_at >= answer->bytes.size()) co_return true;
  if (answer->resets) {
    with->stream.abort();
  } else {
    with->stream.shutdown();
  }
  co_return false;
}

// Until the client says that it closes, or either side is gone.
net::Task<void> Upstream::echo(Conversation* with, Seen* seen, const Answer* answer) {
  std::size_t said = answer->bytes.size();
  for (;;) {
    while (const auto frame = sim::take_frame(with->received)) {
      const bool closes = frame->opcode == kCloseFrame;
      if (!closes) seen->body += frame->payload;
      const std::string back = frame_bytes(frame->opcode, frame->payload, false);
      const std::size_t bytes = std::min(back.size(), answer->dies_at - said);
      const auto written =
          co_await with->stream.write(std::string_view(back).substr(0, bytes), {}, net::kNoDeadline);
      if (!written.ok()) co_return;
      said += bytes;
      if (bytes < back.size() && answer->resets) with->stream.abort();
      if (bytes == back.size() && !closes) continue;
      with->stream.shutdown();
      co_return;
    }
    const auto read = co_await with->stream.read(with->block.data(), with->block.size(), net::kNoDeadline);
    if (!read.ok()) co_return;
    with->received.append(with->block, 0, read.bytes);
  }
}

}  // namespace caponier::sim
