// caponier token: a token of the local development issuer, for trying things out; and what is to be known of
// any other.
#include <cstdio>

#include "cli/arguments.h"
#include "cli/dev_identity.h"
#include "cli/token_words.h"
#include "cli/verbs.h"
#include "config/config.h"
#include "net/system_clock.h"

namespace caponier::cli {
namespace {

constexpr std::int64_t kLifetimeMsMax = 24LL * 3600 * 1000;

const Verb& verb() {
  static const Verb kVerb{
      "caponier token --subject NAME [--scope SCOPE]... [--expires-in 5m] [--state-dir DIR]",
      "Prints a token of the local development issuer, which only a gateway started with --dev and the same "
      "state directory accepts. `caponier token inspect` shows what a token says, `caponier token verify` "
      "whether it holds: each has its own --help.",
      {{"--subject", "NAME", "who the token speaks for (claim sub)"},
       {"--scope", "SCOPE", "a scope, or several separated by spaces; may be repeated", true},
       {"--expires-in", "DURATION", "30s, 5m, 2h; at most 24h; default 15m"},
       {"--state-dir", "DIR", "where the issuer's key is kept"}}};
  return kVerb;
}

}  // namespace

int token(Words words) {
  if (!words.empty() && words[0] == "verify") return verify_token(words.subspan(1));
  if (!words.empty() && words[0] == "inspect") return inspect_token(words.subspan(1));
  Arguments arguments;
  if (auto status = parse_or_answer(verb(), words, arguments)) return *status;
  if (!arguments.has("--subject")) return fail("--subject is missing: whom does the token speak for?");
  const auto lifetime = config::parse_duration_ms(arguments.text("--expires-in", "15m"));
  if (!lifetime || *lifetime < 1000 || *lifetime > kLifetimeMsMax) {
    return fail("--expires-in takes a duration from 1s to 24h, such as 5m");
  }
  auto state = store::StateDir::open(arguments.text("--state-dir", store::default_state_dir()));
  if (!state) return fail(state.error());
  auto issuer = development_issuer(*state);
  if (!issuer) return fail(issuer.error());
  net::SystemClock clock;
  TokenRequest request;
  request.subject = arguments.text("--subject");
  for (std::string_view scope : arguments.values("--scope")) request.scopes.emplace_back(scope);
  request.issued_at_s = clock.now().wall_s();
  request.expires_at_s = request.issued_at_s + *lifetime / 1000;
  auto text = issue_token(*issuer, request);
  if (!text) return fail(text.error());
  std::printf("%s\n", text->c_str());
  return 0;
}

}  // namespace caponier::cli
