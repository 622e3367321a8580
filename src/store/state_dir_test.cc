#include "store/state_dir.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/test_folder.h"
#include "store/file_lock.h"

namespace caponier::store {
namespace {

class StateDirTest : public testing::Test {
 protected:
  static unsigned mode_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(lstat(path.c_str(), &status), 0) << path;
    return status.st_mode & 0777U;
  }
  TestFolder folder_;
  std::string root_ = folder_.path();
};

TEST_F(StateDirTest, it_is_created_with_its_parents_for_the_owner_alone) {
  const auto dir = StateDir::open(root_ + "/a/b/c");
  ASSERT_TRUE(dir.ok());
  EXPECT_EQ(dir->path(), root_ + "/a/b/c");
  EXPECT_EQ(dir->file("key"), root_ + "/a/b/c/key");
  EXPECT_EQ(mode_of(root_ + "/a"), 0700U);
  EXPECT_EQ(mode_of(root_ + "/a/b/c"), 0700U);
  EXPECT_TRUE(StateDir::open(root_ + "/a/b/c/").ok());
}

TEST_F(StateDirTest, one_that_others_can_enter_is_refused) {
  for (const mode_t mode : {0701, 0710, 0750, 0755, 0777}) {
    const std::string path = root_ + "/open";
    std::filesystem::create_directory(path);
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    const auto dir = StateDir::open(path);
    ASSERT_FALSE(dir.ok());
    EXPECT_EQ(dir.error(),
              "the state directory " + path + " can be entered by others; run: chmod 700 " + path);
  }
}

TEST_F(StateDirTest, a_link_is_not_followed_also_with_a_slash_at_its_end) {
  ASSERT_TRUE(StateDir::open(root_ + "/real").ok());
  ASSERT_EQ(symlink((root_ + "/real").c_str(), (root_ + "/link").c_str()), 0);
  EXPECT_FALSE(StateDir::open(root_ + "/link").ok());
  EXPECT_FALSE(StateDir::open(root_ + "/link/").ok());
}

TEST_F(StateDirTest, a_file_or_an_unsafe_parent_or_nothing_is_refused) {
  ASSERT_TRUE(write_file_whole(root_ + "/file", "x").ok());
  EXPECT_FALSE(StateDir::open(root_ + "/file").ok());
  EXPECT_FALSE(StateDir::open("").ok());
  ASSERT_TRUE(StateDir::open(root_ + "/parent/state").ok());
  ASSERT_EQ(chmod((root_ + "/parent").c_str(), 0777), 0);
  EXPECT_FALSE(StateDir::open(root_ + "/parent/state").ok());
  ASSERT_EQ(chmod((root_ + "/parent").c_str(), 01777), 0);
  EXPECT_TRUE(StateDir::open(root_ + "/parent/state").ok());
}

TEST_F(StateDirTest, a_second_process_cannot_lock_it_and_is_told_who_has_it) {
  auto first = StateDir::open(root_ + "/state");
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(first->lock("run").ok());
  EXPECT_TRUE(first->lock("run").ok());  // again, by the same: it has it already
  auto second = StateDir::open(root_ + "/state");
  ASSERT_TRUE(second.ok());
  const auto refused = second->lock("demo");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error(), "the state directory " + root_ + "/state is in use by process " +
                                 std::to_string(getpid()) + " (run)");
}

TEST_F(StateDirTest, who_asks_whether_it_is_locked_neither_takes_nor_hinders) {
  const auto asking = StateDir::open(root_ + "/state");
  ASSERT_TRUE(asking.ok());
  EXPECT_FALSE(asking->is_locked()) << "nobody ever ran here";
  {
    auto running = StateDir::open(root_ + "/state");
    ASSERT_TRUE(running->lock("run").ok());
    EXPECT_TRUE(asking->is_locked());
    EXPECT_TRUE(asking->is_locked());
  }
  EXPECT_FALSE(asking->is_locked());
}

