#include "tls/tls_stream.h"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace caponier::tls {

using net::Direction;
using net::IoResult;
using net::IoStatus;

namespace {

constexpr std::size_t kRecordBytesMax = SSL3_RT_MAX_PLAIN_LENGTH;

// What other users of the library left behind would be taken for ours.
void empty_error_queue() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

// `first` and the beginning of `second`, as much as one record takes.
std::string_view join(std::string_view first, std::string_view second, char* record) {
  std::memcpy(record, first.data(), first.size());
  const std::size_t of_second = std::min(second.size(), kRecordBytesMax - first.size());
  std::memcpy(record + first.size(), second.data(), of_second);
  return {record, first.size() + of_second};
}

// RFC 8446 section 6: level, description.
bool is_close_notify(const void* alert, std::size_t count) {
  return count == 2 && static_cast<const unsigned char*>(alert)[1] == SSL_AD_CLOSE_NOTIFY;
}

}  // namespace

std::unique_ptr<TlsStream> TlsStream::create(std::unique_ptr<net::Stream> lower, SSL_CTX& context,
                                             void (*role)(SSL*)) {
  std::unique_ptr<TlsStream> stream(new TlsStream(std::move(lower)));
  stream->ssl_.reset(SSL_new(&context));
  BIO* bio = stream->ssl_ ? new_stream_bio(stream->channel_) : nullptr;
  if (bio == nullptr) return nullptr;
  SSL_set_bio(stream->ssl_.get(), bio, bio);
  SSL_set_msg_callback(stream->ssl_.get(), &TlsStream::on_message);
  SSL_set_msg_callback_arg(stream->ssl_.get(), stream.get());
  role(stream->ssl_.get());
  return stream;
}

void TlsStream::on_message(int sent, int, int type, const void* bytes, std::size_t count, SSL*, void* self) {
  auto& stream = *static_cast<TlsStream*>(self);
  if (type == SSL3_RT_ALERT && sent == 0) stream.peer_ended_ = is_close_notify(bytes, count);
  if (!stream.established_ || (type != SSL3_RT_HANDSHAKE && type != SSL3_RT_ALERT)) return;
  if (++stream.side_messages_ > kSideMessagesMax) stream.channel_.barred = true;
}

TlsStream::Handshake TlsStream::handshake() {
  ERR_clear_error();
  const int code = SSL_do_handshake(ssl_.get());
  if (code == 1) {
    established_ = true;
    read_at_ms_ = loop().now_ms();
    return Handshake::kDone;
  }
  switch (SSL_get_error(ssl_.get(), code)) {
    case SSL_ERROR_WANT_READ:
      return Handshake::kWantsRead;
    case SSL_ERROR_WANT_WRITE:
      return Handshake::kWantsWrite;
    default:
      broken_ = true;
      return Handshake::kFailed;
  }
}

std::string TlsStream::handshake_error() {
  const bool unverified = ERR_GET_REASON(ERR_peek_error()) == SSL_R_CERTIFICATE_VERIFY_FAILED;
  std::string text = take_error(channel_.ended ? "the peer closed the connection" : "the connection broke");
  if (channel_.ended && channel_.first_bytes_count == 0) text = "the peer closed the connection";
  if (unverified) text.append(": ").append(X509_verify_cert_error_string(SSL_get_verify_result(ssl_.get())));
  return text;
}

// A call that brought nothing: blocked, ended or broken. `wants`: the direction below that it waits for. Not
// asked of SSL_get_error, which takes what other users of the library left in its queue for ours; to empty
// the queue before every call costs more than this whole stream.
IoResult TlsStream::failed(Direction& wants) {
  const int wanted = SSL_want(ssl_.get());
  if (wanted == SSL_READING && channel_.read_blocked) {
    wants = Direction::kRead;
    return {IoStatus::kWouldBlock, 0};
  }
  if (wanted == SSL_WRITING && channel_.write_blocked) {
    wants = Direction::kWrite;
    return {IoStatus::kWouldBlock, 0};
  }
  ERR_clear_error();
  if (peer_ended_) return {IoStatus::kClosed, 0};
  broken_ = true;
  return {IoStatus::kReset, 0};
}

