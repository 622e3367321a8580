#include "tls/context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

#include "tls/fingerprint.h"
#include "tls/handles.h"
#include "tls/read_names.h"

namespace caponier::tls {

namespace {

using ContextHandle = std::unique_ptr<SSL_CTX, FreedBy<SSL_CTX_free>>;

constexpr const char* kSuites13 =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
// Forward secrecy and authenticated encryption only.
constexpr const char* kSuites12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kGroups = "X25519:P-256:P-384";
constexpr std::array<unsigned char, 9> kHttp11 = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
constexpr std::array<unsigned char, 3> kHttp2 = {2, 'h', '2'};

// What both sides have in common; null if the library refuses.
ContextHandle new_context(const SSL_METHOD* method) {
  ERR_clear_error();
  ContextHandle context(SSL_CTX_new(method));
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_ciphersuites(context.get(), kSuites13) != 1 ||
      SSL_CTX_set_cipher_list(context.get(), kSuites12) != 1 ||
      SSL_CTX_set1_groups_list(context.get(), kGroups) != 1) {
    return nullptr;
  }
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // Buffers are given back when a connection is idle, not after every record: see TlsStream.
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  return context;
}

// RFC 7301: who offers protocols and not ours is refused, so that no other protocol's server can be mistaken
// for this.
int select_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_bytes,
                    const unsigned char* offered, unsigned int offered_bytes, void*) {
  for (const std::span<const unsigned char> ours : {std::span<const unsigned char>(kHttp2), {kHttp11}}) {
    for (unsigned at = 0; at < offered_bytes; at += 1U + offered[at]) {
      const unsigned bytes = 1U + offered[at];
      if (bytes <= offered_bytes - at &&
          std::equal(ours.begin(), ours.end(), offered + at, offered + at + bytes)) {
        *chosen = offered + at + 1;
        *chosen_bytes = offered[at];
        return SSL_TLSEXT_ERR_OK;
      }
    }
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

using Certificates = Result<std::vector<CertificateHandle>, std::string>;

// All certificates of a PEM text; at least one.
Certificates read_certificates(std::string_view pem, const std::string& what) {
  const BioHandle bio = text_bio(pem);
  std::vector<CertificateHandle> certificates;
  bool malformed = !bio;
  while (CertificateHandle next = malformed ? nullptr : read_certificate(*bio, malformed)) {
    certificates.push_back(std::move(next));
  }
  if (malformed)
    return Err("certificate " + std::to_string(certificates.size() + 1) + " of " + what + " cannot be read");
  if (certificates.empty()) return Err("there is no PEM certificate in " + what);
  return certificates;
}

Result<Unit, std::string> use_chain(SSL_CTX& context, std::string_view pem) {
  auto chain = read_certificates(pem, "the certificate chain");
  if (!chain) return Err(chain.error());
  for (const CertificateHandle& certificate : *chain) {
    const bool leaf = certificate == chain->front();
    const int used = leaf ? SSL_CTX_use_certificate(&context, certificate.get())
                          : static_cast<int>(SSL_CTX_add1_chain_cert(&context, certificate.get()));
    if (used != 1) return Err("a certificate of the chain cannot be used: " + take_error("unknown reason"));
  }
  return Unit{};
}

Result<Unit, std::string> use_identity(SSL_CTX& context, std::string_view chain_pem,
                                       std::string_view key_pem) {
  auto chain = use_chain(context, chain_pem);
  if (!chain) return chain;
  const KeyHandle key = read_key(key_pem);
  if (!key) return Err(std::string("there is no PEM private key (without a passphrase)"));
  if (SSL_CTX_use_PrivateKey(&context, key.get()) == 1 && SSL_CTX_check_private_key(&context) == 1)
    return Unit{};
  ERR_clear_error();
  return Err(std::string("the private key does not belong to the certificate"));
}

Result<Unit, std::string> trust(SSL_CTX& context, std::string_view pem) {
  if (pem.empty()) {
    if (SSL_CTX_set_default_verify_paths(&context) == 1) return Unit{};
    return Err("the system's certificates cannot be read: " + take_error("unknown reason"));
  }
  auto authorities = read_certificates(pem, "the certificate authorities");
  if (!authorities) return Err(authorities.error());
  for (const CertificateHandle& authority : *authorities) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(&context), authority.get()) != 1) {
      return Err("a certificate authority cannot be used: " + take_error("unknown reason"));
    }
  }
  return Unit{};
}

}  // namespace

