// What an exchange waits for where browsers log in, and where their tokens are renewed.
#include <utility>

#include "gateway/driver.h"
#include "gateway/login_question.h"
#include "gateway/worker.h"

namespace caponier::gateway {

using stages::Exchange;

net::Task<Driver::Failed> Driver::log_in(Exchange& exchange, stages::NeedLogin need) {
  const auto& logins = service_->generation->logins;
  if (need.login >= logins.size()) {
    exchange.login_answer.emplace();
    exchange.login_answer->refused = Reason::kLoginUnavailable;
    exchange.login_answer->detail = "there is no store for sessions";
    co_return std::nullopt;
  }
  std::string_view body;
  if (auto whole = client_.whole_body()) {
    body = *whole;
  } else {
    auto failed = co_await gather_body(exchange, kLoginBodyBytesMax);
    if (failed) co_return failed;
    body = body_;
  }
  outcome_.request_body_bytes = body.size();
  if (body.size() > kLoginBodyBytesMax) {
    stages::Denial large;
    large.reason = Reason::kBodyTooLarge;
    large.stage = "authenticate";
    co_return large;
  }
  // One login asks its issuer several times.
  constexpr std::int64_t kQuestions = 4;
  const std::int64_t until_ms = deadline(kQuestions * exchange.plan->limits.time.need_ms);
  auto asking = logins[need.login]->ask(worker_.loop(), until_ms, login_question(exchange, need, body));
  auto answer = co_await asking;
  exchange.login_answer = std::move(answer);
  co_return std::nullopt;
}

net::Task<void> Driver::renew(Exchange& exchange, stages::NeedSession need) {
  exchange.session_renewed = true;
  const auto& logins = service_->generation->logins;
  if (need.login >= logins.size()) co_return;
  const std::int64_t until_ms = deadline(exchange.plan->limits.time.need_ms);
  auto asking = logins[need.login]->renew(worker_.loop(), until_ms, need.session);
  (void)co_await asking;
}

}  // namespace caponier::gateway
