#include "sink/log_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

namespace caponier::sink {
namespace {

constexpr int kPollMs = 50;

// True if the file holds something that does not end with a newline: a line that a crash tore.
bool ends_within_a_line(int fd, off_t size) {
  if (size == 0) return false;
  char last = '\n';
  return pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

}  // namespace

Result<LogFile, std::string> LogFile::open(const std::string& path) {
  const bool standard_output = path == "-";
  // Readable as well, to see how it ends, and because a named pipe then survives its reader.
  int fd = standard_output
               ? STDOUT_FILENO
               : ::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
  if (fd < 0 && errno == EACCES) {
    fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  }
  struct stat status {};
  if (fd < 0 || fstat(fd, &status) != 0) {
    const int error = errno;
    if (fd >= 0 && !standard_output) close(fd);
    return Err(std::string("cannot open the log ") + path + ": " + std::strerror(error));
  }
  const bool regular = S_ISREG(status.st_mode);
  LogFile file(fd, !standard_output, regular);
  file.torn_ = regular && ends_within_a_line(fd, status.st_size);
  return file;
}

LogFile::LogFile(LogFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      owned_(std::exchange(other.owned_, false)),
      regular_(other.regular_),
      torn_(other.torn_) {}

LogFile::~LogFile() {
  if (owned_) close(fd_);
}

LogFile::Appended LogFile::append(std::string_view lines, const std::atomic<bool>& abandon) {
  if (torn_) {
    const Appended ended = write_from("\n", abandon);
    if (ended.error != 0) return {0, ended.error};
    torn_ = false;
  }
  Appended result = write_from(lines, abandon);
  if (result.error == 0) return result;
  const std::size_t newline =
      result.bytes == 0 ? std::string_view::npos : lines.rfind('\n', result.bytes - 1);
  const std::size_t whole = newline == std::string_view::npos ? 0 : newline + 1;
  const std::size_t part = result.bytes - whole;
  // What cannot be taken back is at least not continued by the next line.
  if (part > 0) torn_ = !take_back(part);
  result.bytes = whole;
  return result;
}

LogFile::Appended LogFile::write_from(std::string_view bytes, const std::atomic<bool>& abandon) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    std::size_t piece = bytes.size() - done;
    if (!regular_) {
      // A pipe that polls as writable takes this much without blocking, whatever its flags, which are shared.
      piece = std::min<std::size_t>(piece, PIPE_BUF);
      pollfd writable{fd_, POLLOUT, 0};
      if (poll(&writable, 1, kPollMs) == 0) {
        if (abandon.load(std::memory_order_relaxed)) return {done, ETIMEDOUT};
        continue;
      }
    }
    const ssize_t written = ::write(fd_, bytes.data() + done, piece);
    if (written > 0) {
      done += static_cast<std::size_t>(written);
    } else if (written == 0 || (errno != EINTR && errno != EAGAIN)) {
      return {done, written == 0 ? EIO : errno};
    } else if (errno == EAGAIN && abandon.load(std::memory_order_relaxed)) {
      return {done, ETIMEDOUT};
    }
  }
  return {done, 0};
}

bool LogFile::take_back(std::size_t bytes) {
  if (!regular_) return false;
  const off_t at = lseek(fd_, 0, SEEK_CUR);
  struct stat status {};
  // Only while ours are the last bytes: another process may append to the same file.
  if (at < 0 || fstat(fd_, &status) != 0 || status.st_size != at) return false;
  return ftruncate(fd_, at - static_cast<off_t>(bytes)) == 0;
}

}  // namespace caponier::sink