Result<std::shared_ptr<ServerContext>, std::string> ServerContext::create(
    std::string_view certificate_chain_pem, std::string_view key_pem) {
  std::vector<ServerIdentity> one;
  one.push_back({std::string(certificate_chain_pem), Secret(std::string(key_pem))});
  auto made = create(one, nullptr);
  if (!made) return Err(std::move(made.error().sentence));
  return std::move(*made);
}

Result<std::shared_ptr<ServerContext>, ContextProblem> ServerContext::create(
    const std::vector<ServerIdentity>& identities, const ClientAuthentication* clients) {
  auto result = std::make_shared<ServerContext>();
  for (std::size_t i = 0; i < identities.size(); ++i) {
    if (auto added = result->add(identities[i]); !added) return Err(ContextProblem{added.error(), i});
  }
  if (identities.empty()) return Err(ContextProblem{"there is no certificate"});
  if (clients != nullptr) {
    auto store = client_store(*clients);
    if (!store) return Err(ContextProblem{.sentence = store.error(), .of_clients = true});
    for (SSL_CTX* context : result->contexts_) {
      auto asked = ask_clients(*context, **store, *clients);
      if (!asked) return Err(ContextProblem{.sentence = asked.error(), .of_clients = true});
    }
  }
  return result;
}

Result<Unit, std::string> ServerContext::add(const ServerIdentity& identity) {
  ContextHandle context = new_context(TLS_server_method());
  if (!context) return Err(take_error("TLS is not available"));
  SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_alpn_select_cb(context.get(), select_protocol, nullptr);
  SSL_CTX_set_tlsext_servername_callback(context.get(), &ServerContext::choose);
  SSL_CTX_set_tlsext_servername_arg(context.get(), this);
  auto used = use_identity(*context, identity.chain_pem, identity.key_pem.reveal());
  if (!used) return used;
  const auto index = static_cast<std::uint32_t>(contexts_.size());
  X509* leaf = SSL_CTX_get0_certificate(context.get());
  for (const std::string& name : read_names(*leaf).dns_names) {
    if (!names_.add(name, index))
      return Err("another certificate of the listener is for " + name + " as well");
  }
  contexts_.push_back(context.release());
  return Unit{};
}

// RFC 6066, section 3. Who names nothing, or nobody here, meets the first identity; a name that was not asked
// for is none to be refused for.
int ServerContext::choose(SSL* ssl, int*, void* self) {
  const auto& server = *static_cast<const ServerContext*>(self);
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr || server.contexts_.size() == 1) return SSL_TLSEXT_ERR_OK;
  SSL_CTX* chosen = server.contexts_[server.names_.find(name)];
  return SSL_set_SSL_CTX(ssl, chosen) == chosen ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::uint32_t ServerContext::index_of(const SSL_CTX* context) const {
  const auto at = std::ranges::find(contexts_, context);
  return at == contexts_.end() ? 0 : static_cast<std::uint32_t>(at - contexts_.begin());
}

ServerContext::~ServerContext() {
  for (SSL_CTX* context : contexts_) SSL_CTX_free(context);
}

Result<std::shared_ptr<ClientContext>, std::string> ClientContext::create(
    std::string_view ca_pem, std::string_view certificate_chain_pem, std::string_view key_pem) {
  ContextHandle context = new_context(TLS_client_method());
  if (!context) return Err(take_error("TLS is not available"));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_set_alpn_protos(context.get(), kHttp11.data(), kHttp11.size()) != 0) {
    return Err(take_error("TLS is not available"));
  }
  auto trusted = trust(*context, ca_pem);
  if (!trusted) return Err(trusted.error());
  if (!certificate_chain_pem.empty() || !key_pem.empty()) {
    auto identity = use_identity(*context, certificate_chain_pem, key_pem);
    if (!identity) return Err(identity.error());
  }
  auto result = std::make_shared<ClientContext>();
  result->context_ = context.release();
  result->fingerprint_ = fingerprint_of(ca_pem, certificate_chain_pem, key_pem);
  return result;
}

ClientContext::~ClientContext() {
  SSL_CTX_free(context_);
}

}  // namespace caponier::tls
