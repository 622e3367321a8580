#include "stages/admit/redirect.h"

#include <algorithm>

#include "base/bytes.h"
#include "uri/style.h"

namespace caponier::stages {
namespace {

constexpr std::string_view kStage = "admit";
constexpr std::uint16_t kPermanentRedirect = 308;

bool is_credential(const plan::Plan& plan, const http::Header& header) {
  switch (header.field) {
    case http::Field::kAuthorization:
    case http::Field::kProxyAuthorization:
    case http::Field::kCookie:
      return true;
    default:
      break;
  }
  return std::ranges::any_of(plan.schemes, [&header](const plan::Scheme& scheme) {
    return scheme.place.in == plan::CredentialIn::kHeader &&
           equals_ignore_case(scheme.place.name, header.name);
  });
}

// RFC 6750, section 2.3: a token is not accepted there, and yet it was sent. An API key may be.
bool has_credential(const plan::Plan& plan, std::string_view query, Arena& arena) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const auto name = uri::decode_part(pair.substr(0, pair.find('=')), uri::Escapes::kForm, arena);
    if (!name) continue;
    if (equals_ignore_case(*name, "access_token") || plan.has_credential(plan::CredentialIn::kQuery, *name))
      return true;
  }
  return false;
}

}  // namespace

Verdict<Admitted> redirect(Exchange& exchange, std::string_view to) {
  const http::RequestHead& head = *exchange.head;
  const bool exposed = std::ranges::any_of(head.headers, [&exchange](const http::Header& header) {
    return is_credential(*exchange.plan, header);
  });
  if (exposed || has_credential(*exchange.plan, head.query, exchange.arena)) {
    return deny(Reason::kCredentialExposed, kStage, "a credential came over plain HTTP");
  }
  if (head.method != http::Method::kGet && head.method != http::Method::kHead) {
    return deny(Reason::kHttpsRequired, kStage, "only GET and HEAD are redirected");
  }
  LocalResponse answer;
  answer.status = kPermanentRedirect;
  answer.location = to;
  answer.location += head.path;
  if (head.has_query) answer.location.append("?").append(head.query);
  return answer;
}

}  // namespace caponier::stages
