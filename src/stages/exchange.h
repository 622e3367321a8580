// One request and its answer, as the stages see it: what came in, and the products of the stages so far. It
// knows neither connection nor codec. It owns the arena that everything of this request lives in, and is
// reused.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/certificate_names.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/server_names.h"
#include "config/config.h"
#include "http/content_coding.h"
#include "http/message.h"
#include "jose/token.h"
#include "json/document.h"
#include "plan/plan.h"
#include "reasons/reasons.h"
#include "stages/verdict.h"

namespace caponier::stages {

// Who is at the other end of the connection.
struct Peer {
  std::array<std::uint8_t, 16> address{};  // IPv6, or IPv4-mapped
  std::string text;                        // "192.0.2.1"
  std::string_view listener;               // "public"
  bool tls = false;
  bool internal = false;                           // came by an internal listener
  const config::ListenerRules* rules = nullptr;    // of the listener; null: none
  const ServerNames* server_names = nullptr;       // of the listener's certificates; null: there is but one
  std::uint32_t certificate = 0;                   // that the connection began with, by index in server_names
  std::shared_ptr<const CertificateNames> client;  // the client's verified certificate; null: it has none
  std::uint64_t address_hash =
      0;  // keyed hash of limit_key(), so that not every request hashes it; 0: unknown
  // What limits are counted by: the address, IPv6 cut to its /64.
  [[nodiscard]] std::string_view limit_key() const;
};

// Products, in the order of the stages. A stage takes those of the stages before it, so that calling one too
// early does not compile.
struct Admitted {};
struct Matched {
  const plan::Operation* operation = nullptr;
  std::span<const std::string_view> path_parameters;  // decoded, in template order
  std::string_view canonical_path;                    // with base path
  std::span<const std::string_view> segments;         // of the path, decoded
  std::span<const std::string_view> raw_segments;     // as received
};
struct Principal {
  bool anonymous = true;
  std::string_view issuer;
  std::string_view subject;           // sub, else client_id; of a key: its subject
  std::string_view credential;        // what to log: "token:<digest>", "key:<id>"
  std::string_view identity_headers;  // for the upstream, ready made; lives as long as `claims`
  // What limits count a caller by: issuer and subject of a token, so that a fresh token is not a fresh
  // budget; else the token or key itself.
  std::uint64_t credential_hash = 0;
  std::shared_ptr<const jose::Claims> claims;  // of a token
  const plan::ApiKey* key = nullptr;           // of an API key: the first that was presented
  std::span<const plan::ApiKey* const> keys;   // by index of Plan::schemes, null where none was presented
  // Bit i: the credentials satisfy the operation's alternative i; authorize judges its scopes.
  std::uint64_t alternatives = 0;
  [[nodiscard]] bool has_scope(std::string_view scope) const;
  // Text of a claim of the token; of an API key only "sub" is known.
  [[nodiscard]] std::optional<std::string_view> claim(std::string_view name) const;
};
struct Limited {
  // The tightest of the limits that applied, for the headers; capacity 0: none applied.
  std::string_view name;
  std::uint32_t capacity = 0;
  std::uint32_t remaining = 0;
  std::int64_t reset_s = 0;
  std::string_view policy_headers;  // of the Plan
};
struct Authorized {};
// The head is decided: what must come before the body may be read or streamed.
struct HeadDecision {
  const plan::Operation* operation = nullptr;
  const plan::Body* body = nullptr;  // null: no body comes
  bool buffer_body = false;          // judge_body needs it whole; otherwise it is streamed
  std::uint64_t body_bytes_max = 0;
  http::Coding coding = http::Coding::kIdentity;  // of a body that is buffered: it is decoded, and goes on so
  std::string_view boundary;                      // of a multipart body
  bool websocket = false;                         // a handshake: after a 101, bytes go both ways
};
struct ValidBody {
  std::string_view bytes;  // as they go upstream
};
// The answer's head is decided.
struct ResponseDecision {
  const plan::ResponseBody* body = nullptr;  // null: the body is not judged
  plan::ResponseMode mode = plan::ResponseMode::kEnforce;
  std::uint64_t bytes_max = 0;
  const plan::Response* declared = nullptr;  // null: nothing of it is declared
  bool long_lived = false;                   // it goes on for as long as both sides like
  // Not a byte of it leaves before it is judged.
  [[nodiscard]] bool holds() const { return body != nullptr && mode < plan::ResponseMode::kReport; }
  // It leaves as it comes, and a copy is judged.
  [[nodiscard]] bool copies() const { return body != nullptr && mode == plan::ResponseMode::kReport; }
};
struct ValidResponse {
  std::string_view bytes;  // as they leave
};
struct ValidParameters {
  std::string_view canonical_query;  // as it goes upstream, without '?'
  std::string_view cookies;          // the declared ones, as they go upstream
};

struct Exchange {
  explicit Exchange(std::size_t arena_bytes = 8192) : arena(arena_bytes) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // Fixed before the first stage.
  std::shared_ptr<const plan::Plan> plan;
  Now now;
  const Peer* peer = nullptr;
  const http::RequestHead* head = nullptr;
  std::string_view request_id;  // ours, in the arena
  std::string_view trace_id;    // 32 hex digits, in the arena
  std::string_view span_id;     // 16

  // The client that a trusted proxy names; what `peer` points to then. Kept for its memory.
  Peer forwarded_peer;
  Arena arena;
  json::Document body_document;
  json::Document parameter_document;  // scratch for decoded parameters
  std::string scratch;
  std::string decoded_body;   // of a request that came encoded
  std::string stripped_body;  // of an answer that lost what it must not hold

  // Products already obtained; a stage is not run again when the driver resumes.
  std::optional<Admitted> admitted;
  std::optional<Matched> matched;
  std::optional<Principal> principal;
  std::optional<Limited> limited;
  std::optional<Authorized> authorized;
  std::optional<ValidParameters> parameters;
  std::optional<HeadDecision> head_decision;
  std::uint32_t needs = 0;  // satisfied so far; counted and bounded by the driver
  bool keys_asked = false;  // keys were needed and fetched: a second time would not help
  // What would have been refused, and was not, because the operation only reports it. At most one of a stage.
  std::vector<Denial> reported;
  // Authentication was only reported: nobody vouches for what the request presents.
  bool unverified = false;
  std::optional<Limited> limit_refused;  // the limit that refused, for the headers of the answer

  // The product of `stage`, which runs only if it is not here yet: on a resume after a Need nothing is
  // charged twice.
  template <class T, class Stage>
  Verdict<const T*> once(std::optional<T> Exchange::*product, Stage&& stage) {
    std::optional<T>& kept = this->*product;
    if (!kept) {
      Verdict<T> verdict = stage();
      if (!verdict) return std::move(verdict).template refusal<const T*>();
      kept.emplace(std::move(*verdict));
    }
    return &*kept;
  }

  // Ready for the next request; keeps memory.
  void reset();
};

}  // namespace caponier::stages
