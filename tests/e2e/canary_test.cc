// Bugs that are planted for the fuzzers to find are in no binary that serves anybody.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace caponier::e2e {
namespace {

[[maybe_unused]] std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

#if !defined(CAPONIER_SANITIZED)  // whose build the fuzzers and the simulation share, which must find them
TEST(Canary, the_product_has_none_of_the_bugs_that_are_there_on_purpose) {
  const std::string binary = read_file(CAPONIER_BINARY);
  ASSERT_GT(binary.size(), 1'000'000U);
  ASSERT_NE(binary.find("caponier"), std::string::npos);
  std::istringstream table(read_file(CAPONIER_SOURCE_DIR "/tests/canaries.table"));
  int canaries = 0;
  for (std::string line; std::getline(table, line);) {
    std::string target;
    std::string name;
    if (line.starts_with('#') || !(std::istringstream(line) >> target >> name)) continue;
    ++canaries;
    EXPECT_EQ(binary.find(name), std::string::npos) << name;
  }
  EXPECT_GE(canaries, 18);
  EXPECT_EQ(binary.find("CAPONIER_CANARY"), std::string::npos);
}
#endif

}  // namespace
}  // namespace caponier::e2e
