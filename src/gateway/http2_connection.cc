#include "gateway/http2_connection.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/release.h"
#include "event/record.h"
#include "gateway/undecodable.h"
#include "gateway/worker.h"
#include "http/h2_encoder.h"
#include "http/h2_request.h"
#include "stages/scrub/scrub.h"

namespace caponier::gateway {

using http::h2::Idle;

namespace {

constexpr std::int64_t kLastWordMs = 1000;    // for a client to see our first GOAWAY
constexpr std::int64_t kMemoryIdleMs = 1000;  // a quiet connection keeps its memory for so long
constexpr std::size_t kSpareStreamsMax = 16;
constexpr std::int64_t kLeftoverMs = 1000;
constexpr std::size_t kLeftoversMax = 32;
constexpr std::size_t kLeftoverBytesMax = std::size_t{64} * 1024;
constexpr std::size_t kSmallBytes = 64;
constexpr std::string_view kPing = "caponier";

}  // namespace

Http2Connection::Http2Connection(Worker& worker, net::Stream& stream, const stages::Peer& peer,
                                 ConnectionMemory& memory)
    : worker_(worker),
      stream_(stream),
      peer_(peer),
      memory_(memory),
      limits_(worker.plan().limits),
      decoder_(limits_.http, limits_.http2),
      encoder_(limits_.http2.table_bytes_max),
      budget_(limits_.http2) {}

Http2Connection::~Http2Connection() {
  broken_ = true;  // the last streams give nothing back
  streams_.clear();
  stream_.wait(net::Direction::kWrite, nullptr);
  worker_.forget_flush(*this);
  memory_.add(-output_counted_);
}

net::Task<void> Http2Connection::serve() {
  greet();
  quiet_since_ms_ = owed_since_ms_ = worker_.loop().now_ms();
  if (worker_.shared().draining.load(std::memory_order_relaxed)) drain();
  while (!over()) {
    if (overfull()) {
      if (write_output() == Sent::kLost) break;
      co_await Drained{*this};
      continue;
    }
    // What is read is taken at once, so that one room serves all connections.
    const std::span<char> into = worker_.read_room();
    auto reading = stream_.read(into.data(), into.size(), read_deadline());
    reading_ = &reading;
    const auto read = co_await reading;
    reading_ = nullptr;
    if (over()) break;
    if (read.ok()) {
      take({into.data(), read.bytes});
    } else if (read.status == net::IoStatus::kTimedOut) {
      expire();
    } else {
      broken_ = true;
    }
  }
  (void)write_output();
  broken_ = true;
  end_streams();
  co_await AllEnded{*this};
}

void Http2Connection::greet() {
  using http::h2::SettingId;
  const Http2Limits& http2 = limits_.http2;
  const std::array settings = {
      http::h2::Setting{SettingId::kHeaderTableSize, http2.table_bytes_max},
      http::h2::Setting{SettingId::kMaxConcurrentStreams, http2.streams_max},
      http::h2::Setting{SettingId::kInitialWindowSize, http2.stream_window_bytes},
      http::h2::Setting{SettingId::kMaxHeaderListSize, limits_.http.head_bytes_max},
  };
  http::h2::append_settings(output_, settings);
  receive_window_ = std::max<std::int64_t>(http2.connection_window_bytes, http::h2::kFirstWindowBytes);
  const std::int64_t more = receive_window_ - http::h2::kFirstWindowBytes;
  if (more > 0) http::h2::append_window_update(output_, 0, static_cast<std::uint32_t>(more));
  flush_later();
}

std::int64_t Http2Connection::read_deadline() const {
  if (closing_) return net::kNoDeadline;
  std::int64_t until_ms = last_word_ms_;
  if (owed_since_ms_ != 0) until_ms = std::min(until_ms, owed_since_ms_ + limits_.time.head_ms);
  if (!leftovers_.empty()) until_ms = std::min(until_ms, leftovers_.front().until_ms);
  const std::int64_t idle_ms = served_ == 0 ? limits_.time.head_ms : limits_.time.keep_alive_idle_ms;
  // The last stream may end while this waits: then there is another deadline.
  if (!streams_.empty())
    return std::min(until_ms, worker_.loop().now_ms() + std::min(idle_ms, kMemoryIdleMs));
  // Who owes the rest of something is not idle.
  if (owed_since_ms_ != 0) return until_ms;
  until_ms = std::min(until_ms, quiet_since_ms_ + idle_ms);
  const bool holds_memory = (output_.empty() && output_.capacity() > kSmallBytes) || !spare_.empty();
  return holds_memory ? std::min(until_ms, quiet_since_ms_ + kMemoryIdleMs) : until_ms;
}

void Http2Connection::expire() {
  const std::int64_t now_ms = worker_.loop().now_ms();
  end_leftovers(now_ms);
  if (owed_since_ms_ != 0 && now_ms >= owed_since_ms_ + limits_.time.head_ms) {
    break_off(ErrorCode::kEnhanceYourCalm, Reason::kRequestTimeout, "a head was not complete in time");
    return;
  }
  if (now_ms >= last_word_ms_) {
    go_away();
    return;
  }
  if (!streams_.empty() || owed_since_ms_ != 0) return;
  const std::int64_t idle_ms = served_ == 0 ? limits_.time.head_ms : limits_.time.keep_alive_idle_ms;
  if (now_ms >= quiet_since_ms_ + idle_ms) {
    go_away();
  } else if (now_ms >= quiet_since_ms_ + kMemoryIdleMs) {
    spare_.clear();
    if (output_.empty()) release(output_);
    count_output();
  }
}

// First a GOAWAY that names no stream, so that requests on their way are served; the second one follows when
// the client has seen it (RFC 9113, section 6.8).
void Http2Connection::drain() {
  if (std::exchange(draining_, true) || broken_) return;
  http::h2::append_go_away(output_, http::h2::kStreamIdMax, ErrorCode::kNoError);
  http::h2::append_ping(output_, kPing, false);
  last_word_ms_ = worker_.loop().now_ms() + kLastWordMs;
  flush_later();
  // The reader has another deadline now.
  if (reading_ != nullptr) reading_->give_up();
}

void Http2Connection::go_away() {
  last_word_ms_ = net::kNoDeadline;
  if (std::exchange(closing_, true)) return;
  draining_ = true;
  http::h2::append_go_away(output_, last_stream_, ErrorCode::kNoError);
  flush_later();
}

void Http2Connection::abort() {
  broken_ = true;
  end_streams();
}

void Http2Connection::end_streams() {
  for (const auto& stream : streams_) {
    stream->end_now();
    wake(*stream);
  }
  settle();
}

void Http2Connection::break_off(ErrorCode code, Reason reason, std::string_view detail) {
  if (std::exchange(broken_, true)) return;
  http::h2::append_go_away(output_, last_stream_, code);
  event::ConnectionRecord record;
  record.wall_ms = worker_.loop().now().wall_ms;
  record.type = "http2";
  record.peer = peer_.text;
  record.listener = peer_.listener;
  record.reason = reason;
  record.detail = detail;
  worker_.record(record);
}

void Http2Connection::spend(Idle kind, Reason reason, std::string_view detail) {
  if (!budget_.spend(kind, worker_.loop().now_ms())) break_off(ErrorCode::kEnhanceYourCalm, reason, detail);
}

void Http2Connection::reset(std::uint32_t stream, ErrorCode code) {
  if (broken_) return;
  http::h2::append_reset(output_, stream, code);
  flush_later();
}

void Http2Connection::let_finish(std::uint32_t stream) {
  if (leftovers_.size() >= kLeftoversMax) end_leftovers(leftovers_.front().until_ms);
  leftovers_.push_back({stream, worker_.loop().now_ms() + kLeftoverMs, 0});
}

// Of a stream that has no exchange any more.
void Http2Connection::note_leftover(const Event& event) {
  const auto at = std::ranges::find(leftovers_, event.stream, &Leftover::stream);
  if (at == leftovers_.end()) return;
  at->bytes += event.flow_bytes;
  const bool too_much = at->bytes > kLeftoverBytesMax;
  if (too_much) reset(event.stream, ErrorCode::kNoError);
  if (too_much || event.ends_stream || event.kind == Event::Kind::kReset) leftovers_.erase(at);
}

void Http2Connection::end_leftovers(std::int64_t due_ms) {
  const auto kept =
      std::ranges::find_if(leftovers_, [due_ms](const Leftover& l) { return l.until_ms > due_ms; });
  for (auto at = leftovers_.begin(); at != kept; ++at) reset(at->stream, ErrorCode::kNoError);
  leftovers_.erase(leftovers_.begin(), kept);
}

void Http2Connection::break_stream(Http2Stream& stream, ErrorCode code) {
  reset(stream.id(), code);
  stream.end_now();
  wake(stream);
  spend(Idle::kBrokenStreams, Reason::kHttp2RapidReset, "too many streams against the protocol");
}

Http2Stream* Http2Connection::find(std::uint32_t id) {
  const auto at =
      std::lower_bound(streams_.begin(), streams_.end(), id,
                       [](const auto& stream, std::uint32_t wanted) { return stream->id() < wanted; });
  if (at == streams_.end() || (*at)->id() != id || (*at)->finished()) return nullptr;
  return at->get();
}

std::unique_ptr<Http2Stream> Http2Connection::take_stream() {
  if (spare_.empty()) return std::make_unique<Http2Stream>(*this);
  auto stream = std::move(spare_.back());
  spare_.pop_back();
  return stream;
}

void Http2Connection::wake(Http2Stream& stream) {
  if (!std::exchange(stream.woken, true)) woken_.push_back(&stream);
}

// Those who can write now, and no others: who is woken in vain waits to be woken again.
void Http2Connection::wake_writers() {
  if (room() <= 0) return;
  const std::size_t count = streams_.size();
  next_writer_ = count == 0 ? 0 : (next_writer_ + 1) % count;
  for (std::size_t i = 0; i < count; ++i) {
    Http2Stream& stream = *streams_[(next_writer_ + i) % count];
    if (stream.waits_to_write() && stream.send_window > 0) wake(stream);
  }
}

// All that the frames of one read have brought is there now: lets the streams go on.
void Http2Connection::settle() {
  for (std::size_t i = 0; i < woken_.size(); ++i) woken_[i]->wake();
  woken_.clear();
  reap();
}

void Http2Connection::reap() {
  if (!std::exchange(finished_any_, false)) return;
  auto kept = streams_.begin();
  for (auto& stream : streams_) {
    if (!stream->finished()) {
      if (&*kept != &stream) *kept = std::move(stream);
      ++kept;
    } else if (spare_.size() < kSpareStreamsMax) {
      spare_.push_back(std::move(stream));
    } else {
      stream.reset();
    }
  }
  streams_.erase(kept, streams_.end());
  if (streams_.empty()) quiet_since_ms_ = worker_.loop().now_ms();
}

void Http2Connection::flush_later() {
  if (!std::exchange(queued_, true)) worker_.flush_later(*this);
}

// Several rounds, because what has left makes room for those who wait; not without end, because others want
// their turn.
void Http2Connection::flush() {
  constexpr int kRoundsMax = 4;
  queued_ = true;  // what is added meanwhile leaves with this
  for (int round = 0; round < kRoundsMax; ++round) {
    settle();
    const Sent sent = write_output();
    if (sent == Sent::kLost) broken_ = true;
    if (sent != Sent::kAll) break;
    wake_writers();
    if (woken_.empty() && !finished_any_) break;
  }
  count_output();
  queued_ = !woken_.empty() || finished_any_;
  if (queued_) worker_.loop().timers().set(*this, worker_.loop().now_ms());
  if (waiter_ && streams_.empty()) {
    std::exchange(waiter_, {}).resume();
  } else if (drained_waiter_ && !overfull()) {
    std::exchange(drained_waiter_, {}).resume();
  } else if (over() && reading_ != nullptr) {
    reading_->give_up();
  }
}

Http2Connection::Sent Http2Connection::write_output() {
  while (!blocked_ && sent_ < output_.size()) {
    const auto written = stream_.try_write(std::string_view(output_).substr(sent_), {});
    if (written.status == net::IoStatus::kWouldBlock) {
      blocked_ = true;
      stream_.wait(net::Direction::kWrite, this);
      worker_.loop().timers().set(*this, worker_.loop().now_ms() + limits_.time.write_progress_ms);
      break;
    }
    if (!written.ok()) return Sent::kLost;
    sent_ += written.bytes;
  }
  if (blocked_) {
    // What has left is not kept until the rest has.
    if (sent_ >= limits_.http2.output_bytes_max) output_.erase(0, std::exchange(sent_, 0));
    return Sent::kBlocked;
  }
  output_.clear();
  sent_ = 0;
  return Sent::kAll;
}

void Http2Connection::ready() {
  blocked_ = false;
  net::TimerWheel::cancel(*this);
  flush();
}

// Either the client has not read for too long, or it is this connection's turn again.
void Http2Connection::expired() {
  if (blocked_) {
    stream_.wait(net::Direction::kWrite, nullptr);
    broken_ = true;
  }
  flush();
}

void Http2Connection::count_output() {
  constexpr std::int64_t kStep = 4096;
  const auto bytes = static_cast<std::int64_t>(output_.capacity());
  if (bytes - output_counted_ < kStep && output_counted_ - bytes < kStep) return;
  memory_.add(bytes - output_counted_);
  output_counted_ = bytes;
}

std::int64_t Http2Connection::room() const {
  const auto waiting = static_cast<std::int64_t>(output_.size() - sent_);
  return std::min(send_window_, static_cast<std::int64_t>(limits_.http2.output_bytes_max) - waiting);
}

void Http2Connection::note_data(std::size_t bytes, bool all) {
  constexpr std::uint32_t kEarnedMax = 10'000;
  send_window_ -= static_cast<std::int64_t>(bytes);
  // Who makes us send a byte at a time has earned nothing; an answer may come in small pieces by itself.
  if (bytes < kSmallWindowBytes && !all) return;
  earned_windows_ = std::min(earned_windows_ + 2, kEarnedMax);
  earned_pings_ = std::min(earned_pings_ + 1, kEarnedMax);
}

// A window is opened by halves: each opening is a frame.
void Http2Connection::credit(Http2Stream* stream, std::size_t bytes) {
  if (broken_) return;
  const std::int64_t connection_max = limits_.http2.connection_window_bytes;
  uncredited_ += static_cast<std::int64_t>(bytes);
  if (uncredited_ >= connection_max / 2) {
    http::h2::append_window_update(output_, 0, static_cast<std::uint32_t>(uncredited_));
    receive_window_ += std::exchange(uncredited_, 0);
    flush_later();
  }
  if (stream == nullptr || stream->body_ended() || stream->ended_now()) return;
  const std::int64_t opened = stream->give_back(bytes, limits_.http2.stream_window_bytes / 2);
  if (opened == 0) return;
  http::h2::append_window_update(output_, stream->id(), static_cast<std::uint32_t>(opened));
  flush_later();
}

}  // namespace caponier::gateway
