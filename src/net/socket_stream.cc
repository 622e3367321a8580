#include "net/socket_stream.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace caponier::net {

namespace {

constexpr std::uint32_t kEdges = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

ssize_t send_both(int fd, std::string_view first, std::string_view second) {
  if (second.empty()) return ::send(fd, first.data(), first.size(), MSG_NOSIGNAL);
  if (first.empty()) return ::send(fd, second.data(), second.size(), MSG_NOSIGNAL);
  // sendmsg() does not write through its vectors.
  std::array<iovec, 2> pieces = {iovec{const_cast<char*>(first.data()), first.size()},
                                 iovec{const_cast<char*>(second.data()), second.size()}};
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  return ::sendmsg(fd, &message, MSG_NOSIGNAL);
}

}  // namespace

std::unique_ptr<SocketStream> SocketStream::adopt(EpollLoop& loop, int fd, State state) {
  std::unique_ptr<SocketStream> stream(new SocketStream(loop, fd, state));
  if (!loop.watch(fd, kEdges, *stream)) return nullptr;
  return stream;
}

SocketStream::~SocketStream() {
  loop_.forget(*this);
  if (fd_ >= 0) ::close(fd_);
}

IoResult SocketStream::broken() {
  broken_ = true;
  return {IoStatus::kReset, 0};
}

// False once this turn has had its share of reads. readable_ stays set, so that wait() asks for the next
// turn.
bool SocketStream::takes_turn() {
  if (turn_ != loop_.turn()) {
    turn_ = loop_.turn();
    reads_ = 0;
  }
  return ++reads_ <= kReadsPerTurnMax;
}

IoResult SocketStream::try_read(char* into, std::size_t bytes_max) {
  if (broken_) return broken();
  if (!readable_ || bytes_max == 0 || !takes_turn()) return {IoStatus::kWouldBlock, 0};
  ssize_t count = 0;
  do {
    count = ::recv(fd_, into, bytes_max, 0);
  } while (count < 0 && errno == EINTR);
  if (count > 0) {
    const auto bytes = static_cast<std::size_t>(count);
    if (bytes < bytes_max && !hung_up_) readable_ = false;
    return {IoStatus::kOk, bytes};
  }
  if (count == 0) return {IoStatus::kClosed, 0};
  if (errno != EAGAIN) return broken();
  readable_ = false;
  return {IoStatus::kWouldBlock, 0};
}

IoResult SocketStream::try_write(std::string_view first, std::string_view second) {
  if (broken_) return broken();
  if (!writable_) return {IoStatus::kWouldBlock, 0};
  const std::size_t wanted = first.size() + second.size();
  if (wanted == 0) return {IoStatus::kOk, 0};
  ssize_t count = 0;
  do {
    count = send_both(fd_, first, second);
  } while (count < 0 && errno == EINTR);
  if (count < 0) {
    // Not the end of what can be read: an answer may have come before the peer stopped listening.
    if (errno != EAGAIN) return {IoStatus::kReset, 0};
    writable_ = false;
    return {IoStatus::kWouldBlock, 0};
  }
  const auto bytes = static_cast<std::size_t>(count);
  if (bytes < wanted) writable_ = false;
  return {IoStatus::kOk, bytes};
}

void SocketStream::wait(Direction direction, Waiter* waiter) {
  const bool reads = direction == Direction::kRead;
  (reads ? reader_ : writer_) = waiter;
  // Nothing more will come from the kernel for what it has said already.
  if (waiter != nullptr && (broken_ || (reads ? readable_ : writable_))) loop_.pulse(*this);
}

void SocketStream::on_events(std::uint32_t events) {
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) hung_up_ = readable_ = true;
  if ((events & EPOLLIN) != 0) readable_ = true;
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) writable_ = true;

  const Alive::Watch watch(alive_);
  if (reader_ != nullptr && (readable_ || broken_)) std::exchange(reader_, nullptr)->ready();
  if (watch.gone()) return;
  if (writer_ != nullptr && (writable_ || broken_)) std::exchange(writer_, nullptr)->ready();
}

void SocketStream::shutdown() {
  if (fd_ >= 0) ::shutdown(fd_, SHUT_WR);
}

void SocketStream::abort() {
  if (fd_ < 0) return;
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(fd_);
  fd_ = -1;
  broken_ = true;
  loop_.forget(*this);
  if (reader_ != nullptr || writer_ != nullptr) loop_.pulse(*this);
}

}  // namespace caponier::net
