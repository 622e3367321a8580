#include "store/file_lock.h"

#include <poll.h>
#include <sys/file.h>

#include <cerrno>

namespace caponier::store {

// The kernel waits without an end or not at all; whoever was stopped with a lock in its hand must stop nobody
// else.
bool lock_file(int fd, int operation, std::int64_t wait_ms) {
  constexpr int kPauseMs = 5;
  for (std::int64_t waited_ms = 0;; waited_ms += kPauseMs) {
    if (flock(fd, operation | LOCK_NB) == 0) return true;
    if ((errno != EWOULDBLOCK && errno != EINTR) || waited_ms >= wait_ms) return false;
    poll(nullptr, 0, kPauseMs);
  }
}

}  // namespace caponier::store
