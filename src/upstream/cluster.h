// One upstream as a worker sees it: its endpoints, found by name or address, the choice among them (the less
// busy of two at random), who of them is left alone, and how much may be under way. A Visit is one exchange's
// way through it.
#pragma once

#include <array>
#include <atomic>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/upstream_rules.h"
#include "upstream/health.h"
#include "upstream/pool.h"
#include "upstream/retry_budget.h"

namespace caponier::upstream {

struct NamedEndpoint {
  std::string host;  // a name stands for all its addresses
  std::uint16_t port = 0;
  bool operator==(const NamedEndpoint&) const = default;
};

struct ClusterSettings {
  std::string name;       // in messages
  std::string authority;  // for Host of health checks
  std::vector<NamedEndpoint> endpoints;
  std::string server_name;  // TLS; empty: each endpoint's host
  std::string spiffe_id;
  std::shared_ptr<tls::ClientContext> tls;  // null: plain
  UpstreamRules rules;
  PoolLimits limits;
  bool operator==(const ClusterSettings&) const = default;
};

// What all workers' clusters of one upstream count together.
struct alignas(64) Load {
  std::atomic<std::uint32_t> requests{0};  // under way
  std::atomic<std::uint32_t> pending{0};   // of them waiting for a connection
  std::atomic<std::uint64_t> ejections{0};
  std::atomic<std::uint64_t> retries{0};
};

// An endpoint at this moment, as one worker sees it.
struct EndpointState {
  std::string upstream;
  std::string address;
  bool available = false;
  std::uint32_t requests = 0;
  std::size_t idle = 0;  // pooled connections
};

struct Endpoint {
  Endpoint(std::uint32_t the_id, std::size_t the_source, net::Network& network, BlockPool& blocks,
           Target target, const PoolLimits& limits)
      : id(the_id), source(the_source), pool(network, blocks, std::move(target), limits) {}
  [[nodiscard]] const net::Address& address() const { return pool.target().address; }

  std::uint32_t id;
  std::size_t source;  // index into ClusterSettings::endpoints
  Pool pool;
  Health health;
  std::uint32_t active = 0;  // exchanges
  bool probing = false;
  bool retired = false;  // its name does not lead here any more
};

// `address` is one of what endpoint `source` of the settings stands for.
Target target_of(const ClusterSettings& settings, std::size_t source, const net::Address& address);

class Cluster final : public std::enable_shared_from_this<Cluster> {
 public:
  using OnEvent = std::function<void(std::string_view)>;
  // `seed`: of the choices. `on_event` is told who goes out and who is back.
  Cluster(net::Network& network, BlockPool& blocks, ClusterSettings settings, std::shared_ptr<Load> load,
          std::uint64_t seed, OnEvent on_event);
  ~Cluster() = default;
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // On the loop's thread.
  void start();
  // Nothing happens unasked from here on, nobody is told anything, and no connection is kept. Who is on the
  // way through goes on.
  void stop();

  // Waits until there are endpoints, or the names cannot be resolved, or for as long as a connection may
  // take: a sentence then.
  net::Task<std::optional<std::string>> ready(std::int64_t deadline_ms);
  [[nodiscard]] bool known() const { return !endpoints_.empty(); }
  // Seconds until one of those that are out may be back.
  [[nodiscard]] std::int64_t retry_after_s() const;
  [[nodiscard]] const ClusterSettings& settings() const { return settings_; }
  [[nodiscard]] const UpstreamRules& rules() const { return settings_.rules; }
  void describe(std::vector<EndpointState>& out) const;
  [[nodiscard]] std::size_t available() const;

 private:
  friend class Visit;
  class Timer final : public net::TimerNode {
   public:
    Timer(Cluster& cluster, void (Cluster::*due)()) : cluster_(cluster), due_(due) {}
    void expired() override { (cluster_.*due_)(); }

   private:
    Cluster& cluster_;
    void (Cluster::*due_)();
  };
  class Waiting;

  [[nodiscard]] std::int64_t now_ms() const { return network_.loop().now_ms(); }
  Endpoint* choose(const std::uint32_t* tried, std::size_t count);
  std::uint64_t draw();
  void leave(Endpoint& endpoint);
  void succeeded(Endpoint& endpoint);
  // Whether this failure was one too many.
  bool failed(Endpoint& endpoint);
  void tell_ejected(const Endpoint& endpoint, std::string_view why);

  void take_addresses(std::size_t source, const std::vector<net::Address>& addresses);
  [[nodiscard]] Endpoint* find(std::size_t source, const net::Address& address);
  void add(std::size_t source, const net::Address& address);
  void sweep();
  void resolve();
  static net::Task<void> resolve_all(std::shared_ptr<Cluster> self);
  void wake_waiting();
  void check_all();
  static net::Task<void> check(std::shared_ptr<Cluster> self, std::uint32_t id, Target target);
  void checked(std::uint32_t id, const std::string& wrong);
  void tell(std::string_view what, const Endpoint& endpoint, std::string_view why);

  net::Network& network_;
  BlockPool& blocks_;
  ClusterSettings settings_;
  std::shared_ptr<Load> load_;
  std::uint64_t random_;
  OnEvent on_event_;
  std::vector<std::unique_ptr<Endpoint>> endpoints_;
  std::vector<std::unique_ptr<Endpoint>> retired_;  // with exchanges under way
  std::vector<bool> literal_;                       // by index into settings_.endpoints
  std::uint32_t next_id_ = 1;
  RetryBudget budget_;
  bool has_names_ = false;
  bool resolving_ = false;
  bool stopped_ = false;
  std::int64_t resolved_at_ms_ = 0;
  std::string resolve_error_;
  std::vector<Waiting*> waiting_;
  Timer resolve_timer_{*this, &Cluster::resolve};
  Timer check_timer_{*this, &Cluster::check_all};
};

class Visit {
 public:
  Visit() = default;
  ~Visit() { leave(); }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  // False: as many requests are under way as may be.
  bool enter(Cluster& cluster);
  void leave();
  // Goes to an endpoint that was not tried yet; null: there is none.
  Endpoint* next();
  // To one that may have been tried; null: all are out.
  Endpoint* again();
  [[nodiscard]] Endpoint* endpoint() { return endpoint_; }
  [[nodiscard]] Cluster& cluster() { return *cluster_; }
  // Whether the budget has one more try for this request.
  bool take_retry();
  // False: as many requests wait for a connection as may.
  bool begin_pending();
  void end_pending();
  void succeeded();
  void failed(std::string_view why);
  // It answered with a status that says that it failed.
  void answered(std::uint16_t status);

 private:
  Endpoint* move_to(Endpoint* endpoint);
  Cluster* cluster_ = nullptr;
  Endpoint* endpoint_ = nullptr;
  std::array<std::uint32_t, kUpstreamConnectTriesMax> tried_{};
  std::uint32_t tried_count_ = 0;
  std::uint32_t retries_ = 0;
  bool pending_ = false;
};

}  // namespace caponier::upstream
