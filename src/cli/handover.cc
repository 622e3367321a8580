#include "cli/handover.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace caponier::cli {
namespace {

// One message each, with one descriptor: the lock, then every socket with its listener's name, then the end.
constexpr std::string_view kLock = "caponier-handover-1 lock";
constexpr std::string_view kListener = "listener ";
constexpr std::string_view kEnd = "end";
constexpr std::string_view kServing = "serving";
constexpr std::size_t kMessageBytesMax = 4096;
constexpr std::size_t kSocketsMax = 4096;
constexpr timeval kPatience{.tv_sec = 5, .tv_usec = 0};

std::string because(const std::string& what) {
  return what + ": " + std::strerror(errno);
}

std::optional<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return std::nullopt;
  path.copy(address.sun_path, path.size());
  return address;
}

std::optional<ucred> peer_of(int fd) {
  ucred peer{};
  socklen_t bytes = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) != 0) return std::nullopt;
  return peer;
}

bool is_same_user(int fd) {
  const auto peer = peer_of(fd);
  return peer && peer->uid == ::geteuid();
}

net::Descriptor new_socket() {
  net::Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  // Neither side waits for ever for the other.
  for (const int which : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    if (socket.open()) ::setsockopt(socket.get(), SOL_SOCKET, which, &kPatience, sizeof kPatience);
  }
  return socket;
}

struct Control {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> bytes{};
};

// `fd` -1: none goes with it.
bool send_message(int to, std::string text, int fd) {
  iovec piece{text.data(), text.size()};
  Control control;
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(head), &fd, sizeof fd);
  }
  return ::sendmsg(to, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

struct Message {
  std::string text;
  net::Descriptor fd;
};

// Nothing: the other side is gone, or too slow.
std::optional<Message> receive_message(int from, int flags) {
  std::array<char, kMessageBytesMax> bytes{};
  iovec piece{bytes.data(), bytes.size()};
  Control control;
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  errno = 0;
  const ssize_t size = ::recvmsg(from, &message, MSG_CMSG_CLOEXEC | flags);
  Message out;
  for (cmsghdr* head = size < 0 ? nullptr : CMSG_FIRSTHDR(&message); head != nullptr;
       head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(head), sizeof fd);
    out.fd.reset(fd);
  }
  if (size <= 0 || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return std::nullopt;
  out.text.assign(bytes.data(), static_cast<std::size_t>(size));
  return out;
}

}  // namespace

Result<Inherited, std::string> take_over(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return Err("the name of the hand-over socket is too long: " + path);
  net::Descriptor socket = new_socket();
  if (!socket.open() ||
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    return Err(because("cannot take over from " + path));
  }
  if (!is_same_user(socket.get())) return Err("the gateway behind " + path + " is another user's");
  Inherited out;
  for (;;) {
    auto message = receive_message(socket.get(), 0);
    if (!message) return Err("the gateway behind " + path + " did not hand over everything");
    if (message->text == kEnd) break;
    if (message->text == kLock) {
      out.lock = std::move(message->fd);
    } else if (message->text.starts_with(kListener) && message->fd.open() &&
               out.sockets.size() < kSocketsMax) {
      out.sockets.push_back({message->text.substr(kListener.size()), std::move(message->fd)});
    } else {
      return Err("what the gateway behind " + path + " hands over cannot be understood");
    }
  }
  if (out.sockets.empty()) return Err("the gateway behind " + path + " has nothing to hand over");
  out.previous = std::move(socket);
  return out;
}

void tell_serving(Inherited& inherited) {
  if (inherited.previous.open()) (void)send_message(inherited.previous.get(), std::string(kServing), -1);
  inherited.previous.reset();
}

Handover::~Handover() {
  if (listening_.open() && !over_) ::unlink(path_.c_str());
}

Result<Unit, std::string> Handover::listen(const std::string& path) {
  // Under another name first: the old one keeps its own until this one can be asked.
  const std::string fresh = path + ".new";
  const auto address = address_of(fresh);
  if (!address) return Err("the name of the hand-over socket is too long: " + path);
  struct stat there {};
  if (::lstat(path.c_str(), &there) == 0 && !S_ISSOCK(there.st_mode)) {
    return Err("handover: " + path + " is there already, and is no socket");
  }
  ::unlink(fresh.c_str());
  net::Descriptor socket = new_socket();
  const mode_t before = ::umask(0177);
  const bool bound = socket.open() &&
                     ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0;
  const int error = errno;
  ::umask(before);
  errno = error;
  if (!bound || ::listen(socket.get(), 4) != 0 || std::rename(fresh.c_str(), path.c_str()) != 0) {
    return Err(because("cannot listen on the hand-over socket " + path));
  }
  path_ = path;
  listening_ = std::move(socket);
  return Unit{};
}

void Handover::welcome(const Estate& estate) {
  net::Descriptor fresh(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!fresh.open() || !is_same_user(fresh.get())) return;
  ::setsockopt(fresh.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  bool given = send_message(fresh.get(), std::string(kLock), estate.lock);
  for (const gateway::ListeningSocket& socket : estate.sockets) {
    given = given && send_message(fresh.get(), std::string(kListener) + socket.name, socket.fd);
  }
  if (!given || !send_message(fresh.get(), std::string(kEnd), -1)) return;
  process_ = peer_of(fresh.get()).value_or(ucred{}).pid;
  conversation_ = std::move(fresh);
}

bool Handover::proceed(const Estate& estate, int& successor) {
  if (conversation_.open()) {
    const auto message = receive_message(conversation_.get(), MSG_DONTWAIT);
    const bool waits = !message && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (message && message->text == kServing) {
      over_ = true;
      successor = process_;
      return true;
    }
    if (!waits) conversation_.reset();
    return false;
  }
  welcome(estate);
  return false;
}

}  // namespace caponier::cli
