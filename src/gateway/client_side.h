// The client's side of one exchange, whatever codec carries it: where the body comes from and where the
// answer goes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/stream.h"
#include "net/task.h"

namespace caponier::gateway {

struct BodyPiece {
  enum class Status : std::uint8_t { kData, kEnd, kTooSlow, kClosed, kMalformed };
  Status status = Status::kClosed;
  std::string_view data;  // kData: until the next call; empty, where only its framing went on
};

// A piece of the answer. The codec adds what frames the message and what is of the connection.
struct AnswerPiece {
  // The text holds a head: status line and fields, each with its CRLF, Content-Length if the length is known.
  bool head = false;
  bool open = false;       // with a head: a body of unknown length follows
  bool keep_alive = true;  // with a head: the connection may carry another exchange
  bool last = false;       // the answer ends here
  bool more = false;       // the next piece comes at once, and may leave together with this one
  std::string_view data;   // of the body
  // Steady. All of it is taken within `timeouts.write_progress`; or, if this is later, until then, as long as
  // some of it is taken within each `timeouts.write_progress`.
  std::int64_t until_ms = 0;
  std::string_view trailers;  // with the last one: lines, each with its CRLF
};

class ClientSide {
 public:
  virtual ~ClientSide() = default;
  // The whole body if it is here already, without waiting.
  virtual std::optional<std::string_view> whole_body() = 0;
  virtual net::Task<BodyPiece> read_body() = 0;
  // Sends 100 Continue if the client waits for it.
  virtual net::Task<bool> invite_body() = 0;
  // The head was all of the message: from now on read_body() gives whatever comes, until the client closes,
  // and waits at most `idle_ms` for it (kTooSlow; it may be called again).
  virtual void begin_tunnel(std::int64_t idle_ms) = 0;
  // No more of the body is wanted: a read_body() that waits ends now, with kClosed.
  virtual void stop_body() = 0;
  // Everything of the body has been read.
  [[nodiscard]] virtual bool body_complete() const = 0;
  // The answer, piece by piece; all of it stays where it is until the await ends. From a head to the last
  // piece `text` is the codec's to work in. If the await does not end well, the client is gone.
  virtual net::Stream::WriteAwaiter send(std::string& text, const AnswerPiece& piece) = 0;
  // The answer cannot be completed: the client must not take what it has for the whole.
  virtual void abort() = 0;
};

}  // namespace caponier::gateway
