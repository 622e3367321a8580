#include "stages/pipeline.h"

#include <optional>
#include <utility>

#include "base/canary.h"
#include "stages/admit/admit.h"
#include "stages/admit/guessing.h"
#include "stages/authenticate/authenticate.h"
#include "stages/authorize/authorize.h"
#include "stages/check/check.h"
#include "stages/limit/limit.h"
#include "stages/match/login_endpoint.h"
#include "stages/match/match.h"
#include "stages/match/published.h"
#include "stages/validate/body.h"
#include "stages/validate/parameters.h"
#include "stages/validate/websocket.h"

namespace caponier::stages {
namespace {

// A credential that was presented and is not valid. One that was not presented guesses nothing, nor does one
// that is good and not good enough.
bool is_failed_authentication(const Denial* denial) {
  if (denial == nullptr) return false;
  if (denial->guess) return true;
  if (entry(denial->reason).status != 401) return false;
  switch (denial->reason) {
    case Reason::kCredentialMissing:
    case Reason::kProofNonceNeeded:
    case Reason::kStepUpNeeded:
    case Reason::kTokenExpired:  // its signature was good: a page that is still open is no attack
    case Reason::kSessionEnded:  // nobody guesses 256 bits, and pages that are still open go on asking
      return false;
    default:
      return true;
  }
}

// Puts `instead` in the place of a product that was refused, where the operation only reports that, and keeps
// the refusal for the record. False if the verdict stands.
template <class T>
bool only_reported(bool applies, Exchange& exchange, Verdict<const T*>& verdict,
                   std::optional<T> Exchange::*product, T instead) {
  if (!applies || verdict.denial() == nullptr) return false;
  exchange.reported.push_back(std::move(*verdict.denial()));
  const T* const kept = &(exchange.*product).emplace(std::move(instead));
  verdict = kept;
  return true;
}

Verdict<const HeadDecision*> decide_head(Exchange& exchange, const Matched& matched) {
  const plan::Operation& operation = *matched.operation;
  const bool reports = operation.report_only.validate;

  // Parameters are what the document says, and nothing else.
  auto parameters = exchange.once(&Exchange::parameters, [&]() -> Verdict<ValidParameters> {
    if (operation.undeclared) return unjudged_parameters(exchange, matched);
    return validate_parameters(exchange, matched);
  });
  if (!parameters && reports) {
    only_reported(reports, exchange, parameters, &Exchange::parameters,
                  unjudged_parameters(exchange, matched));
  }
  if (!parameters) return std::move(parameters).refusal<const HeadDecision*>();

  // A body may come only as it is declared; a WebSocket is entered by its handshake alone.
  auto decision = exchange.once(&Exchange::head_decision, [&]() -> Verdict<HeadDecision> {
    if (operation.undeclared) return unjudged_body(*exchange.head, matched);
    return operation.websocket ? validate_handshake(exchange, matched)
                               : validate_body_head(*exchange.head, matched);
  });
  if (!decision && reports) {
    only_reported(!operation.websocket, exchange, decision, &Exchange::head_decision,
                  unjudged_body(*exchange.head, matched));
  }
  return decision;
}

}  // namespace

Verdict<HeadDecision> judge_head(const State& state, Exchange& exchange) {
  // A peer over its budget costs nothing more.
  auto admitted = exchange.once(&Exchange::admitted, [&] { return admit(state, exchange); });
  if (!admitted) return std::move(admitted).refusal<HeadDecision>();

  // What is not declared does not exist, but for what the gateway publishes itself.
  auto matched = exchange.once(&Exchange::matched, [&] {
    auto own = published(state, exchange);
    if (!own) own = login_endpoint(exchange);
    return own ? std::move(*own) : match(exchange);
  });
  if (is_failed_authentication(matched.denial()))
    note_failed_authentication(state, exchange, *matched.denial());
  if (!matched) return std::move(matched).refusal<HeadDecision>();
  const plan::ReportOnly& reports = (*matched)->operation->report_only;

  // Who is calling? Whatever is presented must be valid; a key that is not known yet is a Need.
  auto principal =
      exchange.once(&Exchange::principal, [&] { return authenticate(state, exchange, **matched); });
  if (only_reported(reports.authentication, exchange, principal, &Exchange::principal, Principal())) {
    exchange.unverified = true;
  }
  if (is_failed_authentication(principal.denial()))
    note_failed_authentication(state, exchange, *principal.denial());
  if (!principal) return std::move(principal).refusal<HeadDecision>();

  // Callers are counted as who they are, before anything expensive.
  auto limited =
      exchange.once(&Exchange::limited, [&] { return limit(state, exchange, **matched, **principal); });
  only_reported(reports.limit, exchange, limited, &Exchange::limited, Limited());
  if (!limited) return std::move(limited).refusal<HeadDecision>();

  // May this caller do this, as far as the head tells? Who may not write is never asked for the body. Of
  // somebody unknown it has been said already.
  auto authorized = exchange.once(&Exchange::authorized, [&]() -> Verdict<Authorized> {
    if (exchange.unverified || canary("upstream-before-allow")) return Authorized{};
    return authorize(**matched, **principal);
  });
  only_reported(reports.authorize, exchange, authorized, &Exchange::authorized, Authorized());
  if (!authorized) return std::move(authorized).refusal<HeadDecision>();

  auto decision = decide_head(exchange, **matched);
  if (!decision) return std::move(decision).refusal<HeadDecision>();
  return **decision;
}

Verdict<ValidBody> judge_body(const State& /*state*/, Exchange& exchange, std::string_view body) {
  // Only a decided head has a body to judge.
  if (!exchange.matched || !exchange.head_decision || exchange.head_decision->body == nullptr)
    return Denial{};

  // What the schema does not allow does not go upstream.
  auto valid = validate_body(exchange, *exchange.matched, *exchange.head_decision, body);
  Denial* const denial = valid.denial();
  if (denial == nullptr || !exchange.matched->operation->report_only.validate) return valid;
  exchange.reported.push_back(std::move(*denial));
  exchange.head_decision->coding = http::Coding::kIdentity;  // it goes on as it came
  return ValidBody{body};
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
