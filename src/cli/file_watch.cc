#include "cli/file_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

namespace caponier::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kEvents =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB;

std::string folder_of(const fs::path& file) {
  const fs::path parent = file.parent_path();
  return parent.empty() ? "." : parent.string();
}

}  // namespace

FileWatch::FileWatch() : fd_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}

FileWatch::~FileWatch() {
  if (fd_ >= 0) ::close(fd_);
}

// Folders rather than files: a file that is replaced is another file.
void FileWatch::watch_folder_of(const std::string& file) {
  const int watch = inotify_add_watch(fd_, folder_of(file).c_str(), kEvents);
  if (watch >= 0) watches_.insert(watch);  // the same one for the same folder
}

void FileWatch::watch(SeenFiles files) {
  seen_ = std::move(files);
  if (fd_ < 0) return;
  for (const int watch : watches_) inotify_rm_watch(fd_, watch);
  watches_.clear();
  for (const auto& [file, seen] : seen_.all()) {
    watch_folder_of(file);
    // Where a link leads: the folder that it stands in may not be the one that changes.
    std::error_code error;
    const fs::path target = fs::canonical(file, error);
    if (!error) watch_folder_of(target.string());
  }
}

void FileWatch::take_notices() const {
  alignas(inotify_event) std::array<char, 4096> notices{};
  while (::read(fd_, notices.data(), notices.size()) > 0) {
  }
}

}  // namespace caponier::cli
