// One worker: a loop and everything that belongs to it. Nothing here is touched by another thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/buffer.h"
#include "config/config.h"
#include "event/record.h"
#include "gateway/generation.h"
#include "gateway/id_source.h"
#include "gateway/metrics.h"
#include "gateway/shared.h"
#include "http/h1_decoder.h"
#include "net/network.h"
#include "plan/assertion_keys.h"
#include "stages/authenticate/token_cache.h"
#include "stages/authenticate/verified_passwords.h"
#include "stages/exchange.h"
#include "stages/finish/record.h"
#include "tls/context.h"

namespace caponier::gateway {

class ClientConnection;
class Driver;
class Http2Connection;

// A listener, as its connections know it.
struct Surface {
  std::string name;                         // "public"
  bool internal = false;                    // internal operations exist here
  std::shared_ptr<tls::ServerContext> tls;  // null: plain HTTP
  config::ListenerRules rules;
};

class Worker {
 public:
  Worker(Shared& shared, std::shared_ptr<const Generation> generation, net::Network& network,
         RandomSource& random);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // To be called before start().
  void serve(std::unique_ptr<net::Listener> listener, std::shared_ptr<const Surface> surface);
  // Accepts from all listeners until drain(). On the loop's own thread, as everything below.
  void start();
  // From now on requests are judged by `generation`, and new connections meet `surfaces`, by their
  // names. What is under way ends as it began.
  void replace(std::shared_ptr<const Generation> generation,
               const std::vector<std::shared_ptr<const Surface>>& surfaces);
  // No new connections; idle ones end now, or after Shared::idle_grace_ms, busy ones after their exchange.
  void drain();
  // Ends everything that is still open.
  void abort_all();
  [[nodiscard]] bool idle() const { return connections_ == nullptr && accepting_ == 0; }

  Shared& shared() { return shared_; }
  net::Loop& loop() { return network_.loop(); }
  BlockPool& blocks() { return blocks_; }
  // Larger ones, for bodies that come as fast as they are read.
  BlockPool& bulk_blocks() { return bulk_blocks_; }
  // Of the Plan in force; who needs it longer than a turn of the loop keeps it.
  [[nodiscard]] const std::shared_ptr<Service>& service() const { return service_; }
  [[nodiscard]] const plan::Plan& plan() const { return service_->plan(); }
  IdSource& ids() { return ids_; }
  // What the store knows of identities, at this moment.
  [[nodiscard]] std::shared_ptr<const plan::IdentityFacts> identities() { return identities_.now(); }
  // Streams and WebSockets under way, which end when their callers' credentials are revoked.
  void add_stream(Driver& driver) { streams_.push_back(&driver); }
  void remove_stream(Driver& driver) { std::erase(streams_, &driver); }
  void judge_streams();

  // Room for what is read and used up in the same turn of the loop.
  [[nodiscard]] std::span<char> read_room() { return read_room_; }
  // `connection` is flushed once, at the end of this turn of the loop.
  void flush_later(Http2Connection& connection) { to_flush_.push_back(&connection); }
  void forget_flush(const Http2Connection& connection);

  // Exchanges are reused; a taken one is reset.
  std::unique_ptr<stages::Exchange> take_exchange();
  void give_exchange(std::unique_ptr<stages::Exchange> exchange);
  std::unique_ptr<http::RequestDecoder> take_decoder();
  void give_decoder(std::unique_ptr<http::RequestDecoder> decoder);

  // Records gather here and leave in batches.
  template <class Record>
  void record(const Record& record) {
    event::append(records_, record);
    note_records();
  }
  // A connection that brought no exchange.
  void record(const event::ConnectionRecord& record) {
    metrics_.refuse(Metrics::kNoOperation, record.reason);
    event::append(records_, record);
    note_records();
  }
  void flush_records();
  // Once per exchange, at its end.
  void count(const Service& service, const stages::Exchange& exchange, const stages::Outcome& outcome);
  // Read by any thread.
  [[nodiscard]] const Metrics& metrics() const { return metrics_; }
  // Of the moment.
  [[nodiscard]] WorkerGauges gauges() const;

  // Memory that requests hold is counted process-wide: blocks here, the rest by connection.
  [[nodiscard]] std::size_t bytes_in_blocks() const {
    return blocks_.bytes_in_use() + bulk_blocks_.bytes_in_use();
  }
  [[nodiscard]] bool overloaded();

 private:
  static constexpr std::size_t kBulkBlocksKept = 16;
  static constexpr std::size_t kBulkBlockBytes = std::size_t{64} * 1024;
  friend class ClientConnection;
  class FlushTimer final : public net::TimerNode {
   public:
    explicit FlushTimer(Worker& worker) : worker_(worker) {}
    void expired() override { worker_.flush_records(); }

   private:
    Worker& worker_;
  };

  // `address` is that of the client.
  void name_peer(stages::Peer& peer, const AddressBytes& address) const;
  // Takes the address into the table of open connections; false, and recorded, if it is over a budget.
  [[nodiscard]] bool admit_address(const stages::Peer& peer);
  void refuse(const stages::Peer& peer, const stages::Denial& denial);
  net::Task<void> accept_from(std::size_t listening);
  void admit(net::Listener::Accepted accepted, const std::shared_ptr<const Surface>& surface);
  void note_records();
  // The clusters of a service that is about to be; those of the one in force where nothing about them
  // changes.
  void make_upstreams(Service& service);
  std::shared_ptr<upstream::Cluster> make_cluster(const Generation& generation, std::size_t index,
                                                  upstream::ClusterSettings settings);
  void flush_connections();

  Shared& shared_;
  net::Network& network_;
  BlockPool blocks_;
  BlockPool bulk_blocks_{kBulkBlocksKept, kBulkBlockBytes};
  Metrics metrics_;
  stages::TokenCache tokens_;
  stages::VerifiedPasswords passwords_;
  plan::IdentityView identities_;
  plan::AssertionKeyView assertions_;
  std::vector<Driver*> streams_;
  std::shared_ptr<Service> service_;
  std::uint64_t cluster_seed_;
  IdSource ids_;
  struct Listening {
    std::unique_ptr<net::Listener> listener;
    std::shared_ptr<const Surface> surface;
  };
  std::vector<Listening> listeners_;
  std::vector<std::unique_ptr<http::RequestDecoder>> decoders_;
  std::vector<std::unique_ptr<stages::Exchange>> exchanges_;
  std::string records_;
  FlushTimer flush_timer_;
  ClientConnection* connections_ = nullptr;  // intrusive list
  std::vector<Http2Connection*> to_flush_;
  std::vector<char> read_room_ = std::vector<char>(BlockPool::kBlockBytes);
  std::size_t accepting_ = 0;
  std::int64_t block_bytes_counted_ = 0;
};

}  // namespace caponier::gateway
