#include "cli/listener_tls.h"

#include <string>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "store/state_dir.h"

namespace caponier::cli {
namespace {

constexpr std::size_t kPemBytesMax = std::size_t{1024} * 1024;
constexpr std::size_t kRevocationListBytesMax = std::size_t{16} * 1024 * 1024;

Diagnostic bad_certificate(const config::Origin& at, std::string message) {
  return {.code = "bad-certificate",
          .file = at.file,
          .position = at.position,
          .pointer = at.pointer,
          .message = std::move(message)};
}

Result<tls::ServerIdentity, std::string> read_identity(const config::CertificateFiles& files) {
  auto chain = store::read_file(files.certificate_file, kPemBytesMax);
  if (!chain) return Err(chain.error());
  auto key = store::read_file(files.key_file, kPemBytesMax);
  if (!key) return Err(key.error());
  return tls::ServerIdentity{std::move(*chain), Secret(std::move(*key))};
}

Result<tls::ClientAuthentication, std::string> read_clients(const config::ClientCertificates& clients) {
  tls::ClientAuthentication out;
  out.required = clients.mode == config::ClientCertificateMode::kRequired;
  auto authorities = store::read_file(clients.ca_file, kPemBytesMax);
  if (!authorities) return Err(authorities.error());
  out.ca_pem = std::move(*authorities);
  if (clients.crl_file.empty()) return out;
  auto lists = store::read_file(clients.crl_file, kRevocationListBytesMax);
  if (!lists) return Err(lists.error());
  out.crl_pem = std::move(*lists);
  return out;
}

}  // namespace

Result<std::shared_ptr<tls::ServerContext>, Diagnostic> listener_context(
    const config::Listener& listener, const std::vector<tls::ServerIdentity>& identities) {
  const config::ClientCertificates& clients = listener.client_certificates;
  tls::ClientAuthentication authentication;
  const bool asks = clients.mode != config::ClientCertificateMode::kNone;
  if (asks) {
    auto read = read_clients(clients);
    if (!read) return Err(bad_certificate(clients.origin, read.error()));
    authentication = std::move(*read);
  }
  auto made = tls::ServerContext::create(identities, asks ? &authentication : nullptr);
  if (made) return std::move(*made);
  const tls::ContextProblem& problem = made.error();
  if (problem.of_clients) {
    return Err(bad_certificate(clients.origin, "client_certificates: " + problem.sentence));
  }
  if (problem.identity >= listener.certificates.size()) {
    return Err(bad_certificate(listener.origin, problem.sentence));
  }
  const config::CertificateFiles& files = listener.certificates[problem.identity];
  return Err(bad_certificate(files.origin,
                             files.certificate_file + ", " + files.key_file + ": " + problem.sentence));
}

Result<std::shared_ptr<tls::ServerContext>, Diagnostic> listener_context(const config::Listener& listener) {
  std::vector<tls::ServerIdentity> identities;
  for (const config::CertificateFiles& files : listener.certificates) {
    auto identity = read_identity(files);
    if (!identity) return Err(bad_certificate(files.origin, identity.error()));
    identities.push_back(std::move(*identity));
  }
  return listener_context(listener, identities);
}

}  // namespace caponier::cli
