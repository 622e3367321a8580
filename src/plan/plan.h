// The Plan: contract and configuration compiled into what the stages need. Immutable; nothing on the request
// path looks at text again. Whatever is asked for and cannot be enforced stops the compilation with a located
// diagnostic.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/limits.h"
#include "config/config.h"
#include "http/media_type.h"
#include "http/message.h"
#include "jose/token.h"
#include "openapi/contract.h"
#include "plan/api_keys.h"
#include "plan/router.h"
#include "schema/program.h"
#include "uri/url.h"

namespace caponier::plan {

// Where a demand is written: "openapi.yaml:12:7".
struct Where {
  std::string text;
};

enum class KeySource : std::uint8_t { kFile, kUrl, kDiscovery, kDevelopment };

struct Issuer {
  jose::TokenRules rules;  // audiences, algorithms, leeway and longest lifetime included
  KeySource source = KeySource::kDiscovery;
  std::string keys_file;
  uri::Url keys_url;  // of the key set, or of the discovery document
  bool allow_internal_addresses = false;
  std::string ca_file;
};

enum class SchemeKind : std::uint8_t { kBearerJwt, kApiKeyHeader };
struct Scheme {
  std::string name;
  SchemeKind kind;
  std::vector<std::uint32_t> issuers;  // kBearerJwt: indices into Plan::issuers
  std::string header_name;             // kApiKeyHeader, lower case
  std::shared_ptr<const ApiKeyIndex> keys;
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

struct Parameter {
  std::string name;
  openapi::ParameterIn in;
  openapi::Style style;
  bool explode = false;
  bool required = false;
  bool allow_empty_value = false;
  bool content_json = false;     // declared by `content: application/json`
  std::uint32_t path_index = 0;  // kPath: which template parameter
  schema::ProgramPtr program;    // null: any text within the default length
  Where where;
};

struct Body {
  std::string media_type;
  http::MediaType parsed;      // views media_type
  bool json = false;           // judged by a schema, buffered
  bool opaque = false;         // streamed: size and media type only
  bool closed = false;         // json: no object in it may hold members that nothing judges
  schema::ProgramPtr program;  // null: any well-formed JSON
  std::uint64_t bytes_max = 0;
  Where where;
};

struct Response {
  std::string status;                    // "200", "4XX", "default"
  std::vector<std::string> media_types;  // empty: no body declared
  Where where;
  std::vector<http::MediaType> parsed;  // those of media_types that are media types; views of them
};

struct Operation {
  std::string id;
  std::string label;  // "GET /orders/{id}"
  std::string path;   // template with base path
  http::Method method = http::Method::kGet;
  std::vector<Alternative> alternatives;  // of which one must hold
  bool is_public = false;                 // some alternative needs nothing
  std::string public_reason;
  Where security_where;
  std::vector<Parameter> parameters;
  bool body_declared = false;
  bool body_required = false;
  std::vector<Body> bodies;
  Where body_where;
  std::vector<Response> responses;
  std::optional<Owner> owner;
  std::vector<RateLimit> limits;
  std::vector<std::string>
      provenance;  // which source won: "rate_limit.per_address 20/m: openapi.yaml:12:7, over ..."
  bool deprecated = false;
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
  Router router;
  std::vector<Scheme> schemes;
  std::vector<Issuer> issuers;
  std::vector<std::string> hosts;        // lower case, without port; empty: any
  std::vector<std::string> not_exposed;  // labels
  uri::Url upstream;
  std::string upstream_authority;  // for Host: host, and port unless it is the scheme's own
  std::string upstream_ca_file;
  std::string upstream_server_name;
  Limits limits;
  bool dev = false;
  bool hsts = true;
  std::string title;
  std::string source;  // file name of the contract
  std::vector<Finding> findings;
};

struct CompileInput {
  const openapi::Contract* contract = nullptr;
  const config::Config* config = nullptr;
  // The local development issuer, if --dev: its `iss`; empty otherwise. Its keys come from the state
  // directory.
  std::string development_issuer;
  // keys_file name -> its index; read by the caller, because the plan does no I/O. See key_files.h for the
  // names; a null index is one that could not be read, which the caller has reported.
  std::vector<std::pair<std::string, std::shared_ptr<const ApiKeyIndex>>> api_keys;
};

// Null if there are errors; all of them are in `diagnostics`, findings too.
std::shared_ptr<const Plan> compile_plan(const CompileInput& input, Diagnostics& diagnostics);

}  // namespace caponier::plan
