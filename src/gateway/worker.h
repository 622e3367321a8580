// One worker: a loop and everything that belongs to it. Nothing here is touched by another thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "event/record.h"
#include "gateway/id_source.h"
#include "gateway/shared.h"
#include "net/network.h"
#include "stages/authenticate/token_cache.h"
#include "stages/exchange.h"
#include "stages/state.h"
#include "upstream/cluster.h"

namespace caponier::gateway {

class ClientConnection;

// A listening surface.
struct Surface {
  std::string name;                         // "public"
  std::shared_ptr<tls::ServerContext> tls;  // null: plain HTTP
};

class Worker {
 public:
  Worker(Shared& shared, net::Network& network, RandomSource& random);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // To be called before start().
  void serve(std::unique_ptr<net::Listener> listener, std::shared_ptr<const Surface> surface);
  // Accepts from all listeners until drain(). On the loop's own thread, as everything below.
  void start();
  // No new connections; idle ones end now, busy ones after their exchange.
  void drain();
  // Ends everything that is still open.
  void abort_all();
  [[nodiscard]] bool idle() const { return connections_ == nullptr && accepting_ == 0; }

  Shared& shared() { return shared_; }
  net::Loop& loop() { return network_.loop(); }
  BlockPool& blocks() { return blocks_; }
  // By index of Plan::upstreams.
  upstream::Cluster& upstream(std::uint32_t index) { return *upstreams_[index]; }
  const stages::State& state() const { return state_; }
  IdSource& ids() { return ids_; }

  // Exchanges are reused; a taken one is reset.
  std::unique_ptr<stages::Exchange> take_exchange();
  void give_exchange(std::unique_ptr<stages::Exchange> exchange);

  // Records gather here and leave in batches.
  template <class Record>
  void record(const Record& record) {
    event::append(records_, record);
    note_records();
  }
  void flush_records();

  // Memory that requests hold beyond pooled blocks (gathered bodies), counted process-wide.
  [[nodiscard]] bool overloaded();
  void add_in_flight(std::int64_t bytes);

 private:
  friend class ClientConnection;
  class FlushTimer final : public net::TimerNode {
   public:
    explicit FlushTimer(Worker& worker) : worker_(worker) {}
    void expired() override { worker_.flush_records(); }

   private:
    Worker& worker_;
  };

  net::Task<void> accept_from(net::Listener* listener, std::shared_ptr<const Surface> surface);
  void admit(net::Listener::Accepted accepted, const std::shared_ptr<const Surface>& surface);
  void note_records();
  void make_upstreams(RandomSource& random);

  Shared& shared_;
  net::Network& network_;
  BlockPool blocks_;
  std::vector<std::shared_ptr<upstream::Cluster>> upstreams_;
  stages::TokenCache tokens_;
  stages::State state_;
  IdSource ids_;
  struct Listening {
    std::unique_ptr<net::Listener> listener;
    std::shared_ptr<const Surface> surface;
  };
  std::vector<Listening> listeners_;
  std::vector<std::unique_ptr<stages::Exchange>> exchanges_;
  std::string records_;
  FlushTimer flush_timer_;
  ClientConnection* connections_ = nullptr;  // intrusive list
  std::size_t accepting_ = 0;
  std::int64_t block_bytes_counted_ = 0;
};

}  // namespace caponier::gateway
