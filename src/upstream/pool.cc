#include "upstream/pool.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace caponier::upstream {

namespace {

tls::Offer offer_of(const Target& target, Use use) {
  if (use == Use::kUpgrade || target.protocol == UpstreamProtocol::kHttp1) return tls::Offer::kHttp11;
  return target.protocol == UpstreamProtocol::kHttp2 ? tls::Offer::kHttp2 : tls::Offer::kHttp2OrHttp11;
}

// So that no member can be forgotten.
template <class T>
bool same(const T& a, const T& b) {
  static_assert(std::has_unique_object_representations_v<T>);
  return std::memcmp(&a, &b, sizeof a) == 0;
}

ConnectFailure late(std::string_view detail) {
  return {ConnectError::kTimedOut, std::string(detail)};
}

}  // namespace

net::Task<Opened> open(net::Network& network, Target target, std::int64_t deadline_ms, Use use) {
  auto stream = co_await network.connect(target.address, deadline_ms);
  if (!stream) {
    const bool late = network.loop().now_ms() >= deadline_ms;
    co_return Err(ConnectFailure{late ? ConnectError::kTimedOut : ConnectError::kUnreachable,
                                 target.address.text() + ": " + stream.error()});
  }
  if (!target.tls) co_return std::move(*stream);
  auto secured = co_await tls::connect(std::move(*stream), target.tls, target.server_name, deadline_ms,
                                       target.spiffe_id, offer_of(target, use));
  if (secured) co_return std::move(*secured);
  co_return Err(ConnectFailure{secured.error().timed_out ? ConnectError::kTimedOut : ConnectError::kTls,
                               "TLS: " + secured.error().detail});
}

bool PoolLimits::operator==(const PoolLimits& other) const {
  return same(http, other.http) && same(http2, other.http2) && connect_ms == other.connect_ms &&
         idle_ms == other.idle_ms;
}

Pool::Pool(net::Network& network, BlockPool& blocks, Target target, const PoolLimits& limits)
    : network_(network), blocks_(blocks), target_(std::move(target)), limits_(limits) {}

Pool::~Pool() {
  close();
}

void Pool::close() {
  closed_ = true;
  idle_.clear();
  for (const auto& session : std::exchange(sessions_, {})) session->retire();
}

std::size_t Pool::idle() const {
  const auto quiet =
      std::ranges::count_if(sessions_, [](const auto& session) { return session->exchanges() == 0; });
  return idle_.size() + static_cast<std::size_t>(quiet);
}

Pool::Lease Pool::take_idle(Use use) {
  for (std::size_t i = 0; use == Use::kRequest && i < sessions_.size(); ++i) {
    if (sessions_[i]->has_room()) return sessions_[i]->take();
  }
  const std::int64_t oldest = network_.loop().now_ms() - limits_.idle_ms;
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    connection->stream().wait(net::Direction::kRead, nullptr);
    if (connection->idle_since_ms_ < oldest) {
      // The rest were used even earlier.
      connection->stream().shutdown();
      idle_.clear();
      return nullptr;
    }
    ++connection->uses_;
    return connection;
  }
  return nullptr;
}

// One exchange's wait for the connection that another one opens.
class Pool::Waiting final : private net::TimerNode {
 public:
  Waiting(Pool& pool, std::int64_t deadline_ms) : pool_(pool), deadline_ms_(deadline_ms) {}
  ~Waiting() { std::erase(pool_.waiting_, this); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  [[nodiscard]] bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    pool_.waiting_.push_back(this);
    pool_.network_.loop().timers().set(*this, deadline_ms_);
  }
  // What went wrong, if something did.
  std::optional<ConnectFailure> await_resume() { return std::move(failure_); }
  // `outcome` null: it is not known whether one can be opened.
  void resume(const Connected* outcome) {
    net::TimerWheel::cancel(*this);
    if (outcome != nullptr && !*outcome) failure_ = outcome->error();
    handle_.resume();
  }

 private:
  void expired() override {
    std::erase(pool_.waiting_, this);
    failure_ = late("no connection in time");
    handle_.resume();
  }
  Pool& pool_;
  std::int64_t deadline_ms_;
  std::optional<ConnectFailure> failure_;
  std::coroutine_handle<> handle_;
};

// Who goes on may open the next connection, for which the others wait again.
void Pool::wake_waiting(const Connected* outcome) {
  auto woken = std::exchange(waiting_, {});
  for (Waiting* waiting : woken) waiting->resume(outcome);
}

