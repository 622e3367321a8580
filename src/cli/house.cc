#include "cli/house.h"

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
