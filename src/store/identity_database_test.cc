#include "store/identity_database.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "base/test_folder.h"
#include "store/state_dir.h"

namespace caponier::store {
namespace {

class IdentityDatabaseTest : public testing::Test {
 protected:
  void in_sqlite(const char* sql) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
    sqlite3_close(database);
  }
  [[nodiscard]] std::string error() const {
    const auto database = open_identity_database(path_);
    return database.ok() ? "" : database.error();
  }
  TestFolder folder_;
  std::string path_ = folder_.file("identity.db");
};

TEST_F(IdentityDatabaseTest, it_is_made_for_the_owner_alone_with_all_that_lies_beside_it) {
  const auto database = open_identity_database(path_);
  ASSERT_TRUE(database.ok()) << database.error();
  ASSERT_TRUE(note_change(**database, {0, 1, "what", "id", "", "test"}).ok());
  for (const char* end : {"", "-wal", "-shm"}) {
    struct stat status {};
    ASSERT_EQ(stat((path_ + end).c_str(), &status), 0) << end;
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << end;
  }
  EXPECT_EQ(error(), "");  // opened twice at once
}

TEST_F(IdentityDatabaseTest, what_is_no_database_is_told_in_one_line) {
  ASSERT_TRUE(write_file_whole(path_, std::string(5000, 'x')).ok());
  EXPECT_EQ(error(), path_ + " is no SQLite database; move it away, or put back a copy");
}

TEST_F(IdentityDatabaseTest, a_database_of_somebody_else_is_left_alone) {
  in_sqlite("CREATE TABLE theirs (a)");
  ASSERT_EQ(chmod(path_.c_str(), 0600), 0);
  EXPECT_EQ(error(), path_ + " is not an identity database of Caponier");
  in_sqlite("INSERT INTO theirs VALUES (1)");
}

TEST_F(IdentityDatabaseTest, one_of_a_newer_release_is_refused) {
  EXPECT_EQ(error(), "");
  in_sqlite("PRAGMA user_version=2");
  EXPECT_EQ(error(),
            path_ + " is of version 2, and this program knows version 1: it was written by another release");
}

TEST_F(IdentityDatabaseTest, one_that_others_can_read_is_refused) {
  EXPECT_EQ(error(), "");
  ASSERT_EQ(chmod(path_.c_str(), 0640), 0);
  EXPECT_EQ(error(), path_ + " can be read by others; run: chmod 600 " + path_);
}

TEST_F(IdentityDatabaseTest, a_damaged_one_is_told_in_one_line) {
  {
    auto database = open_identity_database(path_);
    ASSERT_TRUE(database.ok());
    for (int i = 0; i < 200; ++i) {
      ASSERT_TRUE(note_change(**database, {0, i, std::string(200, 'a'), "id", "", "test"}).ok());
    }
  }
  std::string bytes = *read_file(path_, 1 << 24);
  ASSERT_GT(bytes.size(), 16'384U);
  for (std::size_t i = 4096; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
  ASSERT_TRUE(write_file_whole(path_, bytes).ok());
  const auto database = open_identity_database(path_);
  std::string told = database.ok() ? "" : database.error();
  if (told.empty()) {
    const auto changes = changes_after(**database, 0);
    told = changes.ok() ? "" : changes.error();
  }
  EXPECT_EQ(told, path_ + " is damaged; put back a copy of it");
}

TEST_F(IdentityDatabaseTest, changes_are_numbered_and_the_oldest_go) {
  const auto database = open_identity_database(path_);
  ASSERT_TRUE(database.ok());
  EXPECT_EQ(*last_change(**database), 0);
  for (int i = 1; i <= 3; ++i)
    ASSERT_TRUE(note_change(**database, {0, i, "w", std::to_string(i), "d", "test"}).ok());
  EXPECT_EQ(*last_change(**database), 3);
  const auto after = changes_after(**database, 1);
  ASSERT_EQ(after->size(), 2U);
  EXPECT_EQ(after->front().number, 2);
  EXPECT_EQ(after->front().id, "2");
  EXPECT_EQ(after->front().by, "test");
  in_sqlite("UPDATE sqlite_sequence SET seq = 100002 WHERE name = 'changes'");
  ASSERT_TRUE(note_change(**database, {0, 9, "w", "9", "d", "test"}).ok());
  EXPECT_EQ(changes_after(**database, 0)->size(), 1U);  // 100003 - 100000 = 3: the first three are gone
}

TEST_F(IdentityDatabaseTest, another_connections_change_shows_in_the_data_version_and_ones_own_does_not) {
  const auto ours = open_identity_database(path_);
  const auto theirs = open_identity_database(path_);
  ASSERT_TRUE(ours.ok() && theirs.ok());
  const auto before = (*ours)->data_version();
  ASSERT_TRUE(note_change(**ours, {0, 1, "w", "1", "d", "test"}).ok());
  EXPECT_EQ(*(*ours)->data_version(), *before);
  ASSERT_TRUE(note_change(**theirs, {0, 1, "w", "1", "d", "test"}).ok());
  EXPECT_NE(*(*ours)->data_version(), *before);
}

TEST_F(IdentityDatabaseTest, what_is_not_committed_is_undone) {
  const auto database = open_identity_database(path_);
  ASSERT_TRUE(database.ok());
  {
    auto transaction = Transaction::begin(**database);
    ASSERT_TRUE(transaction.ok());
    ASSERT_TRUE(note_change(**database, {0, 1, "w", "1", "d", "test"}).ok());
  }
  EXPECT_EQ(*last_change(**database), 0);
}

}  // namespace
}  // namespace caponier::store
