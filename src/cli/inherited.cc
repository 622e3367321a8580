#include "cli/inherited.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "net/socket_listener.h"

namespace caponier::cli {
namespace {

constexpr int kFirstDescriptor = 3;  // sd_listen_fds(3)
constexpr std::size_t kSocketsMax = 1024;

// The variable's value, which nobody whom this process starts shall see.
std::string take_variable(const char* name) {
  const char* value = std::getenv(name);
  std::string text = value == nullptr ? "" : value;
  ::unsetenv(name);
  return text;
}

}  // namespace

Result<Inherited, std::string> activated_sockets() {
  Inherited out;
  const std::string process = take_variable("LISTEN_PID");
  const std::string count_text = take_variable("LISTEN_FDS");
  const std::string names_text = take_variable("LISTEN_FDNAMES");
  if (process.empty() || parse_decimal(process) != static_cast<std::uint64_t>(::getpid())) return out;
  const auto count = parse_decimal(count_text);
  if (!count || *count > kSocketsMax) return Err(std::string("LISTEN_FDS is not a number of sockets"));
  std::string_view names = names_text;
  for (std::uint64_t i = 0; i < *count; ++i) {
    const std::string_view name = names.substr(0, names.find(':'));
    names.remove_prefix(std::min(name.size() + 1, names.size()));
    const int fd = kFirstDescriptor + static_cast<int>(i);
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return Err("socket " + std::to_string(fd) + " is not open");
    net::Descriptor owned(fd);
    if (name.empty()) {
      return Err("socket " + std::to_string(fd) +
                 " has no name: give each socket unit FileDescriptorName= with the name of its listener");
    }
    for (const InheritedSocket& other : out.sockets) {
      if (other.listener == name) return Err("two sockets have the name " + std::string(name));
    }
    out.sockets.push_back({std::string(name), std::move(owned)});
  }
  if (!names.empty()) return Err(std::string("LISTEN_FDNAMES has more names than LISTEN_FDS has sockets"));
  out.activated = !out.sockets.empty();
  return out;
}

Result<std::vector<net::Descriptor>, std::string> take_sockets(Inherited& inherited,
                                                               const config::Listener& listener,
                                                               const net::Address& address) {
  std::vector<net::Descriptor> taken;
  for (InheritedSocket& socket : inherited.sockets) {
    if (socket.listener != listener.name || !socket.fd.open()) continue;
    const auto real = net::listening_address(socket.fd.get());
    if (!real) return Err("the socket for listener " + listener.name + " cannot be used: " + real.error());
    if (real->bytes != address.bytes || (address.port != 0 && real->port != address.port)) {
      return Err("the socket for listener " + listener.name + " listens on " + real->text() +
                 ", and not on " + listener.listen);
    }
    taken.push_back(std::move(socket.fd));
  }
  if (taken.empty() && inherited.activated) {
    return Err("no socket has the name of listener " + listener.name +
               ": systemd opens every listener, or none");
  }
  return taken;
}

Result<Unit, std::string> check_all_taken(const Inherited& inherited) {
  for (const InheritedSocket& socket : inherited.sockets) {
    if (socket.fd.open()) return Err("no listener has the name " + socket.listener + ", and a socket has");
  }
  return Unit{};
}

}  // namespace caponier::cli
