// flock(2), by which processes keep out of each other's way.
#pragma once

#include <cstdint>

namespace caponier::store {

// Takes the lock of `operation` (LOCK_EX or LOCK_SH) on the open file `fd`, and waits for it at most
// `wait_ms`. False with errno: EWOULDBLOCK if another process had it all the time.
bool lock_file(int fd, int operation, std::int64_t wait_ms);

}  // namespace caponier::store
