// The gateway of a process: listeners, one worker thread per core, drain. Built by main from a Plan and what
// belongs to it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "gateway/worker.h"
#include "net/network.h"
#include "net/resolver.h"
#include "plan/plan.h"
#include "tls/context.h"

namespace caponier::gateway {

struct ListenerSetting {
  std::string name;
  net::Address address;
  std::shared_ptr<tls::ServerContext> tls;  // null: plain
};

struct Settings {
  std::shared_ptr<const plan::Plan> plan;
  std::vector<ListenerSetting> listeners;
  std::uint32_t workers = 1;
  std::vector<std::shared_ptr<tls::ClientContext>> upstream_tls;  // by index of Plan::upstreams
  std::string development_keys;
  std::function<void(std::string& lines)> give_records;
  // What became of a key fetch, for the operator's terminal.
  std::function<void(const fetch::KeyEvent&)> on_keys;
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
  // Starts the workers' threads.
  void start();
  // Stops accepting, lets what runs end within the drain limit, and returns when all threads have.
  void drain();

 private:
  struct Thread;
  Gateway();
  Result<Unit, std::string> listen(const ListenerSetting& setting);
  void report_keys(const fetch::KeyEvent& event);

  Settings settings_;
  std::unique_ptr<net::Resolver> resolver_;
  std::unique_ptr<Shared> shared_;
  std::vector<std::unique_ptr<Thread>> threads_;
  std::unique_ptr<fetch::KeyService> keys_;
  std::vector<std::string> urls_;
};

}  // namespace caponier::gateway
