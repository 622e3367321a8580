#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/secret.h"
#include "store/assertion_keys.h"
#include "store/file_lock.h"
#include "store/state_dir.h"

namespace caponier::store {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{256} * 1024;
constexpr std::int64_t kLockWaitMs = 2'000;  // others hold it while they read and write a small file

}  // namespace

Result<AssertionKeyFile, std::string> AssertionKeyFile::open(const std::string& directory) {
  const std::string file = directory + "/" + std::string(kAssertionKeysFile);
  const std::string lock = file + ".lock";
  const int fd = ::open(lock.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return Err("cannot open " + lock + ": " + std::strerror(errno));
  if (!lock_file(fd, LOCK_EX, kLockWaitMs)) {
    const std::string why = std::strerror(errno);
    close(fd);
    return Err("cannot lock " + lock + ": " + why);
  }
  return AssertionKeyFile(file, fd);
}

AssertionKeyFile::AssertionKeyFile(AssertionKeyFile&& other) noexcept
    : file_(std::move(other.file_)), lock_fd_(std::exchange(other.lock_fd_, -1)) {}

AssertionKeyFile::~AssertionKeyFile() {
  if (lock_fd_ >= 0) close(lock_fd_);
}

Result<KeptAssertionKeys, std::string> AssertionKeyFile::read() const {
  if (access(file_.c_str(), F_OK) != 0 && errno == ENOENT) return KeptAssertionKeys();
  auto text = read_file(file_, kFileBytesMax);
  if (!text) return Err(text.error());
  const Secret secret(std::move(*text));
  auto keys = parse_assertion_keys(secret.reveal());
  if (!keys) return Err(file_ + ": " + keys.error() + "; remove the file to have new keys made");
  return keys;
}

Result<Unit, std::string> AssertionKeyFile::write(const KeptAssertionKeys& keys) const {
  const Secret text(to_text(keys));
  return write_file_whole(file_, text.reveal());
}

}  // namespace caponier::store
