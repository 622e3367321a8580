#include "upstream/http2_session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/release.h"
#include "http/h2_frame.h"
#include "upstream/http2_exchange.h"
#include "upstream/pool.h"

namespace caponier::upstream {

namespace {

constexpr std::size_t kSpareMax = 16;
constexpr std::int64_t kDoubtMs = 1000;   // of silence, before it is asked whether somebody is there
constexpr int kReadsMax = 32;             // in one turn of the loop: others want theirs
constexpr std::size_t kKeptBytes = 4096;  // of what waits to leave, while nothing does
constexpr std::string_view kPing = "caponier";

}  // namespace

Http2Session::Http2Session(std::unique_ptr<net::Stream> stream, Pool& pool, BlockPool& blocks,
                           const Http2SessionRules& rules)
    : stream_(std::move(stream)),
      pool_(&pool),
      blocks_(blocks),
      rules_(rules),
      decoder_(rules_.http, rules_.http2, http::h2::Peer::kServer),
      encoder_(rules_.http2.table_bytes_max),
      budget_(rules_.http2) {}

Http2Session::~Http2Session() {
  stream_->wait(net::Direction::kRead, nullptr);
  stream_->wait(net::Direction::kWrite, nullptr);
  blocks_.note_beside(-output_counted_);
}

void Http2Session::start() {
  using http::h2::SettingId;
  const Http2Limits& http2 = rules_.http2;
  const std::array settings = {
      http::h2::Setting{SettingId::kHeaderTableSize, http2.table_bytes_max},
      http::h2::Setting{SettingId::kEnablePush, 0},
      http::h2::Setting{SettingId::kInitialWindowSize, http2.stream_window_bytes},
      http::h2::Setting{SettingId::kMaxHeaderListSize, rules_.http.head_bytes_max},
  };
  output_ = http::h2::kPreface;
  http::h2::append_settings(output_, settings);
  receive_window_ = std::max<std::int64_t>(http2.connection_window_bytes, http::h2::kFirstWindowBytes);
  const std::int64_t more = receive_window_ - http::h2::kFirstWindowBytes;
  if (more > 0) http::h2::append_window_update(output_, 0, static_cast<std::uint32_t>(more));
  quiet_since_ms_ = heard_ms_ = stream_->loop().now_ms();
  flush();
  if (over_) return;
  // Its first word may be here already.
  unread_ = true;
  arm();
}

bool Http2Session::has_room() const {
  const std::uint32_t most = std::min(rules_.http2.streams_max, decoder_.settings().streams_max);
  // Heads keep to no window: who is behind with reading gets no more of them.
  const bool keeps_up = waiting() < rules_.http2.output_bytes_max;
  return greeted_ && may_begin() && keeps_up && leased_ < most && next_id_ < http::h2::kStreamIdMax;
}

std::unique_ptr<Connection> Http2Session::take() {
  std::unique_ptr<Http2Exchange> exchange;
  if (spare_.empty()) {
    exchange = std::make_unique<Http2Exchange>(blocks_);
  } else {
    exchange = std::move(spare_.back());
    spare_.pop_back();
  }
  ++leased_;
  exchange->lease(shared_from_this(), served_++ > 0);
  return exchange;
}

void Http2Session::keep_spare(std::unique_ptr<Http2Exchange> exchange) {
  if (!over_ && spare_.size() < kSpareMax) spare_.push_back(std::move(exchange));
}

void Http2Session::retire() {
  pool_ = nullptr;
  closing_ = true;
  close_if_done();
}

void Http2Session::read_ready() {
  const auto self = shared_from_this();
  unread_ = read_some();
  settle();
}

bool Http2Session::read_some() {
  settling_ = true;
  std::array<char, BlockPool::kBlockBytes> block;
  for (int i = 0; i < kReadsMax && !over_; ++i) {
    net::IoResult read{net::IoStatus::kWouldBlock, 0};
    if (stream_->may_read()) read = stream_->try_read(block.data(), block.size());
    if (read.status == net::IoStatus::kWouldBlock) {
      stream_->wait(net::Direction::kRead, &reader_);
      return false;
    }
    if (!read.ok()) {
      lost();
      return false;
    }
    heard_ms_ = stream_->loop().now_ms();
    doubted_until_ms_ = net::kNoDeadline;
    take_bytes({block.data(), read.bytes});
  }
  return !over_;
}

void Http2Session::write_ready() {
  const auto self = shared_from_this();
  blocked_ = false;
  settle();
}

// Several rounds, because what has left makes room for those who wait; not without end.
void Http2Session::settle() {
  constexpr int kRoundsMax = 4;
  settling_ = true;
  wakes_soon_ = false;
  for (int round = 0; round < kRoundsMax; ++round) {
    wake_all();
    flush();
    if (blocked_ || over_) break;
    wake_writers();
    if (woken_.empty()) break;
  }
  settling_ = false;
  wakes_soon_ = !woken_.empty();
  close_if_done();
  arm();
}

void Http2Session::expired() {
  const auto self = shared_from_this();
  const std::int64_t now_ms = stream_->loop().now_ms();
  if (std::exchange(unread_, false)) unread_ = read_some();
  settling_ = true;
  if (now_ms >= doubted_until_ms_) give_up_on_it();
  if (leased_ == 0 && now_ms >= quiet_since_ms_ + rules_.idle_ms) closing_ = true;
  settle();
}

// Nobody begins anything with who does not answer. Those who wait already have deadlines of their own: it may
// be busy.
void Http2Session::give_up_on_it() {
  doubted_until_ms_ = net::kNoDeadline;
  closing_ = true;
  if (leased_ == 0) lost();
}

std::int64_t Http2Session::due_ms() const {
  if (wakes_soon_ || (unread_ && !over_)) return stream_->loop().now_ms();
  if (over_) return net::kNoDeadline;
  if (leased_ > 0) return doubted_until_ms_;
  return std::min(doubted_until_ms_, quiet_since_ms_ + rules_.idle_ms);
}

void Http2Session::arm() {
  stream_->loop().timers().set(*this, due_ms());
}

void Http2Session::close_if_done() {
  if (!closing_ || over_ || leased_ > 0 || settling_) return;
  http::h2::append_go_away(output_, 0, ErrorCode::kNoError);
  flush();
  if (over_) return;
  end(Fault::kNone, {});
}

void Http2Session::break_off(ErrorCode code, std::string_view detail) {
  if (over_) return;
  complaint_ = detail;
  http::h2::append_go_away(output_, 0, code);
  if (!blocked_ && !mute_) (void)stream_->try_write(std::string_view(output_).substr(sent_), {});
  end(Fault::kMalformed, detail);
}

void Http2Session::lost() {
  end(Fault::kNone, {});
}

// Who waits is told at the end of this turn, or in the next one.
void Http2Session::end(Fault fault, std::string_view detail) {
  if (std::exchange(over_, true)) return;
  for (Http2Exchange* exchange : exchanges_) {
    exchange->end_now(fault, detail);
    wake(*exchange);
  }
  spare_.clear();
  stream_->wait(net::Direction::kRead, nullptr);
  stream_->wait(net::Direction::kWrite, nullptr);
  stream_->shutdown();
  wakes_soon_ = !woken_.empty() || greeting_ != nullptr;
  arm();
  // Whoever called keeps this alive.
  if (Pool* pool = std::exchange(pool_, nullptr)) pool->drop(*this);
}

void Http2Session::wake(Http2Exchange& exchange) {
  if (!std::exchange(exchange.woken, true)) woken_.push_back(&exchange);
}

// Who is woken may end any of the others.
void Http2Session::wake_all() {
  for (std::size_t i = 0; i < woken_.size(); ++i) {
    Http2Exchange* exchange = woken_[i];
    if (exchange == nullptr) continue;
    exchange->woken = false;
    woken_[i] = nullptr;
    exchange->wake();
  }
  woken_.clear();
  if (greeting_ != nullptr && (greeted_ || over_)) std::exchange(greeting_, nullptr)->resume();
}

void Http2Session::wake_writers() {
  if (over_ || exchanges_.empty() || room() <= 0) return;
  const std::size_t count = exchanges_.size();
  next_writer_ = (next_writer_ + 1) % count;
  for (std::size_t i = 0; i < count; ++i) {
    Http2Exchange& exchange = *exchanges_[(next_writer_ + i) % count];
    if (exchange.waits_to_write() && exchange.send_window > 0) wake(exchange);
  }
}

// What it said before it stopped reading may be here already, answers among it: reading finds the end.
void Http2Session::stop_writing() {
  mute_ = closing_ = unread_ = true;
  if (!settling_) arm();
}

// Of what is quiet, little is kept.
void Http2Session::count_output() {
  if (leased_ == 0 && output_.empty() && output_.capacity() > kKeptBytes) release(output_);
  const auto bytes = static_cast<std::int64_t>(output_.capacity());
  blocks_.note_beside(bytes - std::exchange(output_counted_, bytes));
}

void Http2Session::flush() {
  count_output();  // while it is there
  if (mute_) {
    output_.clear();
    sent_ = 0;
  }
  while (!over_ && !blocked_ && !mute_ && sent_ < output_.size()) {
    const auto written = stream_->try_write(std::string_view(output_).substr(sent_), {});
    if (written.status == net::IoStatus::kWouldBlock) {
      blocked_ = true;
      stream_->wait(net::Direction::kWrite, &writer_);
    } else if (!written.ok()) {
      stop_writing();
    } else {
      sent_ += written.bytes;
    }
  }
  if (over_) return;
  if (sent_ == output_.size()) {
    output_.clear();
    sent_ = 0;
  } else if (waiting() > std::size_t{2} * rules_.http2.output_bytes_max) {
    lost();  // it sends, and never reads
  } else if (sent_ >= rules_.http2.output_bytes_max) {
    output_.erase(0, std::exchange(sent_, 0));
  }
  count_output();
}

void Http2Session::flush_soon() {
  if (!settling_) flush();
}

std::int64_t Http2Session::room() const {
  return std::min(send_window_, static_cast<std::int64_t>(rules_.http2.output_bytes_max) -
                                    static_cast<std::int64_t>(waiting()));
}

void Http2Session::note_data(std::size_t bytes, bool all) {
  constexpr std::uint32_t kEarnedMax = 10'000;
  constexpr std::size_t kSmallBytes = 1024;
  send_window_ -= static_cast<std::int64_t>(bytes);
  if (bytes < kSmallBytes && !all) return;
  earned_windows_ = std::min(earned_windows_ + 2, kEarnedMax);
  earned_pings_ = std::min(earned_pings_ + 1, kEarnedMax);
}

// A window is opened by halves: each opening is a frame.
void Http2Session::credit(Http2Exchange& exchange, std::size_t bytes) {
  if (over_ || exchange.ended()) return;
  const std::int64_t opened = exchange.give_window(bytes, rules_.http2.stream_window_bytes / 2);
  if (opened == 0) return;
  http::h2::append_window_update(output_, exchange.id(), static_cast<std::uint32_t>(opened));
  flush_soon();
}

void Http2Session::reset(std::uint32_t stream, ErrorCode code) {
  if (over_) return;
  http::h2::append_reset(output_, stream, code);
  flush_soon();
}

void Http2Session::doubt(std::int64_t since_ms) {
  const std::int64_t now_ms = stream_->loop().now_ms();
  if (over_ || heard_ms_ > since_ms || now_ms < since_ms + kDoubtMs || doubted_until_ms_ != net::kNoDeadline)
    return;
  http::h2::append_ping(output_, kPing, false);
  doubted_until_ms_ = now_ms + rules_.answer_ms;
  flush_soon();
  if (!settling_) arm();
}

std::uint32_t Http2Session::open(Http2Exchange& exchange) {
  exchange.send_window = peer_window_;
  exchange.receive_window =
      std::max<std::int64_t>(rules_.http2.stream_window_bytes, http::h2::kFirstWindowBytes);
  exchanges_.push_back(&exchange);
  return std::exchange(next_id_, next_id_ + 2);
}

void Http2Session::forget(Http2Exchange& exchange) {
  std::erase(exchanges_, &exchange);
  std::ranges::replace(woken_, &exchange, nullptr);
  if (--leased_ > 0 || over_) return;
  quiet_since_ms_ = stream_->loop().now_ms();
  count_output();
  if (settling_) return;
  close_if_done();
  arm();
}

Http2Exchange* Http2Session::find(std::uint32_t id) {
  const auto at = std::lower_bound(
      exchanges_.begin(), exchanges_.end(), id,
      [](const Http2Exchange* exchange, std::uint32_t wanted) { return exchange->id() < wanted; });
  return at == exchanges_.end() || (*at)->id() != id ? nullptr : *at;
}

void Http2Session::Greeted::await_suspend(std::coroutine_handle<> handle) {
  handle_ = handle;
  session_.greeting_ = this;
  session_.stream_->loop().timers().set(*this, deadline_ms_);
}

void Http2Session::Greeted::resume() {
  net::TimerWheel::cancel(*this);
  handle_.resume();
}

void Http2Session::Greeted::expired() {
  session_.greeting_ = nullptr;
  handle_.resume();
}

}  // namespace caponier::upstream
