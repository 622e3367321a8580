// The client's side of one exchange, whatever codec carries it: where the body comes from and where the
// answer goes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "net/stream.h"
#include "net/task.h"

namespace caponier::gateway {

struct BodyPiece {
  enum class Status : std::uint8_t { kData, kEnd, kTooSlow, kClosed, kMalformed };
  Status status = Status::kClosed;
  std::string_view data;  // kData: until the next call
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
  // Serialised bytes of the answer, in order; they stay where they are until the await ends. If it does not
  // end well, the client is gone.
  virtual net::Stream::WriteAwaiter send(std::string_view first, std::string_view second) = 0;
  // The answer cannot be completed: the client must not take what it has for the whole.
  virtual void abort() = 0;
};

}  // namespace caponier::gateway
