// The gateway of a process: listeners, one worker thread per core, the admin surface, reload and drain. Built
// by main from a Plan and what belongs to it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "config/config.h"
#include "gateway/admin.h"
#include "gateway/generation.h"
#include "gateway/worker.h"
#include "net/descriptor.h"
#include "net/network.h"
#include "net/resolver.h"
#include "net/socket_network.h"
#include "plan/identity_facts.h"
#include "plan/plan.h"
#include "store/identity_store.h"
#include "tls/context.h"

namespace caponier::gateway {

// What of a listener can change while it listens.
struct Entrance {
  std::shared_ptr<tls::ServerContext> tls;  // null: plain
  config::ListenerRules rules;
};

struct ListenerSetting {
  std::string name;
  config::Surface surface = config::Surface::kPublic;
  net::Address address;
  Entrance entrance;
  // Sockets that listen there already, from whoever started this process or from the one before; none: it is
  // bound anew.
  std::vector<net::Descriptor> sockets;
};

// A socket of a listener, as another process gets it.
struct ListeningSocket {
  std::string name;
  int fd = -1;
};

struct Settings {
  std::shared_ptr<const plan::Plan> plan;
  std::vector<ListenerSetting> listeners;
  std::uint32_t workers = 1;
  std::vector<std::shared_ptr<tls::ClientContext>> upstream_tls;  // by index of Plan::upstreams
  std::string development_keys;
  std::string state_dir;  // where the key sets of issuers are kept for the next start; empty: nowhere
  std::string version;
  // Asks whoever loads Plans for another one; `done` may be called on any thread, once.
  std::function<void(std::function<void(AdminAnswer)> done)> ask_reload;
  std::function<std::uint64_t()> log_dropped;  // records lost so far
  // What the store knows of identities; null: nobody.
  std::shared_ptr<plan::IdentitySource> identities;
  std::shared_ptr<plan::AssertionKeySource> assertions;  // null: it vouches for nobody
  std::optional<store::Sealer> sealer;                   // with session_store
  std::unique_ptr<store::SessionStore> session_store;    // null: no browser logs in
  store::IdentityStore* identity_store = nullptr;        // which outlives the gateway; null: there is none
  std::string admin_token;  // who shows it to the admin surface may change API keys
  std::function<void(std::string& lines)> give_records;
  // What became of a key fetch, for the operator's terminal.
  std::function<void(const fetch::KeyEvent&)> on_keys;
  std::function<void(const std::string& sentence)> tell;  // what else belongs there
};

// What takes the place of the settings of the same name; the listeners' addresses stay.
struct Replacement {
  std::shared_ptr<const plan::Plan> plan;
  std::vector<Entrance> entrances;                                // by listener, in the order of the settings
  std::vector<std::shared_ptr<tls::ClientContext>> upstream_tls;  // by index of Plan::upstreams
};

class Gateway {
 public:
  // Binds every listener, exclusively; the error is a sentence
  // ("cannot listen on 127.0.0.1:8443: Address already in use").
  static Result<std::unique_ptr<Gateway>, std::string> create(Settings settings, Clock& clock,
                                                              RandomSource& random);
  ~Gateway();

  // With real ports, as "https://127.0.0.1:8443".
  [[nodiscard]] const std::vector<std::string>& urls() const { return urls_; }
  // Puts another Plan into force and returns when every worker judges by it. What is under way ends on the
  // one that it began with. By one thread at a time.
  void replace(Replacement replacement);
  void count_refused_reload() { reloads_refused_.fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t generation() const { return current()->number; }
  // Starts the workers' threads.
  void start();
  // All that listen, the admin surface's included; until drain().
  [[nodiscard]] const std::vector<ListeningSocket>& listening() const { return listening_; }
  // Stops accepting, lets what runs end within the drain limit, and returns when all threads have.
  // `handed_over`: another process accepts already, so that idle clients get some time to ask once more and
  // hear that the connection ends, rather than to find it closed under their request.
  void drain(bool handed_over = false);

 private:
  struct Thread;
  struct Admin;
  Gateway();
  Result<Unit, std::string> listen(ListenerSetting& setting);
  using Listeners = Result<std::vector<std::unique_ptr<net::Listener>>, std::string>;
  Listeners open_sockets(const ListenerSetting& setting, const std::vector<net::SocketNetwork*>& networks);
  [[nodiscard]] std::shared_ptr<Generation> make_generation(
      std::shared_ptr<const plan::Plan> plan, std::vector<std::shared_ptr<tls::ClientContext>> upstream_tls);
  [[nodiscard]] std::shared_ptr<Generation> current() const;
  void report(std::string_view what, std::string_view detail);
  void report_keys(const fetch::KeyEvent& event);
  // Those of `before` that would ask for the same stay, with what they have.
  void attach_token_sources(Generation& generation, const Generation* before);
  void report_token(bool ok, const std::string& sentence);
  void watch_identities();
  // From any thread: each worker looks at its own.
  void judge_streams();
  void start_admin();
  void stop_admin();
  void record_refused(const std::string& listener, const std::string& peer,
                      const tls::HandshakeFailure& failure);
  AdminAnswer tell_readiness() const;
  net::Task<AdminAnswer> tell_metrics();
  net::Task<AdminAnswer> reload_for_admin();
  net::Task<AdminAnswer> ask_identities(AdminQuestion question);
  static void find_upstreams(net::Network* network, const std::shared_ptr<const Generation>& generation);

  Settings settings_;
  Clock* clock_ = nullptr;
  RandomSource* random_ = nullptr;
  std::unique_ptr<net::Resolver> resolver_;
  std::unique_ptr<Shared> shared_;
  std::unique_ptr<Admin> admin_;  // null without an admin listener
  std::vector<std::unique_ptr<Thread>> threads_;
  std::shared_ptr<fetch::SessionKeeper> session_keeper_;  // of the first of them; null: there is no store
  std::unique_ptr<fetch::KeyService> key_service_;        // on the loop of the first of them
  mutable std::mutex mutex_;
  std::shared_ptr<Generation> current_;  // under mutex_
  std::uint64_t generations_ = 0;
  std::atomic<std::uint64_t> reloads_refused_{0};
  std::vector<std::string> urls_;
  std::vector<ListeningSocket> listening_;
};

}  // namespace caponier::gateway
