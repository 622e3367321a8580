// Tells when one of some files has become another: by the kernel's notices about their folders (which also
// see a file that is put in the place of another, or a link that is turned), and then by looking.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace caponier::cli {

class FileWatch {
 public:
  FileWatch();
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  // These from now on: those that were watched before as they were seen then, others as they are now.
  void watch(const std::vector<std::string>& files);
  // All are about to be read: what they are now is what is known.
  void mark();
  // Readable when something happened in one of the folders; -1 if the kernel gives no notices.
  [[nodiscard]] int fd() const { return fd_; }
  // Takes the notices.
  void take_notices() const;
  // What the files are, by name: equal as long as none of them was written, replaced, removed or made.
  using State = std::map<std::string, std::string>;
  [[nodiscard]] State state() const;
  [[nodiscard]] bool changed() const { return state() != seen_; }

 private:
  void watch_folder_of(const std::string& file);
  int fd_;
  std::set<int> watches_;
  State seen_;
};

}  // namespace caponier::cli
