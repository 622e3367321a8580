#include "net/test_net.h"

#include <algorithm>
#include <deque>
#include <utility>

namespace caponier::net {

// ---- time

void SimLoop::post(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  posted_.push_back(std::move(work));
}

void SimLoop::stop() {
  post([this] { stopping_ = true; });
}

bool SimLoop::take_posted() {
  std::vector<std::function<void()>> work;
  {
    const std::lock_guard lock(mutex_);
    work.swap(posted_);
  }
  for (auto& one : work) one();
  return !work.empty();
}

void SimLoop::move_to(std::int64_t steady_ms) {
  const std::int64_t by_us = steady_ms * 1000 - now_.steady_us;
  if (by_us <= 0) return;
  now_.steady_us += by_us;
  now_.wall_ms += by_us / 1000;
}

// One turn; false if nothing is left to happen until `until_ms`.
bool SimLoop::turn(std::int64_t until_ms, const std::function<bool()>& done) {
  const bool worked = take_posted();
  timers_.advance(now_ms());
  if (before_sleep) before_sleep();
  // What is asked for has come: time stands still.
  if (worked || done()) return true;
  {
    const std::lock_guard lock(mutex_);
    if (!posted_.empty()) return true;
  }
  // Exact, so that time does not pass for timers that were cancelled.
  timers_.tighten();
  const std::int64_t in_ms = timers_.next_in(now_ms(), kNoDeadline);
  if (in_ms == kNoDeadline || in_ms > until_ms - now_ms()) return false;
  move_to(now_ms() + in_ms);
  return true;
}

void SimLoop::run() {
  while (!stopping_ && turn(kNoDeadline, [] { return false; })) {
  }
  stopping_ = false;
}

bool SimLoop::run_until(const std::function<bool()>& done, std::int64_t most_ms) {
  const std::int64_t until_ms = now_ms() + most_ms;
  while (!done()) {
    if (!turn(until_ms, done)) return done();
  }
  return true;
}

void SimLoop::run_for(std::int64_t ms) {
  const std::int64_t until_ms = now_ms() + ms;
  while (turn(until_ms, [] { return false; })) {
  }
  move_to(until_ms);
  timers_.advance(now_ms());
}

// ---- streams

struct SimNetwork::Random {
  explicit Random(std::uint64_t seed) : engine(seed) {}
  // 0 to most, both included. Not std::uniform_int_distribution, which differs between libraries.
  std::uint64_t up_to(std::uint64_t most) { return most == UINT64_MAX ? engine() : engine() % (most + 1); }
  bool chance(std::uint32_t ppm) { return ppm > 0 && engine() % 1'000'000 < ppm; }
  std::mt19937_64 engine;
};

// One direction: what is on its way from a writer to a reader.
class SimNetwork::Pipe {
 public:
  struct Piece {
    std::int64_t at_ms;
    std::string bytes;
  };
  std::deque<Piece> pieces;
  std::size_t held = 0;         // bytes in `pieces`
  std::int64_t last_at_ms = 0;  // nothing overtakes
  bool ended = false;           // the writer sends no more
  std::int64_t end_at_ms = 0;
  bool reset = false;
  SimStream* reader = nullptr;
  SimStream* writer = nullptr;
};

class SimNetwork::SimStream final : public Stream {
 public:
  SimStream(SimLoop& loop, std::shared_ptr<Random> random, const SimFaults& faults, std::shared_ptr<Pipe> in,
            std::shared_ptr<Pipe> out, std::string protocol)
      : loop_(loop),
        random_(std::move(random)),
        faults_(faults),
        in_(std::move(in)),
        out_(std::move(out)),
        protocol_(std::move(protocol)) {
    in_->reader = this;
    out_->writer = this;
  }
  ~SimStream() override {
    end_output();
    // As the kernel does: closing with bytes unread, or being written to afterwards, is a reset.
    if (!in_->pieces.empty()) break_off();
    in_->reader = nullptr;
    out_->writer = nullptr;
    if (in_->writer != nullptr) in_->writer->wake_writer();
  }
  SimStream(const SimStream&) = delete;
  SimStream& operator=(const SimStream&) = delete;

