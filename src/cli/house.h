// Everything that a served gateway stands on, and how what was loaded becomes settings of the gateway: what
// `serve` and a reload have in common.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/result.h"
#include "cli/dev_identity.h"
#include "cli/handover.h"
#include "cli/inherited.h"
#include "cli/load_plan.h"
#include "cli/system_random.h"
#include "gateway/gateway.h"
#include "net/system_clock.h"
#include "sink/record_sink.h"
#include "store/assertion_keeper.h"
#include "store/identity_store.h"
#include "store/state_dir.h"
#include "tls/context.h"

namespace caponier::cli {

// In the order in which it is built.
struct House {
  net::SystemClock clock;
  SystemRandom random;
  LoadRequest request;  // complete: with the development issuer's name
  std::optional<store::StateDir> state;
  std::optional<DevelopmentIssuer> issuer;
  std::string ca_file;                   // of the local authority
  std::shared_ptr<const Loaded> loaded;  // what is in force
  std::unique_ptr<sink::RecordSink> sink;
  std::shared_ptr<plan::IdentitySource> identities = std::make_shared<plan::IdentitySource>();
  std::unique_ptr<store::IdentityStore> identity_store;
  std::shared_ptr<plan::AssertionKeySource> assertions = std::make_shared<plan::AssertionKeySource>();
  std::unique_ptr<store::AssertionKeeper> assertion_keeper;
  std::unique_ptr<gateway::Gateway> gateway;
  Inherited inherited;
  Handover handover;
};

// The Plan together with all that it may view.
inline std::shared_ptr<const plan::Plan> plan_of(const std::shared_ptr<const Loaded>& loaded) {
  return {loaded, loaded->plan.get()};
}

// A line of the decision log about the gateway itself.
void record(House& house, std::string_view what, std::string_view detail);

// Opens the identity database and makes what is in it known to the gateway.
Result<Unit, std::string> open_identities(House& house);

// Makes the keys by which the gateway vouches for callers, and keeps them.
Result<Unit, std::string> open_assertion_keys(House& house);

// Of one listener. The error has its place in the configuration.
Result<gateway::Entrance, Diagnostic> entrance_of(House& house, const config::Listener& listener);

}  // namespace caponier::cli
