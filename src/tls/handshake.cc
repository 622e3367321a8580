#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <utility>

#include "net/network.h"
#include "net/readiness.h"
#include "tls/context.h"
#include "tls/read_names.h"
#include "tls/tls_stream.h"

namespace caponier::tls {

namespace {

constexpr std::string_view kPlainAnswer =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 38\r\nConnection: close\r\n\r\n"
    "This port speaks HTTPS: use https://.\n";
constexpr std::int64_t kPlainAnswerMs = 1000;
constexpr std::size_t kDrainBytesMax = std::size_t{64} * 1024;

// Sees what a request would begin with, even when only a part of the method has come.
bool looks_like_http(std::string_view first) {
  constexpr std::array<std::string_view, 10> kBeginnings = {
      "GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "OPTIONS ", "PATCH ", "TRACE ", "CONNECT ", "PRI "};
  return first.size() >= 3 &&
         std::any_of(kBeginnings.begin(), kBeginnings.end(), [&](std::string_view beginning) {
           const std::size_t bytes = std::min(first.size(), beginning.size());
           return first.substr(0, bytes) == beginning.substr(0, bytes);
         });
}

// Says in plain text what is wrong, and reads what is still coming, so that a reset does not overtake the
// answer.
net::Task<void> answer_plainly(net::Stream& lower) {
  const std::int64_t deadline_ms = lower.loop().now_ms() + kPlainAnswerMs;
  const auto written = co_await lower.write(kPlainAnswer, {}, deadline_ms);
  if (!written.ok()) co_return;
  lower.shutdown();
  std::array<char, 512> ignored;
  for (std::size_t total = 0; total < kDrainBytesMax;) {
    const auto result = co_await lower.read(ignored.data(), ignored.size(), deadline_ms);
    if (!result.ok()) co_return;
    total += result.bytes;
  }
}

// Whether a handshake failed because of the certificate that the client has, or has not.
bool is_about_client(TlsStream& stream) {
  const int reason = ERR_GET_REASON(ERR_peek_error());
  return SSL_is_server(stream.ssl()) == 1 && ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_SSL &&
         (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE || reason == SSL_R_CERTIFICATE_VERIFY_FAILED ||
          reason == SSL_R_EXCESSIVE_MESSAGE_SIZE);
}

net::Task<HandshakeResult> shake_hands(std::unique_ptr<TlsStream> stream, std::int64_t deadline_ms) {
  if (!stream) co_return Err(HandshakeFailure{.detail = "out of memory"});
  while (true) {
    const TlsStream::Handshake step = stream->handshake();
    if (step == TlsStream::Handshake::kDone) co_return std::unique_ptr<net::Stream>(std::move(stream));
    if (step == TlsStream::Handshake::kFailed) break;
    const auto wanted =
        step == TlsStream::Handshake::kWantsRead ? net::Direction::kRead : net::Direction::kWrite;
    const bool in_time = co_await net::Readiness(stream->lower(), wanted, deadline_ms);
    if (!in_time) co_return Err(HandshakeFailure{.detail = "timed out", .timed_out = true});
  }
  const bool of_client = is_about_client(*stream);
  HandshakeFailure failure{.detail = stream->handshake_error()};
  failure.client_certificate = of_client;
  failure.plain_http = SSL_is_server(stream->ssl()) == 1 && looks_like_http(stream->channel().first());
  if (failure.plain_http) {
    failure.detail = "plain HTTP on a TLS port";
    co_await answer_plainly(stream->lower());
  }
  co_return Err(std::move(failure));
}

// What the certificate must be for, unless `only_sent`: SNI carries names only (RFC 6066 section 3).
bool expect_name(SSL* ssl, std::string name, bool only_sent) {
  if (name.size() > 1 && name.back() == '.') name.pop_back();
  if (name.empty() || name.find('\0') != std::string::npos) return false;
  if (const auto address = net::parse_address(name, 0)) {
    return only_sent || X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), address->host_text().c_str()) == 1;
  }
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return (only_sent || SSL_set1_host(ssl, name.c_str()) == 1) &&
         SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
}

// What the context offers anyway is HTTP/1.1.
bool offer_protocols(SSL* ssl, Offer offer) {
  constexpr std::array<unsigned char, 12> kBoth = {2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  constexpr unsigned int kHttp2Bytes = 3;
  if (offer == Offer::kHttp11) return true;
  const auto bytes = offer == Offer::kHttp2 ? kHttp2Bytes : static_cast<unsigned int>(kBoth.size());
  return SSL_set_alpn_protos(ssl, kBoth.data(), bytes) == 0;
}

// Whether `wanted` is the one URI that the peer's certificate holds.
bool names_only(SSL* ssl, const std::string& wanted) {
  const CertificateHandle certificate(SSL_get1_peer_certificate(ssl));
  if (!certificate) return false;
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr));
  std::size_t uris = 0;
  bool found = false;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_URI) continue;
    ++uris;
    const ASN1_STRING* uri = name->d.uniformResourceIdentifier;
    const std::string_view text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                                static_cast<std::size_t>(ASN1_STRING_length(uri)));
    found = text == wanted;
  }
  GENERAL_NAMES_free(names);
  return found && uris == 1;
}

}  // namespace

net::Task<HandshakeResult> accept(std::unique_ptr<net::Stream> lower,
                                  const std::shared_ptr<ServerContext>& context, std::int64_t deadline_ms) {
  return shake_hands(TlsStream::create(std::move(lower), *context->get(), SSL_set_accept_state), deadline_ms);
}

net::Task<HandshakeResult> connect(std::unique_ptr<net::Stream> lower, std::shared_ptr<ClientContext> context,
                                   std::string server_name, std::int64_t deadline_ms, std::string spiffe_id,
                                   Offer offer) {
  auto stream = TlsStream::create(std::move(lower), *context->get(), SSL_set_connect_state);
  if (stream && !offer_protocols(stream->ssl(), offer)) {
    co_return Err(HandshakeFailure{.detail = "TLS is not available"});
  }
  if (stream && !expect_name(stream->ssl(), std::move(server_name), !spiffe_id.empty())) {
    co_return Err(HandshakeFailure{.detail = "not a server name"});
  }
  TlsStream* session = stream.get();
  auto done = co_await shake_hands(std::move(stream), deadline_ms);
  // Before a byte of ours leaves.
  if (done && !spiffe_id.empty() && !names_only(session->ssl(), spiffe_id)) {
    co_return Err(HandshakeFailure{.detail = "the certificate does not name " + spiffe_id});
  }
  co_return done;
}

SessionFacts session_facts(net::Stream& accepted, const ServerContext& by) {
  SSL* ssl = static_cast<TlsStream&>(accepted).ssl();
  SessionFacts facts;
  facts.identity = by.index_of(SSL_get_SSL_CTX(ssl));
  X509* client = SSL_get0_peer_certificate(ssl);
  if (client != nullptr && SSL_get_verify_result(ssl) == X509_V_OK) {
    facts.client = std::make_shared<const CertificateNames>(read_names(*client));
  }
  return facts;
}

}  // namespace caponier::tls
