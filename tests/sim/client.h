// The simulated clients: requests of every kind, sent in order, pipelined, in part; and what came back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "net/network.h"
#include "net/task.h"
#include "sim/dice.h"

namespace caponier::sim {

struct Request {
  std::uint32_t id = 0;
  std::string method;
  std::string bytes;                           // on the wire
  std::size_t sent_bytes = std::string::npos;  // fewer: the client goes away within it
  std::size_t head_bytes = 0;                  // waits for 100 Continue behind them; 0: does not
  bool allowed = true;
  bool decodable = true;
  bool may_close = false;       // the gateway may end the connection after it
  std::uint16_t status = 200;   // that is due
  std::string upstream_target;  // of an allowed one
  std::string upstream_body;
};

struct Response {
  std::uint16_t status = 0;
  std::string sim_id;      // X-Sim: of the upstream
  std::string request_id;  // X-Request-ID: of the gateway
  std::string server;
  std::string body;
  bool whole = false;
  bool closes = false;
};

// A WebSocket, once its handshake was answered by 101.
struct Feed {
  enum class End : std::uint8_t { kCloses, kLeaves, kWaits };
  End end = End::kCloses;  // after `frames`; who waits goes on until the other side has enough
  std::size_t frames = 0;
  std::string said;   // payloads
  std::string heard;  // which echo them
  bool closed = false;
  std::uint16_t code = 0;
  std::int64_t ended_ms = 0;
};

// One connection's worth of requests.
struct Visit {
  std::string greeting;  // before the first request: what a proxy says
  std::vector<Request> requests;
  bool pipelined = false;
  bool http2 = false;
  bool at_a_time = false;    // HTTP/2: does not wait for one answer before the next request
  std::optional<Feed> feed;  // its one request opens a WebSocket
  std::vector<std::optional<Response>> responses;  // by request, as far as they came
  bool connected = false;
  bool stray_bytes = false;  // more came than answers
  bool done = false;
};

// A random request of number `id`.
Request make_request(Dice& dice, std::uint32_t id);
Request get_thing(std::uint32_t id, std::string_view token, std::size_t size = 0);
Request post_thing(std::uint32_t id, std::string_view token, std::string_view body, bool chunked);
// A handshake.
Request open_feed(std::uint32_t id, std::string_view token);
Request put_file(Dice& dice, std::uint32_t id, std::string_view token, std::size_t bytes, bool chunked);

// Runs the visit; `visit` is done at the end of it. Waits at most `patience_ms` for each answer.
net::Task<void> pay(net::Network* network, Visit* visit, std::uint64_t seed, std::int64_t patience_ms);
// The same for a visit that opens a WebSocket.
net::Task<void> pay_websocket(net::Network* network, Visit* visit, std::uint64_t seed,
                              std::int64_t patience_ms);
// The same in HTTP/2, which the connection must have agreed on.
net::Task<void> pay_http2(net::Network* network, Visit* visit, std::uint64_t seed, std::int64_t patience_ms);

}  // namespace caponier::sim
