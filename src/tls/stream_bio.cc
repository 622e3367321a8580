#include "tls/stream_bio.h"

#include <algorithm>

namespace caponier::tls {

namespace {

Channel& channel_of(BIO* bio) {
  return *static_cast<Channel*>(BIO_get_data(bio));
}

int read_some(BIO* bio, char* into, std::size_t bytes_max, std::size_t* bytes) {
  BIO_clear_retry_flags(bio);
  Channel& channel = channel_of(bio);
  if (channel.barred) return 0;
  const net::IoResult result = channel.lower->try_read(into, bytes_max);
  if (result.ok()) {
    if (channel.first_bytes_count < channel.first_bytes.size()) {
      const std::size_t kept = std::min(result.bytes, channel.first_bytes.size() - channel.first_bytes_count);
      std::copy_n(into, kept, channel.first_bytes.data() + channel.first_bytes_count);
      channel.first_bytes_count += kept;
    }
    *bytes = result.bytes;
    return 1;
  }
  channel.read_blocked = result.status == net::IoStatus::kWouldBlock;
  if (channel.read_blocked) BIO_set_retry_read(bio);
  if (result.status == net::IoStatus::kClosed) channel.ended = true;
  return 0;
}

int write_some(BIO* bio, const char* from, std::size_t bytes_max, std::size_t* bytes) {
  BIO_clear_retry_flags(bio);
  Channel& channel = channel_of(bio);
  const net::IoResult result = channel.lower->try_write({from, bytes_max}, {});
  if (result.ok()) {
    *bytes = result.bytes;
    return 1;
  }
  channel.write_blocked = result.status == net::IoStatus::kWouldBlock;
  if (channel.write_blocked) BIO_set_retry_write(bio);
  return 0;
}

long control(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_EOF:
      return channel_of(bio).ended ? 1 : 0;
    default:
      return 0;
  }
}

// Made once, never freed: sessions of any thread may be the last to use it.
const BIO_METHOD* stream_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
    if (made != nullptr) {
      BIO_meth_set_read_ex(made, read_some);
      BIO_meth_set_write_ex(made, write_some);
      BIO_meth_set_ctrl(made, control);
    }
    return made;
  }();
  return method;
}

}  // namespace

BIO* new_stream_bio(Channel& channel) {
  const BIO_METHOD* method = stream_method();
  BIO* bio = method == nullptr ? nullptr : BIO_new(method);
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, &channel);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace caponier::tls
