#include "cli/identity_access.h"

#include <cstdio>
#include <utility>

#include "base/diagnostic.h"
#include "config/config.h"
#include "net/system_clock.h"

namespace caponier::cli {

namespace {

// What --config names; the defaults without it.
Result<std::unique_ptr<config::Config>, std::string> configuration(const Arguments& arguments) {
  const std::string file = arguments.text("--config");
  if (file.empty()) return std::make_unique<config::Config>();
  auto text = store::read_file(file, kConfigBytesMax);
  if (!text) return Err(text.error());
  Diagnostics diagnostics;
  auto config = config::read_config(*text, file, diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    if (diagnostic.severity == Severity::kError) return Err(to_text(diagnostic));
  }
  return config;
}

Result<store::StateDir, std::string> state_of(const Arguments& arguments, const config::Config& config) {
  std::string folder = arguments.text("--state-dir");
  if (folder.empty()) folder = config.state_dir;
  return store::StateDir::open(folder.empty() ? store::default_state_dir() : folder);
}

}  // namespace

Result<store::StateDir, std::string> open_state(const Arguments& arguments) {
  auto config = configuration(arguments);
  if (!config) return Err(config.error());
  return state_of(arguments, **config);
}

Result<IdentityAccess, std::string> open_identity(const Arguments& arguments) {
  auto config = configuration(arguments);
  if (!config) return Err(config.error());
  std::vector<std::pair<std::string, std::int64_t>> lifetimes;
  for (const config::Issuer& issuer : (*config)->issuers)
    lifetimes.emplace_back(issuer.issuer, issuer.introspection ? 0 : issuer.token_lifetime_max_s);
  auto state = state_of(arguments, **config);
  if (!state) return Err(state.error());
  auto database = store::open_identity_database(state->file(store::kIdentityDatabase));
  if (!database) return Err(database.error());
  net::SystemClock clock;
  return IdentityAccess{std::move(*state),
                        std::move(*database),
                        (*config)->api_keys.hash_key,
                        {clock.now().wall_s(), "command line"},
                        std::move(lifetimes)};
}

void tell_if_unserved(const IdentityAccess& access) {
  if (access.state.is_locked()) return;
  std::fprintf(
      stderr,
      "no gateway runs on the state directory %s: it holds for those that are started there. For another "
      "directory, say --config or --state-dir\n",
      access.state.path().c_str());
}

std::int64_t IdentityAccess::token_lifetime_max_s(std::string_view issuer) const {
  constexpr std::int64_t kLongestS = 366LL * 24 * 3600;  // that a configuration can allow
  for (const auto& [name, lifetime_s] : lifetimes_s) {
    if (name == issuer || (issuer.empty() && lifetime_s == 0)) return lifetime_s;
  }
  return kLongestS;
}

std::optional<std::int64_t> duration_s(std::string_view text) {
  const auto ms = config::parse_duration_ms(text);
  if (!ms || (*ms != 0 && *ms < 1000)) return std::nullopt;
  return *ms / 1000;
}

}  // namespace caponier::cli
