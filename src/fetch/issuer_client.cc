#include "fetch/issuer_client.h"

#include <array>
#include <utility>

#include "base/bytes.h"
#include "base/texts.h"
#include "jose/private_key.h"
#include "json/write.h"
#include "store/secret_source.h"
#include "store/state_dir.h"
#include "uri/path.h"

namespace caponier::fetch {

using upstream::FetchError;
using upstream::FetchFailure;

namespace {

constexpr std::int64_t kMetadataRetryMs = 2'000;  // in which an issuer that did not say it is not asked again
constexpr std::string_view kAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

// By which an issuer is asked over TLS, as it stands in files: whom to trust, and who the gateway is.
struct TlsFiles {
  std::string authorities;  // empty: those of the system
  std::string certificate;  // empty, as the key: none
  Secret key;

  [[nodiscard]] Result<std::shared_ptr<tls::ClientContext>, std::string> context() const {
    return tls::ClientContext::create(authorities, certificate, key.reveal());
  }
};

Result<TlsFiles, std::string> tls_files(const plan::Issuer& issuer, bool with_certificate) {
  const auto read = [](const std::string& path) -> Result<std::string, std::string> {
    if (path.empty()) return std::string();
    return store::read_file(path, kConfigBytesMax);
  };
  TlsFiles files;
  auto authorities = read(issuer.ca_file);
  if (!authorities) return Err(authorities.error());
  files.authorities = std::move(*authorities);
  if (!with_certificate) return files;
  auto certificate = read(issuer.client->certificate_file);
  if (!certificate) return Err(certificate.error());
  auto key = store::read_secret(issuer.client->private_key);
  if (!key) return Err(key.error());
  files.certificate = std::move(*certificate);
  files.key = std::move(*key);
  return files;
}

upstream::JsonRequest plain_request(const plan::Issuer& issuer, uri::Url url, const TokenLimits& limits,
                                    std::int64_t deadline_ms) {
  upstream::JsonRequest request;
  request.allow_internal_addresses = issuer.allow_internal_addresses;
  request.bytes_max = limits.key_set_bytes_max;
  request.deadline_ms = deadline_ms;
  request.url = std::move(url);
  return request;
}

DigestKey random_key(RandomSource& random) {
  DigestKey key{};
  random.fill(&key, sizeof key);
  return key;
}

// RFC 7523, section 3.
std::string assertion_claims(const plan::Issuer& issuer, std::int64_t now_s, RandomSource& random) {
  std::array<char, 16> id;
  random.fill(id.data(), id.size());
  std::string claims = "{\"iss\":";
  json::append_string(claims, issuer.client->id);
  claims += ",\"sub\":";
  json::append_string(claims, issuer.client->id);
  claims += ",\"aud\":";
  json::append_string(claims, issuer.rules.issuer);
  return claims + ",\"jti\":\"" + base64url_encode({id.data(), id.size()}) +
         "\",\"iat\":" + std::to_string(now_s) + ",\"exp\":" + std::to_string(now_s + kAssertionLifetimeS) +
         "}";
}

}  // namespace

bool is_away(upstream::FetchError error) {
  switch (error) {
    case FetchError::kAddress:
    case FetchError::kUnreachable:
    case FetchError::kTls:
    case FetchError::kTimeout:
      return true;
    default:
      return false;
  }
}

void append_parameter(std::string& form, std::string_view name, std::string_view value) {
  if (!form.empty()) form += '&';
  uri::append_encoded(form, name);
  form += '=';
  uri::append_encoded(form, value);
}

std::string client_authorization(std::string_view id, std::string_view secret) {
  std::string pair;
  uri::append_encoded(pair, id);
  pair += ':';
  uri::append_encoded(pair, secret);
  std::string authorization = "Basic " + base64_encode(pair);
  wipe(pair);
  return authorization;
}

Fetched<upstream::JsonRequest> request_to(const plan::Issuer& issuer, uri::Url url, const TokenLimits& limits,
                                          std::int64_t deadline_ms) {
  upstream::JsonRequest request = plain_request(issuer, std::move(url), limits, deadline_ms);
  if (!request.url.https) return request;
  const auto files = tls_files(issuer, false);
  if (!files) return Err(FetchFailure{FetchError::kTls, files.error()});
  auto tls = files->context();
  if (!tls) return Err(FetchFailure{FetchError::kTls, tls.error()});
  request.tls = std::move(*tls);
  return request;
}

IssuerClient::IssuerClient(net::Network& network, plan::Issuer issuer, const TokenLimits& limits,
                           std::int64_t need_ms, RandomSource& random)
    : network_(network),
      issuer_(std::move(issuer)),
      limits_(limits),
      need_ms_(need_ms),
      random_(random),
      files_key_(random_key(random)),
      connections_(std::make_shared<upstream::KeptConnections>(network)) {}

net::Task<Fetched<Metadata>> IssuerClient::metadata() {
  if (network_.loop().now_ms() >= metadata_until_ms_) {
    if (!std::exchange(asking_, true)) net::spawn(fetch_metadata(shared_from_this()));
    co_await Waiting{*this};
  }
  co_return metadata_;
}

net::Task<void> IssuerClient::fetch_metadata(std::shared_ptr<IssuerClient> self) {
  auto said = co_await ask_metadata();
  const std::int64_t now_ms = network_.loop().now_ms();
  self->metadata_until_ms_ = now_ms + (said ? kMetadataLifetimeMs : kMetadataRetryMs);
  self->metadata_ = std::move(said);
  self->asking_ = false;
  for (const std::coroutine_handle<> handle : std::exchange(self->waiting_, {})) handle.resume();
}

net::Task<Fetched<Metadata>> IssuerClient::ask_metadata() {
  auto made = request(issuer_.metadata_url, false);
  if (!made) co_return Err(made.error());
  auto answer = co_await upstream::fetch_json(network_, std::move(*made));
  if (!answer) co_return Err(answer.error());
  auto read = read_metadata(answer->body, issuer_.rules.issuer, issuer_.allow_internal_addresses, limits_);
  if (!read)
    co_return Err(FetchFailure{FetchError::kProtocol, issuer_.metadata_url.text() + ": " + read.error()});
  co_return std::make_shared<const IssuerMetadata>(std::move(*read));
}

net::Task<Fetched<uri::Url>> IssuerClient::place_of(Endpoint endpoint) {
  auto said = co_await metadata();
  if (!said) co_return Err(said.error());
  const bool with_certificate = issuer_.client && !issuer_.client->certificate_file.empty();
  const auto& place = (*said)->at(endpoint, with_certificate);
  if (place) co_return *place;
  co_return Err(FetchFailure{FetchError::kProtocol,
                             issuer_.metadata_url.text() + " has no " + std::string(name(endpoint))});
}

// Read for each question, so that it can be exchanged at any time.
std::optional<FetchFailure> IssuerClient::prove(upstream::FormPost& post) {
  const plan::IssuerClient& client = *issuer_.client;
  if (client.private_key.kind == SecretReference::Kind::kNone) {
    const auto secret = store::read_secret(client.secret);
    if (!secret) return FetchFailure{FetchError::kUnreachable, secret.error()};
    post.authorization = client_authorization(client.id, secret->reveal());
    return std::nullopt;
  }
  // RFC 6749, section 3.2: no parameter comes twice.
  const bool named = ("&" + post.form).find("&client_id=") != std::string::npos;
  if (!named) append_parameter(post.form, "client_id", client.id);
  if (!client.certificate_file.empty()) return std::nullopt;
  const auto pem = store::read_secret(client.private_key);
  if (!pem) return FetchFailure{FetchError::kUnreachable, pem.error()};
  const auto key = jose::PrivateKey::from_pem(pem->reveal());
  const std::string place = client.private_key.text();
  if (!key) return FetchFailure{FetchError::kUnreachable, place + " " + key.error()};
  const std::string claims = assertion_claims(issuer_, network_.loop().now().wall_s(), random_);
  const auto assertion = key->sign("JWT", client.key_id, claims);
  if (!assertion) return FetchFailure{FetchError::kUnreachable, place + " " + assertion.error()};
  append_parameter(post.form, "client_assertion_type", kAssertionType);
  append_parameter(post.form, "client_assertion", *assertion);
  return std::nullopt;
}

Fetched<upstream::JsonRequest> IssuerClient::request(uri::Url url, bool with_certificate) {
  auto made = plain_request(issuer_, std::move(url), limits_, network_.loop().now_ms() + need_ms_);
  if (!made.url.https) return made;
  auto context = tls(with_certificate);
  if (!context) return Err(FetchFailure{FetchError::kTls, context.error()});
  made.tls = std::move(*context);
  return made;
}

Result<std::shared_ptr<tls::ClientContext>, std::string> IssuerClient::tls(bool with_certificate) {
  const auto files = tls_files(issuer_, with_certificate);
  if (!files) return Err(files.error());
  std::string text;
  Texts::append(text, files->authorities);
  Texts::append(text, files->certificate);
  Texts::append(text, files->key.reveal());
  const Digest128 digest = keyed_digest(files_key_, text);
  wipe(text);
  Tls& kept = tls_[with_certificate ? 1 : 0];
  const std::int64_t now_ms = network_.loop().now_ms();
  if (kept.context && kept.files == digest && now_ms < kept.until_ms) return kept.context;
  auto made = files->context();
  if (!made) return Err(made.error());
  kept = {std::move(*made), digest, now_ms + kIssuerTlsMaxMs};
  return kept.context;
}

Fetched<upstream::JsonRequest> IssuerClient::form_request(uri::Url url, std::string form,
                                                          std::string_view accept) {
  upstream::FormPost body;
  body.form = std::move(form);
  body.accept = accept;
  if (issuer_.client) {
    if (auto failed = prove(body)) return Err(std::move(*failed));
  }
  const bool with_certificate = issuer_.client && !issuer_.client->certificate_file.empty();
  auto made = request(std::move(url), with_certificate);
  if (!made) return made;
  made->any_answer = true;
  made->post = std::move(body);
  return made;
}

net::Task<Fetched<upstream::JsonAnswer>> IssuerClient::post(uri::Url url, std::string form,
                                                            std::string_view accept) {
  auto made = form_request(std::move(url), std::move(form), accept);
  if (!made) co_return Err(made.error());
  co_return co_await upstream::fetch_json(network_, std::move(*made));
}

net::Task<Fetched<upstream::JsonAnswer>> IssuerClient::ask(uri::Url url, std::string form,
                                                           std::string_view accept) {
  auto made = form_request(std::move(url), std::move(form), accept);
  if (!made) co_return Err(made.error());
  // What a kept connection took and did not answer is sent again, and a signature may be shown once.
  const bool signs = issuer_.client && issuer_.client->private_key.kind != SecretReference::Kind::kNone &&
                     issuer_.client->certificate_file.empty();
  if (!signs) made->connections = connections_;
  co_return co_await upstream::fetch_json(network_, std::move(*made));
}

}  // namespace caponier::fetch
