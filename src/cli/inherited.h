// What a process finds open when it starts: listening sockets from systemd (socket activation), or those of
// the gateway whose place it takes, together with its lock on the state directory.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "net/descriptor.h"
#include "net/network.h"

namespace caponier::cli {

struct InheritedSocket {
  std::string listener;  // its name
  net::Descriptor fd;
};

struct Inherited {
  std::vector<InheritedSocket> sockets;
  bool activated = false;    // by systemd: it opens every listener, or none
  net::Descriptor previous;  // the conversation with the process that hands over
  net::Descriptor lock;      // on the state directory
};

// By LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES, which are taken out of the environment: empty if they are not
// for this process. The error is a sentence.
Result<Inherited, std::string> activated_sockets();

// Those of `listener`. An error if one of them listens somewhere else than `address` (whose port may be 0),
// or if systemd left the listener out.
Result<std::vector<net::Descriptor>, std::string> take_sockets(Inherited& inherited,
                                                               const config::Listener& listener,
                                                               const net::Address& address);
// An error if a socket is left that no listener has taken.
Result<Unit, std::string> check_all_taken(const Inherited& inherited);

}  // namespace caponier::cli
