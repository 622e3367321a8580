#include "e2e/h2_side.h"

#include <nghttp2/nghttp2.h>

#include <utility>

#include "http/test_h2.h"

namespace caponier::e2e {

using http::h2::FrameHead;
using http::h2::FrameType;

void H2Side::FreeInflater::operator()(nghttp2_hd_inflater* inflater) const {
  nghttp2_hd_inflate_del(inflater);
}

H2Side::H2Side(Peer& peer) : peer_(peer) {
  nghttp2_hd_inflater* inflater = nullptr;
  if (nghttp2_hd_inflate_new(&inflater) == 0) inflater_.reset(inflater);
}

H2Side::~H2Side() = default;

bool H2Side::greet(std::string_view settings) {
  std::string& buffer = peer_.reader().buffer();
  while (buffer.size() < http::h2::kPreface.size()) {
    if (!peer_.reader().more()) return false;
  }
  if (!buffer.starts_with(http::h2::kPreface)) return false;
  buffer.erase(0, http::h2::kPreface.size());
  return send(http::h2::frame(FrameType::kSettings, 0, 0, settings));
}

bool H2Side::read_until(const std::function<bool()>& condition) {
  while (!condition()) {
    if (!read_frame()) return condition();
  }
  return true;
}

std::uint32_t H2Side::next_request() {
  std::uint32_t found = 0;
  (void)read_until([this, &found] {
    for (const auto& [id, request] : streams_) {
      if (request.ended && !given_.contains(id)) found = found == 0 ? id : found;
    }
    return found != 0;
  });
  given_.insert(found);
  return found;
}

std::uint32_t H2Side::next_head() {
  std::uint32_t found = 0;
  (void)read_until([this, &found] {
    for (const std::uint32_t id : begun_) {
      if (!heads_given_.contains(id)) found = found == 0 ? id : found;
    }
    return found != 0;
  });
  heads_given_.insert(found);
  return found;
}

bool H2Side::read_frame() {
  std::string& buffer = peer_.reader().buffer();
  while (buffer.size() < http::h2::kFrameHeadBytes) {
    if (!peer_.reader().more()) return false;
  }
  const FrameHead head = http::h2::parse_frame_head(buffer.data());
  while (buffer.size() < http::h2::kFrameHeadBytes + head.bytes) {
    if (!peer_.reader().more()) return false;
  }
  const std::string payload = buffer.substr(http::h2::kFrameHeadBytes, head.bytes);
  buffer.erase(0, http::h2::kFrameHeadBytes + head.bytes);
  take(head, payload);
  return true;
}

void H2Side::take(const FrameHead& head, std::string_view payload) {
  std::string reply;
  switch (static_cast<FrameType>(head.type)) {
    case FrameType::kHeaders:
      if (head.has(http::h2::kEndHeaders)) take_block(head.stream, payload, head.has(http::h2::kEndStream));
      break;
    case FrameType::kData: {
      H2Request& stream = streams_[head.stream];
      stream.body.append(payload);
      stream.ended |= head.has(http::h2::kEndStream);
      if (!polite_ || payload.empty()) break;
      http::h2::append_window_update(reply, 0, head.bytes);
      if (!stream.ended) http::h2::append_window_update(reply, head.stream, head.bytes);
      break;
    }
    case FrameType::kResetStream:
      streams_[head.stream].reset = http::h2::parse_u32(payload.data());
      break;
    case FrameType::kGoAway:
      went_away_ = http::h2::parse_u32(payload.data() + 4);
      break;
    case FrameType::kPing:
      if (!head.has(http::h2::kAck)) http::h2::append_ping(reply, payload, true);
      break;
    case FrameType::kSettings:
      for (std::string_view rest = payload; rest.size() >= 6; rest.remove_prefix(6))
        settings_[http::h2::parse_u16(rest.data())] = http::h2::parse_u32(rest.data() + 2);
      if (!head.has(http::h2::kAck)) http::h2::append_settings_ack(reply);
      break;
    case FrameType::kWindowUpdate:
      opened_[head.stream] += http::h2::parse_u32(payload.data());
      break;
    default:
      break;
  }
  if (!reply.empty()) (void)send(reply);
}

void H2Side::take_block(std::uint32_t stream, std::string_view block, bool ends) {
  std::map<std::string, std::string> fields;
  const auto* at = reinterpret_cast<const std::uint8_t*>(block.data());
  std::size_t left = block.size();
  for (;;) {
    nghttp2_nv field{};
    int flags = 0;
    const auto taken = nghttp2_hd_inflate_hd2(inflater_.get(), &field, &flags, at, left, 1);
    if (taken < 0) return;
    at += taken;
    left -= static_cast<std::size_t>(taken);
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0)
      fields[std::string(reinterpret_cast<char*>(field.name), field.namelen)] =
          std::string(reinterpret_cast<char*>(field.value), field.valuelen);
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0 && left == 0) break;
  }
  nghttp2_hd_inflate_end_headers(inflater_.get());
  H2Request& request = streams_[stream];
  request.ended |= ends;
  (begun_.insert(stream).second ? request.fields : request.trailers) = std::move(fields);
}

Script speaking_h2(H2Answering answer, std::string settings) {
  return [answer = std::move(answer), settings = std::move(settings)](Peer& peer) {
    H2Side side(peer);
    if (!side.greet(settings)) return;
    while (const std::uint32_t stream = side.next_request()) {
      if (!side.send(answer(stream, side.seen(stream)))) return;
    }
  };
}

std::string h2_text(std::uint32_t stream, std::string_view body) {
  using namespace http::h2;
  return headers(stream, block({{":status", "200"}, {"content-type", "text/plain"}}), false) +
         data(stream, body, true);
}

}  // namespace caponier::e2e
