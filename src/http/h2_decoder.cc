#include "http/h2_decoder.h"

#include <algorithm>

namespace caponier::http::h2 {
namespace {

constexpr std::uint32_t kPriorityBytes = 5;

Err<Broken> broken(ErrorCode code, std::string_view detail) {
  return Err(Broken{code, detail, false});
}

Broken malformed(std::string_view detail) {
  return {ErrorCode::kProtocolError, detail, false};
}
Broken wrong_size(std::string_view detail) {
  return {ErrorCode::kFrameSizeError, detail, false};
}

}  // namespace

bool Decoder::owes() const {
  return state_ == State::kGreeting || state_ == State::kPayload || first_frame_ || open_stream_ != 0 ||
         !partial_.empty();
}

Result<Decoder::Step, Broken> Decoder::feed(std::string_view bytes) {
  std::size_t before = 0;
  if (state_ == State::kGreeting) {
    const std::size_t here = std::min(bytes.size(), kPreface.size() - preface_bytes_);
    if (bytes.substr(0, here) != kPreface.substr(preface_bytes_, here))
      return broken(ErrorCode::kProtocolError, "not the preface of HTTP/2");
    preface_bytes_ += here;
    if (preface_bytes_ == kPreface.size()) state_ = State::kFrameHead;
    return Step{here, {}};
  }
  if (state_ == State::kFrameHead) {
    const char* head = bytes.data();
    before = kFrameHeadBytes;
    if (!partial_.empty() || bytes.size() < kFrameHeadBytes) {
      before = std::min(kFrameHeadBytes - partial_.size(), bytes.size());
      partial_.append(bytes.substr(0, before));
      if (partial_.size() < kFrameHeadBytes) return Step{before, {}};
      head = partial_.data();
    }
    frame_ = parse_frame_head(head);
    partial_.clear();
    auto begun = begin_frame();
    if (!begun) return begun;
    // An empty frame is an event already.
    if (state_ == State::kFrameHead) {
      begun->consumed += before;
      return begun;
    }
    bytes.remove_prefix(before);
  }
  auto step = state_ == State::kPayload ? feed_payload(bytes) : feed_data(bytes);
  if (step) step->consumed += before;
  return step;
}

// What can be said of a frame by its head alone.
std::optional<Broken> Decoder::judge_frame_head() {
  if (frame_.bytes > kFrameBytesMax) return wrong_size("a frame longer than announced");
  if (first_frame_ && (!frame_.is(FrameType::kSettings) || frame_.has(kAck)))
    return malformed("the first frame is not SETTINGS");
  if (open_stream_ != 0 && (!frame_.is(FrameType::kContinuation) || frame_.stream != open_stream_))
    return malformed("another frame within a head");
  const bool of_stream = frame_.stream != 0;
  switch (static_cast<FrameType>(frame_.type)) {
    case FrameType::kData:
      if (!of_stream) return malformed("DATA without a stream");
      break;
    case FrameType::kHeaders:
      if (!of_stream || frame_.stream % 2 == 0) return malformed("HEADERS on a stream that no client opens");
      break;
    case FrameType::kPriority:
      if (!of_stream) return malformed("PRIORITY without a stream");
      if (frame_.bytes != kPriorityBytes) return wrong_size("PRIORITY of a wrong size");
      break;
    case FrameType::kResetStream:
      if (!of_stream) return malformed("RST_STREAM without a stream");
      if (frame_.bytes != 4) return wrong_size("RST_STREAM of a wrong size");
      break;
    case FrameType::kSettings:
      if (of_stream) return malformed("SETTINGS on a stream");
      if (frame_.bytes % kSettingBytes != 0 || (frame_.has(kAck) && frame_.bytes != 0))
        return wrong_size("SETTINGS of a wrong size");
      break;
    case FrameType::kPushPromise:
      return malformed("PUSH_PROMISE, which nobody allowed");
    case FrameType::kPing:
      if (of_stream) return malformed("PING on a stream");
      if (frame_.bytes != 8) return wrong_size("PING of a wrong size");
      break;
    case FrameType::kGoAway:
      if (of_stream) return malformed("GOAWAY on a stream");
      if (frame_.bytes < 8) return wrong_size("GOAWAY of a wrong size");
      break;
    case FrameType::kWindowUpdate:
      if (frame_.bytes != 4) return wrong_size("WINDOW_UPDATE of a wrong size");
      break;
    case FrameType::kContinuation:
      if (open_stream_ == 0) return malformed("CONTINUATION without a head");
      break;
    default:
      break;
  }
  return std::nullopt;
}

// The state says whether more of the frame has to come.
Result<Decoder::Step, Broken> Decoder::begin_frame() {
  if (const auto error = judge_frame_head()) return Err(*error);
  first_frame_ = false;
  if (!frame_.is(FrameType::kData)) {
    state_ = State::kPayload;
    return Step{};
  }
  padding_ = 0;
  overhead_ = 0;
  brings_nothing_ = false;
  left_ = frame_.bytes;
  if (frame_.has(kPadded)) {
    if (frame_.bytes == 0) return Err(wrong_size("padded DATA without a length"));
    state_ = State::kPadLength;
    return Step{};
  }
  if (left_ > 0) {
    state_ = State::kData;
    return Step{};
  }
  state_ = State::kFrameHead;
  Step empty;
  empty.event.kind = Event::Kind::kData;
  empty.event.stream = frame_.stream;
  empty.event.ends_stream = frame_.has(kEndStream);
  empty.event.small = !empty.event.ends_stream;
  return empty;
}

// DATA passes as it comes. The frame's last piece, which may be its padding, ends the stream.
Result<Decoder::Step, Broken> Decoder::feed_data(std::string_view bytes) {
  Step step;
  if (bytes.empty()) return step;
  if (state_ == State::kPadLength) {
    padding_ = static_cast<unsigned char>(bytes.front());
    if (padding_ >= frame_.bytes) return Err(malformed("padding longer than its frame"));
    left_ = frame_.bytes - 1 - padding_;
    brings_nothing_ = left_ == 0;
    overhead_ = 1;
    step.consumed = 1;
    state_ = left_ > 0 ? State::kData : State::kPadding;
    bytes.remove_prefix(1);
  }
  step.event.kind = Event::Kind::kData;
  step.event.stream = frame_.stream;
  if (state_ == State::kData) {
    const std::size_t here = std::min<std::size_t>(left_, bytes.size());
    step.event.data = bytes.substr(0, here);
    left_ -= static_cast<std::uint32_t>(here);
    step.consumed += here;
    bytes.remove_prefix(here);
    if (left_ == 0) state_ = State::kPadding;
  }
  if (state_ == State::kPadding) {
    const std::size_t here = std::min<std::size_t>(padding_, bytes.size());
    padding_ -= static_cast<std::uint32_t>(here);
    overhead_ += static_cast<std::uint32_t>(here);
    step.consumed += here;
    if (padding_ == 0) {
      state_ = State::kFrameHead;
      step.event.ends_stream = frame_.has(kEndStream);
      step.event.small = brings_nothing_ && !step.event.ends_stream;
    }
  }
  step.event.flow_bytes = static_cast<std::uint32_t>(step.event.data.size()) + overhead_;
  overhead_ = 0;
  return step;
}

// All other frames are read whole: in place where they came at once.
Result<Decoder::Step, Broken> Decoder::feed_payload(std::string_view bytes) {
  Step step;
  std::string_view payload;
  if (partial_.empty() && bytes.size() >= frame_.bytes) {
    payload = bytes.substr(0, frame_.bytes);
    step.consumed = frame_.bytes;
  } else {
    step.consumed = std::min<std::size_t>(frame_.bytes - partial_.size(), bytes.size());
    partial_.append(bytes.substr(0, step.consumed));
    if (partial_.size() < frame_.bytes) return step;
    payload = partial_;
  }
  state_ = State::kFrameHead;
  auto event = read_payload(payload);
  if (!event) return Err(event.error());
  step.event = *event;
  partial_.clear();
  return step;
}

Result<Event, Broken> Decoder::read_payload(std::string_view payload) {
  Event event;
  event.stream = frame_.stream;
  switch (static_cast<FrameType>(frame_.type)) {
    case FrameType::kHeaders:
      return read_headers(payload);
    case FrameType::kContinuation:
      if (++continuations_ > http2_.continuations_max ||
          block_.size() + payload.size() > limits_.head_bytes_max)
        return Err(Broken{ErrorCode::kEnhanceYourCalm, "a head of too many frames", true});
      return read_block(payload);
    case FrameType::kPriority:
      if ((parse_u32(payload.data()) & kStreamIdMax) == frame_.stream)
        return Err(malformed("a stream that depends on itself"));
      event.kind = Event::Kind::kPriority;
      return event;
    case FrameType::kResetStream:
      event.kind = Event::Kind::kReset;
      event.number = parse_u32(payload.data());
      return event;
    case FrameType::kSettings:
      return read_settings(payload);
    case FrameType::kPing:
      event.kind = frame_.has(kAck) ? Event::Kind::kPingAck : Event::Kind::kPing;
      opaque_.assign(payload);
      event.data = opaque_;
      return event;
    case FrameType::kGoAway:
      event.kind = Event::Kind::kGoAway;
      event.stream = parse_u32(payload.data()) & kStreamIdMax;
      event.number = parse_u32(payload.data() + 4);
      return event;
    case FrameType::kWindowUpdate:
      event.kind = Event::Kind::kWindowUpdate;
      event.number = parse_u32(payload.data()) & kStreamIdMax;
      return event;
    default:
      event.kind = Event::Kind::kUnknown;
      return event;
  }
}

Result<Event, Broken> Decoder::read_headers(std::string_view payload) {
  std::size_t padding = 0;
  if (frame_.has(kPadded)) {
    if (payload.empty()) return Err(wrong_size("padded HEADERS without a length"));
    padding = static_cast<unsigned char>(payload.front());
    payload.remove_prefix(1);
  }
  if (frame_.has(kWithPriority)) {
    if (payload.size() < kPriorityBytes) return Err(wrong_size("HEADERS without the priority they announce"));
    if ((parse_u32(payload.data()) & kStreamIdMax) == frame_.stream)
      return Err(malformed("a stream that depends on itself"));
    payload.remove_prefix(kPriorityBytes);
  }
  if (padding > payload.size()) return Err(malformed("padding longer than its frame"));
  payload.remove_suffix(padding);
  open_stream_ = frame_.stream;
  open_ends_stream_ = frame_.has(kEndStream);
  continuations_ = 0;
  block_.clear();
  return read_block(payload);
}

Result<Event, Broken> Decoder::read_block(std::string_view fragment) {
  Event event;
  if (!frame_.has(kEndHeaders) || !block_.empty()) {
    block_.append(fragment);
    fragment = block_;
  }
  if (!frame_.has(kEndHeaders)) return event;
  fields_.begin();
  if (!hpack_.decode(fragment, limits_, fields_))
    return broken(ErrorCode::kCompressionError, "a header block that cannot be decompressed");
  event.kind = Event::Kind::kHead;
  event.stream = open_stream_;
  event.ends_stream = open_ends_stream_;
  open_stream_ = 0;
  block_.clear();
  return event;
}

Result<Event, Broken> Decoder::read_settings(std::string_view payload) {
  Event event;
  event.kind = frame_.has(kAck) ? Event::Kind::kSettingsAck : Event::Kind::kSettings;
  for (; payload.size() >= kSettingBytes; payload.remove_prefix(kSettingBytes)) {
    const std::uint32_t value = parse_u32(payload.data() + 2);
    switch (static_cast<SettingId>(parse_u16(payload.data()))) {
      case SettingId::kHeaderTableSize:
        settings_.table_bytes = value;
        break;
      case SettingId::kEnablePush:
        if (value > 1) return broken(ErrorCode::kProtocolError, "ENABLE_PUSH that is neither 0 nor 1");
        if (value == 1 && peer_ == Peer::kServer)
          return broken(ErrorCode::kProtocolError, "ENABLE_PUSH from a server");
        break;
      case SettingId::kMaxConcurrentStreams:
        settings_.streams_max = value;
        break;
      case SettingId::kInitialWindowSize:
        if (value > kWindowBytesMax)
          return broken(ErrorCode::kFlowControlError, "an initial window of 2^31 bytes or more");
        settings_.window_bytes = value;
        break;
      case SettingId::kMaxFrameSize:
        if (value < kFrameBytesMax || value > 0xFF'FFFF)
          return broken(ErrorCode::kProtocolError, "a frame size that does not exist");
        settings_.frame_bytes_max = value;
        break;
      default:
        break;
    }
  }
  return event;
}

}  // namespace caponier::http::h2
