#include "gateway/identity_admin.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "config/config.h"
#include "gateway/json_request.h"
#include "json/write.h"
#include "store/key_json.h"
#include "store/keys.h"
#include "store/revocations.h"
#include "store/sealer.h"

namespace caponier::gateway {
namespace {

using Fault = store::KeyFault;

constexpr std::int64_t kPageDefault = 100;
constexpr std::int64_t kPageMax = 1000;

// Everything that an answer needs.
struct Desk {
  const store::Database& database;
  const plan::KeyHasher& hasher;
  const AdminQuestion& question;
  store::Asking asking;
  std::int64_t token_lifetime_max_s;
  RandomSource& random;
};

AdminAnswer refuse(std::uint16_t status, std::string_view sentence) {
  AdminAnswer answer{status, "application/json", "{\"error\":"};
  json::append_string(answer.body, sentence);
  answer.body += "}\n";
  return answer;
}

AdminAnswer answer_of(const Fault& fault) {
  switch (fault.kind) {
    case Fault::Kind::kRefused:
      return refuse(400, fault.sentence);
    case Fault::Kind::kNotFound:
      return refuse(404, fault.sentence);
    case Fault::Kind::kStore:
      break;
  }
  return refuse(503, fault.sentence);
}

// "90d", "never": seconds from now, 0 for never. Nothing if it is neither.
std::optional<std::int64_t> lifetime_of(std::string_view text, bool now_too) {
  if (text == "never") return 0;
  const auto ms = config::parse_duration_ms(text);
  if (!ms || *ms % 1000 != 0 || (*ms == 0 && !now_too)) return std::nullopt;
  return *ms / 1000;
}

AdminAnswer shown(const Desk& desk, std::string_view id, std::uint16_t status, std::string_view secret = {}) {
  auto key = store::find_key(desk.database, id);
  if (!key) return answer_of(key.error());
  AdminAnswer answer{status, "application/json", {}};
  store::append_key_json(answer.body, *key, desk.asking.now_s, secret);
  answer.body += '\n';
  return answer;
}

// The value of a parameter of the query; ids and numbers need no escapes.
std::string_view parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
      return pair.substr(name.size() + 1);
  }
  return {};
}

AdminAnswer list(const Desk& desk) {
  std::int64_t limit = kPageDefault;
  if (const std::string_view text = parameter(desk.question.query, "limit"); !text.empty()) {
    const auto number = parse_decimal(text);
    if (!number || *number < 1 || *number > kPageMax) return refuse(400, "limit must be 1 to 1000");
    limit = static_cast<std::int64_t>(*number);
  }
  AdminAnswer answer{200, "application/json", "{\"keys\":["};
  std::string last;
  std::int64_t count = 0;
  auto listed = store::list_keys(desk.database, parameter(desk.question.query, "after"), limit,
                                 [&](const store::KeyRecord& key) {
                                   if (count++ > 0) answer.body += ",\n";
                                   store::append_key_json(answer.body, key, desk.asking.now_s);
                                   last = key.id;
                                   return true;
                                 });
  if (!listed) return refuse(503, listed.error());
  answer.body += ']';
  if (count == limit) answer.body += ",\"after\":\"" + last + "\"";
  answer.body += "}\n";
  return answer;
}

AdminAnswer create(const Desk& desk) {
  store::KeyRequest request;
  std::string expires_in = "90d";
  JsonRequest body;
  auto read = body.read(desk.question.body, {"subject", "name", "schemes", "scopes", "operations",
                                             "addresses", "plan", "expires_in"});
  if (read) read = body.text("subject", request.subject);
  if (read) read = body.text("name", request.name);
  if (read) read = body.texts("schemes", request.schemes);
  if (read) read = body.texts("scopes", request.scopes);
  if (read) read = body.texts("operations", request.operations);
  if (read) read = body.texts("addresses", request.addresses);
  if (read) read = body.text("plan", request.plan);
  if (read) read = body.text("expires_in", expires_in);
  if (!read) return refuse(400, read.error());
  const auto lifetime = lifetime_of(expires_in, false);
  if (!lifetime) return refuse(400, "expires_in must be a duration such as 90d, or never");
  if (*lifetime > 0) request.expires_s = desk.asking.now_s + *lifetime;
  auto made = store::create_key(desk.database, desk.hasher, request, desk.asking, desk.random);
  if (!made) return answer_of(made.error());
  return shown(desk, made->id, 201, made->key.reveal());
}

