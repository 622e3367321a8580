// Where records go: lines gathered per worker and written by one thread to a file, off the hot path. When the
// file cannot be written, lines are dropped, counted, and the count is written as a record of its own
// ("log-dropped") as soon as writing works again; standard error says once that dropping began, and once that
// it ended.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/result.h"

namespace caponier::sink {

// Unix time in milliseconds, for the records that the sink itself writes.
using WallClock = std::function<std::int64_t()>;
std::int64_t system_wall_ms();

class RecordSink {
 public:
  // `path` "-" is standard output. Creates the file 0600, appends. The error is a sentence.
  static Result<std::unique_ptr<RecordSink>, std::string> open(const std::string& path,
                                                               WallClock wall_ms = system_wall_ms);
  ~RecordSink();  // writes what is left, bounded in time
  RecordSink(const RecordSink&) = delete;
  RecordSink& operator=(const RecordSink&) = delete;

  // Takes whole lines from a worker and leaves `lines` empty with its capacity. Never blocks on the disk:
  // over kQueueBytesMax, lines are dropped and counted. They are in the file some kGatherMs later.
  void give(std::string& lines);
  // Lines lost since open(): not zero is worth an alert.
  [[nodiscard]] std::uint64_t dropped() const;

  static constexpr std::size_t kQueueBytesMax = 16U * 1024 * 1024;
  static constexpr std::int64_t kGatherMs = 20;

 private:
  class Writer;
  explicit RecordSink(std::shared_ptr<Writer> writer);
  std::shared_ptr<Writer> writer_;  // shared with its thread, which may be stuck in the kernel when we go
  std::thread thread_;
};

}  // namespace caponier::sink