TEST_F(StateDirTest, a_lock_that_becomes_free_in_time_is_had) {
  ASSERT_TRUE(write_file_whole(root_ + "/file", "x").ok());
  const int question = open((root_ + "/file").c_str(), O_RDONLY | O_CLOEXEC);
  const int starting = open((root_ + "/file").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_TRUE(lock_file(question, LOCK_SH, 0));
  ASSERT_FALSE(lock_file(starting, LOCK_EX, 0));
  bool locked = false;
  std::thread start([&] { locked = lock_file(starting, LOCK_EX, 10'000); });
  close(question);
  start.join();
  EXPECT_TRUE(locked);
  close(starting);
}

TEST_F(StateDirTest, a_lock_that_another_keeps_is_waited_for_no_longer_than_said) {
  ASSERT_TRUE(write_file_whole(root_ + "/file", "x").ok());
  const int first = open((root_ + "/file").c_str(), O_RDONLY | O_CLOEXEC);
  const int second = open((root_ + "/file").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_TRUE(lock_file(first, LOCK_EX, 0));
  EXPECT_FALSE(lock_file(second, LOCK_EX, 20));
  EXPECT_EQ(errno, EWOULDBLOCK);
  close(first);
  EXPECT_TRUE(lock_file(second, LOCK_EX, 0));
  close(second);
}

TEST_F(StateDirTest, a_file_that_is_rewritten_stays_whose_it_was) {
  const std::string path = root_ + "/users";
  ASSERT_TRUE(rewrite_file(path, "one").ok());
  EXPECT_EQ(mode_of(path), 0600U);
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  // Only root can give a file away; what anybody can see is that the mode stays.
  const bool root = geteuid() == 0;
  ASSERT_TRUE(!root || chown(path.c_str(), 4711, 4712) == 0);
  ASSERT_TRUE(rewrite_file(path, "two").ok());
  EXPECT_EQ(*read_file(path, 100), "two");
  EXPECT_EQ(mode_of(path), 0640U);
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_TRUE(!root || (status.st_uid == 4711 && status.st_gid == 4712));
}

TEST_F(StateDirTest, the_lock_moves_with_the_directory_and_goes_with_it) {
  {
    auto dir = StateDir::open(root_ + "/state");
    ASSERT_TRUE(dir->lock("run").ok());
    const StateDir moved(std::move(*dir));
    EXPECT_FALSE(StateDir::open(root_ + "/state")->lock("demo").ok());
  }
  EXPECT_TRUE(StateDir::open(root_ + "/state")->lock("demo").ok());
}

TEST_F(StateDirTest, the_lock_of_a_killed_process_is_free) {
  const pid_t child = fork();
  if (child == 0) {
    auto dir = StateDir::open(root_ + "/state");
    const bool locked = dir.ok() && dir->lock("run").ok();
    _exit(locked ? 0 : 1);  // without destructors, like a kill
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_TRUE(StateDir::open(root_ + "/state")->lock("demo").ok());
}

TEST_F(StateDirTest, the_default_place_follows_the_environment) {
  const auto with = [](const char* ours, const char* xdg, const char* home) {
    setenv("CAPONIER_STATE_DIR", ours, 1);
    setenv("XDG_STATE_HOME", xdg, 1);
    setenv("HOME", home, 1);
    return default_state_dir();
  };
  const std::string home_before = std::getenv("HOME") != nullptr ? std::getenv("HOME") : "/";
  EXPECT_EQ(with("/srv/state", "/xdg", "/home/a"), "/srv/state");
  EXPECT_EQ(with("", "/xdg", "/home/a"), "/xdg/caponier");
  EXPECT_EQ(with("", "relative", "/home/a"), "/home/a/.local/state/caponier");
  EXPECT_EQ(with("", "", "/home/a"), "/home/a/.local/state/caponier");
  setenv("HOME", home_before.c_str(), 1);
  unsetenv("CAPONIER_STATE_DIR");
  unsetenv("XDG_STATE_HOME");
}

TEST_F(StateDirTest, a_file_is_read_up_to_its_bound_and_refused_one_past_it) {
  const std::string path = root_ + "/file";
  for (const std::size_t size : {0UL, 1UL, 65'536UL, 200'000UL}) {
    const std::string bytes(size, 'x');
    ASSERT_TRUE(write_file_whole(path, bytes).ok());
    const auto whole = read_file(path, size);
    ASSERT_TRUE(whole.ok()) << size;
    EXPECT_EQ(*whole, bytes);
    if (size == 0) continue;
    EXPECT_EQ(read_file(path, size - 1).error(),
              path + " is larger than " + std::to_string(size - 1) + " bytes");
  }
  EXPECT_EQ(read_file(root_ + "/none", 10).error(),
            "cannot read " + root_ + "/none: No such file or directory");
  EXPECT_EQ(read_file(root_, 10).error(), "cannot read " + root_ + ": Is a directory");
}

TEST_F(StateDirTest, a_file_is_replaced_whole_for_the_owner_alone_and_leaves_nothing_beside_it) {
  const std::string path = root_ + "/file";
  ASSERT_TRUE(write_file_whole(path, "old and longer").ok());
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  ASSERT_TRUE(write_file_whole(path, "new").ok());
  EXPECT_EQ(*read_file(path, 100), "new");
  EXPECT_EQ(mode_of(path), 0600U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(root_), {}), 1);
  EXPECT_FALSE(write_file_whole(root_ + "/none/file", "x").ok());
  // What is there stays when it cannot be replaced.
  std::filesystem::create_directory(root_ + "/directory");
  EXPECT_FALSE(write_file_whole(root_ + "/directory", "x").ok());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(root_), {}), 2);
}

TEST_F(StateDirTest, a_link_is_replaced_and_not_written_through) {
  ASSERT_TRUE(write_file_whole(root_ + "/target", "precious").ok());
  ASSERT_EQ(symlink("target", (root_ + "/link").c_str()), 0);
  ASSERT_TRUE(write_file_whole(root_ + "/link", "new").ok());
  EXPECT_EQ(*read_file(root_ + "/target", 100), "precious");
  EXPECT_EQ(*read_file(root_ + "/link", 100), "new");
}

}  // namespace
}  // namespace caponier::store
