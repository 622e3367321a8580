#include "cli/serve.h"

#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <thread>
#include <utility>

#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/house.h"
#include "cli/supervisor.h"
#include "cli/upstream_tls.h"
#include "store/secret_source.h"
#include "uri/url.h"

namespace caponier::cli {
namespace {

constexpr std::uint32_t kWorkersMax = 256;

using Step = Result<Unit, std::string>;

Loaded load_sorted(const LoadRequest& request) {
  Loaded loaded = load(request);
  loaded.diagnostics.sort();
  return loaded;
}

// Loads, and opens the state directory that flags or configuration name. With --dev the issuer's name is
// known only once its key is there, so the Plan is made again with it.
Step load_with_state(House& house, const LoadRequest& request) {
  LoadRequest& complete = house.request;
  complete = request;
  if (request.dev) complete.development_issuer = "urn:caponier:dev";
  house.loaded = std::make_shared<const Loaded>(load_sorted(complete));
  if (!house.loaded->plan) return Unit{};
  const std::string& named = house.loaded->config->state_dir;
  auto state = store::StateDir::open(named.empty() ? store::default_state_dir() : named);
  if (!state) return Err(state.error());
  house.state.emplace(std::move(*state));
  if (!request.dev) return Unit{};
  auto issuer = development_issuer(*house.state);
  if (!issuer) return Err(issuer.error());
  house.issuer.emplace(std::move(*issuer));
  complete.development_issuer = house.issuer->issuer;
  house.loaded = std::make_shared<const Loaded>(load_sorted(complete));
  return Unit{};
}

Result<gateway::ListenerSetting, std::string> listener_setting(House& house,
                                                               const config::Listener& listener) {
  auto url = uri::parse_listen(listener.listen);
  if (!url) return Err("listen " + listener.listen + ": " + url.error());
  const std::string host = url->host == "localhost" ? "127.0.0.1" : url->host;
  const auto address = net::parse_address(host, url->port);
  if (!address)
    return Err("listen " + listener.listen + ": the host must be an address, such as 127.0.0.1 or 0.0.0.0");
  auto entrance = entrance_of(house, listener);
  if (!entrance) return Err(to_text(entrance.error()));
  auto sockets = take_sockets(house.inherited, listener, *address);
  if (!sockets) return Err(sockets.error());
  return gateway::ListenerSetting{listener.name, listener.surface, *address, std::move(*entrance),
                                  std::move(*sockets)};
}

void report_keys(const fetch::KeyEvent& event) {
  if (event.ok) return;
  std::fprintf(stderr, "caponier: the keys of %s could not be loaded: %s; %s\n", event.issuer.c_str(),
               event.detail.c_str(),
               event.has_keys ? "those that are there stay in use"
                              : "requests with its tokens get 503 until they are");
}

std::uint32_t worker_count(const config::Config& config) {
  const std::uint32_t wanted = config.workers != 0 ? config.workers : std::thread::hardware_concurrency();
  return std::clamp<std::uint32_t>(wanted, 1, kWorkersMax);
}

Step build(House& house, Supervisor& supervisor, const ServeHooks& hooks) {
  const config::Config& config = *house.loaded->config;
  constexpr std::string_view kPurpose = "caponier";
  const int inherited_lock = house.inherited.lock.get();
  auto locked =
      inherited_lock < 0 ? house.state->lock(kPurpose) : house.state->inherit_lock(inherited_lock, kPurpose);
  if (!locked) return Err(locked.error());
  const std::string log = config.log_file.empty() ? house.state->file("decisions.ndjson") : config.log_file;
  auto sink = sink::RecordSink::open(log);
  if (!sink) return Err(sink.error());
  house.sink = std::move(*sink);

  if (auto opened = open_identities(house); !opened) return Err(opened.error());
  if (auto opened = open_assertion_keys(house); !opened) return Err(opened.error());

  gateway::Settings settings;
  settings.identities = house.identities;
  settings.assertions = house.assertions;
  settings.identity_store = house.identity_store.get();
  auto sealer = store::Sealer::open(house.state->file(store::kSealingKeysFile), house.clock.now().wall_s(),
                                    house.random);
  if (!sealer) return Err(sealer.error());
  settings.sealer = std::move(*sealer);
  auto sessions = store::SessionStore::open(house.state->file(store::kSessionDatabase));
  if (!sessions) return Err(sessions.error());
  settings.session_store = std::move(*sessions);
  const bool administered = std::ranges::any_of(config.listeners, [](const config::Listener& listener) {
    return listener.surface == config::Surface::kAdmin;
  });
  if (administered) {
    auto token = store::own_secret(house.state->file(store::kAdminTokenFile), house.random);
    if (!token) return Err(token.error());
    settings.admin_token = token->reveal();
  }
  settings.plan = plan_of(house.loaded);
  settings.workers = worker_count(config);
  for (const config::Listener& listener : config.listeners) {
    auto setting = listener_setting(house, listener);
    if (!setting) return Err(setting.error());
    settings.listeners.push_back(std::move(*setting));
  }
  if (auto all = check_all_taken(house.inherited); !all) return Err(all.error());
  for (const plan::Upstream& upstream : settings.plan->upstreams) {
    auto upstream_tls = upstream_context(upstream);
    if (!upstream_tls) return Err(to_text(upstream_error(*house.loaded, upstream, upstream_tls.error())));
    settings.upstream_tls.push_back(std::move(*upstream_tls));
  }
  if (house.issuer) settings.development_keys = house.issuer->key.public_key_set();
  settings.give_records = [sink = house.sink.get(), look = hooks.on_records](std::string& lines) {
    if (look) look(lines);
    sink->give(lines);
  };
  settings.state_dir = house.state->path();
  settings.on_keys = report_keys;
  settings.tell = [](const std::string& sentence) {
    std::fprintf(stderr, "caponier: %s\n", sentence.c_str());
  };
  settings.version = version();
  settings.log_dropped = [sink = house.sink.get()] { return sink->dropped(); };
  settings.ask_reload = [&supervisor](std::function<void(gateway::AdminAnswer)> done) {
    supervisor.ask_reload(std::move(done));
  };
  auto gateway = gateway::Gateway::create(std::move(settings), house.clock, house.random);
  if (!gateway) return Err(gateway.error());
  house.gateway = std::move(*gateway);
  return Unit{};
}

// Before anything opens a descriptor: those of systemd have fixed numbers.
Step inherit(House& house, const LoadRequest& request) {
  auto activated = activated_sockets();
  if (!activated) return Err(activated.error());
  house.inherited = std::move(*activated);
  if (request.take_over.empty()) return Unit{};
  if (house.inherited.activated)
    return Err(std::string("--take-over and socket activation exclude each other"));
  auto taken = take_over(request.take_over);
  if (!taken) return Err(taken.error());
  house.inherited = std::move(*taken);
  return Unit{};
}

// The gateway accepts: whoever handed over may drain, and whoever comes next may ask.
Step offer(House& house) {
  const std::string& path = house.loaded->config->handover_file;
  if (!path.empty()) {
    if (auto listening = house.handover.listen(path); !listening) return Err(listening.error());
  }
  tell_serving(house.inherited);
  return Unit{};
}

}  // namespace

void block_end_signals() {
  const sigset_t signals = awaited_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

int serve(const LoadRequest& request, const ServeHooks& hooks) {
  Supervisor supervisor;  // outlives the gateway, whose admin surface speaks to it
  House house;
  if (auto step = inherit(house, request); !step) return fail(step.error());
  if (auto step = load_with_state(house, request); !step) return fail(step.error());
  for (const Diagnostic& diagnostic : house.loaded->diagnostics.all()) {
    if (diagnostic.severity == Severity::kError) std::fprintf(stderr, "%s\n", to_text(diagnostic).c_str());
  }
  if (!house.loaded->plan) return 2;

  signal(SIGPIPE, SIG_IGN);
  // A file that may not grow is an error of who writes it, as a full disk is.
  signal(SIGXFSZ, SIG_IGN);
  block_end_signals();
  if (auto step = build(house, supervisor, hooks); !step) return fail(step.error());
  house.gateway->start();
  if (auto step = offer(house); !step) return fail(step.error());
  if (hooks.on_ready)
    hooks.on_ready({*house.loaded->plan, house.gateway->urls(), *house.state,
                    house.issuer ? &*house.issuer : nullptr, house.ca_file});
  std::fflush(stdout);
  for (const std::string& url : house.gateway->urls()) {
    record(house, "ready", url);
    std::fprintf(stderr, "ready %s\n", url.c_str());
  }
  const int signal_number = supervisor.run(house);
  const char* const why = signal_number == SIGTERM ? "SIGTERM" : "SIGINT";
  record(house, "drain", signal_number == 0 ? "another process has taken over" : why);
  house.gateway->drain(signal_number == 0);
  // While what it answers to, the admin surface's loop, is still there.
  house.identity_store.reset();
  record(house, "stop", "");
  return 0;
}

}  // namespace caponier::cli
