// A folder that one test has for itself (0700), removed with everything in it at the end: tests run side by
// side, and a file with a fixed name in a shared place would be another test's as well.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace caponier {

class TestFolder {
 public:
  TestFolder() : path_((std::filesystem::temp_directory_path() / "caponier-test-XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no temporary folder");
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string file(std::string_view name) const { return path_ + '/' + std::string(name); }
  // Returns the file's path.
  std::string write(std::string_view name, std::string_view text) const {
    std::string name_of_file = file(name);
    std::ofstream(name_of_file, std::ios::binary) << text;
    return name_of_file;
  }

 private:
  std::string path_;
};

}  // namespace caponier
