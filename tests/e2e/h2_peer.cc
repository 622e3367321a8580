#include "e2e/h2_peer.h"

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace caponier::e2e {

using http::h2::FrameHead;
using http::h2::FrameType;

void H2Peer::FreeContext::operator()(ssl_ctx_st* context) const {
  SSL_CTX_free(context);
}
void H2Peer::FreeSession::operator()(ssl_st* session) const {
  SSL_free(session);
}
void H2Peer::FreeInflater::operator()(nghttp2_hd_inflater* inflater) const {
  nghttp2_hd_inflate_del(inflater);
}

H2Peer::H2Peer(int port, std::string_view settings) : socket_(Socket::connect(port)) {
  if (!socket_.open()) return;
  const timeval patience{.tv_sec = 20, .tv_usec = 0};
  (void)::setsockopt(socket_.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  (void)::setsockopt(socket_.fd(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  context_.reset(SSL_CTX_new(TLS_client_method()));
  session_.reset(SSL_new(context_.get()));
  constexpr std::array<unsigned char, 3> kH2 = {2, 'h', '2'};
  SSL_set_alpn_protos(session_.get(), kH2.data(), kH2.size());
  SSL_set_fd(session_.get(), socket_.fd());
  if (SSL_connect(session_.get()) != 1) return;
  nghttp2_hd_inflater* inflater = nullptr;
  if (nghttp2_hd_inflate_new(&inflater) != 0) return;
  inflater_.reset(inflater);
  std::string hello(http::h2::kPreface);
  http::h2::append_frame_head(hello, {static_cast<std::uint32_t>(settings.size()),
                                      static_cast<std::uint8_t>(FrameType::kSettings), 0, 0});
  open_ = send(hello.append(settings));
}

H2Peer::~H2Peer() = default;

bool H2Peer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const int sent = SSL_write(session_.get(), bytes.data(), static_cast<int>(bytes.size()));
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

H2Answer H2Peer::answer(std::uint32_t stream) {
  read_until([this, stream] { return streams_[stream].ended || streams_[stream].reset; });
  return streams_[stream];
}

void H2Peer::read_until(const std::function<bool()>& condition) {
  while (!condition() && read_frame()) {
  }
}

bool H2Peer::fill(std::size_t bytes) {
  std::array<char, 16'384> into;
  while (buffer_.size() < bytes) {
    const int got = SSL_read(session_.get(), into.data(), into.size());
    if (got <= 0) {
      open_ = false;
      return false;
    }
    buffer_.append(into.data(), static_cast<std::size_t>(got));
  }
  return true;
}

bool H2Peer::read_frame() {
  if (!open_ || !fill(http::h2::kFrameHeadBytes)) return false;
  const FrameHead head = http::h2::parse_frame_head(buffer_.data());
  if (!fill(http::h2::kFrameHeadBytes + head.bytes)) return false;
  const std::string payload = buffer_.substr(http::h2::kFrameHeadBytes, head.bytes);
  buffer_.erase(0, http::h2::kFrameHeadBytes + head.bytes);
  take(head, payload);
  return true;
}

void H2Peer::take(const FrameHead& head, std::string_view payload) {
  H2Answer& stream = streams_[head.stream];
  std::string reply;
  switch (static_cast<FrameType>(head.type)) {
    case FrameType::kHeaders:
      if (head.has(http::h2::kEndHeaders)) take_block(stream, payload, head.has(http::h2::kEndStream));
      break;
    case FrameType::kData:
      stream.body.append(payload);
      stream.ended |= head.has(http::h2::kEndStream);
      if (polite_ && !payload.empty()) {
        http::h2::append_window_update(reply, 0, head.bytes);
        if (!stream.ended) http::h2::append_window_update(reply, head.stream, head.bytes);
      }
      break;
    case FrameType::kResetStream:
      stream.reset = http::h2::parse_u32(payload.data());
      break;
    case FrameType::kGoAway:
      last_stream_ = http::h2::parse_u32(payload.data());
      went_away_ = http::h2::parse_u32(payload.data() + 4);
      break;
    case FrameType::kPing:
      if (head.has(http::h2::kAck)) {
        ++pings_;
      } else if (polite_) {
        http::h2::append_ping(reply, payload, true);
      }
      break;
    case FrameType::kSettings:
      for (std::string_view rest = payload; rest.size() >= 6; rest.remove_prefix(6))
        settings_[http::h2::parse_u16(rest.data())] = http::h2::parse_u32(rest.data() + 2);
      if (polite_ && !head.has(http::h2::kAck)) http::h2::append_settings_ack(reply);
      break;
    case FrameType::kWindowUpdate:
      opened_[head.stream] += http::h2::parse_u32(payload.data());
      break;
    default:
      break;
  }
  if (!reply.empty()) (void)send(reply);
}

void H2Peer::take_block(H2Answer& stream, std::string_view block, bool ends) {
  std::map<std::string, std::string> fields;
  const auto* at = reinterpret_cast<const std::uint8_t*>(block.data());
  std::size_t left = block.size();
  for (;;) {
    nghttp2_nv field{};
    int flags = 0;
    const auto taken = nghttp2_hd_inflate_hd2(inflater_.get(), &field, &flags, at, left, 1);
    if (taken < 0) {
      open_ = false;
      return;
    }
    at += taken;
    left -= static_cast<std::size_t>(taken);
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0)
      fields[std::string(reinterpret_cast<char*>(field.name), field.namelen)] =
          std::string(reinterpret_cast<char*>(field.value), field.valuelen);
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0 && left == 0) break;
  }
  nghttp2_hd_inflate_end_headers(inflater_.get());
  stream.ended |= ends;
  const int status = std::atoi(fields[":status"].c_str());
  fields.erase(":status");
  if (stream.status != 0) {
    stream.trailers = std::move(fields);
  } else if (status < 200) {
    stream.interim.push_back(status);
  } else {
    stream.status = status;
    stream.headers = std::move(fields);
  }
}

}  // namespace caponier::e2e
