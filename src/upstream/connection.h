// One exchange's way to an upstream, whatever codec carries it: where the request goes, and where the answer
// comes from. The counterpart of the client's side of the exchange.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/head_scan.h"
#include "http/message.h"
#include "net/stream.h"
#include "net/task.h"

namespace caponier::upstream {

class Http1Connection;

// How a request's body comes behind its head.
struct RequestBody {
  http::BodyLength length;
  std::string_view data;  // leaves with the head
  bool open = false;      // the rest follows by send_body()
};

// Why nothing more comes, beside the end of a connection.
enum class Fault : std::uint8_t {
  kNone,
  kMalformed,   // the upstream broke the protocol
  kUnprocessed  // it says that it has done nothing with the request, which may be sent again whatever it is
};

class Connection {
 public:
  using Malformed = std::string_view;  // what is wrong, for the log
  struct Piece {
    std::string_view data;
    bool advanced = false;  // call again before waiting for more
  };

  Connection() = default;
  virtual ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Was it used before? Then it may turn out dead before an answer, and one retry elsewhere is in order.
  [[nodiscard]] virtual bool reused() const = 0;
  // Before each request. `upgrade`: another protocol is asked for, so that a 101 may come.
  virtual void begin(http::Method method, bool upgrade) = 0;
  // Counts in `held` what it holds of the answer, until it is given back or ends.
  virtual void count_in(std::int64_t* held) = 0;
  // `text` holds the request line and the fields, each with its CRLF, and is the codec's to work in until the
  // await ends; some of it all is taken within each `progress_ms`.
  virtual net::Stream::WriteAwaiter send(std::string& text, const RequestBody& body, std::int64_t deadline_ms,
                                         std::int64_t progress_ms) = 0;
  // Whether nothing of the request has left, when that send() ended with `sent`.
  [[nodiscard]] virtual bool untouched(const net::IoResult& sent) const = 0;
  // `data` stays where it is until the await ends. `last`: the body ends with it.
  virtual net::Task<net::IoResult> send_body(std::string_view data, bool last, std::int64_t deadline_ms) = 0;

  // Waits until more of the answer is here, of which received() is told.
  virtual net::Stream::ReadAwaiter receive(std::int64_t deadline_ms) = 0;
  virtual void received(std::size_t bytes) = 0;
  // Interim answers (RFC 9110, section 15.2) are ours to read and to bound, and not the client's.
  virtual Result<http::HeadStatus, Malformed> read_head() = 0;
  // Once read_head() said kComplete; its views hold until begin_body().
  [[nodiscard]] virtual const http::ResponseHead& head() const = 0;
  virtual void begin_body() = 0;
  // The next run of body bytes that is here; a view until the next read_body() or receive().
  virtual Result<Piece, Malformed> read_body() = 0;
  [[nodiscard]] virtual bool complete() const = 0;
  // The upstream closed: true if that is the body's legal end.
  virtual bool end_at_close() = 0;
  // Lines, each with its CRLF; once it is complete.
  [[nodiscard]] virtual std::string_view trailers() const = 0;

  // Nothing of an answer has come.
  [[nodiscard]] virtual bool silent() const = 0;
  [[nodiscard]] virtual Fault fault() const { return Fault::kNone; }
  // What fault() means, or how the upstream ended the exchange; empty: the connection ended.
  [[nodiscard]] virtual std::string_view fault_detail() const { return {}; }
  // Ends the exchange at once: who waits for it finds it broken.
  virtual void abort() = 0;
  // After a whole answer: `self`, which is this, may carry another exchange.
  virtual void give_back(std::unique_ptr<Connection> self) = 0;
  // The one below, where another protocol can be spoken on it; null: there is none of its own.
  virtual Http1Connection* http1() { return nullptr; }
};

}  // namespace caponier::upstream
