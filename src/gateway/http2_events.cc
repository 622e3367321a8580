// What a client's frames mean for the streams of its connection.
#include <utility>

#include "event/record.h"
#include "gateway/http2_connection.h"
#include "gateway/undecodable.h"
#include "gateway/worker.h"
#include "http/h2_encoder.h"
#include "http/h2_request.h"
#include "stages/scrub/scrub.h"

namespace caponier::gateway {

using http::h2::Idle;

void Http2Connection::take(std::string_view bytes) {
  while (!bytes.empty() && !broken_) {
    const auto step = decoder_.feed(bytes);
    if (!step) {
      const http::h2::Broken& error = step.error();
      break_off(error.code, error.flood ? Reason::kHttp2ContinuationFlood : Reason::kHttp2ProtocolError,
                error.detail);
      break;
    }
    bytes.remove_prefix(step->consumed);
    if (step->event.kind == Event::Kind::kNone) continue;
    owed_since_ms_ = 0;
    handle(step->event);
  }
  if (!decoder_.owes()) {
    owed_since_ms_ = 0;
  } else if (owed_since_ms_ == 0) {
    owed_since_ms_ = worker_.loop().now_ms();
  }
  // Those whose stream the client has just ended find it so; new ones begin only if there is a connection.
  settle();
}

void Http2Connection::handle(const Event& event) {
  switch (event.kind) {
    case Event::Kind::kNone:
      break;
    case Event::Kind::kHead:
      on_head(event);
      break;
    case Event::Kind::kData:
      on_data(event);
      break;
    case Event::Kind::kReset:
      on_reset(event);
      break;
    case Event::Kind::kSettings:
      on_settings();
      break;
    case Event::Kind::kSettingsAck:
      spend(Idle::kSettings, Reason::kHttp2SettingsFlood, "SETTINGS without end");
      break;
    case Event::Kind::kPing:
      http::h2::append_ping(output_, event.data, true);
      flush_later();
      if (earned_pings_ > 0) {
        --earned_pings_;
      } else {
        spend(Idle::kPings, Reason::kHttp2PingFlood, "PING without end");
      }
      break;
    case Event::Kind::kPingAck:
      // That of drain(): the client knows that no more is wanted.
      if (last_word_ms_ != net::kNoDeadline) go_away();
      spend(Idle::kPings, Reason::kHttp2PingFlood, "PING without end");
      break;
    case Event::Kind::kPriority:
      spend(Idle::kPriorities, Reason::kHttp2PriorityFlood, "PRIORITY without end");
      break;
    case Event::Kind::kGoAway:
      go_away();
      break;
    case Event::Kind::kWindowUpdate:
      on_window_update(event);
      break;
    case Event::Kind::kUnknown:
      spend(Idle::kEmptyFrames, Reason::kHttp2EmptyFrames, "frames that mean nothing, without end");
      break;
  }
}

void Http2Connection::on_head(const Event& event) {
  if (Http2Stream* stream = find(event.stream)) {
    on_trailers(*stream, event);
    return;
  }
  if (!is_idle(event.stream)) {
    // Trailers of a stream that has ended meanwhile.
    note_leftover(event);
    spend(Idle::kBrokenStreams, Reason::kHttp2RapidReset, "too many heads on streams that have ended");
    return;
  }
  // What comes behind our last GOAWAY is not looked at (RFC 9113, section 6.8).
  if (closing_) return;
  last_stream_ = event.stream;
  if (streams_.size() >= limits_.http2.streams_max) {
    reset(event.stream, ErrorCode::kRefusedStream);
    spend(Idle::kBrokenStreams, Reason::kHttp2RapidReset, "too many streams over the number announced");
    return;
  }
  auto stream = take_stream();
  stream->begin(event.stream, decoder_.fields(), event.ends_stream);
  stream->send_window = peer_window_;
  stream->receive_window =
      std::max<std::int64_t>(limits_.http2.stream_window_bytes, http::h2::kFirstWindowBytes);
  if (const auto error = stream->read_head()) {
    refuse(*stream, *error);
    return;
  }
  if (++served_ >= limits_.connections.requests_per_connection_max) drain();
  wake(*stream);
  streams_.push_back(std::move(stream));
}

void Http2Connection::on_trailers(Http2Stream& stream, const Event& event) {
  if (stream.body_ended()) {
    break_stream(stream, ErrorCode::kStreamClosed);
  } else if (!event.ends_stream || http::h2::judge_trailers(decoder_.fields(), limits_.http)) {
    break_stream(stream, ErrorCode::kProtocolError);
  } else {
    if (!stream.add_body({}, true))
      spend(Idle::kBrokenStreams, Reason::kHttp2RapidReset, "too many streams against the protocol");
    wake(stream);
  }
}

void Http2Connection::on_data(const Event& event) {
  if (event.small)
    spend(Idle::kEmptyFrames, Reason::kHttp2EmptyFrames, "frames that bring nothing, without end");
  receive_window_ -= event.flow_bytes;
  if (receive_window_ < 0) {
    break_off(ErrorCode::kFlowControlError, Reason::kHttp2ProtocolError, "more DATA than the window allows");
    return;
  }
  Http2Stream* stream = find(event.stream);
  if (stream == nullptr && is_idle(event.stream) && !closing_) {
    break_off(ErrorCode::kProtocolError, Reason::kHttp2ProtocolError, "DATA on a stream that is not open");
    return;
  }
  // Of a stream that ended while this was on its way: nobody takes it.
  if (stream == nullptr || stream->ended_now()) {
    note_leftover(event);
    credit(nullptr, event.flow_bytes);
    return;
  }
  stream->receive_window -= event.flow_bytes;
  if (stream->body_ended() || stream->receive_window < 0) {
    credit(nullptr, event.flow_bytes);
    break_stream(*stream, stream->body_ended() ? ErrorCode::kStreamClosed : ErrorCode::kFlowControlError);
    return;
  }
  if (event.flow_bytes > event.data.size()) credit(stream, event.flow_bytes - event.data.size());
  if (!stream->add_body(event.data, event.ends_stream)) {
    credit(nullptr, event.data.size());
    spend(Idle::kBrokenStreams, Reason::kHttp2RapidReset, "too many streams against the protocol");
  }
  wake(*stream);
}

void Http2Connection::on_reset(const Event& event) {
  Http2Stream* stream = find(event.stream);
  if (stream == nullptr) {
    note_leftover(event);
    if (is_idle(event.stream) && !closing_)
      break_off(ErrorCode::kProtocolError, Reason::kHttp2ProtocolError,
                "RST_STREAM of a stream never opened");
    return;
  }
  stream->end_now();
  wake(*stream);
  spend(Idle::kBrokenStreams, Reason::kHttp2RapidReset, "too many streams given up");
}

void Http2Connection::on_settings() {
  const http::h2::PeerSettings& settings = decoder_.settings();
  const std::int64_t change = std::int64_t{settings.window_bytes} - peer_window_;
  peer_window_ = settings.window_bytes;
  for (const auto& stream : streams_) {
    stream->send_window += change;
    if (stream->send_window > http::h2::kWindowBytesMax) {
      break_off(ErrorCode::kFlowControlError, Reason::kHttp2ProtocolError, "SETTINGS overflow a window");
      return;
    }
  }
  encoder_.set_peer_table_bytes(settings.table_bytes);
  http::h2::append_settings_ack(output_);
  flush_later();
  if (change > 0) wake_writers();
  spend(Idle::kSettings, Reason::kHttp2SettingsFlood, "SETTINGS without end");
}

void Http2Connection::on_window_update(const Event& event) {
  Http2Stream* stream = event.stream == 0 ? nullptr : find(event.stream);
  if (event.stream != 0 && stream == nullptr) {
    if (is_idle(event.stream) && !closing_)
      break_off(ErrorCode::kProtocolError, Reason::kHttp2ProtocolError, "a window of a stream never opened");
    return;
  }
  std::int64_t& window = stream == nullptr ? send_window_ : stream->send_window;
  window += event.number;
  const bool overflows = window > http::h2::kWindowBytesMax;
  if (event.number == 0 || overflows) {
    const ErrorCode code = overflows ? ErrorCode::kFlowControlError : ErrorCode::kProtocolError;
    if (stream != nullptr) {
      break_stream(*stream, code);
    } else {
      break_off(code, Reason::kHttp2ProtocolError, "a window opened by nothing, or beyond 2^31");
    }
    return;
  }
  if (event.number < kSmallWindowBytes) {
    if (earned_windows_ > 0) {
      --earned_windows_;
    } else {
      spend(Idle::kSmallWindows, Reason::kHttp2WindowFlood, "small WINDOW_UPDATE frames without end");
    }
  }
  if (stream == nullptr) {
    wake_writers();
  } else if (stream->waits_to_write()) {
    wake(*stream);
  }
}

// An answer for people, and the stream's end. It never was an exchange.
void Http2Connection::refuse(Http2Stream& stream, http::DecodeError error) {
  const Reason reason = reason_for(error);
  auto exchange = worker_.take_exchange();  // for its arena
  const std::string_view id = worker_.ids().next_128(exchange->arena);
  record_undecodable(worker_, peer_, reason, http::name(error), id);
  std::string head;
  const std::string body = stages::append_bare_refusal(head, reason, id, worker_.plan().hsts && peer_.tls);
  worker_.give_exchange(std::move(exchange));
  const auto bytes = static_cast<std::int64_t>(body.size());
  if (bytes <= std::min(stream.send_window, room()) &&
      http::h2::append_head(output_, encoder_, stream.id(), head, false)) {
    http::h2::append_data(output_, stream.id(), body, {}, true);
    send_window_ -= bytes;
  }
  // RFC 9113, section 8.1.1; and whatever follows is not wanted.
  const bool malformed = entry(reason).status == 400;
  if (malformed || !stream.body_ended()) {
    reset(stream.id(), malformed ? ErrorCode::kProtocolError : ErrorCode::kNoError);
  }
  flush_later();
  spend(Idle::kBrokenStreams, Reason::kHttp2RapidReset, "too many requests that cannot be read");
}

}  // namespace caponier::gateway
