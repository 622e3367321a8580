// The canonical request (design 5.7): what was judged goes upstream, in one spelling, and the gateway says
// who asks.
#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "http/h1_encoder.h"
#include "stages/identity_headers.h"
#include "stages/scrub/assertion.h"
#include "stages/scrub/header_rules.h"
#include "stages/scrub/scrub.h"

namespace caponier::stages {
namespace {

using http::Field;

// RFC 7239. An authority that does not fit between quotes is left out.
void append_forwarded(TextWriter& out, const Peer& peer, std::string_view authority) {
  out.put("Forwarded: for=");
  if (peer.text.find(':') == std::string::npos) {
    out.put(peer.text);
  } else {
    out.put("\"[").put(peer.text).put("]\"");
  }
  const bool quotable =
      std::ranges::none_of(authority, [](char c) { return c == '"' || c == '\\' || c == '\r' || c == '\n'; });
  if (quotable && !authority.empty()) out.put(";host=\"").put(authority).put('"');
  if (peer.tls) {
    out.put(";proto=https\r\n");
  } else {
    out.put(";proto=http\r\n");
  }
}

void append_identity(TextWriter& out, const Principal& principal) {
  if (principal.anonymous) return;
  append_identity_headers(out, principal.subject, principal.issuer, principal.scopes);
}

// The token that the gateway keeps for a browser, which has none itself.
void append_session_token(TextWriter& out, const Exchange& exchange) {
  const SessionPtr& session = exchange.principal->session;
  if (!session || session->access_token.empty()) return;
  if (exchange.upstream_token || replaces_authorization(exchange)) return;
  out.put("Authorization: Bearer ").put(session->access_token).put("\r\n");
}

// By which the upstream can be sure of all that.
void append_assertion(TextWriter& out, const Exchange& exchange) {
  if (exchange.assertion.empty()) return;
  out.put("Caponier-Identity: ").put(exchange.assertion).put("\r\n");
  if (replaces_authorization(exchange)) {
    out.put("Authorization: Bearer ").put(exchange.assertion).put("\r\n");
  }
}

// Whether a client's header goes upstream.
bool passes(const Exchange& exchange, const http::Header& header, const ConnectionOptions& options) {
  if (is_hop_by_hop(header)) return false;
  switch (header.field) {
    case Field::kHost:    // the upstream's own
    case Field::kExpect:  // answered here
    // Credentials of a session are the gateway's business; declared cookies are written from what was judged.
    case Field::kCookie:
      return false;
    case Field::kCaponier:
      return false;
    // Only what was verified goes on, so that the backend can verify again; or, where authentication is only
    // reported, what only the backend verifies.
    case Field::kAuthorization:
      if (exchange.upstream_token || replaces_authorization(exchange)) return false;
      return !exchange.principal->token.empty() || exchange.unverified;
    case Field::kContentType:
      return true;
    // A body that was judged goes on decoded.
    case Field::kContentEncoding:
      return exchange.head_decision->coding == http::Coding::kIdentity;
    default:
      break;
  }
  // Which holds nothing but a credential for the gateway.
  if (exchange.plan->has_credential(plan::CredentialIn::kHeader, header.name))
    return exchange.passes_credentials();
  // An answer that is to be judged must come as it is.
  if (exchange.matched->operation->judges_responses && equals_ignore_case(header.name, "Accept-Encoding"))
    return false;
  const plan::Plan& plan = *exchange.plan;
  if (plan.header_names_with_signs && is_twin(plan, *exchange.matched->operation, header.name)) return false;
  const bool doubtful = is_impersonation(header) || options.list(header.name);
  if (!doubtful) return true;
  // What the document declares was judged, and the upstream must see what was judged, even if the client's
  // Connection header asks to drop it.
  const bool ours = header.field != Field::kOther && is_impersonation(header);
  return !ours && is_declared_header(*exchange.matched->operation, header.name);
}

bool append_target(TextWriter& out, const Exchange& exchange) {
  // Method, path and query came out of the stages; the encoder checks every byte again.
  std::array<char, 512> room;
  const plan::PathRewrite& rewrite = exchange.matched->operation->rewrite;
  std::string_view path = exchange.matched->canonical_path;
  if (rewrite.active) {
    // The Plan saw to it that every path of the operation begins so.
    if (!path.starts_with(rewrite.prefix)) return false;
    path.remove_prefix(rewrite.prefix.size());
    if (path.empty() && rewrite.with.empty()) path = "/";
  }
  const std::string_view base = rewrite.with;
  const std::string_view query = exchange.parameters->canonical_query;
  if (base.empty() && query.empty()) return http::append_request_line(out, exchange.head->method_text, path);
  const std::size_t length = base.size() + path.size() + (query.empty() ? 0 : query.size() + 1);
  std::string long_target;
  char* to = room.data();
  if (length > room.size()) {
    long_target.resize(length);
    to = long_target.data();
  }
  char* at = to + base.copy(to, base.size());
  at += path.copy(at, path.size());
  if (!query.empty()) {
    *at++ = '?';
    query.copy(at, query.size());
  }
  return http::append_request_line(out, exchange.head->method_text, {to, length});
}

}  // namespace

bool append_upstream_head(std::string& out, const Exchange& exchange) {
  // No verdict of a stage means no request.
  if (!exchange.matched || !exchange.principal || !exchange.authorized || !exchange.parameters ||
      !exchange.head_decision) {
    return false;
  }
  TextWriter text(out);
  if (!append_target(text, exchange)) return false;
  text.put("Host: ")
      .put(exchange.plan->upstreams[exchange.matched->operation->upstream].authority)
      .put("\r\n");
  const ConnectionOptions options(exchange.head->headers);
  for (const http::Header& header : exchange.head->headers) {
    if (!passes(exchange, header, options)) continue;
    if (!http::append_header(text, header, header.value)) return false;
  }
  if (!exchange.parameters->cookies.empty() &&
      !http::append_header(text, "Cookie", exchange.parameters->cookies)) {
    return false;
  }
  if (exchange.head_decision->websocket) {
    text.put("Connection: Upgrade\r\nUpgrade: websocket\r\n");
  } else if (wants_trailers(*exchange.head)) {
    text.put("Connection: TE\r\nTE: trailers\r\n");
  }
  append_forwarded(text, *exchange.peer, exchange.head->authority);
  text.put("X-Request-ID: ").put(exchange.request_id);
  text.put("\r\ntraceparent: 00-").put(exchange.trace_id).put('-').put(exchange.span_id).put("-01\r\n");
  append_identity(text, *exchange.principal);
  append_session_token(text, exchange);
  append_assertion(text, exchange);
  if (exchange.upstream_token) {
    text.put("Authorization: Bearer ").put(exchange.upstream_token->reveal()).put("\r\n");
  }
  return true;
}

}  // namespace caponier::stages
