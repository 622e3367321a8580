// A stream of which the first bytes were read already: they come again, and then the stream goes on.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/release.h"
#include "net/stream.h"

namespace caponier::net {

class PrefixedStream final : public Stream {
 public:
  PrefixedStream(std::unique_ptr<Stream> lower, std::string_view prefix)
      : lower_(std::move(lower)), prefix_(prefix) {}

  // Who waits for a direction has been told to: while there is a prefix, nobody is.
  IoResult try_read(char* into, std::size_t bytes_max) override {
    if (prefix_.empty()) return lower_->try_read(into, bytes_max);
    const std::size_t bytes = std::min(bytes_max, prefix_.size() - taken_);
    prefix_.copy(into, bytes, taken_);
    taken_ += bytes;
    if (taken_ == prefix_.size()) release(prefix_);
    return {bytes == 0 ? IoStatus::kWouldBlock : IoStatus::kOk, bytes};
  }
  IoResult try_write(std::string_view first, std::string_view second) override {
    return lower_->try_write(first, second);
  }
  [[nodiscard]] bool may_read() const override { return !prefix_.empty() || lower_->may_read(); }
  void wait(Direction direction, Waiter* waiter) override { lower_->wait(direction, waiter); }
  void shutdown() override { lower_->shutdown(); }
  void abort() override {
    release(prefix_);
    lower_->abort();
  }
  Loop& loop() override { return lower_->loop(); }

 private:
  std::unique_ptr<Stream> lower_;
  std::string prefix_;
  std::size_t taken_ = 0;
};

}  // namespace caponier::net
