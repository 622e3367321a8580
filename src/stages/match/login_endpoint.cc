#include "stages/match/login_endpoint.h"

#include <utility>

#include "base/bytes.h"

namespace caponier::stages {
namespace {

using plan::LoginAction;

http::Method method_of(LoginAction action) {
  const bool changes = action == LoginAction::kLogout || action == LoginAction::kBackChannelLogout;
  return changes ? http::Method::kPost : http::Method::kGet;
}

Verdict<Matched> answer(const Exchange& exchange, std::uint32_t login, LoginAction action) {
  const http::Method method = method_of(action);
  if (exchange.head->method != method) {
    Denial denial = deny(Reason::kMethodUndeclared, "match", "browsers log in and out by another method",
                         exchange.plan->logins[login].where.text);
    denial.allowed_methods = 1U << static_cast<unsigned>(method);
    return denial;
  }
  if (!exchange.login_answer) return NeedLogin{login, action};
  const LoginAnswer& said = *exchange.login_answer;
  if (said.refused == Reason::kNone) return said.response;
  Denial denial = deny(said.refused, "authenticate", said.detail, exchange.plan->logins[login].where.text);
  denial.headers = said.response.headers;
  denial.guess = said.guess;
  constexpr std::int64_t kRetryAfterS = 5;
  if (entry(said.refused).status == 503) denial.retry_after_s = kRetryAfterS;
  return denial;
}

}  // namespace

std::optional<Verdict<Matched>> login_endpoint(const Exchange& exchange) {
  const auto& logins = exchange.plan->logins;
  for (std::uint32_t i = 0; i < logins.size(); ++i) {
    for (std::size_t j = 0; j < plan::kLoginActions; ++j) {
      if (exchange.head->path != logins[i].paths[j]) continue;
      if (!equals_ignore_case(exchange.head->authority, logins[i].authority)) continue;
      return answer(exchange, i, static_cast<LoginAction>(j));
    }
  }
  return std::nullopt;
}

}  // namespace caponier::stages
