#include "stages/pipeline.h"

#include "stages/admit/admit.h"
#include "stages/authenticate/authenticate.h"
#include "stages/authorize/authorize.h"
#include "stages/check/check.h"
#include "stages/limit/limit.h"
#include "stages/match/match.h"
#include "stages/validate/body.h"
#include "stages/validate/parameters.h"
#include "stages/validate/websocket.h"

namespace caponier::stages {
namespace {

// A credential that was presented and is not valid; one that was not presented guesses nothing.
bool is_failed_authentication(const Denial* denial) {
  return denial != nullptr && entry(denial->reason).status == 401 &&
         denial->reason != Reason::kCredentialMissing;
}

}  // namespace

Verdict<HeadDecision> judge_head(const State& state, Exchange& exchange) {
  // A peer over its budget costs nothing more.
  auto admitted = exchange.once(&Exchange::admitted, [&] { return admit(state, exchange); });
  if (!admitted) return std::move(admitted).refusal<HeadDecision>();

  // What is not declared does not exist.
  auto matched = exchange.once(&Exchange::matched, [&] { return match(exchange); });
  if (!matched) return std::move(matched).refusal<HeadDecision>();

  // Who is calling? Whatever is presented must be valid; a key that is not known yet is a Need.
  auto principal =
      exchange.once(&Exchange::principal, [&] { return authenticate(state, exchange, **matched); });
  if (is_failed_authentication(principal.denial())) note_failed_authentication(state, exchange);
  if (!principal) return std::move(principal).refusal<HeadDecision>();

  // Callers are counted as who they are, before anything expensive.
  auto limited =
      exchange.once(&Exchange::limited, [&] { return limit(state, exchange, **matched, **principal); });
  if (!limited) return std::move(limited).refusal<HeadDecision>();

  // May this caller do this, as far as the head tells? Who may not write is never asked for the body.
  auto authorized =
      exchange.once(&Exchange::authorized, [&] { return authorize(*exchange.plan, **matched, **principal); });
  if (!authorized) return std::move(authorized).refusal<HeadDecision>();

  // Parameters are what the document says, and nothing else.
  auto parameters =
      exchange.once(&Exchange::parameters, [&] { return validate_parameters(exchange, **matched); });
  if (!parameters) return std::move(parameters).refusal<HeadDecision>();

  // A body may come only as it is declared; a WebSocket is entered by its handshake alone.
  auto decision = exchange.once(&Exchange::head_decision, [&] {
    return (*matched)->operation->websocket ? validate_handshake(exchange, **matched)
                                            : validate_body_head(*exchange.head, **matched);
  });
  if (!decision) return std::move(decision).refusal<HeadDecision>();
  return **decision;
}

Verdict<ValidBody> judge_body(const State& /*state*/, Exchange& exchange, std::string_view body) {
  // Only a decided head has a body to judge.
  if (!exchange.matched || !exchange.head_decision || exchange.head_decision->body == nullptr)
    return Denial{};

  // What the schema does not allow does not go upstream.
  return validate_body(exchange, *exchange.matched, *exchange.head_decision, body);
}

Verdict<ResponseDecision> judge_response(const State& /*state*/, Exchange& exchange,
                                         const http::ResponseHead& head) {
  // Only an allowed request has an answer to judge.
  if (!exchange.matched || !exchange.head_decision) return Denial{};

  // An answer that is not declared does not leave.
  return check(exchange, *exchange.matched, head);
}

Verdict<ValidResponse> judge_response_body(const State& /*state*/, Exchange& exchange,
                                           const ResponseDecision& decision, std::string_view body) {
  // What the schema does not declare does not leave.
  return check_body(exchange, decision, body);
}

}  // namespace caponier::stages
