// Between our addresses and the kernel's.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>

#include "net/network.h"

namespace caponier::net {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t bytes = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] int family() const { return storage.ss_family; }
};

// IPv4-mapped addresses become AF_INET, so that a machine without IPv6 works.
SocketAddress to_socket_address(const Address& address);
// nullopt for other families.
std::optional<Address> from_socket_address(const sockaddr* address);
// The text of an errno.
std::string error_text(int error);

}  // namespace caponier::net
