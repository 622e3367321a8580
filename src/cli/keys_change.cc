// caponier keys create, rotate, revoke, expire.
#include <cstdio>
#include <utility>

#include "cli/identity_access.h"
#include "cli/key_verbs.h"
#include "store/key_json.h"

namespace caponier::cli {
namespace {

constexpr std::string_view kDefaultLifetime = "90d";

// The secret alone goes to standard output, so that it can go where it belongs without passing a screen.
int tell_new(const IdentityAccess& access, const store::NewKey& made, bool as_json) {
  if (as_json) {
    auto record = store::find_key(*access.database, made.id);
    if (!record) return fail(record.error().sentence);
    std::string out;
    store::append_key_json(out, *record, access.asking.now_s, made.key.reveal());
    std::printf("%s\n", out.c_str());
    wipe(out);
    return 0;
  }
  std::fprintf(stderr, "key %s, shown this once:\n", made.id.c_str());
  std::printf("%.*s\n", static_cast<int>(made.key.reveal().size()), made.key.reveal().data());
  return 0;
}

std::vector<std::string> texts(const Arguments& arguments, std::string_view name) {
  std::vector<std::string> out;
  for (const std::string_view text : arguments.values(name)) out.emplace_back(text);
  return out;
}

const Verb& create_verb() {
  static const Verb kVerb{
      "caponier keys create --subject NAME [--scope SCOPE]... [--expires-in 90d] [options]",
      "Makes an API key and prints it, once. What is kept of it is a keyed hash.",
      {{"--subject", "NAME", "who owns the key, and whom requests with it speak for"},
       {"--name", "TEXT", "what it is for"},
       {"--scope", "SCOPE", "a scope that it grants; may be repeated", true},
       {"--operation", "ID",
        "an operation that it may call, by operationId or as \"GET /orders/{id}\"; may be "
        "repeated; default: every operation",
        true},
       {"--address", "CIDR", "from where it is accepted; may be repeated; default: from everywhere", true},
       {"--scheme", "NAME",
        "the document's security scheme that it is for; may be repeated; default: every "
        "API key scheme",
        true},
       {"--plan", "NAME", "the plan of usage that it belongs to"},
       {"--expires-in", "DURATION", "90d, 12h, or never; default: 90d"},
       kStateDirOption,
       kConfigOption,
       kJsonOption}};
  return kVerb;
}

// The key that the first positional names.
Result<std::string, std::string> id_of(const Arguments& arguments) {
  if (arguments.positionals().empty()) return Err(std::string("the key's id is missing: cap_1a2b3c4d"));
  return std::string(arguments.positionals()[0]);
}

}  // namespace

int create_key(Words words) {
  Arguments arguments;
  if (auto status = parse_or_answer(create_verb(), words, arguments)) return *status;
  if (!arguments.has("--subject")) return fail("--subject is missing: whom does the key speak for?");
  store::KeyRequest request;
  request.subject = arguments.text("--subject");
  request.name = arguments.text("--name");
  request.scopes = texts(arguments, "--scope");
  request.operations = texts(arguments, "--operation");
  request.addresses = texts(arguments, "--address");
  request.schemes = texts(arguments, "--scheme");
  request.plan = arguments.text("--plan");
  const std::string lifetime = arguments.text("--expires-in", kDefaultLifetime);
  const auto seconds = duration_s(lifetime);
  if (lifetime != "never" && (!seconds || *seconds == 0))
    return fail("--expires-in takes a duration such as 90d or 12h, or never");
  auto access = open_identity(arguments);
  if (!access) return fail(access.error());
  if (lifetime != "never") request.expires_s = access->asking.now_s + seconds.value_or(0);
  SystemRandom random;
  auto hasher = access->hasher(random);
  if (!hasher) return fail(hasher.error());
  auto made = store::create_key(*access->database, **hasher, request, access->asking, random);
  if (!made) return fail(made.error().sentence);
  return tell_new(*access, *made, arguments.has("--json"));
}

int rotate_key(Words words) {
  static const Verb kVerb{
      "caponier keys rotate ID [--overlap 24h] [options]",
      "Makes another secret for the same key and prints it, once. The secret before is accepted for the "
      "overlap, "
      "so that its owner can change over.",
      {{"--overlap", "DURATION", "for how long the secret before is accepted, 0s to 90d; default: 24h"},
       kStateDirOption,
       kConfigOption,
       kJsonOption},
      1};
  Arguments arguments;
  if (auto status = parse_or_answer(kVerb, words, arguments)) return *status;
  const auto id = id_of(arguments);
  if (!id) return fail(id.error());
  const auto overlap = duration_s(arguments.text("--overlap", "24h"));
  if (!overlap) return fail("--overlap takes a duration such as 24h, or 0s");
  auto access = open_identity(arguments);
  if (!access) return fail(access.error());
  SystemRandom random;
  auto hasher = access->hasher(random);
  if (!hasher) return fail(hasher.error());
  auto made = store::rotate_key(*access->database, **hasher, *id, *overlap, access->asking, random);
  if (!made) return fail(made.error().sentence);
  return tell_new(*access, *made, arguments.has("--json"));
}

int revoke_key(Words words) {
  static const Verb kVerb{
      "caponier keys revoke ID [--reason TEXT] [options]",
      "Ends a key for good, on every running gateway within a second.",
      {{"--reason", "TEXT", "why, for whoever lists the keys"}, kStateDirOption, kConfigOption},
      1};
  Arguments arguments;
  if (auto status = parse_or_answer(kVerb, words, arguments)) return *status;
  const auto id = id_of(arguments);
  if (!id) return fail(id.error());
  return revoke_key_by(arguments, *id);
}

int revoke_key_by(const Arguments& arguments, const std::string& id) {
  auto access = open_identity(arguments);
  if (!access) return fail(access.error());
  auto done = store::revoke_key(*access->database, id, arguments.text("--reason"), access->asking);
  if (!done) return fail(done.error().sentence);
  std::fprintf(stderr, "key %s is revoked\n", id.c_str());
  tell_if_unserved(*access);
  return 0;
}

int expire_key(Words words) {
  static const Verb kVerb{"caponier keys expire ID [--in DURATION] [options]",
                          "Sets when a key expires; without --in, now.",
                          {{"--in", "DURATION", "7d, 12h, or never"}, kStateDirOption, kConfigOption},
                          1};
  Arguments arguments;
  if (auto status = parse_or_answer(kVerb, words, arguments)) return *status;
  const auto id = id_of(arguments);
  if (!id) return fail(id.error());
  const std::string in = arguments.text("--in", "0s");
  const auto seconds = duration_s(in);
  if (in != "never" && !seconds) return fail("--in takes a duration such as 7d, or never");
  auto access = open_identity(arguments);
  if (!access) return fail(access.error());
  const std::int64_t at_s = in == "never" ? 0 : access->asking.now_s + seconds.value_or(0);
  auto done = store::expire_key(*access->database, *id, at_s, access->asking);
  if (!done) return fail(done.error().sentence);
  const std::string when = at_s == 0 ? "does not expire" : "expires at " + store::time_text(at_s);
  std::fprintf(stderr, "key %s %s\n", id->c_str(), when.c_str());
  return 0;
}

}  // namespace caponier::cli
