#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "store/state_dir.h"

namespace caponier::store {
namespace {

std::string because(const std::string& what) {
  return what + ": " + std::strerror(errno);
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      if (written == 0) errno = EIO;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

bool sync_directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool synced = fsync(fd) == 0;
  close(fd);
  return synced;
}

Result<std::string, std::string> read_file(const std::string& path, std::size_t bytes_max) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return Err(because("cannot read " + path));
  struct stat status {};
  std::string bytes;
  // The size is a hint only: the file may be a pipe, or may grow while it is read.
  if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
    bytes.reserve(std::min(bytes_max, static_cast<std::size_t>(status.st_size)) + 1);
  }
  constexpr std::size_t kPieceBytes = 64UL * 1024;
  while (bytes.size() <= bytes_max) {
    const std::size_t before = bytes.size();
    bytes.resize(before + std::min(kPieceBytes, bytes_max - before + 1));
    const ssize_t got = ::read(fd, bytes.data() + before, bytes.size() - before);
    const int error = errno;
    bytes.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) {
      close(fd);
      return bytes;
    }
    if (got < 0 && error != EINTR) {
      close(fd);
      errno = error;
      return Err(because("cannot read " + path));
    }
  }
  close(fd);
  return Err(path + " is larger than " + std::to_string(bytes_max) + " bytes");
}

namespace {

// Of whom the file is to be; nothing: whoever writes it, alone.
using Likeness = std::optional<struct stat>;

bool make_like(int fd, const Likeness& other) {
  if (!other) return true;
  struct stat own {};
  if (fstat(fd, &own) != 0) return false;
  const bool same = own.st_uid == other->st_uid && own.st_gid == other->st_gid;
  // The mode comes last: another owner takes bits of it away.
  return (same || fchown(fd, other->st_uid, other->st_gid) == 0) && fchmod(fd, other->st_mode & 07777U) == 0;
}

Result<Unit, std::string> write_like(const std::string& path, std::string_view bytes, const Likeness& other) {
  std::string temporary = path + ".XXXXXX";
  const int fd =
      mkostemp(temporary.data(), O_CLOEXEC);  // 0600, and never a file or link that was there before
  if (fd < 0) return Err(because("cannot write " + path));
  bool done = write_all(fd, bytes) && make_like(fd, other) && fsync(fd) == 0;
  const int error = errno;
  close(fd);
  if (!done) errno = error;
  done = done && rename(temporary.c_str(), path.c_str()) == 0;
  if (!done) {
    const std::string why = because("cannot write " + path);
    unlink(temporary.c_str());
    return Err(why);
  }
  if (!sync_directory_of(path)) return Err(because("cannot make " + path + " durable"));
  return Unit{};
}

}  // namespace

Result<Unit, std::string> write_file_whole(const std::string& path, std::string_view bytes) {
  return write_like(path, bytes, std::nullopt);
}

Result<Unit, std::string> rewrite_file(const std::string& path, std::string_view bytes) {
  struct stat before {};
  if (stat(path.c_str(), &before) == 0) return write_like(path, bytes, before);
  if (errno != ENOENT) return Err(because("cannot look at " + path));
  return write_like(path, bytes, std::nullopt);
}

}  // namespace caponier::store
