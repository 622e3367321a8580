#include "fetch/session_keeper.h"

#include <algorithm>
#include <utility>

#include "json/document.h"
#include "json/write.h"
#include "stages/authenticate/revoked.h"

namespace caponier::fetch {
namespace {

using stages::Session;
using stages::SessionPtr;

std::string raw(const stages::SessionName& name) {
  return {reinterpret_cast<const char*>(name.data()), name.size()};
}

// Everything but what it is filed under.
Secret text_of(const Session& session) {
  std::string out = "{\"version\":1";
  const auto text = [&out](std::string_view name, std::string_view value) {
    out.append(",\"").append(name).append("\":");
    json::append_string(out, value);
  };
  text("id", session.id);
  text("scheme", session.scheme);
  text("id_token", session.id_token);
  text("access_token", session.access_token);
  text("refresh_token", session.refresh_token);
  text("sid", session.provider_session);
  text("scope", session.claims->scopes());
  out += ",\"access_until\":" + std::to_string(session.access_until_s) +
         ",\"began\":" + std::to_string(session.began_s) + ",\"issued\":" + std::to_string(session.issued_s) +
         "}";
  return Secret(std::move(out));
}

SessionPtr read_session(const store::SessionRow& row, std::string_view text, const TokenLimits& limits) {
  json::Document document;
  const auto root = document.read(text, JsonLimits());
  if (!root || !root->is(json::Kind::kObject) || row.name.size() != stages::SessionName().size())
    return nullptr;
  const auto member = [&root](std::string_view name) -> std::string {
    const auto value = root->find(name);
    return value && value->is(json::Kind::kString) ? std::string(value->string()) : std::string();
  };
  const auto number = [&root](std::string_view name) -> std::int64_t {
    const auto value = root->find(name);
    return value && value->is(json::Kind::kNumber) && value->is_integer() ? value->integer() : 0;
  };
  auto session = std::make_shared<Session>();
  std::copy(row.name.begin(), row.name.end(), session->name.begin());
  session->id = member("id");
  session->scheme = member("scheme");
  session->id_token = member("id_token");
  session->access_token = member("access_token");
  session->refresh_token = member("refresh_token");
  session->provider_session = member("sid");
  session->access_until_s = number("access_until");
  session->began_s = number("began");
  session->issued_s = number("issued");
  session->ends_s = row.ends_s;
  session->seen_s->store(row.seen_s);
  auto claims = kept_claims(session->id_token, limits);
  if (!claims) return nullptr;
  set_claims(*session, std::move(*claims), member("scope"));
  return session;
}

}  // namespace

void set_claims(Session& session, jose::Claims claims, std::string_view scope) {
  std::string words;
  append_words(words, scope);
  claims.set(jose::Claims::Text::kScopes, words);
  // Of whom the token is meant for, who else; an ID token seldom says it twice.
  if (claims.client_id().empty() && claims.audiences().size() == 1)
    claims.set(jose::Claims::Text::kClientId, std::string(claims.audiences().front()));
  // A renewed ID token need not say it again.
  if (const auto id = claims.text("sid")) session.provider_session = *id;
  claims.fit();
  session.claims = std::make_shared<const jose::Claims>(std::move(claims));
}

SessionKeeper::SessionKeeper(net::Network& network, stages::Sessions& sessions, store::Sealer sealer,
                             std::unique_ptr<store::SessionStore> store,
                             std::shared_ptr<plan::IdentitySource> identities,
                             std::function<void(std::string)> report, std::function<void()> ended)
    : network_(network),
      sessions_(sessions),
      sealer_(std::move(sealer)),
      store_(std::move(store)),
      identities_(std::move(identities)),
      report_(std::move(report)),
      ended_(std::move(ended)) {}

Result<Unit, std::string> SessionKeeper::load(const TokenLimits& limits, const Now& now) {
  auto rows = store_->load(now.wall_s());
  if (!rows) return Err(rows.error());
  noted_s_ = now.wall_s();
  for (const store::SessionRow& row : *rows) {
    const auto text = sealer_.open(row.sealed, row.name);
    SessionPtr session = text ? read_session(row, text->reveal(), limits) : nullptr;
    // What cannot be read any more is nobody's.
    if (session) (void)sessions_.put(std::move(session));
  }
  return Unit{};
}

void SessionKeeper::start() {
  net::spawn(sweep_for_ever(shared_from_this()));
}

store::SessionRow SessionKeeper::row_of(const Session& session) const {
  const std::string name = raw(session.name);
  const Secret text = text_of(session);
  return {name, sealer_.seal(text.reveal(), name), session.ends_s, session.seen_s->load()};
}

net::Task<Result<Unit, std::string>> SessionKeeper::begin(SessionPtr session) {
  using Written = Result<Unit, std::string>;
  make_room_for(*session);
  store::SessionRow row = row_of(*session);
  if (row.sealed.empty()) co_return Err<std::string>("the session cannot be sealed");
  net::Loop& loop = network_.loop();
  Written otherwise = Err<std::string>("the session could not be written in time");
  auto put = [this, &row](const Reply<Written>& reply) {
    store_->put(std::move(row), [reply](Written written) { reply.say(std::move(written)); });
  };
  Asking<Written> asking(loop, loop.now_ms() + kStoreWaitMs, std::move(otherwise), std::move(put));
  auto written = co_await asking;
  if (written && !sessions_.put(session)) written = Err<std::string>("there are as many sessions as may be");
  // One that was written too late is none.
  if (!written) end(session->name);
  co_return written;
}

// Nobody takes all the places: a subject that logs in again and again ends its own oldest sessions.
void SessionKeeper::make_room_for(const Session& session) {
  if (sessions_.size() < 10 * kSessionsOfOneMax) return;
  auto own = sessions_.all([&session](const Session& other) {
    return other.scheme == session.scheme && other.claims->subject() == session.claims->subject();
  });
  if (own.size() < kSessionsOfOneMax) return;
  std::ranges::sort(own, {}, [](const SessionPtr& one) { return one->began_s; });
  std::vector<stages::SessionName> oldest;
  for (std::size_t i = 0; i + kSessionsOfOneMax <= own.size(); ++i) oldest.push_back(own[i]->name);
  end(oldest);
}

net::Task<Result<bool, std::string>> SessionKeeper::renew(SessionPtr session) {
  using Written = Result<bool, std::string>;
  if (!sessions_.find(session->name)) co_return false;
  store::SessionRow row = row_of(*session);
  if (row.sealed.empty()) co_return Err<std::string>("the session cannot be sealed");
  net::Loop& loop = network_.loop();
  Written otherwise = Err<std::string>("the session could not be written in time");
  auto put = [this, &row](const Reply<Written>& reply) {
    store_->renew(std::move(row), [reply](Written written) { reply.say(std::move(written)); });
  };
  Asking<Written> asking(loop, loop.now_ms() + kStoreWaitMs, std::move(otherwise), std::move(put));
  auto written = co_await asking;
  // What it was renewed with is spent: that it could not be written is no reason not to use what came.
  const bool lives = (!written || *written) && sessions_.replace(session);
  if (!lives) {
    end(session->name);
    co_return false;
  }
  if (!written) report_(written.error());
  co_return true;
}

void SessionKeeper::note_logout(Logout logout) {
  constexpr std::int64_t kKeptMs = 60'000;  // longer than a login is on its way from the issuer to the disk
  const std::int64_t now_ms = network_.loop().now_ms();
  while (!logouts_.empty() && (logouts_.front().until_ms <= now_ms || logouts_.size() >= kLogoutsKept))
    logouts_.pop_front();
  logout.until_ms = now_ms + kKeptMs;
  logouts_.push_back(std::move(logout));
}

// All at once: each write waits for the disk, and each end is told to all streams.
void SessionKeeper::end(std::span<const stages::SessionName> names) {
  if (names.empty()) return;
  std::vector<std::string> rows;
  for (const stages::SessionName& name : names) {
    sessions_.remove(name);
    rows.push_back(raw(name));
  }
  remove(std::move(rows));
  ended_();
}

// Tried again until they are gone: on disk they would be sessions at the next start.
void SessionKeeper::remove(std::vector<std::string> names) {
  if (!store_ || names.empty()) return;
  auto done = [self = weak_from_this(), names](const Result<Unit, std::string>& removed) {
    const auto keeper = self.lock();
    if (removed || !keeper) return;
    keeper->network_.loop().post([keeper, names, why = removed.error()] {
      keeper->undeleted_.insert(keeper->undeleted_.end(), names.begin(), names.end());
      keeper->report_(why);
    });
  };
  store_->remove(std::move(names), std::move(done));
}

void SessionKeeper::close() {
  // A disk that was full may have room by now.
  remove(std::exchange(undeleted_, {}));
  store_.reset();
}

bool SessionKeeper::is_over(const Session& session) const {
  const std::int64_t now_s = network_.loop().now().wall_s();
  if (now_s >= session.ends_s) return true;
  if (!plan_) return false;
  const auto login = std::ranges::find(plan_->logins, session.scheme, &plan::Login::scheme);
  if (login == plan_->logins.end() || now_s - session.seen_s->load() > login->idle_s) return true;
  const plan::Issuer& issuer = plan_->issuers[login->issuer];
  if (!session.belongs(login->scheme, issuer.rules.issuer, issuer.client->id)) return true;
  plan::RevocableToken token = stages::revocable(*session.claims, {}, issuer.rules.leeway_s);
  token.session_id = session.id;
  return identities_->get()->revocations->find(token, now_s).has_value();
}

void SessionKeeper::sweep() {
  const std::int64_t now_s = network_.loop().now().wall_s();
  if (auto rotated = sealer_.rotate(now_s); !rotated) report_(rotated.error());
  remove(std::exchange(undeleted_, {}));
  const std::int64_t since_s = std::exchange(noted_s_, now_s);
  store::SessionStore::Seen seen;
  std::vector<stages::SessionName> over;
  for (const SessionPtr& session : sessions_.all([](const Session&) { return true; })) {
    if (is_over(*session)) {
      over.push_back(session->name);
    } else if (session->seen_s->load() >= since_s) {
      seen.emplace_back(raw(session->name), session->seen_s->load());
    }
  }
  end(over);
  if (!seen.empty()) store_->note_seen(std::move(seen), [](const Result<Unit, std::string>&) {});
}

net::Task<void> SessionKeeper::sweep_for_ever(std::shared_ptr<SessionKeeper> self) {
  net::Loop& loop = self->network_.loop();
  while (!self->stopping_) {
    co_await loop.sleep_until(loop.now_ms() + kSweepEveryMs);
    if (!self->stopping_) self->sweep();
  }
}

}  // namespace caponier::fetch
