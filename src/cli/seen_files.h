// Which files were read, each as it was just before: so that a change that comes while it is read, or
// before anybody watches, is a change.
#pragma once

#include <map>
#include <string>

namespace caponier::cli {

class SeenFiles {
 public:
  // To be called before the file is read; the first time counts. An empty name is none.
  void note(const std::string& file);
  // The same files, as they are now.
  [[nodiscard]] SeenFiles now() const;
  // By the name under which it can be opened: device, inode, size and time of the last change, or nothing
  // where there is no file. Equal as long as it was not written, replaced, removed or made.
  [[nodiscard]] const std::map<std::string, std::string>& all() const { return all_; }

  bool operator==(const SeenFiles&) const = default;

 private:
  std::map<std::string, std::string> all_;
};

}  // namespace caponier::cli