bool Pool::may_share(Use use) const {
  if (use == Use::kUpgrade || target_.protocol == UpstreamProtocol::kHttp1) return false;
  return target_.protocol == UpstreamProtocol::kHttp2 || (target_.tls && !speaks_http1_);
}

net::Task<Pool::Connected> Pool::connect(std::int64_t deadline_ms, Use use) {
  const std::int64_t until_ms = std::min(deadline_ms, network_.loop().now_ms() + limits_.connect_ms);
  while (may_share(use) && connecting_) {
    Waiting opened(*this, until_ms);
    auto failure = co_await opened;
    if (Lease lease = take_idle(use)) co_return lease;
    if (failure) co_return Err(std::move(*failure));
  }
  const bool shares = may_share(use);
  if (shares) connecting_ = true;
  Connected connected = co_await connect_alone(until_ms, use);
  if (shares) {
    connecting_ = false;
    // Who had less time than a connection may take has learnt nothing for the others.
    const bool hurried = !connected && deadline_ms == until_ms;
    wake_waiting(hurried ? nullptr : &connected);
  }
  co_return connected;
}

net::Task<Pool::Connected> Pool::connect_alone(std::int64_t deadline_ms, Use use) {
  auto stream = co_await open(network_, target_, deadline_ms, use);
  if (!stream) co_return Err(std::move(stream.error()));
  const bool asked = use == Use::kRequest && target_.protocol != UpstreamProtocol::kHttp1;
  const bool chosen = target_.tls && (*stream)->protocol() == "h2";
  const bool only = target_.protocol == UpstreamProtocol::kHttp2;
  if (asked && only && target_.tls && !chosen) {
    co_return Err(ConnectFailure{ConnectError::kTls, "it does not speak HTTP/2, as `protocol: http2` asks"});
  }
  if (asked && (chosen || only)) co_return co_await begin_http2(std::move(*stream), deadline_ms);
  if (asked) speaks_http1_ = true;
  auto connection = std::make_unique<Http1Connection>(std::move(*stream), *this, blocks_, limits_.http);
  connection->uses_ = 1;
  co_return Lease(std::move(connection));
}

// Until the upstream has said hello, it is not known how much it takes, nor whether it speaks HTTP/2 at all.
net::Task<Pool::Connected> Pool::begin_http2(std::unique_ptr<net::Stream> stream, std::int64_t deadline_ms) {
  speaks_http1_ = false;
  Http2SessionRules rules;
  rules.http = limits_.http;
  rules.http2 = limits_.http2;
  rules.idle_ms = limits_.idle_ms;
  rules.answer_ms = limits_.connect_ms;
  rules.https = target_.tls != nullptr;
  const auto session = std::make_shared<Http2Session>(std::move(stream), *this, blocks_, rules);
  sessions_.push_back(session);
  session->start();
  Http2Session::Greeted greeted(*session, deadline_ms);
  co_await greeted;
  if (session->has_room()) co_return session->take();
  std::string why = "HTTP/2: ";
  if (!session->complaint().empty()) {
    why += session->complaint();
  } else if (session->over()) {
    why += "closed before its SETTINGS came";
  } else {
    why += session->greeted() ? "it allows no streams" : "its SETTINGS did not come in time";
  }
  const bool timed_out = !session->over() && !session->greeted();
  std::erase(sessions_, session);
  session->retire();
  co_return Err(ConnectFailure{timed_out ? ConnectError::kTimedOut : ConnectError::kUnreachable,
                               target_.address.text() + ": " + why});
}

void Pool::drop(Http2Session& session) {
  std::erase_if(sessions_, [&session](const auto& one) { return one.get() == &session; });
}

void Pool::keep(std::unique_ptr<Http1Connection> connection) {
  if (closed_ || idle_.size() >= kIdleMax || !connection->buffer().empty()) {
    connection->stream().shutdown();
    return;
  }
  connection->buffer().release();
  connection->idle_since_ms_ = network_.loop().now_ms();
  connection->stream().wait(net::Direction::kRead, connection.get());
  idle_.push_back(std::move(connection));
}

void Pool::drop(Http1Connection* connection) {
  auto at = std::find_if(idle_.begin(), idle_.end(),
                         [connection](const auto& one) { return one.get() == connection; });
  if (at == idle_.end()) return;
  const auto gone = std::move(*at);
  idle_.erase(at);
}

}  // namespace caponier::upstream