IoResult TlsStream::try_read(char* into, std::size_t bytes_max) {
  if (broken_) return {IoStatus::kReset, 0};
  if (bytes_max == 0) return {IoStatus::kWouldBlock, 0};
  // A try that can bring nothing costs the library a thousand instructions.
  if (drained_ && !lower_->may_read()) return {IoStatus::kWouldBlock, 0};
  drained_ = false;
  std::size_t total = 0;
  // A call returns one record at most; more may lie in the library's buffer.
  while (total < bytes_max) {
    std::size_t bytes = 0;
    channel_.read_blocked = channel_.write_blocked = false;
    const int code = SSL_read_ex(ssl_.get(), into + total, bytes_max - total, &bytes);
    if (channel_.barred) {
      broken_ = true;
      return {IoStatus::kReset, 0};
    }
    if (code != 1) {
      const IoResult result = failed(read_wants_);
      drained_ = result.status == IoStatus::kWouldBlock && read_wants_ == Direction::kRead;
      if (total == 0) return result;
      break;
    }
    total += bytes;
    drained_ = SSL_has_pending(ssl_.get()) == 0;
    if (drained_) break;
  }
  side_messages_ = 0;
  read_at_ms_ = loop().now_ms();
  return {IoStatus::kOk, total};
}

IoResult TlsStream::try_write(std::string_view first, std::string_view second) {
  if (broken_ || ended_) return {IoStatus::kReset, 0};
  if (first.empty()) std::swap(first, second);
  if (first.empty()) return {IoStatus::kOk, 0};
  std::array<char, kRecordBytesMax> record;
  const std::string_view bytes =
      second.empty() || first.size() >= kRecordBytesMax ? first : join(first, second, record.data());
  std::size_t written = 0;
  channel_.read_blocked = channel_.write_blocked = false;
  const int code = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written);
  if (code == 1) return {IoStatus::kOk, written};
  const IoResult result = failed(write_wants_);
  if (result.status != IoStatus::kClosed) return result;
  broken_ = true;
  return {IoStatus::kReset, 0};
}

void TlsStream::wait(Direction direction, net::Waiter* waiter) {
  const bool reads = direction == Direction::kRead;
  (reads ? reader_ : writer_) = waiter;
  if (reads && waiter != nullptr && !idle_.armed()) loop().timers().set(idle_, loop().now_ms() + kIdleMs);
  wait_lower(Direction::kRead);
  wait_lower(Direction::kWrite);
}

// Waits below for `direction` if, and only if, somebody here needs it.
void TlsStream::wait_lower(Direction direction) {
  const bool needed = (reader_ != nullptr && read_wants_ == direction) ||
                      (writer_ != nullptr && write_wants_ == direction) ||
                      (ending_ && direction == Direction::kWrite);
  net::Waiter* waiter = direction == Direction::kRead ? &lower_reads_ : &lower_writes_;
  lower_->wait(direction, needed ? waiter : nullptr);
}

void TlsStream::lower_ready(Direction direction) {
  const net::Alive::Watch watch(alive_);
  if (ending_ && direction == Direction::kWrite) end_cleanly();
  if (reader_ != nullptr && (broken_ || read_wants_ == direction)) std::exchange(reader_, nullptr)->ready();
  if (watch.gone()) return;
  if (writer_ != nullptr && (broken_ || write_wants_ == direction)) std::exchange(writer_, nullptr)->ready();
  if (watch.gone()) return;
  wait_lower(direction);
}

std::string_view TlsStream::protocol() const {
  const unsigned char* chosen = nullptr;
  unsigned int bytes = 0;
  SSL_get0_alpn_selected(ssl_.get(), &chosen, &bytes);
  return {reinterpret_cast<const char*>(chosen), bytes};
}

void TlsStream::shutdown() {
  if (ended_) return;
  ended_ = true;
  if (broken_ || !established_) {
    lower_->shutdown();
    return;
  }
  end_cleanly();
}

void TlsStream::end_cleanly() {
  empty_error_queue();
  channel_.write_blocked = false;
  // Its result tells only the first time whether the alert left whole.
  (void)SSL_shutdown(ssl_.get());
  ending_ = channel_.write_blocked;
  ERR_clear_error();
  if (ending_) {
    wait_lower(Direction::kWrite);
  } else {
    lower_->shutdown();
  }
}

void TlsStream::abort() {
  broken_ = true;
  ending_ = false;
  lower_->abort();
}

void TlsStream::idle_expired() {
  const std::int64_t idle_at_ms = read_at_ms_ + kIdleMs;
  if (loop().now_ms() < idle_at_ms) {
    loop().timers().set(idle_, idle_at_ms);
    return;
  }
  SSL_free_buffers(ssl_.get());  // does nothing while bytes are in them
}

}  // namespace caponier::tls