  IoResult try_read(char* into, std::size_t bytes_max) override;
  IoResult try_write(std::string_view first, std::string_view second) override;
  void wait(Direction direction, Waiter* waiter) override;
  void shutdown() override { end_output(); }
  [[nodiscard]] std::string_view protocol() const override { return protocol_; }
  void abort() override {
    aborted_ = true;
    break_off();
  }
  Loop& loop() override { return loop_; }
  [[nodiscard]] std::size_t unread() const { return has_reader() ? out_->held : 0; }

 private:
  class Wake final : public TimerNode {
   public:
    explicit Wake(Waiter*& waiter) : waiter_(waiter) {}
    void expired() override {
      if (waiter_ != nullptr) std::exchange(waiter_, nullptr)->ready();
    }

   private:
    Waiter*& waiter_;
  };

  // When the reader has something to do next: bytes, an end or a reset; kNoDeadline if not known yet.
  [[nodiscard]] std::int64_t readable_at_ms() const;
  [[nodiscard]] bool writable() const {
    return out_->reset || !has_reader() || out_->held < faults_.buffer_bytes;
  }
  [[nodiscard]] bool has_reader() const { return out_->reader != nullptr; }
  void wake_reader() {
    if (reader_ != nullptr) loop_.timers().set(read_wake_, readable_at_ms());
  }
  void wake_writer() {
    if (writer_ != nullptr && writable()) loop_.timers().set(write_wake_, loop_.now_ms());
  }
  void end_output();
  void break_off();
  std::size_t fragment(std::size_t bytes, bool wanted) {
    if (faults_.byte_by_byte) return std::min<std::size_t>(bytes, 1);
    return wanted && bytes > 1 ? 1 + random_->up_to(bytes - 1) : bytes;
  }
  std::int64_t arrival_ms() {
    const auto delay_ms =
        static_cast<std::int64_t>(random_->up_to(static_cast<std::uint64_t>(faults_.delay_ms_max)));
    out_->last_at_ms = std::max(out_->last_at_ms, loop_.now_ms() + delay_ms);
    return out_->last_at_ms;
  }

