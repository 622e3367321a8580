// TLS 1.3 and 1.2 with modern suites only, over any net::Stream. Contexts are made once and shared; sessions
// are streams themselves. Renegotiation, compression and everything below TLS 1.2 are off.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/certificate_names.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/server_names.h"
#include "net/stream.h"
#include "net/task.h"
#include "tls/client_authentication.h"

typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_st SSL;

namespace caponier::tls {

// A certificate chain and its private key, PEM texts.
struct ServerIdentity {
  std::string chain_pem;
  Secret key_pem;
};

// What is wrong, as a sentence (a key that does not match; an expired certificate is only a finding), and
// whose fault it is: that of an identity, or of the clients' authorities and lists.
struct ContextProblem {
  std::string sentence;
  std::size_t identity = 0;
  bool of_clients = false;
};

class ServerContext {
 public:
  static Result<std::shared_ptr<ServerContext>, std::string> create(std::string_view certificate_chain_pem,
                                                                    std::string_view key_pem);
  // With several identities the client's SNI chooses among the names of their certificates; the first is for
  // everybody else. `clients`: null asks for no certificate.
  static Result<std::shared_ptr<ServerContext>, ContextProblem> create(
      const std::vector<ServerIdentity>& identities, const ClientAuthentication* clients);
  ~ServerContext();
  ServerContext() = default;
  ServerContext(const ServerContext&) = delete;
  ServerContext& operator=(const ServerContext&) = delete;
  // That every session begins with.
  SSL_CTX* get() { return contexts_.front(); }
  // Of all identities' certificates, to the identity's index.
  [[nodiscard]] const ServerNames& names() const { return names_; }
  [[nodiscard]] std::size_t identities() const { return contexts_.size(); }
  [[nodiscard]] std::uint32_t index_of(const SSL_CTX* context) const;

 private:
  static int choose(SSL* ssl, int* alert, void* self);
  Result<Unit, std::string> add(const ServerIdentity& identity);

  std::vector<SSL_CTX*> contexts_;  // by identity
  ServerNames names_;
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
  bool client_certificate = false;  // it was missing, or did not hold
};
using HandshakeResult = Result<std::unique_ptr<net::Stream>, HandshakeFailure>;

// Takes the stream. On plain HTTP at a TLS port, writes a short 400 in plain text and fails.
net::Task<HandshakeResult> accept(std::unique_ptr<net::Stream> lower,
                                  const std::shared_ptr<ServerContext>& context, std::int64_t deadline_ms);
// Of a stream that accept() made, by the context that it was given.
struct SessionFacts {
  std::uint32_t identity = 0;                      // that the handshake was done with
  std::shared_ptr<const CertificateNames> client;  // the client's certificate, verified; null: it has none
};
SessionFacts session_facts(net::Stream& accepted, const ServerContext& by);
// What is offered to the server (RFC 7301), the preferred one first; Stream::protocol() says what it chose.
enum class Offer : std::uint8_t { kHttp11, kHttp2OrHttp11, kHttp2 };
// `server_name`: sent as SNI unless it is an address, and verified against the certificate. With `spiffe_id`,
// that is what the certificate must name instead, as its only URI (SPIFFE X509-SVID section 2).
net::Task<HandshakeResult> connect(std::unique_ptr<net::Stream> lower, std::shared_ptr<ClientContext> context,
                                   std::string server_name, std::int64_t deadline_ms,
                                   std::string spiffe_id = {}, Offer offer = Offer::kHttp11);

}  // namespace caponier::tls
