#include "cli/dev_identity.h"

#include <unistd.h>

#include <utility>

#include "json/write.h"
#include "tls/local_ca.h"

namespace caponier::cli {
namespace {

constexpr std::size_t kPemBytesMax = std::size_t{64} * 1024;
constexpr std::int64_t kLeafRenewS = 2 * 24 * 3600;

bool exists(const std::string& path) {
  return access(path.c_str(), F_OK) == 0;
}

// The certificate authority's certificate and key, from the state directory or new.
Result<tls::Issued, std::string> local_ca(const store::StateDir& state, std::int64_t now_s) {
  const std::string certificate_file = state.file("dev-ca.pem");
  const std::string key_file = state.file("dev-ca.key");
  if (exists(certificate_file) && exists(key_file)) {
    auto certificate = store::read_file(certificate_file, kPemBytesMax);
    if (!certificate) return Err(certificate.error());
    auto key = store::read_file(key_file, kPemBytesMax);
    if (!key) return Err(key.error());
    const auto left = tls::seconds_left(*certificate, now_s);
    if (left && *left > kLeafRenewS) return tls::Issued{std::move(*certificate), Secret(std::move(*key))};
  }
  auto made = tls::create_local_ca(now_s);
  if (!made) return Err(made.error());
  if (auto written = store::write_file_whole(key_file, made->key_pem.reveal()); !written)
    return Err(written.error());
  if (auto written = store::write_file_whole(certificate_file, made->certificate_pem); !written)
    return Err(written.error());
  return made;
}

}  // namespace

Result<DevelopmentIssuer, std::string> development_issuer(const store::StateDir& state) {
  const std::string file = state.file("dev-issuer.pem");
  const auto named = [](jose::SigningKey key) {
    std::string issuer = "urn:caponier:dev:" + key.id();
    return DevelopmentIssuer{std::move(key), std::move(issuer)};
  };
  if (exists(file)) {
    auto pem = store::read_file(file, kPemBytesMax);
    if (!pem) return Err(pem.error());
    const Secret secret(std::move(*pem));
    auto key = jose::SigningKey::from_pem(secret.reveal());
    if (!key) return Err(file + ": " + key.error() + "; remove the file to have a new key made");
    return named(std::move(*key));
  }
  auto key = jose::SigningKey::generate();
  if (!key) return Err(key.error());
  if (auto written = store::write_file_whole(file, key->to_pem().reveal()); !written)
    return Err(written.error());
  return named(std::move(*key));
}

Result<std::string, std::string> issue_token(const DevelopmentIssuer& issuer, const TokenRequest& request) {
  std::string scopes;
  for (const std::string& scope : request.scopes) scopes += (scopes.empty() ? "" : " ") + scope;
  std::string claims = "{\"iss\":";
  json::append_string(claims, issuer.issuer);
  claims += ",\"aud\":";
  json::append_string(claims, kDevelopmentAudience);
  claims += ",\"sub\":";
  json::append_string(claims, request.subject);
  claims += ",\"scope\":";
  json::append_string(claims, scopes);
  claims += ",\"iat\":" + std::to_string(request.issued_at_s) +
            ",\"exp\":" + std::to_string(request.expires_at_s) + "}";
  return issuer.key.sign(claims);
}

Result<LocalCertificate, std::string> local_certificate(const store::StateDir& state, std::int64_t now_s) {
  auto ca = local_ca(state, now_s);
  if (!ca) return Err(ca.error());
  auto leaf = tls::issue_local_leaf(ca->certificate_pem, ca->key_pem.reveal(), now_s);
  if (!leaf) return Err(leaf.error());
  return LocalCertificate{leaf->certificate_pem + ca->certificate_pem, std::move(leaf->key_pem),
                          state.file("dev-ca.pem")};
}

}  // namespace caponier::cli
