// The state directory: 0700, locked so that a second instance cannot take it; files in it 0600, written whole
// (temporary file, fsync, rename).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace caponier::store {

class StateDir {
 public:
  // Creates it if missing; refuses one that others can enter or that is not ours. The error is a sentence.
  static Result<StateDir, std::string> open(const std::string& path);
  StateDir(StateDir&& other) noexcept;
  StateDir& operator=(StateDir&&) = delete;
  ~StateDir();

  // Exclusive among processes, until destruction. The error names who holds it, where known.
  Result<Unit, std::string> lock(std::string_view purpose);
  // The lock of the process whose place this one takes: `fd` is its descriptor, held by both from now on. An
  // error if it is not this directory's.
  Result<Unit, std::string> inherit_lock(int fd, std::string_view purpose);
  // A process holds the lock: a gateway runs here. One that takes it is not hindered by the question.
  [[nodiscard]] bool is_locked() const;
  // To hand on; -1 before lock().
  [[nodiscard]] int lock_descriptor() const { return lock_fd_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  explicit StateDir(std::string path) : path_(std::move(path)) {}
  [[nodiscard]] Result<Unit, std::string> sign(int fd, std::string_view purpose) const;
  std::string path_;
  int lock_fd_ = -1;
};

// $CAPONIER_STATE_DIR, else $XDG_STATE_HOME/caponier, else ~/.local/state/caponier.
std::string default_state_dir();

Result<std::string, std::string> read_file(const std::string& path, std::size_t bytes_max);
Result<Unit, std::string> write_file_whole(const std::string& path, std::string_view bytes);  // 0600
// The same of a file that others read as well: its owner, group and mode stay. One that is not there is made
// 0600.
Result<Unit, std::string> rewrite_file(const std::string& path, std::string_view bytes);
// A new name is on disk when its directory is.
bool sync_directory_of(const std::string& path);

}  // namespace caponier::store