  SimLoop& loop_;
  std::shared_ptr<Random> random_;
  SimFaults faults_;
  std::shared_ptr<Pipe> in_;
  std::shared_ptr<Pipe> out_;
  std::string protocol_;
  Waiter* reader_ = nullptr;
  Waiter* writer_ = nullptr;
  Wake read_wake_{reader_};
  Wake write_wake_{writer_};
  bool aborted_ = false;
};

IoResult SimNetwork::SimStream::try_read(char* into, std::size_t bytes_max) {
  if (random_->chance(faults_.reset_ppm)) break_off();
  if (in_->reset || aborted_) return {IoStatus::kReset, 0};
  if (bytes_max == 0) return {IoStatus::kWouldBlock, 0};
  std::size_t limit = fragment(std::min(bytes_max, in_->held), faults_.fragment_reads);
  std::size_t done = 0;
  while (done < limit && in_->pieces.front().at_ms <= loop_.now_ms()) {
    std::string& bytes = in_->pieces.front().bytes;
    const std::size_t count = std::min(bytes.size(), limit - done);
    bytes.copy(into + done, count);
    bytes.erase(0, count);
    done += count;
    if (bytes.empty()) in_->pieces.pop_front();
  }
  in_->held -= done;
  if (done > 0) {
    if (in_->writer != nullptr) in_->writer->wake_writer();
    return {IoStatus::kOk, done};
  }
  if (in_->held == 0 && in_->ended && in_->end_at_ms <= loop_.now_ms()) return {IoStatus::kClosed, 0};
  return {IoStatus::kWouldBlock, 0};
}

IoResult SimNetwork::SimStream::try_write(std::string_view first, std::string_view second) {
  if (random_->chance(faults_.reset_ppm)) break_off();
  if (out_->reset || out_->ended || aborted_) return {IoStatus::kReset, 0};
  if (!has_reader()) {
    break_off();
    return {IoStatus::kReset, 0};
  }
  const std::size_t wanted = first.size() + second.size();
  if (wanted == 0) return {IoStatus::kOk, 0};
  const std::size_t room = faults_.buffer_bytes - std::min(out_->held, faults_.buffer_bytes);
  if (room == 0) return {IoStatus::kWouldBlock, 0};
  const std::size_t count = fragment(std::min(room, wanted), faults_.fragment_writes);
  Pipe::Piece piece{arrival_ms(), std::string(first.substr(0, count))};
  piece.bytes.append(second.substr(0, count - piece.bytes.size()));
  out_->pieces.push_back(std::move(piece));
  out_->held += count;
  out_->reader->wake_reader();
  return {IoStatus::kOk, count};
}

std::int64_t SimNetwork::SimStream::readable_at_ms() const {
  if (in_->reset || aborted_) return loop_.now_ms();
  if (!in_->pieces.empty()) return std::max(loop_.now_ms(), in_->pieces.front().at_ms);
  return in_->ended ? std::max(loop_.now_ms(), in_->end_at_ms) : kNoDeadline;
}

void SimNetwork::SimStream::wait(Direction direction, Waiter* waiter) {
  if (direction == Direction::kRead) {
    reader_ = waiter;
    wake_reader();
  } else {
    writer_ = waiter;
    wake_writer();
  }
}

void SimNetwork::SimStream::end_output() {
  if (out_->ended || out_->reset) return;
  out_->ended = true;
  out_->end_at_ms = arrival_ms();
  if (out_->reader != nullptr) out_->reader->wake_reader();
}

void SimNetwork::SimStream::break_off() {
  for (Pipe* pipe : {in_.get(), out_.get()}) {
    pipe->reset = true;
    pipe->pieces.clear();
    pipe->held = 0;
    if (pipe->reader != nullptr) pipe->reader->wake_reader();
    if (pipe->writer != nullptr) pipe->writer->wake_writer();
  }
}

// ---- listening and connecting

class SimBacklog {
 public:
  explicit SimBacklog(SimLoop& loop) : wake(*this), loop_(loop) {}
  class Wake final : public TimerNode {
   public:
    explicit Wake(SimBacklog& backlog) : backlog_(backlog) {}
    void expired() override {
      if (backlog_.waiting) std::exchange(backlog_.waiting, {}).resume();
    }

   private:
    SimBacklog& backlog_;
  };
  void changed() { loop_.timers().set(wake, loop_.now_ms()); }

  std::deque<Listener::Accepted> queue;
  std::coroutine_handle<> waiting;
  bool closed = false;
  Wake wake;

 private:
  SimLoop& loop_;
};

namespace {

struct BacklogChanged {
  explicit BacklogChanged(SimBacklog& b) : backlog(b) {}
  ~BacklogChanged() { backlog.waiting = {}; }
  BacklogChanged(const BacklogChanged&) = delete;
  BacklogChanged& operator=(const BacklogChanged&) = delete;
  [[nodiscard]] bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) { backlog.waiting = handle; }
  void await_resume() const {}
  SimBacklog& backlog;
};

Task<Listener::Accepted> accept_from(std::shared_ptr<SimBacklog> backlog) {
  while (!backlog->closed && backlog->queue.empty()) co_await BacklogChanged(*backlog);
  if (backlog->closed) co_return Listener::Accepted{};
  Listener::Accepted next = std::move(backlog->queue.front());
  backlog->queue.pop_front();
  co_return next;
}

}  // namespace

