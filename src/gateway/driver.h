// The exchange driver: takes one request through the stages and to the upstream and its answer back. All
// waiting of an exchange happens here; the stages only judge. Whatever happens, exactly one record is
// written, and the upstream receives not one byte of a request that is not allowed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fetch/token_source.h"
#include "gateway/client_side.h"
#include "gateway/connection_memory.h"
#include "gateway/upload.h"
#include "net/task.h"
#include "stages/exchange.h"
#include "stages/finish/record.h"
#include "stages/verdict.h"
#include "upstream/cluster.h"

namespace caponier::gateway {

class Worker;
struct Service;

class Driver {
 public:
  // All of them outlive it.
  Driver(Worker& worker, ClientSide& client, ConnectionMemory& memory)
      : worker_(worker), client_(client), memory_(memory) {}
  ~Driver();
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  // One exchange, from its decoded head to its record. True if the client's connection can carry another one;
  // `may_stay` false ends it in any case.
  net::Task<bool> run(stages::Exchange& exchange, Service& service, bool may_stay);
  // Breaks off what the exchange under way waits for at the upstream, so that it ends soon.
  void abort();
  // Ends a stream or a WebSocket whose caller's credential was revoked.
  void judge_again(const plan::IdentityFacts& facts);
  // The same as abort() for a WebSocket, once: its client is told, and its connection ends by itself. False
  // if there is none.
  bool end_tunnel();
  // The same, because the client wants no answer any more.
  void client_gone();

 private:
  using Lease = upstream::Pool::Lease;
  using Failed = std::optional<stages::Denial>;  // what went wrong, if something did

  net::Task<Failed> log_in(stages::Exchange& exchange, stages::NeedLogin need);
  net::Task<void> renew(stages::Exchange& exchange, stages::NeedSession need);
  net::Task<Failed> satisfy(stages::Exchange& exchange, stages::Need need);
  net::Task<bool> judge(stages::Exchange& exchange, stages::Verdict<stages::HeadDecision> verdict);
  net::Task<Failed> gather_body(stages::Exchange& exchange, std::uint64_t bytes_max);
  net::Task<void> forward(stages::Exchange& exchange);
  [[nodiscard]] Failed enter(const stages::Exchange& exchange);
  [[nodiscard]] fetch::TokenSource* token_source(const stages::Exchange& exchange) const;
  // False: the upstream's token must be got first.
  [[nodiscard]] bool has_upstream_token(stages::Exchange& exchange) const;
  net::Task<Failed> get_upstream_token(stages::Exchange& exchange);
  void note_unauthorized(const stages::Exchange& exchange) const;
  net::Task<Failed> send_request(stages::Exchange& exchange);
  [[nodiscard]] bool take_idle(upstream::Endpoint*& chosen);
  net::Task<Failed> take_connection(upstream::Endpoint* chosen);
  net::Task<Failed> connect();
  net::Task<Failed> connect_somewhere();
  [[nodiscard]] stages::Denial nothing_healthy();
  // The upstream said that it has done nothing with the request.
  [[nodiscard]] bool unprocessed() const;
  void note_try(const stages::Denial& denial);
  void note_failure(const stages::Denial& denial);
  void note_answer(std::uint16_t status);
  [[nodiscard]] bool try_elsewhere(const stages::Exchange& exchange, const Failed& failed);
  net::Task<Failed> start_upload(stages::Exchange& exchange);
  [[nodiscard]] bool uploading() const;
  net::Task<void> end_upload();
  net::Task<Failed> read_response_head();
  net::Task<void> pass_response(stages::Exchange& exchange);
  net::Task<void> pass_held(stages::Exchange& exchange, stages::ResponseDecision decision);
  net::Task<Failed> gather_response(const stages::ResponseDecision& decision, std::uint64_t most);
  net::Task<Failed> read_more();
  net::Task<Failed> pass_body(stages::Exchange& exchange, bool open, const plan::Response* declared);
  net::Task<void> pass_tunnel(stages::Exchange& exchange);
  void begin_stream(const stages::Exchange& exchange);
  void end_stream();
  [[nodiscard]] stages::Denial stream_end(bool idle) const;
  [[nodiscard]] stages::Denial broken_off() const;
  net::Task<void> refuse(stages::Exchange& exchange, stages::Denial denial);
  net::Task<void> answer(stages::Exchange& exchange, const stages::LocalResponse& response);

  bool append_request_head(stages::Exchange& exchange);
  [[nodiscard]] upstream::RequestBody request_body(const stages::Exchange& exchange) const;
  bool append_response_head(const stages::Exchange& exchange, const http::ResponseHead& head, bool open,
                            bool held);
  void append_length(const stages::Exchange& exchange, std::uint16_t status, bool open, std::uint64_t bytes);
  net::Task<void> send_own(std::string_view body);
  void end_response(std::uint16_t status);
  void copy_for_report(stages::Exchange& exchange, std::string_view data);
  [[nodiscard]] stages::Denial read_failure(net::IoStatus status, std::string_view closed) const;
  // How long the upstream may be silent within its answer.
  [[nodiscard]] std::int64_t pause_ms() const;
  [[nodiscard]] bool still_has_time(net::IoStatus status, std::int64_t& until) const;
  [[nodiscard]] std::int64_t deadline(std::int64_t within_ms) const;
  void end_request();
  // Why nothing is begun, if so.
  [[nodiscard]] Failed no_room() const;
  // Room for `more` bytes of a body that has at most `most`; or why there is none.
  [[nodiscard]] Failed make_room(std::string& body, std::uint64_t more, std::uint64_t most);
  [[nodiscard]] std::uint64_t bytes_max() const;
  void count_gathered();
  void count_made(const stages::Exchange& exchange);
  void finish(stages::Exchange& exchange);

  Worker& worker_;
  Service* service_ = nullptr;  // of the exchange under way; its client's connection keeps it
  ClientSide& client_;
  ConnectionMemory& memory_;  // of the client's connection
  std::string out_;
  std::string_view buffered_;       // the judged body: in the client's buffer, or in body_
  std::string body_;                // a gathered body
  std::string response_body_;       // a gathered answer's, or its copy for a report
  std::string_view held_;           // the answer's body: where the connection keeps it, or in response_body_
  std::uint64_t copy_max_ = 0;      // of response_body_, while it is a copy
  std::int64_t made_bytes_ = 0;     // of a decoded or stripped body, which the exchange holds
  std::int64_t body_counted_ = 0;   // of all these, in memory_
  upstream::Visit visit_;           // before the connection, whose pool it keeps
  Lease connection_;                // to the upstream, while the exchange is forwarded
  std::unique_ptr<Upload> upload_;  // of a streamed body
  std::optional<stages::Denial> denial_;
  stages::Outcome outcome_;
  std::int64_t started_us_ = 0;
  std::int64_t ends_ms_ = 0;                   // the exchange's total time
  Reason over_ = Reason::kExchangeTimeout;     // why it ends then
  const stages::Principal* caller_ = nullptr;  // while it lasts
  std::optional<Reason> revoked_;              // why it was broken off
  bool lasts_ = false;                         // it is an event stream or a WebSocket
  bool keep_alive_ = false;
  std::int64_t first_byte_ms_ = 0;
  upstream::Use use_ = upstream::Use::kRequest;
  bool fresh_ = false;  // a pooled connection was dead: no other is trusted
  bool broken_off_ = false;
  bool in_tunnel_ = false;
  bool client_gone_ = false;
  bool answering_ = false;  // something of the upstream's answer may have left
};

}  // namespace caponier::gateway
