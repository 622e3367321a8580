#include "cli/seen_files.h"

#include <sys/stat.h>

namespace caponier::cli {
namespace {

std::string look_at(const std::string& file) {
  struct stat about {};
  std::string seen;
  if (::stat(file.c_str(), &about) != 0) return seen;
  for (const auto number :
       {static_cast<long long>(about.st_dev), static_cast<long long>(about.st_ino),
        static_cast<long long>(about.st_size), static_cast<long long>(about.st_mtim.tv_sec),
        static_cast<long long>(about.st_mtim.tv_nsec)}) {
    seen += std::to_string(number) + ' ';
  }
  return seen;
}

}  // namespace

void SeenFiles::note(const std::string& file) {
  if (!file.empty() && !all_.contains(file)) all_.emplace(file, look_at(file));
}

SeenFiles SeenFiles::now() const {
  SeenFiles now;
  for (const auto& [file, seen] : all_) now.note(file);
  return now;
}

}  // namespace caponier::cli
