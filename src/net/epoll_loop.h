// The real loop: edge-triggered epoll, one per worker thread. A turn is: sleep, read the clock once, hand out
// events, posted work and timers, then before_sleep.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "net/loop.h"

namespace caponier::net {

class EpollLoop final : public Loop {
 public:
  // Something in the epoll set. on_events() may destroy it, or any other.
  class Watched {
   public:
    virtual void on_events(std::uint32_t events) = 0;

   protected:
    ~Watched() = default;

   private:
    friend class EpollLoop;
    bool pulse_due_ = false;
  };

  // The way in for other threads; outlives the loop, and drops what comes too late.
  class Mailbox {
   public:
    Mailbox();
    ~Mailbox();
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;
    void post(std::function<void()> work);

   private:
    friend class EpollLoop;
    std::mutex mutex_;
    std::vector<std::function<void()>> waiting_;
    bool closed_ = false;
    int event_fd_;
  };

  // A machine that has no descriptors left for a loop ends the process.
  explicit EpollLoop(Clock& clock);
  ~EpollLoop() override;
  EpollLoop(const EpollLoop&) = delete;
  EpollLoop& operator=(const EpollLoop&) = delete;

  void post(std::function<void()> work) override { mailbox_->post(std::move(work)); }
  // Until stop(), which takes its turn among the posted work; may be called again afterwards.
  void run() override;
  void stop() override;
  [[nodiscard]] std::shared_ptr<Mailbox> mailbox() const { return mailbox_; }

  // False if the kernel refuses (out of memory or watches).
  [[nodiscard]] bool watch(int fd, std::uint32_t events, Watched& watched);
  // Before a descriptor is closed whose socket somebody else may have, too.
  void unwatch(int fd) const;
  // Forgets events of `watched` that were not handed out yet. The kernel forgets the descriptor when it is
  // closed.
  void forget(Watched& watched);
  // Calls `watched` once with no event, at the end of this turn or of the next one.
  void pulse(Watched& watched);
  // Counts the turns; for those who must not hog one.
  [[nodiscard]] std::uint64_t turn() const { return turn_; }

 private:
  class MailboxEvents final : public Watched {
   public:
    explicit MailboxEvents(EpollLoop& loop) : loop_(loop) {}
    void on_events(std::uint32_t) override { loop_.empty_mailbox(); }

   private:
    EpollLoop& loop_;
  };

  void take_turn();
  void empty_mailbox();
  void hand_out_pulses();

  Clock& clock_;
  int epoll_fd_;
  std::shared_ptr<Mailbox> mailbox_;
  MailboxEvents mailbox_events_;
  std::vector<std::function<void()>> posted_;
  std::vector<Watched*> pulses_;
  std::vector<Watched*> pulsing_;
  std::array<epoll_event, 256> batch_{};
  std::size_t batch_next_ = 0;
  std::size_t batch_end_ = 0;
  std::uint64_t turn_ = 0;
  bool stopping_ = false;
};

}  // namespace caponier::net
