#include "gateway/login_question.h"

#include <utility>

#include "base/bytes.h"
#include "stages/authenticate/credential_place.h"
#include "stages/authenticate/session.h"

namespace caponier::gateway {
namespace {

constexpr std::size_t kCookiesMax = 64;

}  // namespace

fetch::LoginQuestion login_question(stages::Exchange& exchange, const stages::NeedLogin& need,
                                    std::string_view body) {
  const plan::Login& login = exchange.plan->logins[need.login];
  fetch::LoginQuestion question;
  question.action = need.action;
  question.query = exchange.head->query;
  question.body = body;
  stages::for_each_cookie(*exchange.head, [&](std::string_view name, std::string_view value) {
    const bool ours = name == login.cookie || name.starts_with("__Host-login-");
    if (ours && question.cookies.size() < kCookiesMax) question.cookies.emplace_back(name, value);
  });
  question.navigates = stages::shows_answer(*exchange.head);
  question.foreign = stages::is_foreign(*exchange.head, login, false);
  return question;
}

}  // namespace caponier::gateway
