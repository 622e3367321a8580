// What an upstream's frames mean for the exchanges of its connection.
#include <utility>

#include "http/h2_frame.h"
#include "upstream/http2_exchange.h"
#include "upstream/http2_session.h"

namespace caponier::upstream {

using http::h2::Idle;

void Http2Session::take_bytes(std::string_view bytes) {
  while (!bytes.empty() && !over_) {
    const auto step = decoder_.feed(bytes);
    if (!step) {
      break_off(step.error().code, step.error().detail);
      return;
    }
    bytes.remove_prefix(step->consumed);
    handle(step->event);
  }
}

void Http2Session::handle(const Event& event) {
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
      if (Http2Exchange* exchange = find(event.stream)) {
        exchange->take_reset(static_cast<ErrorCode>(event.number));
        wake(*exchange);
      } else if (is_idle(event.stream)) {
        break_off(ErrorCode::kProtocolError, "RST_STREAM of a stream never opened");
      }
      break;
    case Event::Kind::kSettings:
      on_settings();
      break;
    case Event::Kind::kSettingsAck:
      spend(Idle::kSettings, "SETTINGS without end");
      break;
    case Event::Kind::kPing:
      http::h2::append_ping(output_, event.data, true);
      if (earned_pings_ > 0) {
        --earned_pings_;
      } else {
        spend(Idle::kPings, "PING without end");
      }
      break;
    case Event::Kind::kPingAck:
      spend(Idle::kPings, "PING without end");
      break;
    case Event::Kind::kPriority:
      spend(Idle::kPriorities, "PRIORITY without end");
      break;
    case Event::Kind::kGoAway:
      on_go_away(event);
      break;
    case Event::Kind::kWindowUpdate:
      on_window_update(event);
      break;
    case Event::Kind::kUnknown:
      spend(Idle::kEmptyFrames, "frames that mean nothing, without end");
      break;
  }
}

void Http2Session::spend(Idle kind, std::string_view detail) {
  if (!budget_.spend(kind, stream_->loop().now_ms())) break_off(ErrorCode::kEnhanceYourCalm, detail);
}

void Http2Session::on_head(const Event& event) {
  Http2Exchange* exchange = find(event.stream);
  if (exchange == nullptr) {
    if (is_idle(event.stream)) break_off(ErrorCode::kProtocolError, "an answer to what nobody asked");
    return;
  }
  const Http2Exchange::Wrong wrong = exchange->take_head(decoder_.fields(), event.ends_stream);
  if (!wrong.empty()) {
    reset(event.stream, ErrorCode::kProtocolError);
    exchange->end_now(Fault::kMalformed, wrong);
  }
  wake(*exchange);
}

// The connection's window opens at once, whoever takes the data and whenever: one exchange that nobody reads
// stops only itself, by its own window.
void Http2Session::on_data(const Event& event) {
  if (event.small) spend(Idle::kEmptyFrames, "frames that bring nothing, without end");
  receive_window_ -= event.flow_bytes;
  if (receive_window_ < 0) {
    break_off(ErrorCode::kFlowControlError, "more DATA than the connection's window allows");
    return;
  }
  uncredited_ += event.flow_bytes;
  if (uncredited_ >= rules_.http2.connection_window_bytes / 2) {
    http::h2::append_window_update(output_, 0, static_cast<std::uint32_t>(uncredited_));
    receive_window_ += std::exchange(uncredited_, 0);
  }
  Http2Exchange* exchange = find(event.stream);
  if (exchange == nullptr) {
    // Of a stream that ended while this was on its way: nobody takes it.
    if (is_idle(event.stream)) break_off(ErrorCode::kProtocolError, "DATA on a stream that is not open");
    return;
  }
  if (exchange->gone()) return;
  exchange->receive_window -= event.flow_bytes;
  Http2Exchange::Wrong wrong;
  if (exchange->receive_window < 0) {
    wrong = "more DATA than the stream's window allows";
  } else {
    wrong = exchange->take_data(event.data, event.ends_stream);
  }
  if (!wrong.empty()) {
    reset(event.stream,
          exchange->receive_window < 0 ? ErrorCode::kFlowControlError : ErrorCode::kProtocolError);
    exchange->end_now(Fault::kMalformed, wrong);
  } else if (event.flow_bytes > event.data.size()) {
    credit(*exchange, event.flow_bytes - event.data.size());
  }
  wake(*exchange);
}

void Http2Session::on_settings() {
  const http::h2::PeerSettings& settings = decoder_.settings();
  const std::int64_t change = std::int64_t{settings.window_bytes} - peer_window_;
  peer_window_ = settings.window_bytes;
  for (Http2Exchange* exchange : exchanges_) {
    exchange->send_window += change;
    if (exchange->send_window > http::h2::kWindowBytesMax) {
      break_off(ErrorCode::kFlowControlError, "SETTINGS overflow a window");
      return;
    }
  }
  encoder_.set_peer_table_bytes(settings.table_bytes);
  http::h2::append_settings_ack(output_);
  greeted_ = true;
  if (change > 0) wake_writers();
  spend(Idle::kSettings, "SETTINGS without end");
}

// RFC 9113, section 6.8: what it has not processed may be sent again elsewhere.
void Http2Session::on_go_away(const Event& event) {
  closing_ = true;
  for (Http2Exchange* exchange : exchanges_) {
    if (exchange->id() <= event.stream) continue;
    exchange->end_now(Fault::kUnprocessed, "the upstream closes the connection, and did not begin");
    wake(*exchange);
  }
  spend(Idle::kSettings, "GOAWAY without end");
}

void Http2Session::on_window_update(const Event& event) {
  Http2Exchange* exchange = event.stream == 0 ? nullptr : find(event.stream);
  if (event.stream != 0 && exchange == nullptr) {
    if (is_idle(event.stream)) break_off(ErrorCode::kProtocolError, "a window of a stream never opened");
    return;
  }
  std::int64_t& window = exchange == nullptr ? send_window_ : exchange->send_window;
  window += event.number;
  const bool overflows = window > http::h2::kWindowBytesMax;
  if (event.number == 0 || overflows) {
    constexpr std::string_view kWrong = "a window opened by nothing, or beyond 2^31";
    const ErrorCode code = overflows ? ErrorCode::kFlowControlError : ErrorCode::kProtocolError;
    if (exchange == nullptr) {
      break_off(code, kWrong);
      return;
    }
    reset(event.stream, code);
    exchange->end_now(Fault::kMalformed, kWrong);
    wake(*exchange);
    return;
  }
  constexpr std::uint32_t kSmallWindowBytes = 1024;
  if (event.number < kSmallWindowBytes) {
    if (earned_windows_ > 0) {
      --earned_windows_;
    } else {
      spend(Idle::kSmallWindows, "small WINDOW_UPDATE frames without end");
    }
  }
  if (over_) return;
  if (exchange == nullptr) {
    wake_writers();
  } else if (exchange->waits_to_write()) {
    wake(*exchange);
  }
}

}  // namespace caponier::upstream
