// The Plan: contract and configuration compiled into what the stages need. Immutable; nothing on the request
// path looks at text again. Whatever is asked for and cannot be enforced stops the compilation with a located
// diagnostic.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/limits.h"
#include "base/secret_reference.h"
#include "base/upstream_rules.h"
#include "config/config.h"
#include "http/media_type.h"
#include "http/message.h"
#include "jose/token.h"
#include "openapi/contract.h"
#include "plan/identity_token.h"
#include "plan/login.h"
#include "plan/router.h"
#include "plan/scheme.h"
#include "plan/shape.h"
#include "plan/where.h"
#include "schema/program.h"
#include "uri/style.h"
#include "uri/url.h"

namespace caponier::plan {

// kNone: its tokens are not verified here, but introspected.
enum class KeySource : std::uint8_t { kFile, kUrl, kDiscovery, kDevelopment, kNone };

// Whether an issuer's tokens must be of use to nobody but their sender. What a token is bound to must hold in
// any case.
enum class TokenBinding : std::uint8_t { kIfBound, kRequired, kCertificate, kDpop };
std::string_view name(TokenBinding binding);

// As whom the gateway asks an issuer: one of secret, signature and certificate.
struct IssuerClient {
  std::string id;
  SecretReference secret;
  SecretReference private_key;
  std::string key_id;
  std::string certificate_file;  // with private_key
  bool operator==(const IssuerClient& other) const = default;
};

struct Introspection {
  std::optional<uri::Url> url;  // nothing: where the issuer's metadata say
  std::int64_t cache_s = 0;
  std::int64_t negative_cache_s = 0;
  bool signed_answers = false;  // RFC 9701; others are refused
  bool operator==(const Introspection& other) const;
};

struct Issuer {
  jose::TokenRules rules;  // audiences, algorithms, leeway and longest lifetime included
  KeySource source = KeySource::kDiscovery;
  std::string keys_file;
  uri::Url keys_url;  // of the key set, or of the discovery document
  bool allow_internal_addresses = false;
  std::string ca_file;
  std::int64_t keys_stale_max_s = 24 * 3600;   // how long keys are used that could not be fetched again
  uri::Url metadata_url;                       // RFC 8414: of its discovery document
  std::optional<IssuerClient> client;          // as whom it is asked
  std::optional<Introspection> introspection;  // of tokens that cannot be verified here; with a client
  TokenBinding binding = TokenBinding::kIfBound;
  bool dpop_nonce = false;          // a proof of possession must carry a nonce of ours
  bool access_tokens_only = false;  // `typ` must be at+jwt
};

// By which token the gateway calls an upstream.
struct UpstreamToken {
  Issuer issuer;          // as whose client it is asked for
  bool exchange = false;  // for the caller's; else it is the gateway's own
  std::string form;       // what is the same in each request for one
  Where where;
};

// How a caller must have logged in (RFC 9470): all of what is said.
struct StepUp {
  std::vector<std::string> classes;  // acr: one of these; empty: any
  std::vector<std::string> methods;  // amr: one of these; empty: any
  std::int64_t age_max_s = 0;        // since auth_time; 0: any
  std::string challenges;            // whole lines of WWW-Authenticate for who falls short
  Where where;
};

struct Requirement {
  std::uint32_t scheme;  // index into Plan::schemes
  std::vector<std::string> scopes;
};
struct Alternative {
  std::vector<Requirement> all;  // empty: no credential needed
};

enum class LimitPer : std::uint8_t { kAddress, kCredential, kOperation };
struct RateLimit {
  std::uint64_t id = 0;  // stable across reloads: a hash of operation and kind
  LimitPer per = LimitPer::kAddress;
  std::uint32_t requests = 0;  // bucket capacity
  std::int64_t window_us = 0;  // time in which `requests` tokens come back
  std::string name;            // "per_credential"
  Where where;
  std::string policy_headers;  // RateLimit-Policy and X-RateLimit-Limit, whole lines
};

struct Owner {  // claim equals path parameter
  std::string claim;
  std::string parameter;
  std::uint32_t parameter_index = 0;  // among the path parameters of the template, in order
  Where where;
};

struct Parameter {  // of a request, or a header of a response or of a part
  std::string name;
  openapi::ParameterIn in = openapi::ParameterIn::kHeader;
  uri::Style style = uri::Style::kSimple;
  bool explode = false;
  bool deep_object = false;     // "name[key]=value"
  bool spreads = false;         // exploded: its members are pairs, or cookies, of their own
  bool list_delimited = false;  // query: a comma in the raw value parts it
  bool required = false;
  bool allow_empty_value = false;
  bool allow_reserved = false;
  bool content_json = false;     // declared by `content: application/json`
  std::uint32_t path_index = 0;  // kPath: which template parameter
  const Shape* shape = nullptr;  // of the schema; null: any text within the default length
  schema::ProgramPtr program;    // null: as for shape
  std::string default_text;      // JSON; empty: none. The API applies it, so that it is shown and not sent
  Where where;
};

// One property of a form: how it is written, and what its part of a multipart body may be.
struct FormField {
  std::string name;
  uri::Style style = uri::Style::kForm;
  bool explode = true;
  bool deep_object = false;
  bool json = false;                       // its text is JSON
  bool binary = false;                     // bytes: size and type only
  std::uint64_t bytes_max = 0;             // binary; 0: as many as the body may have
  std::vector<std::string> content_types;  // of the part; empty: not said
  std::vector<http::MediaType> parsed;     // views of content_types
  std::vector<Parameter> headers;          // of the part
};

enum class BodyForm : std::uint8_t {
  kJson,
  kForm,       // application/x-www-form-urlencoded
  kMultipart,  // multipart/form-data
  kText,       // UTF-8
  kOpaque      // streamed: size and media type only
};

struct Body {
  std::string media_type;
  http::MediaType parsed;  // views media_type
  BodyForm form = BodyForm::kOpaque;
  bool closed = false;           // no object in it may hold members that nothing judges
  const Shape* shape = nullptr;  // of forms
  std::vector<FormField> fields;
  schema::ProgramPtr program;  // null: anything that is well-formed
  std::uint64_t bytes_max = 0;
  Where where;
};

// What happens to an answer, from the strictest on.
enum class ResponseMode : std::uint8_t {
  kEnforce,  // what the document does not declare does not leave
  kStrip,    // undeclared and write-only fields are removed, the rest is enforced
  kReport,   // everything leaves; the record says what should not have
  kStream    // status, media type and headers are enforced; the body is not looked at
};

struct ResponseBody {
  std::string media_type;
  http::MediaType parsed;        // views media_type
  schema::ProgramPtr program;    // null: the body is not judged
  const Shape* shape = nullptr;  // kStrip
  Where where;
};

struct Response {
  std::string status;                // "200", "4XX", "default"
  std::vector<ResponseBody> bodies;  // the most specific first; empty: no body declared
  std::vector<Parameter> headers;
  Where where;
};

// Stages whose refusals are recorded and not acted upon. Framing, TLS, admission and the handshake of a
// WebSocket are never among them; answers have a mode of their own (ResponseMode::kReport).
struct ReportOnly {
  bool authentication = false;
  bool limit = false;
  bool authorize = false;
  bool validate = false;
};

// A prefix of the canonical path, whole segments, is replaced. Neither ends with a slash.
struct PathRewrite {
  std::string prefix;
  std::string with;
  bool active = false;
};

struct UpstreamEndpoint {
  std::string host;  // a name stands for all its addresses
  std::uint16_t port = 0;
  bool operator==(const UpstreamEndpoint&) const = default;
};

struct Upstream {
  std::string name;  // empty: the default
  [[nodiscard]] std::string label() const { return name.empty() ? "default" : name; }
  uri::Url url;           // of the first endpoint
  std::string authority;  // for Host: host, and port unless it is the scheme's own
  std::vector<UpstreamEndpoint> endpoints;
  std::string ca_file;
  std::string server_name;  // empty: each endpoint's host
  std::string certificate_file;
  std::string key_file;
  std::string spiffe_id;
  UpstreamRules rules;
  UpstreamIdentity identity;
  std::optional<UpstreamToken> token;
  Where where;
};

struct Operation {
  std::string id;
  std::string label;  // "GET /orders/{id}"
  std::string path;   // template with base path
  http::Method method = http::Method::kGet;
  std::vector<Alternative> alternatives;  // of which one must hold
  bool internal = false;                  // does not exist on a public listener
  bool is_public = false;                 // some alternative needs nothing
  // Indices of the schemes by which its callers are judged: those that it names, and those besides that read
  // another place of the request, because what is presented must be valid everywhere.
  std::vector<std::uint32_t> judged_by;
  std::string challenges;  // whole lines of WWW-Authenticate, for a 401
  std::string public_reason;
  Where security_where;
  std::vector<Parameter> parameters;
  bool body_declared = false;
  bool body_required = false;
  std::vector<Body> bodies;
  Where body_where;
  std::vector<Response> responses;
  ResponseMode response_mode = ResponseMode::kEnforce;
  std::uint64_t response_bytes_max = 0;  // of a body that is judged
  bool websocket = false;         // declares 101: it is entered by a WebSocket handshake, and by nothing else
  bool judges_responses = false;  // some body is, so that the upstream must not encode it
  bool cookies_declared = false;
  bool path_delimiters = false;  // some path parameter is divided: an encoded delimiter stays encoded
  std::optional<StepUp> step_up;
  std::optional<Owner> owner;
  std::vector<RateLimit> limits;
  std::vector<std::string>
      provenance;  // which source won: "rate_limit.per_address 20/m: openapi.yaml:12:7, over ..."
  ReportOnly report_only;
  bool undeclared = false;  // stands for every path that the document does not declare
  bool deprecated = false;
  std::uint32_t upstream = 0;      // index into Plan::upstreams
  PathRewrite rewrite;             // of the path that goes there
  std::int64_t first_byte_ms = 0;  // until its answer begins
  Where where;
};

// Something taken out, loosened or worth knowing: for `check`.
struct Finding {
  std::string code;
  std::string text;
  Where where;
};

struct Plan {
  std::vector<Operation> operations;
  // Among them, where undeclared paths are forwarded: the one that stands for them. No router knows it.
  std::uint32_t undeclared = kNoOperation;
  Router router;
  // The same without internal operations; used only where there are some.
  std::optional<Router> public_router;
  [[nodiscard]] const Router& router_for(bool internal_surface) const {
    return internal_surface || !public_router ? router : *public_router;
  }
  std::deque<Shape> shapes;
  bool path_semicolons = false;  // some path parameter has the style matrix
  std::vector<Scheme> schemes;
  // Whether what stands there is a credential for the gateway, which nobody else needs to see. Names of
  // headers in any case.
  [[nodiscard]] bool has_credential(CredentialIn in, std::string_view name) const;
  std::vector<Issuer> issuers;
  std::vector<Login> logins;
  std::optional<IdentityToken> identity_token;
  std::vector<std::string> hosts;        // lower case, without port; empty: any
  std::vector<std::string> origins;      // whose pages may open WebSockets, lower case: "https://a.example"
  std::vector<std::string> not_exposed;  // labels
  std::vector<Upstream> upstreams;       // at least one: the default is the first
  Limits limits;
  bool dev = false;
  bool hsts = true;
  bool header_names_with_signs = false;  // other than '-', of headers that are declared or hold credentials
  std::string title;
  std::string source;  // file name of the contract
  std::vector<Finding> findings;
};

struct CompileInput {
  const openapi::Contract* contract = nullptr;
  const config::Config* config = nullptr;
  // Texts of the files of users, by name.
  std::map<std::string, std::string> user_files;
  // The local development issuer, if --dev: its `iss`; empty otherwise. Its keys come from the state
  // directory.
  std::string development_issuer;
};

// Null if there are errors; all of them are in `diagnostics`, findings too.
std::shared_ptr<const Plan> compile_plan(const CompileInput& input, Diagnostics& diagnostics);

}  // namespace caponier::plan
