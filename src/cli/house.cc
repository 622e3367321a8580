#include "cli/house.h"

#include <cstdio>
#include <utility>

#include "cli/listener_tls.h"
#include "event/record.h"
#include "uri/url.h"

namespace caponier::cli {
namespace {

Result<std::shared_ptr<tls::ServerContext>, Diagnostic> local_context(House& house,
                                                                      const config::Listener& listener) {
  auto local = local_certificate(*house.state, house.clock.now().wall_s());
  if (!local) return Err(Diagnostic{.code = "bad-certificate", .message = local.error()});
  house.ca_file = local->ca_file;
  std::vector<tls::ServerIdentity> identities;
  identities.push_back({local->chain_pem, std::move(local->key_pem)});
  return listener_context(listener, identities);
}

}  // namespace

Result<gateway::Entrance, Diagnostic> entrance_of(House& house, const config::Listener& listener) {
  gateway::Entrance entrance{nullptr, listener.rules};
  const auto url = uri::parse_listen(listener.listen);
  if (url && !url->https) return entrance;
  auto context = listener.certificates.empty() ? local_context(house, listener) : listener_context(listener);
  if (!context) return Err(context.error());
  entrance.tls = std::move(*context);
  return entrance;
}

Result<Unit, std::string> open_identities(House& house) {
  const std::string path = house.state->file(store::kIdentityDatabase);
  auto database = store::open_identity_database(path);
  if (!database) return Err(database.error());
  auto hasher =
      store::load_hasher(*house.state, house.loaded->config->api_keys.hash_key, **database, house.random);
  if (!hasher) return Err(hasher.error());
  store::IdentityStore::Events events;
  events.changed = [&house](const store::Change& change) {
    std::string detail = change.id;
    if (!change.detail.empty()) detail += ": " + change.detail;
    record(house, change.what, detail + " (" + change.by + ")");
  };
  events.trouble = [&house](const std::string& sentence) {
    record(house, "identities-unreadable", sentence);
    std::fprintf(stderr, "caponier: %s; what was known stays in force\n", sentence.c_str());
  };
  auto opened = store::IdentityStore::open(path, *hasher, house.identities, house.clock, std::move(events));
  if (!opened) return Err(opened.error());
  house.identity_store = std::move(*opened);
  return Unit{};
}

Result<Unit, std::string> open_assertion_keys(House& house) {
  store::AssertionKeeper::Events events;
  events.changed = [&house](const std::string& sentence) { record(house, "identity-keys", sentence); };
  events.trouble = [&house](const std::string& sentence) {
    record(house, "identity-keys-unusable", sentence);
    std::fprintf(stderr, "caponier: %s; the keys of identity tokens stay as they are\n", sentence.c_str());
  };
  house.assertion_keeper =
      std::make_unique<store::AssertionKeeper>(house.state->path(), house.assertions, std::move(events));
  return house.assertion_keeper->use(house.loaded->plan->identity_token, house.clock.now().wall_s());
}

void record(House& house, std::string_view what, std::string_view detail) {
  std::string line;
  event::LifecycleRecord record;
  record.wall_ms = house.clock.now().wall_ms;
  record.what = what;
  record.detail = detail;
  event::append(line, record);
  house.sink->give(line);
}

}  // namespace caponier::cli
