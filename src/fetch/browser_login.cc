#include "fetch/browser_login.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"
#include "json/document.h"
#include "json/write.h"
#include "stages/authenticate/session.h"
#include "stages/authenticate/step_up.h"
#include "uri/path.h"

namespace caponier::fetch {

using plan::LoginAction;
using stages::LoginAnswer;
using stages::Session;
using stages::SessionPtr;

// What a login must remember until the browser is back.
struct BrowserLogin::Pending {
  std::string state;
  std::string nonce;
  std::string verifier;
  std::string return_to;
  std::int64_t began_s = 0;
  std::string asked = {};  // as Session::asked
};

// What the issuer's token endpoint hands out.
struct BrowserLogin::Tokens {
  std::string access_token;
  std::string refresh_token;
  std::string id_token;
  std::optional<std::string> scope;  // nothing: what was asked for
  std::int64_t access_until_s = 0;
  jose::Claims claims;  // of the ID token, verified
};

// Why it hands out none: a sentence.
struct BrowserLogin::NoTokens {
  enum class Fault : std::uint8_t {
    kAway,     // it is so for everybody
    kGrant,    // what was shown is not good any more
    kRefused,  // this one, today
  };
  Fault fault = Fault::kAway;
  std::string why;
};

namespace {

constexpr std::uint32_t kPairsMax = 32;
constexpr std::size_t kAcrBytesMax = 256;
constexpr std::string_view kLoginCookie = "__Host-login-";
constexpr std::size_t kStateShown = 8;  // characters of `state` in the cookie's name

// Parameters of a query or a form; a name that comes twice counts as none.
class Parameters {
 public:
  explicit Parameters(std::string_view text) : arena_(4096) {
    if (auto pairs = uri::parse_query(text, arena_, kPairsMax)) pairs_ = *pairs;
  }
  [[nodiscard]] std::string_view operator[](std::string_view name) const {
    std::string_view value;
    int found = 0;
    for (const uri::QueryPair& pair : pairs_) {
      if (pair.name == name && ++found == 1) value = pair.value;
    }
    return found == 1 ? value : std::string_view();
  }
  [[nodiscard]] bool has(std::string_view name) const {
    return std::ranges::any_of(pairs_, [name](const uri::QueryPair& pair) { return pair.name == name; });
  }

 private:
  Arena arena_;
  std::span<uri::QueryPair> pairs_;
};

// A path of this origin: what begins with two slashes, or with a backslash that browsers read as one, leads
// away.
bool is_local(std::string_view target) {
  if (!target.starts_with('/') || target.starts_with("//") || target.starts_with("/\\")) return false;
  return std::ranges::all_of(target, [](char c) { return c > ' ' && c < '\x7f' && c != '\\' && c != '"'; });
}

// Words that the issuer gave: "urn:example:gold silver".
bool is_plain(std::string_view text) {
  return text.size() <= kAcrBytesMax &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c < '\x7f' && c != '"' && c != '\\'; });
}

std::string challenge_of(std::string_view verifier) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(verifier.data()), verifier.size(), digest.data());
  return base64url_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string login_cookie(std::string_view state) {
  return std::string(kLoginCookie) + std::string(state.substr(0, kStateShown));
}

// Lax, because the issuer's page sends the browser back.
std::string set_cookie(std::string_view name, std::string_view value, std::int64_t lifetime_s) {
  std::string line = "Set-Cookie: ";
  line.append(name).append(1, '=').append(value).append("; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=");
  return line.append(std::to_string(lifetime_s)).append("\r\n");
}

std::string with_query(std::string place, const std::string& parameters) {
  place += place.find('?') == std::string::npos ? '?' : '&';
  return place += parameters;
}

LoginAnswer refused(Reason reason, std::string detail) {
  LoginAnswer answer;
  answer.refused = reason;
  answer.detail = std::move(detail);
  return answer;
}

LoginAnswer redirect(std::string location, std::string headers) {
  LoginAnswer answer;
  answer.response.status = 303;
  answer.response.location = std::move(location);
  answer.response.headers = std::move(headers);
  return answer;
}

std::string text_member(const json::Value& object, std::string_view name) {
  const auto value = object.find(name);
  if (!value || !value->is(json::Kind::kString) || value->string().size() > kTokenBytesMax) return {};
  return std::string(value->string());
}

