// caponier revoke, caponier revocations: credentials that end before their time.
#include <algorithm>
#include <cstdio>

#include "base/bytes.h"
#include "cli/arguments.h"
#include "cli/identity_access.h"
#include "cli/key_verbs.h"
#include "cli/text_table.h"
#include "cli/verbs.h"
#include "jose/token.h"
#include "store/key_json.h"
#include "store/revocations.h"
#include "store/sealer.h"

namespace caponier::cli {
namespace {

using plan::Revocation;
using plan::RevocationKind;

constexpr std::size_t kWidthMax = 140;
constexpr std::size_t kTokenFileBytesMax = std::size_t{64} * 1024;
constexpr std::int64_t kLeewayMaxS = 300;

const Verb& revoke_verb() {
  static const Verb kVerb{
      "caponier revoke token (--jti ID --issuer URL | --token-file FILE) | subject NAME | client ID | key ID "
      "| "
      "session ID | issuer-key KID --issuer URL",
      "Revokes a credential before it expires, on every running gateway within a second, open streams and "
      "WebSockets included. Of a subject and a client, all tokens that were issued until now.",
      {{"--issuer", "URL",
        "whose token, subject, client or key it is; of subjects and clients, default: anybody's"},
       {"--jti", "ID", "the token's claim jti"},
       {"--token-file", "FILE", "the token itself; - reads standard input. Only a digest of it is kept"},
       {"--for", "DURATION", "how long it is remembered, or ever; default: as long as such a token can live"},
       {"--reason", "TEXT", "why, for whoever lists revocations"},
       kStateDirOption,
       kConfigOption,
       kJsonOption},
      2};
  return kVerb;
}

Result<std::string, std::string> token_in(const std::string& file) {
  auto text = store::read_file(file == "-" ? "/dev/stdin" : file, kTokenFileBytesMax);
  if (!text) return text;
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r' || text->back() == ' '))
    text->pop_back();
  if (text->empty()) return Err("there is no token in " + file);
  return text;
}

// By digest, until the token has expired anyway.
Result<Revocation, std::string> of_token_file(const std::string& file) {
  auto token = token_in(file);
  if (!token) return Err(token.error());
  Revocation revocation{RevocationKind::kToken, {}, plan::token_digest(*token), 0, 0};
  const TokenLimits limits;
  const auto parsed = jose::parse_token(*token, limits);
  if (parsed) {
    const auto claims = jose::read_claims(*parsed, limits);
    if (claims) revocation.until_s = claims->expires_at_s + kLeewayMaxS;
  }
  wipe(*token);
  return revocation;
}

Result<Revocation, std::string> of_token(const Arguments& arguments) {
  const bool by_id = arguments.has("--jti");
  if (by_id == arguments.has("--token-file"))
    return Err(std::string("say which token: --jti ID --issuer URL, or --token-file FILE"));
  if (!by_id) return of_token_file(arguments.text("--token-file"));
  return Revocation{RevocationKind::kTokenId, arguments.text("--issuer"), arguments.text("--jti"), 0, 0};
}

Result<Revocation, std::string> requested(const Arguments& arguments, std::int64_t now_s) {
  const auto& words = arguments.positionals();
  const std::string_view what = words.empty() ? std::string_view() : words[0];
  if (what == "token") return of_token(arguments);
  const auto kind = plan::revocation_kind(what);
  if (!kind || *kind == RevocationKind::kTokenId)
    return Err(std::string("say what is revoked: token, subject, client, key, session or issuer-key"));
  if (words.size() < 2) return Err("the name is missing: caponier revoke " + std::string(what) + " NAME");
  const bool by_time = *kind == RevocationKind::kSubject || *kind == RevocationKind::kClient;
  return Revocation{*kind, arguments.text("--issuer"), std::string(words[1]), by_time ? now_s : 0, 0};
}

// How long it is remembered: a token that has expired needs no revocation.
Result<std::int64_t, std::string> end_of(const Arguments& arguments, const Revocation& revocation,
                                         const IdentityAccess& access) {
  const std::int64_t now_s = access.asking.now_s;
  if (arguments.has("--for")) {
    const std::string text = arguments.text("--for");
    if (text == "ever") return 0;
    const auto seconds = duration_s(text);
    if (!seconds || *seconds == 0) return Err(std::string("--for takes a duration such as 30d, or ever"));
    return now_s + *seconds;
  }
  if (revocation.until_s > now_s) return revocation.until_s;
  // Nobody here knows when a token ends that only its issuer can read.
  if (revocation.kind == RevocationKind::kIssuerKey || revocation.kind == RevocationKind::kToken) return 0;
  if (revocation.kind == RevocationKind::kSession) return now_s + store::kSealedAgeMaxS;
  const std::int64_t lifetime_s = access.token_lifetime_max_s(revocation.issuer);
  return lifetime_s == 0 ? 0 : now_s + lifetime_s + kLeewayMaxS;
}

int tell(const store::RevocationRecord& record, bool as_json) {
  const std::string until = record.until_s == 0 ? "for good" : "until " + store::time_text(record.until_s);
  if (as_json) {
    std::string out;
    store::append_revocation_json(out, record);
    std::printf("%s\n", out.c_str());
  } else {
    std::fprintf(stderr, "revocation %lld: %s, remembered %s\n", static_cast<long long>(record.id),
                 std::string(plan::name(record.kind)).c_str(), until.c_str());
  }
  return 0;
}

int list(const IdentityAccess& access, bool as_json) {
  const auto listed = store::list_revocations(*access.database, access.asking.now_s);
  if (!listed) return fail(listed.error());
  std::string out;
  if (as_json) {
    out = "{\"revocations\":[";
    for (const store::RevocationRecord& one : *listed) {
      if (out.back() != '[') out += ",\n";
      store::append_revocation_json(out, one);
    }
    out += "]}\n";
  } else {
    TextTable table({"id", "kind", "issuer", "value", "issued until", "remembered until", "reason"});
    for (const store::RevocationRecord& one : *listed) {
      table.add({std::to_string(one.id), std::string(plan::name(one.kind)),
                 one.issuer.empty() ? "anybody" : one.issuer, one.value,
                 one.before_s == 0 ? "" : store::time_text(one.before_s),
                 one.until_s == 0 ? "for good" : store::time_text(one.until_s), one.reason});
    }
    table.append(out, kWidthMax);
  }
  std::fputs(out.c_str(), stdout);
  return 0;
}

}  // namespace

int revoke(Words words) {
  Arguments arguments;
  if (auto status = parse_or_answer(revoke_verb(), words, arguments)) return *status;
  const auto& given = arguments.positionals();
  if (!given.empty() && given[0] == "key") {
    if (given.size() < 2) return fail("the key's id is missing: cap_1a2b3c4d");
    return revoke_key_by(arguments, std::string(given[1]));
  }
  auto access = open_identity(arguments);
  if (!access) return fail(access.error());
  auto revocation = requested(arguments, access->asking.now_s);
  if (!revocation) return fail(revocation.error());
  auto end = end_of(arguments, *revocation, *access);
  if (!end) return fail(end.error());
  revocation->until_s = *end;
  auto done = store::revoke(*access->database, *revocation, arguments.text("--reason"), access->asking);
  if (!done) return fail(done.error().sentence);
  tell_if_unserved(*access);
  return tell(*done, arguments.has("--json"));
}

int revocations(Words words) {
  static const Verb kVerb{
      "caponier revocations list | remove ID",
      "Lists what is revoked before its time, or lets it count again. API keys are listed by "
      "`caponier keys list`.",
      {kStateDirOption, kConfigOption, kJsonOption},
      2};
  Arguments arguments;
  if (auto status = parse_or_answer(kVerb, words, arguments)) return *status;
  const auto& given = arguments.positionals();
  const bool lists = given.size() == 1 && given[0] == "list";
  const bool removes = given.size() == 2 && given[0] == "remove";
  if (!lists && !removes) return fail("what to do is missing: caponier revocations list, or remove ID");
  auto access = open_identity(arguments);
  if (!access) return fail(access.error());
  if (lists) return list(*access, arguments.has("--json"));
  const auto id = parse_decimal(given[1]);
  if (!id || *id > INT32_MAX) return fail("the id of a revocation is a number: caponier revocations list");
  auto done = store::remove_revocation(*access->database, static_cast<std::int64_t>(*id), access->asking);
  if (!done) return fail(done.error().sentence);
  std::fprintf(stderr, "revocation %s is removed\n", std::string(given[1]).c_str());
  return 0;
}

}  // namespace caponier::cli
