#include "net/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

namespace caponier::net {

SocketAddress to_socket_address(const Address& address) {
  SocketAddress result;
  if (address.is_ipv4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(address.port);
    std::memcpy(&in.sin_addr, address.bytes.data() + 12, 4);
    std::memcpy(&result.storage, &in, sizeof in);
    result.bytes = sizeof in;
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(address.port);
    std::memcpy(&in.sin6_addr, address.bytes.data(), 16);
    std::memcpy(&result.storage, &in, sizeof in);
    result.bytes = sizeof in;
  }
  return result;
}

std::optional<Address> from_socket_address(const sockaddr* address) {
  Address result;
  if (address->sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    result.bytes[10] = result.bytes[11] = 0xff;
    std::memcpy(result.bytes.data() + 12, &in.sin_addr, 4);
    result.port = ntohs(in.sin_port);
    return result;
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, address, sizeof in);
    std::memcpy(result.bytes.data(), &in.sin6_addr, 16);
    result.port = ntohs(in.sin6_port);
    return result;
  }
  return std::nullopt;
}

std::string error_text(int error) {
  const char* text = ::strerrordesc_np(error);
  return text == nullptr ? "error " + std::to_string(error) : std::string(text);
}

}  // namespace caponier::net
