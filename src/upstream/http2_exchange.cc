#include "upstream/http2_exchange.h"

#include <algorithm>
#include <array>
#include <utility>

#include "http/h1_encoder.h"
#include "http/h2_encoder.h"
#include "http/h2_request.h"
#include "http/h2_response.h"
#include "upstream/http2_session.h"

namespace caponier::upstream {

using http::h2::ErrorCode;

namespace {

// RFC 9113, section 7.
std::string_view name_of(ErrorCode code) {
  constexpr std::array<std::string_view, 14> kNames = {"NO_ERROR",
                                                       "PROTOCOL_ERROR",
                                                       "INTERNAL_ERROR",
                                                       "FLOW_CONTROL_ERROR",
                                                       "SETTINGS_TIMEOUT",
                                                       "STREAM_CLOSED",
                                                       "FRAME_SIZE_ERROR",
                                                       "REFUSED_STREAM",
                                                       "CANCEL",
                                                       "COMPRESSION_ERROR",
                                                       "CONNECT_ERROR",
                                                       "ENHANCE_YOUR_CALM",
                                                       "INADEQUATE_SECURITY",
                                                       "HTTP_1_1_REQUIRED"};
  const auto at = static_cast<std::size_t>(code);
  return at < kNames.size() ? kNames[at] : "an unknown code";
}

}  // namespace

Http2Exchange::~Http2Exchange() {
  leave();
}

net::Loop& Http2Exchange::Channel::loop() {
  return owner_.session_->stream_->loop();
}

void Http2Exchange::lease(std::shared_ptr<Http2Session> session, bool reused) {
  session_ = std::move(session);
  reused_ = reused;
  id_ = 0;
}

// What was heard since it began shows that the connection had not died of its age.
bool Http2Exchange::reused() const {
  return reused_ && session_->heard_ms_ <= began_ms_;
}

void Http2Exchange::begin(http::Method method, bool) {
  method_ = method;
  trailers_.clear();
  given_ = 0;
  interim_ = 0;
  fault_ = Fault::kNone;
  fault_detail_.clear();
  spoke_ = has_head_ = head_read_ = ended_ = ending_ = said_all_ = gone_ = false;
  began_ms_ = channel_.loop().now_ms();
}

net::Stream::WriteAwaiter Http2Exchange::send(std::string& text, const RequestBody& body,
                                              std::int64_t deadline_ms, std::int64_t progress_ms) {
  const bool ends = !body.open && body.data.empty();
  if (body.length.kind == http::BodyKind::kLength) http::append_content_length(text, body.length.bytes);
  gone_ = !session_->may_begin();
  if (!gone_) {
    id_ = session_->open(*this);
    gone_ = !http::h2::append_request(session_->output_, session_->encoder_, id_, text,
                                      session_->rules_.https, ends);
  }
  // What is not taken shows in the result.
  if (gone_) return channel_.write("gone", {}, deadline_ms);
  said_all_ = ends;
  ending_ = !body.open;
  if (body.data.empty()) session_->flush_soon();
  return channel_.write(body.data, {}, deadline_ms, progress_ms);
}

net::Task<net::IoResult> Http2Exchange::send_body(std::string_view data, bool last,
                                                  std::int64_t deadline_ms) {
  if (closed_to_writing()) co_return net::IoResult{net::IoStatus::kReset, 0};
  ending_ = last;
  if (data.empty() && last) {
    said_all_ = true;
    http::h2::append_data(session_->output_, id_, {}, {}, true);
    session_->flush_soon();
  }
  co_return co_await channel_.write(data, {}, deadline_ms);
}

// One frame, as far as both windows and the room for output let it.
net::IoResult Http2Exchange::try_write(std::string_view first, std::string_view second) {
  if (closed_to_writing()) return {net::IoStatus::kReset, 0};
  const std::int64_t room = std::min(send_window, session_->room());
  if (room <= 0) {
    session_->flush_soon();  // the head, if it waits for this
    return {closed_to_writing() ? net::IoStatus::kReset : net::IoStatus::kWouldBlock, 0};
  }
  const std::size_t whole = first.size() + second.size();
  const std::size_t bytes =
      std::min({whole, static_cast<std::size_t>(room), std::size_t{http::h2::kFrameBytesMax}});
  const std::size_t of_first = std::min(first.size(), bytes);
  said_all_ = ending_ && bytes == whole;
  http::h2::append_data(session_->output_, id_, first.substr(0, of_first), second.substr(0, bytes - of_first),
                        said_all_);
  send_window -= static_cast<std::int64_t>(bytes);
  session_->note_data(bytes, bytes == whole);
  session_->flush_soon();
  return {net::IoStatus::kOk, bytes};
}

Http2Exchange::Wrong Http2Exchange::take_head(http::h2::FieldBlock& fields, bool ends) {
  if (gone_) return {};
  if (ended_) return "a head behind the end of its stream";
  spoke_ = true;
  const HttpLimits& limits = session_->rules_.http;
  if (has_head_) {
    if (!ends) return "a second head";
    if (body_left_ > 0) return "a body that is shorter than announced";
    if (const auto error = http::h2::judge_trailers(fields, limits)) return http::name(*error);
    for (const http::Header& field : fields.headers()) {
      trailers_.append(field.name).append(": ").append(field.value).append("\r\n");
    }
    ended_ = true;
    return {};
  }
  std::swap(fields_, fields);
  if (const auto error = http::h2::read_response(fields_, ends, method_, limits, head_))
    return http::name(*error);
  if (head_.status < 200) {
    if (ends) return "an interim answer that ends its stream";
    return ++interim_ > limits.interim_answers_max ? Wrong("too many interim answers") : Wrong();
  }
  has_head_ = true;
  ended_ = ends;
  body_left_ = head_.body.kind == http::BodyKind::kLength ? head_.body.bytes : 0;
  return {};
}

Http2Exchange::Wrong Http2Exchange::take_data(std::string_view data, bool ends) {
  if (gone_) return {};
  if (ended_) return "DATA behind the end of its stream";
  if (!has_head_) return "DATA before a head";
  if (head_.body.kind != http::BodyKind::kChunked) {
    // kNone has nothing left from the beginning.
    if (data.size() > body_left_) return "a body that is longer than announced";
    body_left_ -= data.size();
    if (ends && body_left_ > 0) return "a body that is shorter than announced";
  }
  incoming_.append(data);
  ended_ = ends;
  return {};
}

void Http2Exchange::take_reset(ErrorCode code) {
  if (gone_) return;
  // Its answer is whole, and it wants no more of the request.
  if (ended_) {
    said_all_ = true;
    return;
  }
  if (code == ErrorCode::kRefusedStream) {
    end_now(Fault::kUnprocessed, "refused by the upstream before it began");
  } else {
    reused_ = false;
    end_now(Fault::kNone, std::string("reset by the upstream: ").append(name_of(code)));
  }
}

void Http2Exchange::end_now(Fault fault, std::string_view detail) {
  if (std::exchange(gone_, true) || ended_) return;
  fault_ = fault;
  fault_detail_ = detail;
}

net::IoResult Http2Exchange::look() const {
  const bool more = head_read_ ? !incoming_.empty() || ended_ : has_head_;
  // A body that came before the break is read first.
  if (more) return {net::IoStatus::kOk, 1};
  return {gone_ ? net::IoStatus::kReset : net::IoStatus::kWouldBlock, 0};
}

void Http2Exchange::wake() {
  const auto session = session_;  // who goes on may end this
  const bool readable = look().status != net::IoStatus::kWouldBlock;
  net::Waiter* const writer = std::exchange(writer_, nullptr);
  net::Waiter* const reader = readable ? std::exchange(reader_, nullptr) : nullptr;
  // Both are known before one of them goes on: each may end this object, and then the other one with it.
  if (writer != nullptr && reader != nullptr) {
    reader_ = reader;
    session->stream_->loop().timers().set(*this, session->stream_->loop().now_ms());
    writer->ready();
  } else if (writer != nullptr) {
    writer->ready();
  } else if (reader != nullptr) {
    reader->ready();
  }
}

// The reader's turn. The writer had its own, and may wait again: both by turns would be for ever.
void Http2Exchange::expired() {
  // Whoever waits to say more of what has ended need not.
  if (gone_ && writer_ != nullptr) {
    wake();
    return;
  }
  if (look().status == net::IoStatus::kWouldBlock) return;
  if (net::Waiter* const reader = std::exchange(reader_, nullptr)) reader->ready();
}

net::Stream::ReadAwaiter Http2Exchange::receive(std::int64_t deadline_ms) {
  credit_taken();
  return channel_.read(&byte_, 1, deadline_ms);
}

Result<http::HeadStatus, Connection::Malformed> Http2Exchange::read_head() {
  if (!has_head_) return http::HeadStatus::kNeedMore;
  head_read_ = true;
  return http::HeadStatus::kComplete;
}

Result<Connection::Piece, Connection::Malformed> Http2Exchange::read_body() {
  credit_taken();
  const std::string_view data = incoming_.take();
  return Piece{data, !data.empty()};
}

void Http2Exchange::credit_taken() {
  const std::size_t bytes = incoming_.drop_taken();
  if (bytes > 0) session_->credit(*this, bytes);
}

std::int64_t Http2Exchange::give_window(std::size_t bytes, std::int64_t worth) {
  given_ += static_cast<std::int64_t>(bytes);
  if (given_ < worth) return 0;
  receive_window += given_;
  return std::exchange(given_, 0);
}

void Http2Exchange::abort() {
  if (std::exchange(gone_, true) || id_ == 0) return;
  if (!ended_ || !said_all_) session_->reset(id_, ended_ ? ErrorCode::kNoError : ErrorCode::kCancel);
  if (!ended_) session_->doubt(began_ms_);
  // Whoever waits is not woken from inside this.
  channel_.loop().timers().set(*this, channel_.loop().now_ms());
}

// Ends what is left of it at the upstream, and forgets everything.
void Http2Exchange::leave() {
  if (!session_) return;
  if (id_ != 0) abort();
  net::TimerWheel::cancel(*this);
  incoming_.clear();
  incoming_.count_in(nullptr);
  woken = false;
  const auto session = std::move(session_);
  session->forget(*this);
  id_ = 0;
}

void Http2Exchange::give_back(std::unique_ptr<Connection> self) {
  (void)self.release();  // it is this
  std::unique_ptr<Http2Exchange> exchange(this);
  const auto session = session_;
  leave();
  session->keep_spare(std::move(exchange));
}

}  // namespace caponier::upstream
