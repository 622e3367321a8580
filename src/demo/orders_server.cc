#include "demo/orders_server.h"

#include <set>
#include <string>
#include <utility>

#include "base/limits.h"
#include "demo/orders_api.h"
#include "http/h1_decoder.h"
#include "http/h1_encoder.h"
#include "net/task.h"

namespace caponier::demo {

struct OrdersServer::State {
  OrdersApi api;
  HttpLimits limits;
  std::unique_ptr<net::Listener> listener;
  std::set<net::Stream*> open;
  bool closing = false;
};

namespace {

constexpr std::int64_t kIdleMs = 75'000;
constexpr std::int64_t kProgressMs = 15'000;
constexpr std::int64_t kDrainMs = 1'000;
constexpr std::size_t kDrainBytesMax = 256UL * 1024;
constexpr std::size_t kReadBytes = 16UL * 1024;

// A request taken out of the buffer that it came in.
struct Taken {
  http::Method method = http::Method::kOther;
  std::string path;
  std::string query;
  std::string body;
  http::BodyLength length;
  bool keep_alive = false;
  bool expects_continue = false;
};

enum class Outcome : std::uint8_t { kOk, kClosed, kMalformed, kTooLarge };

struct Connection {
  explicit Connection(const HttpLimits& bounds) : limits(&bounds), decoder(bounds) {}
  const HttpLimits* limits;
  std::unique_ptr<net::Stream> stream;
  http::RequestDecoder decoder;
  std::string received;  // bytes not yet used
};

net::Task<bool> read_more(Connection& connection, std::int64_t wait_ms) {
  std::string& received = connection.received;
  const std::size_t before = received.size();
  received.resize(before + kReadBytes);
  const std::int64_t deadline_ms = connection.stream->loop().now_ms() + wait_ms;
  const net::IoResult result =
      co_await connection.stream->read(received.data() + before, kReadBytes, deadline_ms);
  received.resize(before + (result.ok() ? result.bytes : 0));
  co_return result.ok();
}

net::Task<Outcome> read_head(Connection& connection, Taken& taken) {
  connection.decoder.begin();
  while (true) {
    const auto status = connection.decoder.feed(connection.received);
    if (!status) co_return Outcome::kMalformed;
    if (*status == http::HeadStatus::kComplete) break;
    const bool more = co_await read_more(connection, connection.received.empty() ? kIdleMs : kProgressMs);
    if (!more) co_return Outcome::kClosed;
  }
  const http::RequestHead& head = connection.decoder.head();
  taken.method = head.method;
  taken.path = head.path;
  taken.query = head.query;
  taken.length = head.body;
  taken.keep_alive = head.keep_alive;
  taken.expects_continue = head.expects_continue;
  connection.received.erase(0, connection.decoder.head_bytes());
  co_return Outcome::kOk;
}

net::Task<Outcome> read_body(Connection& connection, Taken& taken) {
  if (taken.length.kind == http::BodyKind::kLength && taken.length.bytes > kBodyBytesMax)
    co_return Outcome::kTooLarge;
  http::BodyDecoder decoder(taken.length, *connection.limits);
  if (taken.expects_continue && !decoder.complete()) {
    const std::int64_t deadline_ms = connection.stream->loop().now_ms() + kProgressMs;
    const auto sent = co_await connection.stream->write("HTTP/1.1 100 Continue\r\n\r\n", {}, deadline_ms);
    if (!sent.ok()) co_return Outcome::kClosed;
  }
  while (!decoder.complete()) {
    const auto piece = decoder.feed(connection.received);
    if (!piece) co_return Outcome::kMalformed;
    if (taken.body.size() + piece->data.size() > kBodyBytesMax) co_return Outcome::kTooLarge;
    taken.body.append(piece->data);
    connection.received.erase(0, piece->consumed);
    if (piece->consumed > 0 || decoder.complete()) continue;
    const bool more = co_await read_more(connection, kProgressMs);
    if (!more) co_return Outcome::kClosed;
  }
  co_return Outcome::kOk;
}

net::Task<bool> write_response(Connection& connection, Response response, bool with_body, bool keep_alive) {
  std::string head;
  http::append_status_line(head, response.status);
  // As most servers do; a gateway in front of it keeps that to itself.
  bool good = http::append_header(head, "Server", "orders/1.0");
  if (!response.content_type.empty())
    good = good && http::append_header(head, "Content-Type", response.content_type);
  if (!response.location.empty()) good = good && http::append_header(head, "Location", response.location);
  if (!response.allow.empty()) good = good && http::append_header(head, "Allow", response.allow);
  if (!keep_alive) good = good && http::append_header(head, "Connection", "close");
  if (response.status != 204) http::append_content_length(head, response.body.size());
  head += "\r\n";
  if (!good) co_return false;
  const std::int64_t deadline_ms = connection.stream->loop().now_ms() + kProgressMs;
  const std::string_view body = with_body ? std::string_view(response.body) : std::string_view();
  const auto written = co_await connection.stream->write(head, body, deadline_ms);
  co_return written.ok();
}

Response refusal(Outcome outcome) {
  Response response;
  response.status = outcome == Outcome::kTooLarge ? 413 : 400;
  response.content_type = "application/problem+json";
  response.body = outcome == Outcome::kTooLarge ? R"({"title":"The body is too large.","status":413})"
                                                : R"({"title":"That is not HTTP/1.1.","status":400})";
  return response;
}

// One request and its answer; false when the connection is over.
net::Task<bool> serve_request(OrdersApi& api, Connection& connection) {
  Taken taken;
  Outcome outcome = co_await read_head(connection, taken);
  if (outcome == Outcome::kOk) outcome = co_await read_body(connection, taken);
  if (outcome == Outcome::kClosed) co_return false;
  const bool ok = outcome == Outcome::kOk;
  const std::int64_t wall_ms = connection.stream->loop().now().wall_ms;
  Response response =
      ok ? api.handle({taken.method, taken.path, taken.query, taken.body, wall_ms}) : refusal(outcome);
  const bool keep_alive = ok && taken.keep_alive;
  const bool with_body = taken.method != http::Method::kHead;
  const bool written = co_await write_response(connection, std::move(response), with_body, keep_alive);
  co_return written&& keep_alive;
}

// What was sent and not read would turn the end of the connection into a reset, which takes our answer with
// it.
net::Task<void> drain(Connection& connection) {
  const std::int64_t until_ms = connection.stream->loop().now_ms() + kDrainMs;
  std::size_t drained = 0;
  while (drained < kDrainBytesMax && connection.stream->loop().now_ms() < until_ms) {
    connection.received.clear();
    const bool more = co_await read_more(connection, until_ms - connection.stream->loop().now_ms());
    if (!more) break;
    drained += connection.received.size();
  }
}

template <class State>
net::Task<void> serve_connection(std::shared_ptr<State> state, std::unique_ptr<net::Stream> stream) {
  Connection connection(state->limits);
  connection.stream = std::move(stream);
  state->open.insert(connection.stream.get());
  bool more = true;
  while (more) more = co_await serve_request(state->api, connection);
  connection.stream->shutdown();
  co_await drain(connection);
  state->open.erase(connection.stream.get());
}

template <class State>
net::Task<void> accept_all(std::shared_ptr<State> state) {
  while (!state->closing) {
    auto accepted = co_await state->listener->accept();
    if (accepted.stream == nullptr) break;
    if (state->open.size() >= OrdersServer::kConnectionsMax) continue;  // which closes it
    net::spawn(serve_connection(state, std::move(accepted.stream)));
  }
}

}  // namespace

OrdersServer::OrdersServer(std::unique_ptr<net::Listener> listener) : state_(std::make_shared<State>()) {
  state_->listener = std::move(listener);
}

OrdersServer::~OrdersServer() {
  close();
}

void OrdersServer::start() {
  net::spawn(accept_all(state_));
}

void OrdersServer::close() {
  if (std::exchange(state_->closing, true)) return;
  state_->listener->close();
  const std::set<net::Stream*> open = state_->open;  // abort() may let a connection end at once
  for (net::Stream* const stream : open) {
    if (state_->open.contains(stream)) stream->abort();
  }
}

net::Address OrdersServer::address() const {
  return state_->listener->address();
}

}  // namespace caponier::demo