class SimNetwork::SimListener final : public Listener {
 public:
  SimListener(std::shared_ptr<SimBacklog> backlog, const Address& address)
      : backlog_(std::move(backlog)), address_(address) {}
  ~SimListener() override { SimListener::close(); }
  SimListener(const SimListener&) = delete;
  SimListener& operator=(const SimListener&) = delete;
  Task<Accepted> accept() override { return accept_from(backlog_); }
  [[nodiscard]] Address address() const override { return address_; }
  void close() override {
    backlog_->closed = true;
    backlog_->queue.clear();
    backlog_->changed();
  }

 private:
  std::shared_ptr<SimBacklog> backlog_;
  Address address_;
};

std::size_t SimNetwork::unread(const Stream& end) {
  const auto* const stream = dynamic_cast<const SimStream*>(&end);
  return stream == nullptr ? 0 : stream->unread();
}

SimNetwork::SimNetwork(SimLoop& loop, std::uint64_t seed, const SimFaults& faults)
    : loop_(loop),
      random_(std::make_shared<Random>(seed)),
      faults_(faults),
      client_(*parse_address("127.0.0.1", 0)) {}

SimNetwork::~SimNetwork() = default;

SimNetwork::Pair SimNetwork::pair() {
  auto there = std::make_shared<Pipe>();
  auto back = std::make_shared<Pipe>();
  return {std::make_unique<SimStream>(loop_, random_, faults_, back, there, protocol_),
          std::make_unique<SimStream>(loop_, random_, faults_, there, back, protocol_)};
}

Result<std::unique_ptr<Listener>, std::string> SimNetwork::listen(const Address& address) {
  Address real = address;
  if (real.port == 0) real.port = next_port_++;
  auto& slot = listeners_[{real.bytes, real.port}];
  if (const auto other = slot.lock(); other && !other->closed)
    return Err(std::string("Address already in use"));
  auto backlog = std::make_shared<SimBacklog>(loop_);
  slot = backlog;
  return std::unique_ptr<Listener>(std::make_unique<SimListener>(std::move(backlog), real));
}

Task<Result<std::unique_ptr<Stream>, std::string>> SimNetwork::connect(Address address,
                                                                       std::int64_t deadline_ms) {
  ++connects_;
  const auto delay_ms =
      static_cast<std::int64_t>(random_->up_to(static_cast<std::uint64_t>(faults_.delay_ms_max)));
  const bool vanishes = random_->chance(faults_.vanish_ppm);
  const bool refuses = random_->chance(faults_.refuse_ppm);
  const std::int64_t at_ms = vanishes ? kNoDeadline : loop_.now_ms() + delay_ms;
  co_await loop_.sleep_until(std::min(at_ms, deadline_ms));
  if (at_ms > deadline_ms) co_return Err(std::string("connecting timed out"));
  const auto found = listeners_.find({address.bytes, address.port});
  const auto backlog = found == listeners_.end() ? nullptr : found->second.lock();
  if (refuses || backlog == nullptr || backlog->closed) co_return Err(std::string("Connection refused"));
  Pair ends = pair();
  Listener::Accepted accepted;
  accepted.stream = std::move(ends.second);
  accepted.peer = client_;
  accepted.peer.port = next_port_++;
  backlog->queue.push_back(std::move(accepted));
  backlog->changed();
  co_return std::move(ends.first);
}

Task<Result<std::vector<Address>, std::string>> SimNetwork::resolve(std::string host, std::uint16_t port,
                                                                    std::int64_t deadline_ms) {
  if (const auto literal = parse_address(host, port)) co_return std::vector<Address>{*literal};
  const auto delay_ms =
      static_cast<std::int64_t>(random_->up_to(static_cast<std::uint64_t>(faults_.delay_ms_max)));
  const std::int64_t at_ms = loop_.now_ms() + delay_ms;
  co_await loop_.sleep_until(std::min(at_ms, deadline_ms));
  if (at_ms > deadline_ms) co_return Err(std::string("resolving the name timed out"));
  const auto found = hosts_.find(host);
  if (found == hosts_.end()) co_return Err(std::string("Name or service not known"));
  std::vector<Address> addresses = found->second;
  for (Address& one : addresses) one.port = port;
  co_return addresses;
}

}  // namespace caponier::net