std::int64_t number_member(const json::Value& object, std::string_view name) {
  const auto value = object.find(name);
  return value && value->is(json::Kind::kNumber) && value->is_integer() ? value->integer() : 0;
}

// RFC 6749, section 5.2: one of a few words; what is none is not repeated.
std::string error_word(const json::Value& object) {
  const auto value = object.find("error");
  if (!value || !value->is(json::Kind::kString)) return "no error";
  const std::string_view word = value->string();
  constexpr std::size_t kWordBytesMax = 40;
  const bool good = word.size() <= kWordBytesMax &&
                    std::ranges::all_of(word, [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
  return good ? std::string(word) : "an error";
}

std::string raw(const stages::SessionName& name) {
  return {reinterpret_cast<const char*>(name.data()), name.size()};
}

bool is_header_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

BrowserLogin::BrowserLogin(net::Network& network, plan::Login login, std::shared_ptr<IssuerClient> client,
                           std::shared_ptr<KeySource> keys, std::shared_ptr<SessionKeeper> keeper,
                           RandomSource& random)
    : network_(network),
      login_(std::move(login)),
      client_(std::move(client)),
      keys_(std::move(keys)),
      keeper_(std::move(keeper)),
      random_(random),
      judge_(network, *keys_, client_->issuer(), client_->limits()) {}

std::string BrowserLogin::about(std::string_view state) const {
  std::string text = login_.scheme;
  return text.append(1, '\0').append(client_->issuer().rules.issuer).append(1, '\0').append(state);
}

std::string BrowserLogin::random_text() {
  std::array<char, 32> bytes;
  random_.fill(bytes.data(), bytes.size());
  return base64url_encode({bytes.data(), bytes.size()});
}

Asking<LoginAnswer> BrowserLogin::ask(net::Loop& loop, std::int64_t deadline_ms, LoginQuestion question) {
  auto begin = [self = shared_from_this(), question = std::move(question)](const Reply<Answer>& reply) {
    self->network_.loop().post([self, question, reply = Reply<Answer>(reply)]() mutable {
      if (std::size_t* const taken = self->places(question.action)) {
        const bool logs_out = question.action == LoginAction::kBackChannelLogout;
        if (*taken >= (logs_out ? kLogoutsAtOnce : kLoginsAtOnce))
          return reply.say(refused(Reason::kLoginUnavailable, "too many log in or out at once"));
        ++*taken;
      }
      net::spawn(self->answer(self, std::move(question), std::move(reply)));
    });
  };
  return {loop, deadline_ms, refused(Reason::kLoginUnavailable, "the issuer did not answer in time"),
          std::move(begin)};
}

std::size_t* BrowserLogin::places(LoginAction action) {
  switch (action) {
    case LoginAction::kLogin:
    case LoginAction::kCallback:
      return &logins_;
    case LoginAction::kBackChannelLogout:
      return &logouts_;
    default:
      return nullptr;
  }
}

net::Task<void> BrowserLogin::answer(std::shared_ptr<BrowserLogin> self, LoginQuestion question,
                                     Reply<Answer> reply) {
  Answer said;
  std::size_t* const taken = self->places(question.action);
  switch (question.action) {
    case LoginAction::kLogin:
      said = co_await self->begin(std::move(question));
      break;
    case LoginAction::kCallback:
      said = co_await self->come_back(std::move(question));
      break;
    case LoginAction::kLogout:
      said = co_await self->log_out(std::move(question));
      break;
    case LoginAction::kBackChannelLogout:
      said = co_await self->log_out_by_issuer(std::move(question));
      break;
    case LoginAction::kSession:
      said = self->tell(question);
      break;
  }
  if (taken != nullptr) --*taken;
  reply.say(std::move(said));
}

SessionPtr BrowserLogin::session_of(const LoginQuestion& question) const {
  const auto found =
      std::ranges::find(question.cookies, login_.cookie, &std::pair<std::string, std::string>::first);
  if (found == question.cookies.end()) return nullptr;
  const auto name = stages::session_name(found->second);
  SessionPtr session = name ? keeper_->sessions().find(*name) : nullptr;
  const plan::Issuer& issuer = client_->issuer();
  const bool ours = session && session->belongs(login_.scheme, issuer.rules.issuer, issuer.client->id);
  return ours && !keeper_->is_over(*session) ? session : nullptr;
}

net::Task<LoginAnswer> BrowserLogin::begin(LoginQuestion question) {
  auto metadata = co_await client_->metadata();
  if (!metadata) co_return refused(Reason::kLoginUnavailable, metadata.error().detail);
  const Parameters query(question.query);
  Pending pending{random_text(), random_text(), random_text(), login_.after_login, now_s()};
  if (is_local(query["return_to"]) && query["return_to"].size() <= stages::kReturnBytesMax)
    pending.return_to = query["return_to"];

  std::string request;
  append_parameter(request, "client_id", client_->issuer().client->id);
  append_parameter(request, "response_type", "code");
  append_parameter(request, "redirect_uri", login_.origin + login_.path(LoginAction::kCallback));
  append_parameter(request, "scope", login_.scope);
  append_parameter(request, "state", pending.state);
  append_parameter(request, "nonce", pending.nonce);
  append_parameter(request, "code_challenge", challenge_of(pending.verifier));
  append_parameter(request, "code_challenge_method", "S256");
  for (const auto& [name, value] : login_.parameters) append_parameter(request, name, value);
  // Who adds them by hand asks for a better login at most.
  const std::string_view classes = is_plain(query["acr_values"]) ? query["acr_values"] : std::string_view();
  const auto age = parse_decimal(query["max_age"]);
  if (!classes.empty()) append_parameter(request, "acr_values", classes);
  if (age) append_parameter(request, "max_age", std::to_string(*age));
  if (age == 0) append_parameter(request, "prompt", "login");
  pending.asked = stages::asked_of_login(classes, age ? std::to_string(*age) : std::string());
  auto place = co_await authorization_place(std::move(request), *metadata);
  if (!place) co_return place.error();

  std::string text = "{\"nonce\":\"" + pending.nonce + "\",\"verifier\":\"" + pending.verifier +
                     "\",\"began\":" + std::to_string(pending.began_s) + ",\"return_to\":";
  json::append_string(text, pending.return_to);
  text += ",\"asked\":";
  json::append_string(text, pending.asked);
  const std::string sealed = keeper_->sealer().seal(text + "}", about(pending.state));
  if (sealed.empty()) co_return refused(Reason::kLoginUnavailable, "the login cannot be sealed");
  const std::string cookie = base64url_encode(sealed);
  std::string headers;
  std::size_t bytes = cookie.size();
  for (const auto& [name, value] : question.cookies)
    bytes += name.starts_with(kLoginCookie) ? name.size() + value.size() : 0;
  for (const auto& [name, value] : question.cookies) {
    if (bytes > kLoginCookiesBytesMax && name.starts_with(kLoginCookie)) headers += set_cookie(name, {}, 0);
  }
  headers += set_cookie(login_cookie(pending.state), cookie, kLoginLifetimeS);
  co_return redirect(std::move(*place), std::move(headers));
}

// Pushed beforehand where the issuer takes that (RFC 9126): then the browser carries a reference alone.
net::Task<Result<std::string, LoginAnswer>> BrowserLogin::authorization_place(std::string parameters,
                                                                              Metadata metadata) {
  const auto& authorization = metadata->at(Endpoint::kAuthorization);
  if (!authorization)
    co_return Err(refused(Reason::kLoginUnavailable, "the issuer names no authorization_endpoint"));
  const bool by_certificate = !client_->issuer().client->certificate_file.empty();
  const auto& push = metadata->at(Endpoint::kPushedAuthorization, by_certificate);
  if (!push) co_return with_query(authorization->text(), parameters);
  auto answer = co_await client_->post(*push, std::move(parameters));
  if (!answer) co_return Err(refused(Reason::kLoginUnavailable, answer.error().detail));
  json::Document document;
  const auto root = document.read(answer->body, JsonLimits());
  const bool object = root && root->is(json::Kind::kObject);
  const std::string reference = object ? text_member(*root, "request_uri") : std::string();
  if (answer->status / 100 != 2 || reference.empty()) {
    co_return Err(refused(Reason::kLoginUnavailable,
                          "the issuer did not take the pushed request: " + std::to_string(answer->status) +
                              ", " + (object ? error_word(*root) : "no JSON")));
  }
  std::string query;
  append_parameter(query, "client_id", client_->issuer().client->id);
  append_parameter(query, "request_uri", reference);
  co_return with_query(authorization->text(), query);
}

net::Task<LoginAnswer> BrowserLogin::come_back(LoginQuestion question) {
  const Parameters query(question.query);
  const std::string state(query["state"]);
  const auto cookie =
      std::ranges::find(question.cookies, login_cookie(state), &std::pair<std::string, std::string>::first);
  const auto sealed = state.empty() || cookie == question.cookies.end() ? std::optional<std::string>()
                                                                        : base64url_decode(cookie->second);
  const auto opened = sealed ? keeper_->sealer().open(*sealed, about(state)) : std::optional<Secret>();
  // The back button after a login: there is nothing to do.
  if (!opened && session_of(question)) co_return redirect(login_.origin + login_.after_login, {});
  if (!opened) co_return refused(Reason::kLoginRefused, "this browser has no such login under way");
  json::Document document;
  const auto root = document.read(opened->reveal(), JsonLimits());
  if (!root) co_return refused(Reason::kLoginRefused, "the login under way cannot be read");
  Pending pending{state,
                  text_member(*root, "nonce"),
                  text_member(*root, "verifier"),
                  text_member(*root, "return_to"),
                  number_member(*root, "began"),
                  text_member(*root, "asked")};
  LoginAnswer failed = refused(Reason::kLoginRefused, {});
  failed.response.headers = set_cookie(cookie->first, {}, 0);
  const auto fail = [&failed](std::string why) {
    failed.detail = std::move(why);
    return failed;
  };
  if (now_s() - pending.began_s > kLoginLifetimeS) co_return fail("the login took too long");

  auto metadata = co_await client_->metadata();
  if (!metadata) co_return refused(Reason::kLoginUnavailable, metadata.error().detail);
  // RFC 9207: an answer of another issuer is not taken for one of ours.
  const bool says = query.has("iss");
  if ((says && query["iss"] != client_->issuer().rules.issuer) || (!says && (*metadata)->names_itself))
    co_return fail("the answer is not this issuer's");
  if (query.has("error")) co_return fail("the issuer did not let the user in");
  if (query["code"].empty()) co_return fail("the issuer's answer has no code");

  std::string form;
  append_parameter(form, "grant_type", "authorization_code");
  append_parameter(form, "code", query["code"]);
  append_parameter(form, "redirect_uri", login_.origin + login_.path(LoginAction::kCallback));
  append_parameter(form, "code_verifier", pending.verifier);
  auto tokens = co_await ask_tokens(std::move(form));
  if (!tokens && tokens.error().fault == NoTokens::Fault::kGrant) {
    // By this browser, which began the login: a page of another site can only make it come back to none.
    failed.guess = true;
    co_return fail(tokens.error().why);
  }
  if (!tokens) co_return refused(Reason::kLoginUnavailable, tokens.error().why);
  auto claims = co_await judge_.id_token(tokens->id_token, pending.nonce);
  if (!claims && claims.error().fault != NotTaken::Fault::kBad)
    co_return refused(Reason::kLoginUnavailable, "the ID token: " + claims.error().why);
  if (!claims) co_return fail("the ID token: " + claims.error().why);
  tokens->claims = std::move(*claims);
  co_return co_await finish(std::move(pending), std::move(*tokens), question);
}

net::Task<Result<BrowserLogin::Tokens, BrowserLogin::NoTokens>> BrowserLogin::ask_tokens(std::string form) {
  using Fault = NoTokens::Fault;
  auto place = co_await client_->place_of(Endpoint::kToken);
  if (!place) co_return Err(NoTokens{Fault::kAway, place.error().detail});
  const std::string where = place->text();
  auto answer = co_await client_->post(std::move(*place), std::move(form));
  if (!answer) co_return Err(NoTokens{Fault::kAway, answer.error().detail});
  json::Document document;
  JsonLimits limits;
  limits.bytes_max = client_->limits().key_set_bytes_max;
  const auto root = document.read(answer->body, limits);
  const bool object = root && root->is(json::Kind::kObject);
  if (answer->status != 200 || !object) {
    constexpr std::uint16_t kTooManyRequests = 429;
    NoTokens none{Fault::kRefused, object ? error_word(*root) : "no JSON"};
    if (none.why == "invalid_grant") none.fault = Fault::kGrant;
    if (!object || none.why == "invalid_client" || answer->status == kTooManyRequests)
      none.fault = Fault::kAway;
    none.why = where + " answered with " + std::to_string(answer->status) + ", " + none.why;
    wipe(answer->body);
    co_return Err(std::move(none));
  }
  Tokens tokens;
  tokens.access_token = text_member(*root, "access_token");
  tokens.refresh_token = text_member(*root, "refresh_token");
  tokens.id_token = text_member(*root, "id_token");
  if (root->find("scope")) tokens.scope = text_member(*root, "scope");
  const auto lasts_s = read_expires_in(*root);
  const bool bearer = equals_ignore_case(text_member(*root, "token_type"), "bearer");
  document.clear();
  wipe(answer->body);
  if (tokens.access_token.empty() || !bearer || !is_header_text(tokens.access_token))
    co_return Err(NoTokens{Fault::kRefused, where + " handed out no bearer token"});
  // What is no time to come is as good as unsaid: the tokens are handed out once.
  if (lasts_s && *lasts_s) tokens.access_until_s = now_s() + **lasts_s;
  co_return std::move(tokens);
}

// A new session under a new name: whatever the browser had before means nothing any more.
net::Task<LoginAnswer> BrowserLogin::finish(Pending pending, Tokens tokens, const LoginQuestion& question) {
  const std::string secret = random_text();
  auto session = std::make_shared<Session>();
  session->name = *stages::session_name(secret);
  std::array<char, 8> id;
  random_.fill(id.data(), id.size());
  session->id = "ses_" + to_hex({id.data(), id.size()});
  session->scheme = login_.scheme;
  session->access_token = std::move(tokens.access_token);
  session->refresh_token = std::move(tokens.refresh_token);
  session->id_token = std::move(tokens.id_token);
  session->access_until_s = tokens.access_until_s;
  session->began_s = now_s();
  session->issued_s = tokens.claims.issued_at_s;
  session->asked = std::move(pending.asked);
  session->ends_s = now_s() + login_.lifetime_s;
  session->seen_s->store(now_s());
  set_claims(*session, std::move(tokens.claims), tokens.scope ? *tokens.scope : login_.scope);
  const SessionPtr before = session_of(question);
  auto begun = co_await keeper_->begin(session);
  if (!begun) co_return refused(Reason::kLoginUnavailable, begun.error());
  const auto meant = [&](const SessionKeeper::Logout& logout) {
    return logout.scheme == login_.scheme && logout.issuer == client_->issuer().rules.issuer &&
           is_meant(logout.token, *session, 0);
  };
  if (std::ranges::any_of(keeper_->logouts(), meant)) {
    keeper_->end(session->name);
    if (session->refreshable()) net::spawn(give_back(shared_from_this(), session->refresh_token));
    co_return refused(Reason::kLoginRefused, "the issuer has logged the user out meanwhile");
  }
  if (before) keeper_->end(before->name);
  const std::string to = is_local(pending.return_to) ? pending.return_to : login_.after_login;
  co_return redirect(login_.origin + to, stages::session_cookie(login_.cookie, secret) +
                                             set_cookie(login_cookie(pending.state), {}, 0));
}

net::Task<LoginAnswer> BrowserLogin::log_out(LoginQuestion question) {
  if (question.foreign)
    co_return refused(Reason::kCrossSiteRequest, "not sent by a page of " + login_.origin);
  std::string to = login_.after_logout;
  if (const SessionPtr session = session_of(question)) {
    keeper_->end(session->name);
    if (session->refreshable()) net::spawn(give_back(shared_from_this(), session->refresh_token));
    auto metadata = co_await client_->metadata();
    const bool there = metadata && (*metadata)->at(Endpoint::kEndSession);
    if (there) {
      std::string query;
      // A script that reads the answer is told nothing of the user.
      if (question.navigates) append_parameter(query, "id_token_hint", session->id_token);
      append_parameter(query, "client_id", client_->issuer().client->id);
      append_parameter(query, "post_logout_redirect_uri", login_.after_logout);
      to = with_query((*metadata)->at(Endpoint::kEndSession)->text(), query);
    }
  }
  LoginAnswer answer = redirect(std::move(to), stages::session_cookie(login_.cookie, {}));
  if (question.navigates) co_return answer;
  // A script cannot follow to another origin: it is told where to send the user.
  answer.response.status = 200;
  answer.response.content_type = "application/json";
  answer.response.body = "{\"location\":";
  json::append_string(answer.response.body, std::exchange(answer.response.location, {}));
  answer.response.body += "}\n";
  co_return answer;
}

// RFC 7009. That it fails harms nobody: the session is over.
net::Task<void> BrowserLogin::give_back(std::shared_ptr<BrowserLogin> self, std::string refresh_token) {
  auto metadata = co_await self->client_->metadata();
  const auto* place = metadata ? &(*metadata)->at(Endpoint::kRevocation) : nullptr;
  if (place != nullptr && *place) {
    std::string form;
    append_parameter(form, "token", refresh_token);
    append_parameter(form, "token_type_hint", "refresh_token");
    (void)co_await self->client_->post(**place, std::move(form));
  }
  wipe(refresh_token);
}

net::Task<LoginAnswer> BrowserLogin::log_out_by_issuer(LoginQuestion question) {
  const Parameters form(question.body);
  auto token = co_await judge_.logout_token(std::string(form["logout_token"]));
  if (!token && token.error().fault == NotTaken::Fault::kNoKeys)
    co_return refused(Reason::kLoginUnavailable, "the logout token: " + token.error().why);
  if (!token) co_return refused(Reason::kLogoutRefused, "the logout token: " + token.error().why);
  std::vector<stages::SessionName> over;
  const std::int64_t leeway_s = client_->issuer().rules.leeway_s;
  const auto meant = [&](const Session& session) { return is_meant(*token, session, leeway_s); };
  for (const SessionPtr& session : keeper_->sessions().all(meant)) over.push_back(session->name);
  keeper_->end(over);
  keeper_->note_logout({login_.scheme, client_->issuer().rules.issuer, std::move(*token)});
  LoginAnswer done;
  done.response.status = 200;
  co_return done;
}

bool BrowserLogin::is_meant(const LogoutToken& token, const Session& session, std::int64_t leeway_s) const {
  const plan::Issuer& issuer = client_->issuer();
  if (session.scheme != login_.scheme || session.claims->issuer() != issuer.rules.issuer) return false;
  // By its id at the issuer where both say it; else by its subject alone.
  const bool by_id = !token.provider_session.empty() && !session.provider_session.empty();
  if (by_id && session.provider_session != token.provider_session) return false;
  if (!by_id && token.subject.empty()) return false;
  if (!token.subject.empty() && session.claims->subject() != token.subject) return false;
  // One that is posted again ends nothing that began after it was made. Both by the issuer's clock, where it
  // says.
  const std::int64_t began_s = session.issued_s != 0 ? session.issued_s : session.began_s;
  return began_s <= token.issued_at_s + leeway_s;
}

// For a page's script: who has logged in, and until when.
LoginAnswer BrowserLogin::tell(const LoginQuestion& question) const {
  const SessionPtr session = session_of(question);
  if (!session) return refused(Reason::kSessionEnded, "nobody has logged in");
  LoginAnswer answer;
  answer.response.status = 200;
  answer.response.content_type = "application/json";
  std::string& body = answer.response.body;
  body = "{\"subject\":";
  json::append_string(body, session->claims->subject());
  body += ",\"issuer\":";
  json::append_string(body, session->claims->issuer());
  body += ",\"session\":";
  json::append_string(body, session->id);
  body += ",\"ends_in\":" + std::to_string(session->ends_s - now_s()) + "}\n";
  return answer;
}

Asking<bool> BrowserLogin::renew(net::Loop& loop, std::int64_t deadline_ms, const stages::SessionName& name) {
  auto begin = [self = shared_from_this(), name](const Reply<bool>& reply) {
    self->network_.loop().post([self, name, reply] { self->take_renewal(name, reply); });
  };
  return {loop, deadline_ms, false, std::move(begin)};
}

void BrowserLogin::take_renewal(const stages::SessionName& name, Reply<bool> reply) {
  constexpr std::int64_t kAheadS = 10;
  const SessionPtr session = keeper_->sessions().find(name);
  // Somebody was faster.
  const bool fresh = session && session->access_until_s > now_s() + kAheadS;
  if (!session || fresh || !session->refreshable() || keeper_->is_over(*session)) return reply.say(true);
  if (!may_renew_now(name)) return reply.say(false);
  auto& waiting = keeper_->renewals()[raw(name)];
  waiting.push_back(std::move(reply));
  if (waiting.size() == 1) net::spawn(renew_now(shared_from_this(), session));
}

bool BrowserLogin::may_renew_now(const stages::SessionName& name) const {
  const std::int64_t now_ms = network_.loop().now_ms();
  const auto paused = paused_.find(raw(name));
  return now_ms >= no_renewal_before_ms_ && (paused == paused_.end() || now_ms >= paused->second);
}

net::Task<void> BrowserLogin::renew_now(std::shared_ptr<BrowserLogin> self, SessionPtr session) {
  std::string form;
  append_parameter(form, "grant_type", "refresh_token");
  append_parameter(form, "refresh_token", session->refresh_token);
  auto tokens = co_await self->ask_tokens(std::move(form));
  bool renewed = false;
  const std::int64_t pause_ms = self->network_.loop().now_ms() + kRenewalPauseMs;
  if (self->paused_.size() >= kRenewalsPaused) self->paused_.clear();
  self->paused_.erase(raw(session->name));
  if (tokens) {
    renewed = co_await self->take_tokens(session, std::move(*tokens));
  } else if (tokens.error().fault == NoTokens::Fault::kGrant) {
    self->keeper_->end(session->name);
  } else if (tokens.error().fault == NoTokens::Fault::kAway) {
    self->no_renewal_before_ms_ = pause_ms;
  } else {
    self->paused_[raw(session->name)] = pause_ms;
  }
  auto& renewals = self->keeper_->renewals();
  const auto found = renewals.find(raw(session->name));
  const std::vector<Reply<bool>> waiting = std::move(found->second);
  renewals.erase(found);
  for (const Reply<bool>& reply : waiting) reply.say(renewed);
}

net::Task<bool> BrowserLogin::take_tokens(SessionPtr session, Tokens tokens) {
  auto next = std::make_shared<Session>(*session);
  next->access_token = std::move(tokens.access_token);
  next->access_until_s = tokens.access_until_s;
  if (!tokens.refresh_token.empty()) next->refresh_token = std::move(tokens.refresh_token);
  // What is granted now counts, also where it is less than before.
  const std::string scope = tokens.scope ? *tokens.scope : std::string(session->claims->scopes());
  if (tokens.id_token.empty()) {
    set_claims(*next, *session->claims, scope);
  } else {
    // OpenID Connect Core, section 12.2: of the same user, or it is not taken.
    auto claims = co_await judge_.id_token(tokens.id_token, {});
    if (!claims && claims.error().fault != NotTaken::Fault::kBad) {
      // Nobody knows whether it is good: what was verified at the login goes on to hold.
      set_claims(*next, *session->claims, scope);
    } else if (!claims || claims->subject() != session->claims->subject()) {
      keeper_->end(session->name);
      if (!next->refresh_token.empty()) net::spawn(give_back(shared_from_this(), next->refresh_token));
      co_return false;
    } else {
      if (claims->authenticated_at_s == 0) claims->authenticated_at_s = session->claims->authenticated_at_s;
      next->id_token = std::move(tokens.id_token);
      set_claims(*next, std::move(*claims), scope);
    }
  }
  const std::string refresh_token = next->refresh_token;
  const auto written = co_await keeper_->renew(std::move(next));
  const bool lives = written && *written;
  // Whoever logged out meanwhile leaves no token behind.
  if (!lives && !refresh_token.empty()) net::spawn(give_back(shared_from_this(), refresh_token));
  co_return lives;
}

}  // namespace caponier::fetch
