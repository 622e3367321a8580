// caponier identity-keys: the keys by which the gateway vouches for callers towards its upstreams.
#include <cstdio>
#include <string>

#include "base/diagnostic.h"
#include "cli/arguments.h"
#include "cli/identity_access.h"
#include "cli/verbs.h"
#include "net/system_clock.h"
#include "store/assertion_keys.h"

namespace caponier::cli {
namespace {

const Verb& verb() {
  static const Verb kVerb{
      "caponier identity-keys list|rotate [--at-once] [--state-dir DIR | --config FILE]",
      "Lists the keys by which upstreams verify identity tokens, or makes another. A new key is published "
      "ten "
      "minutes before it is used, and the old one until its last token has ended. A running gateway with the "
      "same state directory follows within a second.",
      {{"--at-once", "",
        "rotate: use the new key now and forget all others, because one of them is somebody else's too"},
       {"--state-dir", "DIR", "where the keys are; default: that of the configuration, else that of `run`"},
       {"--config", "FILE", "the gateway's caponier.yaml: state_dir is read"}},
      1};
  return kVerb;
}

const char* state_of(const store::KeptAssertionKey& kept, const store::AssertionKeyPtr& signing,
                     std::int64_t now_s) {
  if (kept.until_s != 0) return "published until its last token has ended";
  if (signing != nullptr && kept.id == signing->id()) return "signs";
  if (kept.key == nullptr) return "published, kept where the configuration says";
  return kept.active_from_s > now_s ? "published, not used yet" : "published";
}

void list(const store::KeptAssertionKeys& keys, std::int64_t now_s) {
  const auto signing = store::signing_key(keys, {}, now_s);
  for (const store::KeptAssertionKey& kept : keys) {
    std::string since(24, ' ');
    format_rfc3339(kept.active_from_s * 1000, since.data());
    std::printf("%s  %s  %s\n", kept.id.c_str(), since.c_str(), state_of(kept, signing, now_s));
  }
}

}  // namespace

int identity_keys(Words words) {
  Arguments arguments;
  if (auto status = parse_or_answer(verb(), words, arguments)) return *status;
  if (arguments.positionals().empty()) return fail("what to do is missing: caponier identity-keys list");
  const std::string_view what = arguments.positionals()[0];
  if (what != "list" && what != "rotate")
    return fail("identity-keys knows list and rotate (caponier identity-keys --help)");
  const bool at_once = arguments.has("--at-once");
  if (at_once && what != "rotate") return fail("--at-once goes with rotate");
  auto state = open_state(arguments);
  if (!state) return fail(state.error());
  auto file = store::AssertionKeyFile::open(state->path());
  if (!file) return fail(file.error());
  auto keys = file->read();
  if (!keys) return fail(keys.error());
  net::SystemClock clock;
  const std::int64_t now_s = clock.now().wall_s();
  if (what == "rotate") {
    const auto how = at_once ? store::Rotation::kAtOnce : store::Rotation::kAhead;
    if (auto rotated = store::rotate(*keys, how, now_s); !rotated) return fail(rotated.error());
    if (auto written = file->write(*keys); !written) return fail(written.error());
  }
  list(*keys, now_s);
  return 0;
}

}  // namespace caponier::cli
