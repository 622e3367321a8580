// How a gateway's place is taken by another process of the same user without a connection lost: over a local
// socket (0600, the other side's user checked by the kernel) the old one hands on the sockets that it listens
// on and its lock; the new one accepts from them, says so, and the old one drains. If the new one goes away
// before that, nothing has happened.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/inherited.h"
#include "gateway/gateway.h"
#include "net/descriptor.h"

namespace caponier::cli {

// The new process: everything that the gateway behind the socket `path` has to give. The error is a sentence.
Result<Inherited, std::string> take_over(const std::string& path);
// The new process accepts.
void tell_serving(Inherited& inherited);

// The old process.
class Handover {
 public:
  // What is to be handed on, asked for when somebody comes.
  struct Estate {
    std::vector<gateway::ListeningSocket> sockets;
    int lock = -1;
  };

  Handover() = default;
  Handover(const Handover&) = delete;
  Handover& operator=(const Handover&) = delete;
  // Removes the socket, unless another process has taken over and with it the name.
  ~Handover();

  // Takes the place of a socket that a process before has left, or still listens on.
  Result<Unit, std::string> listen(const std::string& path);
  // To wait on for reading; -1 where there is nothing to wait for.
  [[nodiscard]] std::array<int, 2> descriptors() const {
    // One conversation at a time.
    return {conversation_.open() ? -1 : listening_.get(), conversation_.get()};
  }
  // Goes on with whoever has come. True once somebody else accepts: `successor` is its process.
  bool proceed(const Estate& estate, int& successor);

 private:
  void welcome(const Estate& estate);
  std::string path_;
  net::Descriptor listening_;
  net::Descriptor conversation_;
  int process_ = 0;
  bool over_ = false;
};

}  // namespace caponier::cli
