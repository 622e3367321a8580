#include "sim/client.h"

#include <algorithm>
#include <memory>

#include "base/limits.h"
#include "http/h1_decoder.h"
#include "sim/api.h"

namespace caponier::sim {
namespace {

struct Connection {
  std::unique_ptr<net::Stream> stream;
  std::int64_t patience_ms;
  std::string received;
  std::size_t writers = 0;
  std::string block = std::string(8192, '\0');
};

// `from` until `to` of the request; a request that is cut ends the connection with a reset or by leaving.
net::Task<void> write_part(Connection* to, const Request* request, std::size_t begin, std::size_t end) {
  ++to->writers;
  const std::string_view bytes = std::string_view(request->bytes).substr(begin, end - begin);
  co_await to->stream->write(bytes, {}, to->stream->loop().now_ms() + to->patience_ms);
  --to->writers;
}

net::Task<void> write_all(Connection* to, const Visit* visit, std::size_t first, std::size_t last) {
  ++to->writers;
  for (std::size_t i = first; i < last; ++i) {
    const Request& request = visit->requests[i];
    const std::size_t end =
        std::min(request.head_bytes > 0 ? request.head_bytes : request.bytes.size(), request.sent_bytes);
    co_await write_part(to, &request, 0, end);
    if (end == request.sent_bytes) {
      // Some leave at once, some let what they sent arrive.
      if (request.id % 2 == 0) co_await to->stream->loop().sleep_until(to->stream->loop().now_ms() + 20);
      to->stream->abort();
      break;
    }
  }
  --to->writers;
}

http::Method method_of(const Request& request) {
  return http::parse_method(request.method);
}

std::string text_of(const http::Header* header) {
  return header == nullptr ? std::string() : std::string(header->value);
}

net::Task<bool> read_more(Connection* from) {
  const std::int64_t deadline = from->stream->loop().now_ms() + from->patience_ms;
  const auto read = co_await from->stream->read(from->block.data(), from->block.size(), deadline);
  if (read.ok()) from->received.append(from->block, 0, read.bytes);
  co_return read.ok();
}

// The next head that is not interim; false if none comes.
net::Task<bool> read_head(Connection* from, const Request* request, http::ResponseDecoder* decoder,
                          Response* response, http::BodyLength* length) {
  decoder->begin(method_of(*request));
  for (;;) {
    const auto status = decoder->feed(from->received);
    if (!status) co_return false;
    if (*status == http::HeadStatus::kNeedMore) {
      if (!co_await read_more(from)) co_return false;
      continue;
    }
    const http::ResponseHead& head = decoder->head();
    response->status = head.status;
    response->sim_id = text_of(head.find("x-sim"));
    response->request_id = text_of(head.find("x-request-id"));
    response->server = text_of(head.find("server"));
    response->closes = !head.keep_alive;
    *length = head.body;
    from->received.erase(0, decoder->head_bytes());
    if (response->status != 100) co_return true;
    if (request->head_bytes > 0)
      net::spawn(write_part(from, request, request->head_bytes, request->bytes.size()));
    decoder->begin(method_of(*request));
  }
}

net::Task<std::optional<Response>> read_response(Connection* from, const Request* request) {
  const HttpLimits limits;
  http::ResponseDecoder decoder(limits);
  Response response;
  http::BodyLength length;
  if (!co_await read_head(from, request, &decoder, &response, &length)) co_return std::nullopt;
  http::BodyDecoder body(length, limits);
  while (!body.complete()) {
    const auto piece = body.feed(from->received);
    if (!piece) break;
    response.body.append(piece->data);
    from->received.erase(0, piece->consumed);
    if (piece->consumed > 0) continue;
    if (!co_await read_more(from)) {
      body.finish_on_close();
      break;
    }
  }
  response.whole = body.complete();
  co_return response;
}

}  // namespace

net::Task<void> pay(net::Network* network, Visit* visit, std::uint64_t seed, std::int64_t patience_ms) {
  Dice dice(seed);
  net::Loop& loop = network->loop();
  visit->responses.resize(visit->requests.size());
  co_await loop.sleep_until(loop.now_ms() + static_cast<std::int64_t>(dice.below(200)));
  auto stream =
      co_await network->connect(*net::parse_address("127.0.0.1", kGatewayPort), loop.now_ms() + 5000);
  if (!stream) {
    visit->done = true;
    co_return;
  }
  visit->connected = true;
  Connection connection;
  connection.stream = std::move(*stream);
  connection.patience_ms = patience_ms;
  const std::size_t count = visit->requests.size();
  co_await connection.stream->write(visit->greeting, {}, loop.now_ms() + patience_ms);
  if (visit->pipelined) net::spawn(write_all(&connection, visit, 0, count));
  bool open = true;
  for (std::size_t i = 0; i < count && open; ++i) {
    if (!visit->pipelined) net::spawn(write_all(&connection, visit, i, i + 1));
    visit->responses[i] = co_await read_response(&connection, &visit->requests[i]);
    open = visit->responses[i] && visit->responses[i]->whole && !visit->responses[i]->closes;
    if (!visit->pipelined && dice.chance(20))
      co_await loop.sleep_until(loop.now_ms() + static_cast<std::int64_t>(dice.below(3000)));
  }
  visit->stray_bytes = open && !connection.received.empty();
  if (dice.chance(50)) connection.stream->shutdown();
  if (!open || connection.writers > 0) connection.stream->abort();
  while (connection.writers > 0) co_await loop.sleep_until(loop.now_ms() + 1);
  visit->done = true;
}

}  // namespace caponier::sim
