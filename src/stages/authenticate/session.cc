#include "stages/authenticate/session.h"

#include <openssl/sha.h>

#include <algorithm>

#include "base/bytes.h"
#include "stages/authenticate/credential_name.h"
#include "stages/authenticate/credential_place.h"
#include "stages/authenticate/revoked.h"
#include "stages/authenticate/step_up.h"
#include "uri/path.h"

namespace caponier::stages {
namespace {

constexpr std::size_t kCookieBytes = 43;
// An access token is renewed before it is of no use on its way to the upstream.
constexpr std::int64_t kRenewAheadS = 10;

std::string_view header_of(const http::RequestHead& head, std::string_view name) {
  for (const http::Header& header : head.headers) {
    if (equals_ignore_case(header.name, name)) return header.value;
  }
  return {};
}

bool only_reads(http::Method method) {
  return method == http::Method::kGet || method == http::Method::kHead || method == http::Method::kOptions;
}

struct Judged {
  SessionPtr session;
  Reason reason = Reason::kSessionEnded;
  std::string_view why;
};

// What the cookie names, if that is in force.
Judged find_session(const Reading& reading, const plan::Scheme& scheme, const plan::Login& login,
                    std::string_view cookie) {
  const auto name = session_name(cookie);
  if (!name) return {nullptr, Reason::kSessionEnded, "the cookie is none of a session"};
  SessionPtr session = reading.state.sessions == nullptr ? nullptr : reading.state.sessions->find(*name);
  const plan::Issuer& issuer = reading.exchange.plan->issuers[login.issuer];
  if (!session || !session->belongs(scheme.name, issuer.rules.issuer, issuer.client->id))
    return {nullptr, Reason::kSessionEnded, "there is no such session (any more)"};
  const std::int64_t now_s = reading.exchange.now.wall_s();
  if (now_s >= session->ends_s) return {nullptr, Reason::kSessionEnded, "its lifetime is over"};
  if (now_s - session->seen_s->load(std::memory_order_relaxed) > login.idle_s)
    return {nullptr, Reason::kSessionEnded, "it was idle for too long"};
  if (reading.state.identities != nullptr) {
    const auto& facts = reading.state.identities->now();
    plan::RevocableToken token =
        revocable(*session->claims, {}, reading.exchange.plan->issuers[login.issuer].rules.leeway_s);
    token.session_id = session->id;
    if (facts->revocations->find(token, now_s))
      return {nullptr, Reason::kTokenRevoked, "the session, or whom it is of, was revoked"};
  }
  return {std::move(session), Reason::kNone, {}};
}

void name_caller(Reading& reading, const SessionPtr& session, std::int64_t leeway_s) {
  Principal& principal = reading.principal;
  principal.anonymous = false;
  principal.claims = session->claims;
  principal.issuer = session->claims->issuer();
  principal.subject = session->claims->subject();
  principal.scopes = session->claims->scopes();
  principal.credential = credential_name(reading.exchange.arena, "session", session->id);
  std::string who(session->claims->issuer());
  who.append(1, '\0').append("subject").append(1, '\0').append(session->claims->subject());
  principal.credential_hash = keyed_hash(reading.state.digest_key, who);
  principal.session = session;
  principal.leeway_s = leeway_s;
}

// What the upstream is called with must still be good when it is there.
std::optional<Verdict<Unit>> renewed(Reading& reading, std::uint32_t login, const Session& session) {
  const std::int64_t now_s = reading.exchange.now.wall_s();
  if (session.access_until_s == 0 || now_s < session.access_until_s - kRenewAheadS) return std::nullopt;
  if (session.refreshable() && !reading.exchange.session_renewed)
    return Verdict<Unit>(NeedSession{login, session.name});
  if (now_s < session.access_until_s) return std::nullopt;
  if (!session.refreshable())
    return Verdict<Unit>(
        refuse_credential(Reason::kSessionEnded, "its token has ended and cannot be renewed"));
  Denial denial =
      refuse_credential(Reason::kLoginUnavailable, "its token has ended and could not be renewed");
  denial.retry_after_s = 5;
  return Verdict<Unit>(std::move(denial));
}

std::string returning(const Exchange& exchange) {
  std::string target(exchange.head->path);
  if (!exchange.head->query.empty()) target.append(1, '?').append(exchange.head->query);
  if (target.size() > kReturnBytesMax) return {};
  std::string encoded;
  uri::append_encoded(encoded, target);
  return encoded;
}

// Which must be read from the plan, because the request may have shown no session at all.
const plan::Login* login_of(const plan::Plan& plan, const plan::Operation& operation, const Denial& denial) {
  if (denial.login < plan.logins.size()) return &plan.logins[denial.login];
  for (const std::uint32_t index : operation.judged_by) {
    if (const auto* rule = plan.schemes[index].as<plan::SessionRule>()) return &plan.logins[rule->login];
  }
  return nullptr;
}

bool demands_session(const plan::Plan& plan, const plan::Operation& operation) {
  return std::ranges::any_of(operation.alternatives, [&plan](const plan::Alternative& alternative) {
    return std::ranges::any_of(alternative.all, [&plan](const plan::Requirement& requirement) {
      return plan.schemes[requirement.scheme].as<plan::SessionRule>() != nullptr;
    });
  });
}

void append_step_up(std::string& location, const plan::StepUp& rule) {
  const StepUpWish wish = wish_of(rule);
  if (!wish.classes.empty()) {
    location += "&acr_values=";
    uri::append_encoded(location, wish.classes);
  }
  if (!wish.age_max.empty()) location += "&max_age=" + wish.age_max;
}

}  // namespace

bool is_foreign(const http::RequestHead& head, const plan::Login& login, bool websocket) {
  const std::string_view origin = header_of(head, "origin");
  const std::string_view site = header_of(head, "sec-fetch-site");
  // "null" says nothing: forms of pages that send no Referer have it too.
  const bool named = !origin.empty() && origin != "null";
  if (named) return origin != login.origin;
  if (websocket) return true;
  if (site == "same-origin") return false;
  if (!origin.empty()) return true;
  if (!only_reads(head.method)) return true;
  // A person who follows a link from elsewhere reads; a script from elsewhere does not.
  return !site.empty() && site != "none" && !is_navigation(head);
}

bool shows_answer(const http::RequestHead& head) {
  const std::string_view mode = header_of(head, "sec-fetch-mode");
  if (!mode.empty()) return mode == "navigate";
  return header_of(head, "accept").find("text/html") != std::string_view::npos;
}

std::string session_cookie(std::string_view name, std::string_view secret) {
  std::string line = "Set-Cookie: ";
  line.append(name).append(1, '=').append(secret).append("; Path=/; Secure; HttpOnly; SameSite=Lax");
  if (secret.empty()) line += "; Max-Age=0";
  return line += "\r\n";
}

std::optional<SessionName> session_name(std::string_view cookie) {
  if (cookie.size() != kCookieBytes) return std::nullopt;
  const auto secret = base64url_decode(cookie);
  if (!secret) return std::nullopt;
  SessionName name;
  SHA256(reinterpret_cast<const unsigned char*>(secret->data()), secret->size(), name.data());
  return name;
}

bool is_navigation(const http::RequestHead& head) {
  if (head.method != http::Method::kGet && head.method != http::Method::kHead) return false;
  const std::string_view mode = header_of(head, "sec-fetch-mode");
  if (!mode.empty()) return mode == "navigate" && header_of(head, "sec-fetch-dest") == "document";
  return header_of(head, "accept").find("text/html") != std::string_view::npos;
}

Verdict<Unit> read_session(Reading& reading) {
  std::optional<Verdict<Unit>> refused;
  std::uint32_t refused_by = 0;
  reading.for_each<plan::SessionRule>(
      [&](std::uint32_t index, const plan::Scheme& scheme, const plan::SessionRule& rule) {
        if (!refused) refused_by = rule.login;
        const FoundCredential found = at_place(reading.exchange, scheme.place);
        if (refused || found.count == 0) return;
        if (found.count > 1) {
          refused = refuse_credential(Reason::kCredentialRepeated, "more than one cookie of the session");
          return;
        }
        const plan::Login& login = reading.exchange.plan->logins[rule.login];
        const Judged judged = find_session(reading, scheme, login, found.text);
        if (!judged.session) {
          refused = refuse_credential(judged.reason, std::string(judged.why));
          return;
        }
        if (is_foreign(*reading.exchange.head, login, reading.operation().websocket)) {
          refused = refuse_credential(Reason::kCrossSiteRequest, "not sent by a page of " + login.origin);
          return;
        }
        refused = renewed(reading, rule.login, *judged.session);
        if (refused) return;
        judged.session->seen_s->store(reading.exchange.now.wall_s(), std::memory_order_relaxed);
        reading.proofs[index] = {true, judged.session->claims->scopes(), judged.session->ends_s,
                                 Reason::kSessionEnded};
        const std::int64_t leeway_s = reading.exchange.plan->issuers[login.issuer].rules.leeway_s;
        if (reading.principal.anonymous) {
          name_caller(reading, judged.session, leeway_s);
        } else {
          reading.principal.beside.push_back({judged.session->claims, {}, leeway_s, judged.session, nullptr});
        }
      });
  if (!refused) return Unit{};
  if (Denial* denial = refused->denial()) denial->login = refused_by;
  return std::move(*refused);
}

void choose_session(Reading& reading, const Admission& admission) {
  Principal& principal = reading.principal;
  if (principal.beside.empty()) return;
  bool chosen = false;
  reading.for_each<plan::SessionRule>(
      [&](std::uint32_t index, const plan::Scheme& scheme, const plan::SessionRule& rule) {
        if (chosen || !reading.proofs[index].holds || !admission.rests_on(index)) return;
        chosen = true;
        if (principal.session->scheme == scheme.name) return;
        const auto of_scheme = [&scheme](const Evidence& one) { return one.session->scheme == scheme.name; };
        const auto place = std::ranges::find_if(principal.beside, of_scheme);
        if (place == principal.beside.end()) return;
        const SessionPtr session = place->session;
        *place = static_cast<const Evidence&>(principal);
        const plan::Login& login = reading.exchange.plan->logins[rule.login];
        name_caller(reading, session, reading.exchange.plan->issuers[login.issuer].rules.leeway_s);
      });
}

void send_to_login(const Exchange& exchange, const plan::Operation& operation, Denial& denial) {
  const plan::Login* const login = login_of(*exchange.plan, operation, denial);
  if (login == nullptr) return;
  const bool ended = denial.reason == Reason::kSessionEnded || denial.reason == Reason::kTokenRevoked;
  if (ended) denial.headers = session_cookie(login->cookie, {});
  if (!is_navigation(*exchange.head)) return;
  if (ended && operation.is_public) {
    // In path-absolute form it leads nowhere else: two slashes are no path that was matched.
    denial.location = std::string(exchange.head->path);
    if (!exchange.head->query.empty()) denial.location.append(1, '?').append(exchange.head->query);
    return;
  }
  const bool helps =
      ended || denial.reason == Reason::kCredentialMissing || denial.reason == Reason::kStepUpNeeded;
  // An issuer that has just not given what it was asked for would be asked without end.
  if (denial.asked_in_vain) return;
  if (!helps || !demands_session(*exchange.plan, operation)) return;
  denial.location =
      login->origin + login->path(plan::LoginAction::kLogin) + "?return_to=" + returning(exchange);
  if (denial.reason == Reason::kStepUpNeeded && operation.step_up)
    append_step_up(denial.location, *operation.step_up);
}

}  // namespace caponier::stages
