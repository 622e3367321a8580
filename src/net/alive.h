// Lets a member function learn whether a call it makes destroyed its own object: `Alive alive_;` as a member,
// and `const Alive::Watch watch(alive_); callback(); if (watch.gone()) return;` around the call. Watches do
// not nest.
#pragma once

namespace caponier::net {

class Alive {
 public:
  Alive() = default;
  ~Alive() {
    if (watch_ != nullptr) watch_->alive_ = nullptr;
  }
  Alive(const Alive&) = delete;
  Alive& operator=(const Alive&) = delete;

  class Watch {
   public:
    // Out of line: g++ 12 cannot see that the pointer is taken back, and warns.
    explicit Watch(Alive& alive);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    [[nodiscard]] bool gone() const { return alive_ == nullptr; }

   private:
    friend class Alive;
    Alive* alive_;
  };

 private:
  Watch* watch_ = nullptr;
};

}  // namespace caponier::net
