// HTTP/2 decoding for both ends (RFC 9113), strict and without I/O: bytes in, one event at a time out, count
// consumed. It knows frames and header blocks, not streams: which stream may have which event is judged by
// who keeps the streams.
//
//   [a client's preface] ──▶ [frame head] ──▶ [payload: DATA in pieces, all else whole] ──▶ [frame head] ...
//                       │ HEADERS without END_HEADERS: nothing but CONTINUATION of that stream until it ends
//                       ▼ Broken: the connection cannot go on
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/result.h"
#include "http/h2_fields.h"
#include "http/h2_frame.h"
#include "http/hpack.h"

namespace caponier::http::h2 {

struct PeerSettings {
  std::uint32_t table_bytes = 4096;
  std::uint32_t window_bytes = 65'535;
  std::uint32_t frame_bytes_max = kFrameBytesMax;
  std::uint32_t streams_max = UINT32_MAX;  // that we may have under way at a time
};

// Whose frames are decoded.
enum class Peer : std::uint8_t { kClient, kServer };

struct Event {
  enum class Kind : std::uint8_t {
    kNone,
    kHead,  // fields() hold it
    kData,
    kReset,
    kSettings,  // settings() are what holds now
    kSettingsAck,
    kPing,
    kPingAck,
    kPriority,
    kGoAway,
    kWindowUpdate,
    kUnknown  // to be ignored
  };
  Kind kind = Kind::kNone;
  std::uint32_t stream = 0;  // kGoAway: the last one that may have been processed
  bool ends_stream = false;
  bool small = false;            // kData: a frame that brings nothing; kHead: took needlessly many frames
  std::string_view data;         // kData: of the input; kPing: its eight bytes
  std::uint32_t flow_bytes = 0;  // kData: what it takes from the windows, padding included
  std::uint32_t number = 0;      // kReset, kGoAway: the code; kWindowUpdate: the bytes
};

// Why the connection ends.
struct Broken {
  ErrorCode code = ErrorCode::kProtocolError;
  std::string_view detail;
  bool flood = false;  // frames without end for one head
};

class Decoder {
 public:
  Decoder(const HttpLimits& limits, const Http2Limits& http2, Peer peer = Peer::kClient)
      : limits_(limits),
        http2_(http2),
        peer_(peer),
        state_(peer == Peer::kClient ? State::kGreeting : State::kFrameHead),
        hpack_(http2.table_bytes_max) {}

  struct Step {
    std::size_t consumed = 0;
    Event event;
  };
  // Takes at most one event from the front of `bytes`; call again with the rest until nothing is consumed.
  Result<Step, Broken> feed(std::string_view bytes);
  FieldBlock& fields() { return fields_; }
  [[nodiscard]] const PeerSettings& settings() const { return settings_; }
  // Within the preface, a head or a control frame, so that the peer owes the rest soon.
  [[nodiscard]] bool owes() const;

 private:
  enum class State : std::uint8_t { kGreeting, kFrameHead, kPadLength, kData, kPadding, kPayload };

  Result<Step, Broken> begin_frame();
  std::optional<Broken> judge_frame_head();
  Result<Step, Broken> feed_data(std::string_view bytes);
  Result<Step, Broken> feed_payload(std::string_view bytes);
  Result<Event, Broken> read_payload(std::string_view payload);
  Result<Event, Broken> read_headers(std::string_view payload);
  Result<Event, Broken> read_block(std::string_view fragment);
  Result<Event, Broken> read_settings(std::string_view payload);

  HttpLimits limits_;
  Http2Limits http2_;
  Peer peer_;
  State state_;
  std::size_t preface_bytes_ = 0;
  bool first_frame_ = true;
  FrameHead frame_;
  std::string partial_;     // of a frame head or a payload that came in pieces
  std::string opaque_;      // of a PING
  std::uint32_t left_ = 0;  // of DATA, without padding
  std::uint32_t padding_ = 0;
  std::uint32_t overhead_ = 0;   // of DATA: what flow control counts beside the data, not reported yet
  bool brings_nothing_ = false;  // DATA that is padding only
  // Of a head that is not complete.
  std::uint32_t open_stream_ = 0;
  bool open_ends_stream_ = false;
  std::uint32_t continuations_ = 0;
  std::string block_;
  HpackDecoder hpack_;
  FieldBlock fields_;
  PeerSettings settings_;
};

}  // namespace caponier::http::h2
