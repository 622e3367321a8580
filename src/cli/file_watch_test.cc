#include "cli/file_watch.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <filesystem>
#include <string>

#include "base/test_folder.h"

namespace caponier::cli {
namespace {

struct FileWatching : testing::Test {
  TestFolder folder;
  std::string file = folder.write("a.yaml", "one");
  FileWatch watch;

  [[nodiscard]] SeenFiles seen() const {
    SeenFiles files;
    files.note(file);
    return files;
  }
  [[nodiscard]] bool has_notices() const {
    pollfd wait{watch.fd(), POLLIN, 0};
    return poll(&wait, 1, 0) > 0;
  }
};

TEST_F(FileWatching, what_changes_after_it_was_read_and_before_it_is_watched_has_changed) {
  const SeenFiles before = seen();
  folder.write("a.yaml", "another");
  watch.watch(before);
  EXPECT_TRUE(watch.changed());
  EXPECT_FALSE(has_notices());
}

TEST_F(FileWatching, what_changes_while_it_is_watched_gives_notice) {
  watch.watch(seen());
  EXPECT_FALSE(watch.changed());
  EXPECT_FALSE(has_notices());
  folder.write("a.yaml", "another");
  EXPECT_TRUE(has_notices());
  watch.take_notices();
  EXPECT_FALSE(has_notices());
  EXPECT_TRUE(watch.changed());
}

TEST_F(FileWatching, a_file_that_comes_or_goes_has_changed) {
  SeenFiles files = seen();
  files.note(folder.file("not-yet"));
  watch.watch(files);
  folder.write("not-yet", "");
  EXPECT_TRUE(watch.changed());
  watch.watch(watch.now());
  EXPECT_FALSE(watch.changed());
  std::filesystem::remove(file);
  EXPECT_TRUE(watch.changed());
}

TEST_F(FileWatching, the_first_look_counts) {
  SeenFiles files = seen();
  folder.write("a.yaml", "another");
  files.note(file);
  watch.watch(files);
  EXPECT_TRUE(watch.changed());
}

}  // namespace
}  // namespace caponier::cli