AdminAnswer rotate(const Desk& desk, std::string_view id) {
  std::string overlap = "24h";
  JsonRequest body;
  auto read = body.read(desk.question.body, {"overlap"});
  if (read) read = body.text("overlap", overlap);
  if (!read) return refuse(400, read.error());
  const auto seconds = overlap == "never" ? std::nullopt : lifetime_of(overlap, true);
  if (!seconds) return refuse(400, "overlap must be a duration such as 24h, or 0s");
  auto made = store::rotate_key(desk.database, desk.hasher, id, *seconds, desk.asking, desk.random);
  if (!made) return answer_of(made.error());
  return shown(desk, made->id, 200, made->key.reveal());
}

AdminAnswer revoke(const Desk& desk, std::string_view id) {
  std::string reason;
  JsonRequest body;
  auto read = body.read(desk.question.body, {"reason"});
  if (read) read = body.text("reason", reason);
  if (!read) return refuse(400, read.error());
  auto done = store::revoke_key(desk.database, id, reason, desk.asking);
  return done ? shown(desk, id, 200) : answer_of(done.error());
}

AdminAnswer expire(const Desk& desk, std::string_view id) {
  std::string in = "0s";
  JsonRequest body;
  auto read = body.read(desk.question.body, {"in"});
  if (read) read = body.text("in", in);
  if (!read) return refuse(400, read.error());
  const auto seconds = lifetime_of(in, true);
  if (!seconds) return refuse(400, "in must be a duration such as 7d, or never");
  const std::int64_t at_s = in == "never" ? 0 : desk.asking.now_s + *seconds;
  auto done = store::expire_key(desk.database, id, at_s, desk.asking);
  return done ? shown(desk, id, 200) : answer_of(done.error());
}

AdminAnswer wrong_method() {
  return refuse(405, "another method is asked for");
}

AdminAnswer list_revoked(const Desk& desk) {
  const auto listed = store::list_revocations(desk.database, desk.asking.now_s);
  if (!listed) return refuse(503, listed.error());
  AdminAnswer answer{200, "application/json", "{\"revocations\":["};
  for (const store::RevocationRecord& one : *listed) {
    if (answer.body.back() != '[') answer.body += ",\n";
    store::append_revocation_json(answer.body, one);
  }
  answer.body += "]}\n";
  return answer;
}

// When a revocation of that kind may be forgotten; nothing: `text` is no duration.
std::optional<std::int64_t> end_of(const Desk& desk, plan::RevocationKind kind, std::string_view text) {
  constexpr std::int64_t kLeewayMaxS = 300;
  if (text == "ever") return 0;
  if (!text.empty()) {
    const auto seconds = text == "never" ? std::nullopt : lifetime_of(text, false);
    if (!seconds) return std::nullopt;
    return desk.asking.now_s + *seconds;
  }
  if (kind == plan::RevocationKind::kIssuerKey || kind == plan::RevocationKind::kToken) return 0;
  if (kind == plan::RevocationKind::kSession) return desk.asking.now_s + store::kSealedAgeMaxS;
  if (desk.token_lifetime_max_s == 0) return 0;
  return desk.asking.now_s + desk.token_lifetime_max_s + kLeewayMaxS;
}

