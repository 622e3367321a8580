// The admin surface: health, readiness, metrics and reload, on a loop and a thread of its own, so that it
// answers whatever the workers are busy with. It speaks HTTP/1.1, one request per connection.
//
// It is reached from this machine, or by clients with a certificate. What a browser could be talked into is
// refused: requests of web pages (Origin), and names that somebody made to lead here (Host is an address,
// localhost, or a name of the listener's certificates). API keys are shown and changed only for who has a
// client certificate, or the token that lies in the state directory: who reaches a port on loopback is any
// user of the machine.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "gateway/later.h"
#include "http/message.h"
#include "net/network.h"
#include "tls/context.h"

namespace caponier::gateway {

struct AdminAnswer {
  std::uint16_t status = 200;
  std::string content_type = "application/json";
  std::string body;
};

struct AdminQuestion {
  std::string method;
  std::string path;
  std::string query;
  std::string body;
};

// What the surface knows of the gateway; each may wait, on the admin loop.
struct AdminActions {
  std::function<AdminAnswer()> ready;
  std::function<net::Task<AdminAnswer>()> metrics;
  std::function<net::Task<AdminAnswer>()> reload;
  // About API keys; empty: there is no store.
  std::function<net::Task<AdminAnswer>(AdminQuestion)> identities;
  std::string token;  // for those questions; empty: only client certificates open them
  // A connection on which TLS did not come about.
  std::function<void(const std::string& listener, const std::string& peer,
                     const tls::HandshakeFailure& failure)>
      refused;
};

class AdminServer {
 public:
  static constexpr std::uint32_t kConnectionsMax = 64;
  static constexpr std::size_t kHeadBytesMax = std::size_t{16} * 1024;
  static constexpr std::int64_t kRequestMs = 10'000;  // for a head, and for a peer to take an answer

  AdminServer(net::Network& network, AdminActions actions);

  // Before start().
  void serve(std::unique_ptr<net::Listener> listener, std::shared_ptr<tls::ServerContext> context,
             std::string name);
  // On the loop's thread, as the next.
  void start();
  void stop();
  // For new connections, in the order of serve().
  void replace(const std::vector<std::shared_ptr<tls::ServerContext>>& contexts);

 private:
  net::Task<void> accept_from(std::size_t listening);
  net::Task<void> live(net::Listener::Accepted accepted, std::shared_ptr<tls::ServerContext> context,
                       std::string name);
  // `names`: of the listener's certificates, null without; `certified`: the client has a certificate.
  net::Task<void> converse(net::Stream* stream, const ServerNames* names, bool certified);
  net::Task<AdminAnswer> answer(std::string_view method, std::string_view path);
  // What is refused before anything is done; status 0: nothing.
  [[nodiscard]] AdminAnswer refusal(const http::RequestHead& head, const ServerNames* names,
                                    bool certified) const;
  // The rest of the body, of which `begun` is there; false: it did not come.
  net::Task<bool> read_body(net::Stream* stream, std::string* begun, std::size_t size, std::int64_t deadline);

  net::Network& network_;
  AdminActions actions_;
  HttpLimits limits_;
  struct Listening {
    std::unique_ptr<net::Listener> listener;
    std::shared_ptr<tls::ServerContext> context;
    std::string name;
  };
  std::vector<Listening> listeners_;
  std::uint32_t connections_ = 0;
};

}  // namespace caponier::gateway
