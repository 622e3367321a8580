// caponier.yaml, read into typed structs; the only reader of configuration text. Unknown keys are errors with
// position and "did you mean". Everything but the contract and the upstream has a secure default. Relative
// file names are taken from the configuration file's folder.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/diagnostic.h"
#include "base/limits.h"
#include "base/secret_reference.h"
#include "base/tree.h"
#include "base/upstream_rules.h"
#include "config/identity_token.h"

namespace caponier::config {

struct OverlayFile {
  std::string file;
  Origin origin;
};

// What a listener is for. An internal operation does not exist on a public one; admin serves no operation,
// but health, readiness, metrics and reload.
enum class Surface : std::uint8_t { kPublic, kInternal, kAdmin };
std::string_view name(Surface surface);

struct CertificateFiles {
  std::string certificate_file;  // PEM chain
  std::string key_file;          // PEM
  Origin origin;
};

enum class ClientCertificateMode : std::uint8_t { kNone, kOptional, kRequired };
struct ClientCertificates {
  ClientCertificateMode mode = ClientCertificateMode::kNone;
  std::string ca_file;   // PEM: who may have issued them
  std::string crl_file;  // PEM: a revocation list of each authority; empty: none is revoked
  Origin origin;
};

enum class ForwardedHeader : std::uint8_t { kXForwardedFor, kForwarded };

// Who a listener takes a request to come from, and where it sends all of them, if it serves none.
struct ListenerRules {
  std::vector<AddressRange> proxy_protocol;   // whose connections begin with a PROXY header; empty: nobody's
  std::vector<AddressRange> trusted_proxies;  // whose word about the client's address counts
  ForwardedHeader forwarded_header = ForwardedHeader::kXForwardedFor;  // in which they say it
  std::string redirect;  // "https://api.example.com": where every request belongs; empty: it is served here
};

struct Listener {
  std::string name = "public";                 // by default that of its surface
  std::string listen;                          // as written: "https://0.0.0.0:8443"
  std::vector<CertificateFiles> certificates;  // by name of the server; the first is for all others
  ClientCertificates client_certificates;
  ListenerRules rules;
  Surface surface = Surface::kPublic;
  Origin origin;
};

// As whom the gateway asks an issuer, and how it proves that: with a secret (client_secret_basic), by signing
// (private_key_jwt, RFC 7523), or by its certificate (tls_client_auth, RFC 8705).
struct IssuerClient {
  std::string id;
  SecretReference secret;
  SecretReference private_key;   // PEM
  std::string key_id;            // `kid` of what is signed; empty: none
  std::string certificate_file;  // with private_key
  Origin origin;
};

// Where an issuer says what its opaque tokens are (RFC 7662).
struct Introspection {
  std::string url;                     // empty: where its discovery document says
  std::int64_t cache_s = 60;           // how long what was said of a token is used again
  std::int64_t negative_cache_s = 10;  // that it is not active
  bool signed_answers = false;         // RFC 9701: an answer that is not signed is none
  Origin origin;
};

struct Issuer {
  std::string issuer;                  // `iss`, exact
  std::vector<std::string> audiences;  // one of which a token must name
  bool any_audience = false;           // `audiences: any`: tokens meant for somebody else are accepted too
  std::string jwks_uri;                // one of jwks_uri, jwks_file; neither: OpenID discovery at the issuer
  std::string jwks_file;
  std::vector<std::string> algorithms;  // names; empty: the default set
  std::int64_t leeway_s = 30;
  std::int64_t token_lifetime_max_s = 24 * 3600;
  bool allow_internal_addresses =
      false;                 // key set may be fetched from loopback, private and link-local addresses
  std::string ca_file;       // to verify the key set's server; empty: the system's store
  std::string bound_tokens;  // "if_bound", "required", "certificate", "dpop"; empty: the first
  bool dpop_nonce = false;   // proofs of possession must carry a nonce of the gateway
  std::int64_t keys_stale_max_s = 24 * 3600;
  bool access_tokens_only = false;  // `typ` must be at+jwt (RFC 9068)
  std::optional<IssuerClient> client;
  std::optional<Introspection> introspection;
  Origin origin;
};

// Whose certificate counts, and by which of its names its holder is known.
struct ClientCertificateBinding {
  std::string identity;  // "uri", "dns", "email", "subject"; empty: the first of these that is there
  std::vector<std::string> allow;  // such names; a last '*' stands for any rest; empty: any
};

// Browsers that log in at an issuer, and call with a cookie of the gateway (backend for frontend).
struct Session {
  std::string origin;               // "https://app.example.com": where the browsers see the gateway
  std::string path = "/auth";       // under which login, callback and logout are
  std::vector<std::string> scopes;  // asked for besides openid
  std::vector<std::pair<std::string, std::string>> parameters;  // of the authorization request besides
  std::string after_login = "/";  // where a login without a page to return to ends
  std::string after_logout;       // a URL at which the issuer ends a logout; empty: origin and "/"
  std::int64_t idle_s = 30 * 60;
  std::int64_t lifetime_s = 12 * 3600;
  Origin at;
};

// Passwords in each request, and whose.
struct BasicBinding {
  std::string reason;      // why there is nothing better
  std::string users_file;  // lines of NAME:HASH
  Origin origin;
};

struct SchemeBinding {  // security_schemes.NAME
  std::string scheme;
  std::vector<std::string> issuers;  // of `issuer` or `issuers`
  std::optional<ClientCertificateBinding> client_certificate;
  std::optional<Session> session;  // with one issuer
  std::optional<BasicBinding> basic;
  Origin origin;
};

struct ApiKeys {
  SecretReference hash_key;  // under which API keys are hashed; none: one in the state directory
};

// operations[]: x-caponier members for operations chosen by operationId or by "METHOD /path/pattern", METHOD
// may be
// "*", a path pattern's segment "*" stands for one segment, a last "**" for any rest. Interpreted by plan/.
struct OperationOverride {
  std::string operation_id;  // one of the two
  std::string path_pattern;
  const Node* members = nullptr;  // the whole entry: `operation` or `path` stands beside the members
  Origin origin;
};

struct UpstreamEndpoint {
  std::string url;
  Origin origin;
};

struct Upstream {
  std::string name;  // in `upstreams`; empty: `upstream`
  std::string url;   // http:// or https://, of the first endpoint, whose authority Host says
  std::vector<UpstreamEndpoint> others;  // the other endpoints
  std::string ca_file;                   // https: to verify; empty: the system's store
  std::string server_name;               // https: name to verify and send; empty: the endpoint's host
  std::string certificate_file;          // https: PEM chain of our own, and its key
  std::string key_file;
  std::string spiffe_id;  // https: what the certificate must name, instead of the server's name
  UpstreamRules rules;
  UpstreamIdentity identity;
  std::optional<UpstreamToken> token;
  Origin origin;
};

struct Config {
  std::string contract_file;
  Origin contract_origin;
  std::vector<OverlayFile> overlays;  // put over the contract, in this order
  Upstream upstream;
  std::vector<Upstream> upstreams;  // by name, for operations that choose one
  std::vector<Listener> listeners;
  std::vector<std::string> origins;  // other origins whose pages may open WebSockets, lower case
  std::vector<std::string>
      hosts;  // accepted Host names; empty: those of the document's servers, or any if it names none
  std::vector<Issuer> issuers;
  std::optional<IdentityToken> identity_token;
  std::vector<SchemeBinding> schemes;
  ApiKeys api_keys;
  std::vector<OperationOverride> operations;
  const Node* defaults = nullptr;  // x-caponier members for every operation: `defaults:`
  std::string state_dir;
  std::string handover_file;  // local socket by which another process may take over; empty: none may
  std::string log_file;       // empty: decisions.ndjson in the state directory; "-": standard output
  std::uint32_t workers = 0;  // 0: one per core
  bool dev = false;           // only the command line can set it
  Limits limits;

  std::unique_ptr<Tree> tree;  // keeps the nodes alive; null without a file
  std::string file;
};

// Never null; problems are in `diagnostics`.
std::unique_ptr<Config> read_config(std::string_view text, const std::string& file, Diagnostics& diagnostics);

// "30s", "5m", "2h", "1d", "250ms" to milliseconds.
std::optional<std::int64_t> parse_duration_ms(std::string_view text);
// "64KiB", "1MiB", "500kB", "1048576" to bytes.
std::optional<std::uint64_t> parse_bytes(std::string_view text);

}  // namespace caponier::config
