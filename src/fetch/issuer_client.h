// The gateway as a client of one issuer: the one way in which it asks an issuer's endpoints for something.
// Everything happens on the loop of its network. Where the issuer's endpoints are, it says itself (RFC 8414);
// that is asked once for many, and again after an hour.
#pragma once

#include <array>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/limits.h"
#include "base/random.h"
#include "fetch/issuer_metadata.h"
#include "net/network.h"
#include "plan/plan.h"
#include "tls/context.h"
#include "upstream/http_client.h"

namespace caponier::fetch {

inline constexpr std::int64_t kMetadataLifetimeMs = 3'600'000;
inline constexpr std::int64_t kIssuerTlsMaxMs = 600'000;  // then authorities are read again
inline constexpr std::int64_t kAssertionLifetimeS = 60;   // of a signature that says who asks (RFC 7523)

template <class T>
using Fetched = Result<T, upstream::FetchFailure>;
using Metadata = std::shared_ptr<const IssuerMetadata>;

// A GET of `url` as the issuer's settings have it: its authorities, and whether it may be inside.
Fetched<upstream::JsonRequest> request_to(const plan::Issuer& issuer, uri::Url url, const TokenLimits& limits,
                                          std::int64_t deadline_ms);

class IssuerClient : public std::enable_shared_from_this<IssuerClient> {
 public:
  // `random` may be used by the loop's thread.
  IssuerClient(net::Network& network, plan::Issuer issuer, const TokenLimits& limits, std::int64_t need_ms,
               RandomSource& random);

  [[nodiscard]] const plan::Issuer& issuer() const { return issuer_; }
  [[nodiscard]] const TokenLimits& limits() const { return limits_; }
  net::Task<Fetched<Metadata>> metadata();
  // Where `endpoint` is for this client.
  net::Task<Fetched<uri::Url>> place_of(Endpoint endpoint);
  // Sends `form` (without a credential) to the issuer, as its client if there is one. Answers of 2xx and 4xx
  // are answers. `accept` is the media type that is asked for.
  net::Task<Fetched<upstream::JsonAnswer>> post(uri::Url url, std::string form,
                                                std::string_view accept = "application/json");
  // The same for what changes nothing at the issuer and may arrive twice: over connections that are kept.
  net::Task<Fetched<upstream::JsonAnswer>> ask(uri::Url url, std::string form, std::string_view accept);

 private:
  net::Task<void> fetch_metadata(std::shared_ptr<IssuerClient> self);
  net::Task<Fetched<Metadata>> ask_metadata();
  [[nodiscard]] Fetched<upstream::JsonRequest> request(uri::Url url, bool with_certificate);
  [[nodiscard]] Fetched<upstream::JsonRequest> form_request(uri::Url url, std::string form,
                                                            std::string_view accept);
  // By the files as they are now; made once for as long as they stay the same.
  [[nodiscard]] Result<std::shared_ptr<tls::ClientContext>, std::string> tls(bool with_certificate);
  [[nodiscard]] std::optional<upstream::FetchFailure> prove(upstream::FormPost& post);

  struct Waiting {
    IssuerClient& client;
    // What fails at once has ended before anybody waits.
    [[nodiscard]] bool await_ready() const { return !client.asking_; }
    void await_suspend(std::coroutine_handle<> handle) const { client.waiting_.push_back(handle); }
    void await_resume() const {}
  };

  struct Tls {
    std::shared_ptr<tls::ClientContext> context;
    Digest128 files;
    std::int64_t until_ms = 0;  // steady
  };

  net::Network& network_;
  const plan::Issuer issuer_;
  const TokenLimits limits_;
  const std::int64_t need_ms_;
  RandomSource& random_;
  const DigestKey files_key_;
  const std::shared_ptr<upstream::KeptConnections> connections_;
  std::array<Tls, 2> tls_;                   // without and with a certificate
  Fetched<Metadata> metadata_ = Metadata();  // the last, or why there is none
  std::int64_t metadata_until_ms_ = 0;       // steady
  bool asking_ = false;
  std::vector<std::coroutine_handle<>> waiting_;
};

// Nobody is there, whatever is asked for; an answer that is none may be one to a strange question alone.
bool is_away(upstream::FetchError error);

// "name=value" appended to a form or a query, encoded.
void append_parameter(std::string& form, std::string_view name, std::string_view value);

// RFC 6749, section 2.3.1: both parts are form-encoded before they are joined.
std::string client_authorization(std::string_view id, std::string_view secret);

}  // namespace caponier::fetch
