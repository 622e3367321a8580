// The simulated upstream: records every request as it came off the wire, and answers as it is told, also
// badly.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/h2_frame.h"
#include "net/network.h"
#include "net/task.h"

namespace caponier::sim {

enum class Framing : std::uint8_t { kLength, kChunked, kUntilClose };

// A whole response on the wire that names `id` in its head, with `body` in pieces of `chunk_bytes`.
std::string response_bytes(std::uint32_t id, std::uint16_t status, std::string_view body, Framing framing,
                           bool head_only, std::size_t chunk_bytes = 1000);
// The answer to the handshake of open_feed().
std::string switch_bytes(std::uint32_t id);
// What the upstream says about a thing: its id, and enough behind it to make `bytes` bytes or more.
std::string thing(std::uint32_t id, std::size_t bytes);

struct Answer {
  std::string bytes;
  std::size_t dies_at = std::string::npos;  // ends the connection after so many of them
  bool resets = false;                      // by a reset
  bool early = false;                       // before the body is read
  bool closes = false;                      // after it
  bool echoes = false;                      // after it, WebSocket frames; `dies_at` counts them as well
  bool abrupt = false;                      // HTTP/2: what is on its way is not looked at
  bool refuses = false;                     // HTTP/2: nothing was done with the request
  std::string stray;                        // HTTP/1.1: nobody asked for it, and it comes behind the rest
  std::int64_t delay_ms = 0;
};

// A request as the upstream got it.
struct Seen {
  std::uint32_t id = 0;
  std::size_t connection = 0;
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool whole = false;
  [[nodiscard]] std::string header(std::string_view name) const;  // "" if none; values joined by '|'
};

// The number in "sim/17"; 0 if it is not of that form.
std::uint32_t id_in(std::string_view user_agent);

class Upstream {
 public:
  using Choose = std::function<Answer(const Seen&)>;
  Upstream(net::Network& network, std::uint16_t port, Choose choose);
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;
  ~Upstream() = default;

  // From here on it speaks HTTP/2, without being asked.
  void speak_http2(std::uint64_t seed) { http2_seed_ = seed; }
  void close() { listener_->close(); }
  // Closes, and ends every conversation at once.
  void die();
  [[nodiscard]] const std::vector<std::unique_ptr<Seen>>& seen() const { return seen_; }
  // Bytes that were no request: malformed, or cut within a head.
  [[nodiscard]] const std::vector<std::string>& scraps() const { return scraps_; }
  // What is against the rules of a pool.
  [[nodiscard]] const std::string& wrong() const { return wrong_; }
  // Conversations that have not ended: an answer that takes its time.
  [[nodiscard]] std::size_t open() const { return open_; }

 private:
  struct Conversation;
  struct Http2Session;
  struct Http2Half;
  static net::Task<void> accept(Upstream* self);
  static net::Task<void> serve(Upstream* self, std::unique_ptr<net::Stream> stream);
  static net::Task<void> converse(Conversation* with);
  static net::Task<Seen*> read_head(Conversation* with);
  static net::Task<bool> read_body(Conversation* with, Seen* seen);
  static net::Task<bool> answer(Conversation* with, const Answer* answer);
  static net::Task<void> echo(Conversation* with, Seen* seen, const Answer* answer);
  static net::Task<void> converse_http2(Upstream* self, net::Stream* stream);
  static net::Task<void> flush(Http2Session* session);
  static net::Task<void> answer_http2(Http2Session* session, std::uint32_t id);
  static net::Task<bool> send_body(Http2Session* session, std::uint32_t id, std::string_view body, bool ends);
  static void say(Http2Session& session, std::string_view frames);
  static void take_head(Http2Session& session, std::uint32_t id, std::string_view block);
  static void take_frame(Http2Session& session, const http::h2::FrameHead& head, std::string_view payload);

  net::Network& network_;
  Choose choose_;
  std::unique_ptr<net::Listener> listener_;
  std::vector<std::unique_ptr<Seen>> seen_;
  std::vector<std::string> scraps_;
  std::string wrong_;
  std::vector<net::Stream*> streams_;
  std::uint64_t http2_seed_ = 0;  // 0: it speaks HTTP/1.1
  std::size_t connections_ = 0;
  std::size_t open_ = 0;
};

}  // namespace caponier::sim
