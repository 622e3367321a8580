// The threads of a Gateway and what lives on each of them; for gateway.cc and gateway_admin.cc alone.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gateway/gateway.h"
#include "net/epoll_loop.h"
#include "net/socket_network.h"

namespace caponier::gateway {

struct Gateway::Thread {
  Thread(Clock& clock, net::Resolver& resolver) : loop(clock), network(loop, resolver) {}
  net::EpollLoop loop;
  net::SocketNetwork network;
  std::unique_ptr<Worker> worker;
  std::thread thread;
};

struct Gateway::Admin {
  Admin(Clock& clock, net::Resolver& resolver) : loop(clock), network(loop, resolver) {}
  net::EpollLoop loop;
  net::SocketNetwork network;
  struct Listening {
    std::unique_ptr<net::Listener> listener;
    std::shared_ptr<tls::ServerContext> tls;
    std::string name;
  };
  std::vector<Listening> listeners;
  std::unique_ptr<AdminServer> server;
  std::thread thread;
};

}  // namespace caponier::gateway
