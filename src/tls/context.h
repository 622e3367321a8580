// TLS 1.3 and 1.2 with modern suites only, over any net::Stream. Contexts are made once and shared; sessions
// are streams themselves. Renegotiation, compression and everything below TLS 1.2 are off.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/stream.h"
#include "net/task.h"

typedef struct ssl_ctx_st SSL_CTX;

namespace caponier::tls {

class ServerContext {
 public:
  // PEM texts. The error is a sentence (a key that does not match, an expired certificate is only a finding).
  static Result<std::shared_ptr<ServerContext>, std::string> create(std::string_view certificate_chain_pem,
                                                                    std::string_view key_pem);
  ~ServerContext();
  SSL_CTX* get() { return context_; }

 private:
  SSL_CTX* context_ = nullptr;
};

class ClientContext {
 public:
  // `ca_pem` empty: the system's store. Always verifies. `certificate_chain_pem` and `key_pem`: who we are,
  // for servers that ask; both empty: nobody.
  static Result<std::shared_ptr<ClientContext>, std::string> create(
      std::string_view ca_pem, std::string_view certificate_chain_pem = {}, std::string_view key_pem = {});
  ~ClientContext();
  SSL_CTX* get() { return context_; }
  // Of everything that it was made of: two with the same are as good as one.
  [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }

 private:
  SSL_CTX* context_ = nullptr;
  std::string fingerprint_;
};

struct HandshakeFailure {
  std::string detail;       // "no shared cipher", "timed out": never key material
  bool plain_http = false;  // the first bytes were an HTTP request
  bool timed_out = false;
};
using HandshakeResult = Result<std::unique_ptr<net::Stream>, HandshakeFailure>;

// Takes the stream. On plain HTTP at a TLS port, writes a short 400 in plain text and fails.
net::Task<HandshakeResult> accept(std::unique_ptr<net::Stream> lower,
                                  const std::shared_ptr<ServerContext>& context, std::int64_t deadline_ms);
// `server_name`: sent as SNI unless it is an address, and verified against the certificate. With `spiffe_id`,
// that is what the certificate must name instead, as its only URI (SPIFFE X509-SVID section 2).
net::Task<HandshakeResult> connect(std::unique_ptr<net::Stream> lower, std::shared_ptr<ClientContext> context,
                                   std::string server_name, std::int64_t deadline_ms,
                                   std::string spiffe_id = {});

}  // namespace caponier::tls
