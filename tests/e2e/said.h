// A text that one thread of a test says while others read it.
#pragma once

#include <mutex>
#include <string>
#include <utility>

namespace caponier::e2e {

class Said {
 public:
  explicit Said(std::string text = {}) : text_(std::move(text)) {}
  Said& operator=(std::string text) {
    const std::lock_guard lock(mutex_);
    text_ = std::move(text);
    return *this;
  }
  [[nodiscard]] std::string now() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

}  // namespace caponier::e2e
