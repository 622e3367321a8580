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
#include "base/secret.h"
#include "base/server_names.h"
#include "config/config.h"
#include "http/content_coding.h"
#include "http/message.h"
#include "jose/token.h"
#include "json/document.h"
#include "plan/identity_facts.h"
#include "plan/plan.h"
#include "reasons/reasons.h"
#include "stages/authenticate/sessions.h"
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
// What an issuer said of the request's token, asked by the driver.
struct Introspection {
  enum class Outcome : std::uint8_t { kActive, kInactive, kUnavailable };
  Outcome outcome = Outcome::kUnavailable;
  std::shared_ptr<const jose::Claims> claims;  // kActive
  std::int64_t until_s = 0;                    // wall time; how long it may be used for other requests
};
// What came of verifying a password, which the driver had done elsewhere.
enum class PasswordCheck : std::uint8_t { kUnasked, kRight, kWrong, kUnavailable };
// What a request proved to one security scheme.
struct Proof {
  bool holds = false;
  std::string_view scopes;              // that the credential carries, as words
  std::int64_t until_s = 0;             // wall time at which it ceases to hold; 0: never
  Reason over = Reason::kTokenExpired;  // what it is refused for from then on
  const plan::KnownKey* key = nullptr;  // that proved it, if it was an API key

  [[nodiscard]] bool carries(std::string_view scope) const;
};
// A credential that was found good: what proofs view, and what makes it hold no longer when it is revoked.
struct Evidence {
  std::shared_ptr<const jose::Claims> claims;        // of a token
  std::string_view token;                            // that they stand in; in the request's head
  std::int64_t leeway_s = 0;                         // of the token's issuer
  SessionPtr session;                                // of a browser; null: there is none
  std::shared_ptr<const plan::IdentityFacts> facts;  // what the proofs of API keys view; null: there are none
};
struct Principal : Evidence {  // of the credential that says who calls
  bool anonymous = true;
  std::string_view issuer;
  std::string_view subject;     // sub, else client_id; of a key: its subject
  std::string_view credential;  // what to log: "token:<digest>", "key:<id>"
  std::string_view scopes;      // as words
  // What limits count a caller by: issuer and subject of a token, so that a fresh token is not a fresh
  // budget; else the token or key itself.
  std::uint64_t credential_hash = 0;
  std::vector<Evidence> beside;   // the other credentials
  std::span<const Proof> proofs;  // by index of Plan::schemes
  // Bit i: the credentials satisfy the operation's alternative i; authorize judges its scopes.
  std::uint64_t alternatives = 0;
  // Text of a claim of the token; of other credentials only "sub" is known.
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
  std::shared_ptr<const Introspection> introspection;  // null: the issuer was not asked
  bool session_renewed = false;                        // it was tried: a second time would not help
  std::optional<LoginAnswer> login_answer;             // nothing: nobody was asked
  PasswordCheck password_check = PasswordCheck::kUnasked;
  // What would have been refused, and was not, because the operation only reports it. At most one of a stage.
  std::vector<Denial> reported;
  // Authentication was only reported: nobody vouches for what the request presents.
  bool unverified = false;
  std::optional<Limited> limit_refused;          // the limit that refused, for the headers of the answer
  std::shared_ptr<const Secret> upstream_token;  // of an issuer, by which the upstream is called; null: none
  std::string assertion;  // by which the gateway vouches for the caller; empty: it does not

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

  // API keys never go upstream; but where authentication is only reported, it is the API that verifies them.
  [[nodiscard]] bool passes_credentials() const { return unverified; }

  // Ready for the next request; keeps memory.
  void reset();
};

}  // namespace caponier::stages
