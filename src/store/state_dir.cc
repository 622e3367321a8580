#include "store/state_dir.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "store/file_lock.h"

namespace caponier::store {
namespace {

// For which is_locked() of another process may have the lock.
constexpr std::int64_t kQuestionMs = 100;

std::string because(const std::string& what) {
  return what + ": " + std::strerror(errno);
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Creates `path` and what is missing above it, for the owner alone.
bool make_directories(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return true;
  if (errno != ENOENT) return false;
  const std::string parent = parent_of(path);
  if (parent == path || !make_directories(parent)) return false;
  return mkdir(path.c_str(), 0700) == 0 || errno == EEXIST;
}

Result<Unit, std::string> judge(const std::string& path) {
  // O_NOFOLLOW: whoever can place a link there could choose where our keys go.
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOTDIR || errno == ELOOP) {
      return Err("the state directory " + path + " is not a directory, or is a symbolic link");
    }
    return Err(because("cannot open the state directory " + path));
  }
  struct stat status {};
  const int failed = fstat(fd, &status);
  const std::string failure = failed != 0 ? because("cannot look at the state directory " + path) : "";
  close(fd);
  if (failed != 0) return Err(failure);
  if (status.st_uid != geteuid()) return Err("the state directory " + path + " belongs to another user");
  if ((status.st_mode & 077U) != 0) {
    return Err("the state directory " + path + " can be entered by others; run: chmod 700 " + path);
  }
  struct stat parent {};
  if (stat(parent_of(path).c_str(), &parent) == 0 && (parent.st_mode & S_IWOTH) != 0 &&
      (parent.st_mode & S_ISVTX) == 0) {
    return Err("the state directory " + path + " lies in a directory where anybody could replace it");
  }
  return Unit{};
}

// What the holder of a lock wrote about itself, one short line.
std::string holder_of(int fd) {
  std::array<char, 128> text{};
  const ssize_t size = pread(fd, text.data(), text.size(), 0);
  std::string holder;
  for (ssize_t i = 0; i < size; ++i) {
    const char c = text[static_cast<std::size_t>(i)];
    if (c < 0x20 || c > 0x7e) break;
    holder += c;
  }
  return holder.empty() ? "another process" : holder;
}

std::string home() {
  const char* const variable = std::getenv("HOME");
  if (variable != nullptr && variable[0] == '/') return variable;
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return found->pw_dir;
  }
  return "";
}

}  // namespace

Result<StateDir, std::string> StateDir::open(const std::string& path) {
  std::string clean = path;
  // With a slash at the end a link would be followed after all.
  while (clean.size() > 1 && clean.ends_with('/')) clean.pop_back();
  if (clean.empty()) return Err(std::string("the state directory has no name"));
  if (!make_directories(clean)) return Err(because("cannot create the state directory " + clean));
  const auto judged = judge(clean);
  if (!judged) return Err(judged.error());
  return StateDir(std::move(clean));
}

StateDir::StateDir(StateDir&& other) noexcept
    : path_(std::move(other.path_)), lock_fd_(std::exchange(other.lock_fd_, -1)) {}

StateDir::~StateDir() {
  if (lock_fd_ >= 0) close(lock_fd_);
}

Result<Unit, std::string> StateDir::lock(std::string_view purpose) {
  if (lock_fd_ >= 0) return Unit{};
  const std::string name = file("lock");
  const int fd = ::open(name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return Err(because("cannot open " + name));
  if (!lock_file(fd, LOCK_EX, kQuestionMs)) {
    const std::string why = errno == EWOULDBLOCK
                                ? "the state directory " + path_ + " is in use by " + holder_of(fd)
                                : because("cannot lock " + name);
    close(fd);
    return Err(why);
  }
  if (auto signed_by = sign(fd, purpose); !signed_by) {
    close(fd);
    return signed_by;
  }
  lock_fd_ = fd;
  return Unit{};
}

bool StateDir::is_locked() const {
  const int fd = ::open(file("lock").c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return false;
  const bool locked = !lock_file(fd, LOCK_SH, 0) && errno == EWOULDBLOCK;
  close(fd);
  return locked;
}

// Only for the message that another process shows; the lock itself is the kernel's.
Result<Unit, std::string> StateDir::sign(int fd, std::string_view purpose) const {
  const std::string holder = "process " + std::to_string(getpid()) + " (" + std::string(purpose) + ")\n";
  if (ftruncate(fd, 0) != 0 || pwrite(fd, holder.data(), holder.size(), 0) < 0) {
    return Err(because("cannot write " + file("lock")));
  }
  return Unit{};
}

Result<Unit, std::string> StateDir::inherit_lock(int fd, std::string_view purpose) {
  struct stat given {};
  struct stat ours {};
  if (lock_fd_ >= 0 || fstat(fd, &given) != 0 || stat(file("lock").c_str(), &ours) != 0 ||
      given.st_dev != ours.st_dev || given.st_ino != ours.st_ino) {
    return Err("the process that hands over has another state directory than " + path_);
  }
  const int shared = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (shared < 0) return Err(because("cannot share the lock of " + path_));
  if (auto signed_by = sign(shared, purpose); !signed_by) {
    close(shared);
    return signed_by;
  }
  lock_fd_ = shared;
  return Unit{};
}

std::string default_state_dir() {
  const char* const ours = std::getenv("CAPONIER_STATE_DIR");
  if (ours != nullptr && ours[0] != '\0') return ours;
  // The specification has relative values ignored.
  const char* const xdg = std::getenv("XDG_STATE_HOME");
  if (xdg != nullptr && xdg[0] == '/') return std::string(xdg) + "/caponier";
  const std::string directory = home();
  return directory.empty() ? "/var/lib/caponier" : directory + "/.local/state/caponier";
}

}  // namespace caponier::store
