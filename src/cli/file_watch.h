// Tells when one of some files has become another: by the kernel's notices about their folders (which also
// see a file that is put in the place of another, or a link that is turned), and then by looking.
#pragma once

#include <set>
#include <string>

#include "cli/seen_files.h"

namespace caponier::cli {

class FileWatch {
 public:
  FileWatch();
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  // These from now on. What has become of them since they were read is a change: ask `changed` at once.
  void watch(SeenFiles files);
  // Readable when something happened in one of the folders; -1 if the kernel gives no notices.
  [[nodiscard]] int fd() const { return fd_; }
  // Takes the notices.
  void take_notices() const;
  [[nodiscard]] SeenFiles now() const { return seen_.now(); }
  [[nodiscard]] bool changed() const { return now() != seen_; }

 private:
  void watch_folder_of(const std::string& file);
  int fd_;
  std::set<int> watches_;
  SeenFiles seen_;
};

}  // namespace caponier::cli
