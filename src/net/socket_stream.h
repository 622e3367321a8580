// A TCP socket as a stream. It is put into the epoll set once, edge-triggered, and remembers what the kernel
// said: after a short read or write nothing is tried again until an edge arrives, so a keep-alive exchange
// costs one system call per read and one per write.
#pragma once

#include <memory>

#include "net/alive.h"
#include "net/epoll_loop.h"
#include "net/stream.h"

namespace caponier::net {

class SocketStream final : public Stream, private EpollLoop::Watched {
 public:
  enum class State : bool { kConnecting, kConnected };
  // Takes the descriptor, non-blocking; null (and closed) if it cannot be watched.
  static std::unique_ptr<SocketStream> adopt(EpollLoop& loop, int fd, State state);
  ~SocketStream();
  SocketStream(const SocketStream&) = delete;
  SocketStream& operator=(const SocketStream&) = delete;

  IoResult try_read(char* into, std::size_t bytes_max) override;
  [[nodiscard]] bool may_read() const override { return readable_ || broken_; }
  IoResult try_write(std::string_view first, std::string_view second) override;
  void wait(Direction direction, Waiter* waiter) override;
  void shutdown() override;
  void abort() override;
  Loop& loop() override { return loop_; }
  [[nodiscard]] int fd() const { return fd_; }

  // Reads in one turn of the loop; then others get theirs, however much there is.
  static constexpr int kReadsPerTurnMax = 16;

 private:
  SocketStream(EpollLoop& loop, int fd, State state)
      : loop_(loop), fd_(fd), writable_(state == State::kConnected) {}
  void on_events(std::uint32_t events) override;
  IoResult broken();
  bool takes_turn();

  EpollLoop& loop_;
  int fd_;
  bool readable_ = false;  // an edge came that no short read has answered yet
  bool writable_;
  bool hung_up_ = false;  // the kernel reported an end or an error: read on until it shows
  bool broken_ = false;
  int reads_ = 0;  // in turn_
  std::uint64_t turn_ = 0;
  Waiter* reader_ = nullptr;
  Waiter* writer_ = nullptr;
  Alive alive_;
};

}  // namespace caponier::net
