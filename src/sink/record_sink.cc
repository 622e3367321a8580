#include "sink/record_sink.h"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <mutex>
#include <string_view>
#include <utility>

#include "event/record.h"
#include "sink/log_file.h"

namespace caponier::sink {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRetryPause{100};      // between two tries while the file cannot be written
constexpr milliseconds kStopPatience{2'000};  // for the last lines
constexpr milliseconds kAbandonPatience{500};
constexpr std::size_t kKeptBytesMax = 1024 * 1024;  // buffers above this are given back after a burst

std::uint64_t count_lines(std::string_view lines) {
  return static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
}

void say(const std::string& sentence) {
  pollfd writable{STDERR_FILENO, POLLOUT, 0};
  if (poll(&writable, 1, 0) != 1) return;  // nobody reads it: logging must not wait for that
  const std::string line = "caponier: " + sentence + "\n";
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

std::int64_t system_wall_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(now).count();
}

class RecordSink::Writer {
 public:
  Writer(LogFile file, WallClock wall_ms) : file_(std::move(file)), wall_ms_(std::move(wall_ms)) {}

  void give(std::string& lines);
  void run();
  // False if the thread is still busy after all patience.
  bool stop();
  [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  bool take(std::string& batch);
  void write(std::string_view batch);
  void report_begin(int error);
  void report_end();

  LogFile file_;
  WallClock wall_ms_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable finished_;
  std::string queue_;
  bool idle_ = false;  // the thread waits without a timeout and must be woken
  bool stop_ = false;
  bool done_ = false;
  std::atomic<bool> abandon_{false};
  std::atomic<std::uint64_t> dropped_{0};
  // Of the thread alone.
  std::uint64_t recorded_ = 0;  // dropped lines that the file knows of
  bool dropping_ = false;       // standard error was told
};

void RecordSink::Writer::give(std::string& lines) {
  if (lines.empty()) return;
  if (lines.back() != '\n') lines += '\n';
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t room = kQueueBytesMax - std::min(kQueueBytesMax, queue_.size());
    std::size_t taken = lines.size();
    if (taken > room) {
      const std::size_t newline = room == 0 ? std::string::npos : lines.rfind('\n', room - 1);
      taken = newline == std::string::npos ? 0 : newline + 1;
      dropped_.fetch_add(count_lines(std::string_view(lines).substr(taken)), std::memory_order_relaxed);
    }
    queue_.append(lines, 0, taken);
    wake = std::exchange(idle_, false);
  }
  lines.clear();
  if (wake) wake_.notify_one();
}

// Waits for lines and swaps them into `batch`; false when everything is written and the end was asked for.
bool RecordSink::Writer::take(std::string& batch) {
  std::unique_lock lock(mutex_);
  if (dropping_) {
    // The loss is to be recorded as soon as the file can be written, also when no further record comes.
    wake_.wait_for(lock, kRetryPause, [this] { return stop_; });
    std::swap(queue_, batch);
    return !stop_ || !batch.empty();
  }
  if (queue_.empty() && !stop_) {
    idle_ = true;
    wake_.wait(lock, [this] { return stop_ || !queue_.empty(); });
    idle_ = false;
  }
  // One wake-up and one write serve all records of this while.
  wake_.wait_for(lock, milliseconds(kGatherMs), [this] { return stop_; });
  std::swap(queue_, batch);
  return !batch.empty() || !stop_;
}

void RecordSink::Writer::run() {
  std::string batch;
  while (take(batch)) {
    write(batch);
    batch.clear();
    if (batch.capacity() > kKeptBytesMax) batch.shrink_to_fit();
  }
  write({});
  const std::lock_guard lock(mutex_);
  done_ = true;
  finished_.notify_all();
}

void RecordSink::Writer::write(std::string_view batch) {
  const LogFile::Appended appended = file_.append(batch, abandon_);
  const bool failed = appended.error != 0;
  if (failed) dropped_.fetch_add(count_lines(batch.substr(appended.bytes)), std::memory_order_relaxed);
  if (dropped() == recorded_) return;
  report_begin(appended.error);
  if (!failed) report_end();
}

void RecordSink::Writer::report_begin(int error) {
  if (dropping_) return;
  dropping_ = true;
  const char* const why = error != 0 ? std::strerror(error) : "records come faster than they can be written";
  say(std::string("the log cannot be written (") + why + "); records are being dropped");
}

void RecordSink::Writer::report_end() {
  const std::uint64_t total = dropped();
  event::LifecycleRecord record;
  record.wall_ms = wall_ms_();
  record.what = "log-dropped";
  record.detail = "records were lost because the log could not be written";
  record.count = total - recorded_;
  std::string line;
  event::append(line, record);
  if (file_.append(line, abandon_).error != 0) return;
  say("the log can be written again; " + std::to_string(record.count) + " records were dropped");
  recorded_ = total;
  dropping_ = false;
}

bool RecordSink::Writer::stop() {
  std::unique_lock lock(mutex_);
  stop_ = true;
  wake_.notify_all();
  const auto done = [this] { return done_; };
  if (finished_.wait_for(lock, kStopPatience, done)) return true;
  abandon_.store(true, std::memory_order_relaxed);
  return finished_.wait_for(lock, kAbandonPatience, done);
}

Result<std::unique_ptr<RecordSink>, std::string> RecordSink::open(const std::string& path,
                                                                  WallClock wall_ms) {
  auto file = LogFile::open(path);
  if (!file) return Err(file.error());
  auto writer = std::make_shared<Writer>(std::move(*file), std::move(wall_ms));
  return std::unique_ptr<RecordSink>(new RecordSink(std::move(writer)));
}

RecordSink::RecordSink(std::shared_ptr<Writer> writer) : writer_(std::move(writer)) {
  // No signal is for the writing thread: SIGTERM belongs to the loops; blocked, SIGPIPE and SIGXFSZ become
  // errors of write().
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([kept = writer_] { kept->run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

RecordSink::~RecordSink() {
  if (writer_->stop()) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

void RecordSink::give(std::string& lines) {
  writer_->give(lines);
}

std::uint64_t RecordSink::dropped() const {
  return writer_->dropped();
}

}  // namespace caponier::sink
