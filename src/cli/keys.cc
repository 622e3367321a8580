// caponier keys create: API keys in a file, of which only hashes are kept.
#include <cstdio>

#include "cli/arguments.h"
#include "cli/system_random.h"
#include "cli/verbs.h"
#include "config/config.h"
#include "net/system_clock.h"
#include "store/key_file.h"

namespace caponier::cli {
namespace {

const Verb& verb() {
  static const Verb kVerb{
      "caponier keys create --file FILE --subject NAME [--scope SCOPE]... [--expires-in 90d]",
      "Makes an API key, prints it once, and appends its hash to FILE, which a configuration names as "
      "`security_schemes.NAME.keys_file`.",
      {{"--file", "FILE", "the key file; made (0600) if it is not there"},
       {"--subject", "NAME", "who the key speaks for"},
       {"--scope", "SCOPE", "a scope that the key grants; may be repeated", true},
       {"--expires-in", "DURATION", "90d, 12h; default: 90d"}},
      1};
  return kVerb;
}

}  // namespace

int keys(Words words) {
  Arguments arguments;
  if (auto status = parse_or_answer(verb(), words, arguments)) return *status;
  if (arguments.positionals().empty() || arguments.positionals()[0] != "create")
    return fail("what to do is missing: caponier keys create ...");
  if (!arguments.has("--file")) return fail("--file is missing: where is the key's hash to be kept?");
  if (!arguments.has("--subject")) return fail("--subject is missing: whom does the key speak for?");
  const auto lifetime = config::parse_duration_ms(arguments.text("--expires-in", "90d"));
  if (!lifetime || *lifetime < 1000) return fail("--expires-in takes a duration such as 90d or 12h");
  net::SystemClock clock;
  SystemRandom random;
  std::vector<std::string> scopes;
  for (std::string_view scope : arguments.values("--scope")) scopes.emplace_back(scope);
  const std::int64_t now_s = clock.now().wall_s();
  auto made = store::create_key(arguments.text("--file"), arguments.text("--subject"), scopes,
                                now_s + *lifetime / 1000, now_s, random);
  if (!made) return fail(made.error());
  std::fprintf(stderr, "key %s, shown this once:\n", made->id.c_str());
  std::printf("%.*s\n", static_cast<int>(made->key.reveal().size()), made->key.reveal().data());
  return 0;
}

}  // namespace caponier::cli
