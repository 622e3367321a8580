// Where records go: lines gathered per worker and written by one thread to a file, off the hot path. When the file cannot
// be written, lines are dropped, counted, and the count is written as a record of its own as soon as writing works again.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"

namespace caponier::sink {

class RecordSink {
 public:
  // `path` "-" is standard output. Creates the file 0600, appends. The error is a sentence.
  static Result<std::unique_ptr<RecordSink>, std::string> open(const std::string& path);
  ~RecordSink();  // writes what is left, bounded in time

  // Takes whole lines from a worker and leaves `lines` empty with its capacity. Never blocks on the disk: over
  // kQueueBytesMax, lines are dropped and counted.
  void give(std::string& lines);
  [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

  static constexpr std::size_t kQueueBytesMax = 16U * 1024 * 1024;

 private:
  RecordSink() = default;
  void run();
  int fd_ = -1;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::string queue_;
  bool stop_ = false;
  std::atomic<std::uint64_t> dropped_{0};
  std::thread thread_;
};

}  // namespace caponier::sink
