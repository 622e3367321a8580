#include "tls/client_authentication.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <vector>

namespace caponier::tls {

namespace {

using RevocationListHandle = std::unique_ptr<X509_CRL, FreedBy<X509_CRL_free>>;

constexpr int kChainDepthMax = 8;
constexpr long kPresentedBytesMax = 32L * 1024;  // of a client's chain
constexpr std::size_t kAuthoritiesMax = 1000;
// What a session is resumed for, RFC 5077; nothing here is resumed.
constexpr unsigned char kSessionContext[] = "caponier";

Result<std::vector<CertificateHandle>, std::string> read_authorities(std::string_view pem) {
  const BioHandle bio = text_bio(pem);
  std::vector<CertificateHandle> out;
  bool malformed = !bio;
  while (CertificateHandle next = malformed ? nullptr : read_certificate(*bio, malformed)) {
    out.push_back(std::move(next));
    if (out.size() > kAuthoritiesMax) return Err(std::string("there are more than 1000 authorities"));
  }
  if (malformed) return Err("certificate authority " + std::to_string(out.size() + 1) + " cannot be read");
  if (out.empty()) return Err(std::string("there is no PEM certificate of an authority"));
  return out;
}

Result<std::vector<RevocationListHandle>, std::string> read_lists(std::string_view pem) {
  const BioHandle bio = text_bio(pem);
  std::vector<RevocationListHandle> out;
  ERR_clear_error();
  while (RevocationListHandle next{bio ? PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr)
                                       : nullptr}) {
    out.push_back(std::move(next));
  }
  const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!ended) return Err("revocation list " + std::to_string(out.size() + 1) + " cannot be read");
  if (out.empty()) return Err(std::string("there is no PEM revocation list"));
  return out;
}

std::string name_of(const X509_NAME* name) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  if (!bio || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253) < 0) return "an authority";
  char* bytes = nullptr;
  const long count = BIO_get_mem_data(bio.get(), &bytes);
  return count > 0 ? std::string(bytes, static_cast<std::size_t>(count)) : "an authority";
}

// An authority whose list is missing would have all its clients refused, and nobody would know why.
Result<Unit, std::string> add_lists(X509_STORE& store, std::string_view pem,
                                    const std::vector<CertificateHandle>& authorities) {
  auto lists = read_lists(pem);
  if (!lists) return Err(lists.error());
  for (const CertificateHandle& authority : authorities) {
    const X509_NAME* subject = X509_get_subject_name(authority.get());
    bool found = false;
    for (const RevocationListHandle& list : *lists) {
      found = found || X509_NAME_cmp(X509_CRL_get_issuer(list.get()), subject) == 0;
    }
    if (!found) return Err("the revocation list of " + name_of(subject) + " is missing");
  }
  for (const RevocationListHandle& list : *lists) {
    if (X509_STORE_add_crl(&store, list.get()) != 1) {
      return Err("a revocation list cannot be used: " + take_error("unknown reason"));
    }
  }
  if (X509_STORE_set_flags(&store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL) != 1) {
    return Err("revocation lists cannot be used: " + take_error("unknown reason"));
  }
  return Unit{};
}

}  // namespace

Result<StoreHandle, std::string> client_store(const ClientAuthentication& clients) {
  StoreHandle store(X509_STORE_new());
  if (!store) return Err(std::string("out of memory"));
  auto authorities = read_authorities(clients.ca_pem);
  if (!authorities) return Err(authorities.error());
  for (const CertificateHandle& authority : *authorities) {
    if (X509_STORE_add_cert(store.get(), authority.get()) != 1) {
      return Err("a certificate authority cannot be used: " + take_error("unknown reason"));
    }
  }
  if (!clients.crl_pem.empty()) {
    if (auto added = add_lists(*store, clients.crl_pem, *authorities); !added) return Err(added.error());
  }
  return store;
}

Result<Unit, std::string> ask_clients(SSL_CTX& context, X509_STORE& store,
                                      const ClientAuthentication& clients) {
  SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | (clients.required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     nullptr);
  SSL_CTX_set_verify_depth(&context, kChainDepthMax);
  SSL_CTX_set_max_cert_list(&context, kPresentedBytesMax);
  SSL_CTX_set1_cert_store(&context, &store);
  // The clients' authorities are no part of the server's own chain.
  SSL_CTX_set_mode(&context, SSL_MODE_NO_AUTO_CHAIN);
  // A session that is resumed would bring the verdict of another day: every handshake judges.
  SSL_CTX_set_options(&context, SSL_OP_NO_TICKET);
  const bool settled = SSL_CTX_set_num_tickets(&context, 0) == 1 &&
                       SSL_CTX_set_session_id_context(&context, kSessionContext, sizeof kSessionContext) == 1;
  auto authorities = read_authorities(clients.ca_pem);
  if (!settled || !authorities) return Err(take_error("client certificates cannot be asked for"));
  for (const CertificateHandle& authority : *authorities) {
    // So that a client that has several certificates knows which one is meant.
    if (SSL_CTX_add_client_CA(&context, authority.get()) != 1) {
      return Err("a certificate authority cannot be used: " + take_error("unknown reason"));
    }
  }
  return Unit{};
}

}  // namespace caponier::tls