AdminAnswer revoke_something(const Desk& desk) {
  std::string kind;
  std::string token;
  std::string reason;
  std::string lasting;
  plan::Revocation revocation;
  JsonRequest body;
  auto read = body.read(desk.question.body, {"kind", "issuer", "value", "token", "reason", "for"});
  if (read) read = body.text("kind", kind);
  if (read) read = body.text("issuer", revocation.issuer);
  if (read) read = body.text("value", revocation.value);
  if (read) read = body.text("token", token);
  if (read) read = body.text("reason", reason);
  if (read) read = body.text("for", lasting);
  if (!read) return refuse(400, read.error());
  const auto known = plan::revocation_kind(kind);
  if (!known) return refuse(400, "kind must be token, token-id, subject, client, session or issuer-key");
  revocation.kind = *known;
  const bool by_token = *known == plan::RevocationKind::kToken;
  if (by_token != !token.empty() || (by_token && !revocation.value.empty()))
    return refuse(400, "kind token needs the token itself in `token`; the others need `value`");
  if (by_token) revocation.value = plan::token_digest(token);
  wipe(token);
  const bool by_time = *known == plan::RevocationKind::kSubject || *known == plan::RevocationKind::kClient;
  if (by_time) revocation.before_s = desk.asking.now_s;
  const auto end = end_of(desk, *known, lasting);
  if (!end) return refuse(400, "for must be a duration such as 30d, or ever");
  revocation.until_s = *end;
  auto made = store::revoke(desk.database, revocation, reason, desk.asking);
  if (!made) return answer_of(made.error());
  AdminAnswer answer{201, "application/json", {}};
  store::append_revocation_json(answer.body, *made);
  answer.body += '\n';
  return answer;
}

AdminAnswer remove_revoked(const Desk& desk, std::string_view text) {
  const auto id = parse_decimal(text);
  if (!id || *id > INT32_MAX) return refuse(404, "there is no such revocation");
  auto done = store::remove_revocation(desk.database, static_cast<std::int64_t>(*id), desk.asking);
  return done ? AdminAnswer{200, "application/json", "{\"removed\":true}\n"} : answer_of(done.error());
}

AdminAnswer about_revocations(const Desk& desk, std::string_view path) {
  const bool posts = desk.question.method == "POST";
  if (path.empty()) {
    if (posts) return revoke_something(desk);
    return desk.question.method == "GET" ? list_revoked(desk) : wrong_method();
  }
  path.remove_prefix(1);
  if (!path.ends_with("/remove")) return refuse(404, "a revocation can be asked to remove");
  path.remove_suffix(std::string_view("/remove").size());
  return posts ? remove_revoked(desk, path) : wrong_method();
}

AdminAnswer about_keys(const Desk& desk, std::string_view path) {
  const bool gets = desk.question.method == "GET";
  const bool posts = desk.question.method == "POST";
  if (path.empty()) return gets ? list(desk) : posts ? create(desk) : wrong_method();
  path.remove_prefix(1);
  const std::string_view id = path.substr(0, path.find('/'));
  path.remove_prefix(id.size());
  if (path.empty()) return gets ? shown(desk, id, 200) : wrong_method();
  if (path == "/rotate") return posts ? rotate(desk, id) : wrong_method();
  if (path == "/revoke") return posts ? revoke(desk, id) : wrong_method();
  if (path == "/expire") return posts ? expire(desk, id) : wrong_method();
  return refuse(404, "a key can be asked to rotate, revoke or expire");
}

constexpr std::string_view kKeys = "/keys";
constexpr std::string_view kRevocations = "/revocations";

bool is_at(std::string_view path, std::string_view place) {
  return path.starts_with(place) && (path.size() == place.size() || path[place.size()] == '/');
}

}  // namespace

bool is_about_identities(std::string_view path) {
  return is_at(path, kKeys) || is_at(path, kRevocations);
}

AdminAnswer answer_about_identities(const store::Database& database, const plan::KeyHasher& hasher,
                                    const AdminQuestion& question, std::int64_t now_s,
                                    std::int64_t token_lifetime_max_s, RandomSource& random) {
  // What was said of the file that is gone, nobody would find again.
  if (const auto same = database.in_place(); !same) return refuse(503, same.error());
  const Desk desk{database, hasher, question, {now_s, "admin"}, token_lifetime_max_s, random};
  const std::string_view path = question.path;
  if (is_at(path, kKeys)) return about_keys(desk, path.substr(kKeys.size()));
  return about_revocations(desk, path.substr(kRevocations.size()));
}

}  // namespace caponier::gateway
