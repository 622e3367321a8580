#include "store/session_store.h"

#include <gtest/gtest.h>

#include <future>

#include "base/test_folder.h"

namespace caponier::store {
namespace {

using Written = Result<Unit, std::string>;

// Waits for what the store says.
template <class Ask>
Written told(Ask&& ask) {
  std::promise<Written> promise;
  ask([&promise](Written done) { promise.set_value(std::move(done)); });
  return promise.get_future().get();
}

TEST(SessionStore, keeps_sessions_over_a_restart_until_they_end) {
  const TestFolder folder;
  const std::string path = folder.file("sessions.db");
  {
    auto store = SessionStore::open(path);
    ASSERT_TRUE(store) << store.error();
    EXPECT_TRUE((*store)->load(100)->empty());
    EXPECT_TRUE(told([&](auto done) { (*store)->put({std::string(32, 'a'), "one", 200, 100}, done); }));
    EXPECT_TRUE(told([&](auto done) { (*store)->put({std::string(32, 'b'), "two", 300, 100}, done); }));
    EXPECT_TRUE(told([&](auto done) { (*store)->put({std::string(32, 'c'), "three", 300, 100}, done); }));
    std::promise<Result<bool, std::string>> there;
    (*store)->renew({std::string(32, 'b'), "new", 300, 110}, [&there](auto done) { there.set_value(done); });
    EXPECT_TRUE(there.get_future().get().value());
    // What is gone stays so.
    std::promise<Result<bool, std::string>> gone;
    (*store)->renew({std::string(32, 'd'), "new", 300, 110}, [&gone](auto done) { gone.set_value(done); });
    EXPECT_FALSE(gone.get_future().get().value());
    EXPECT_TRUE(told([&](auto done) { (*store)->note_seen({{std::string(32, 'b'), 150}}, done); }));
    // Done before the store is gone, though nobody waits.
    (*store)->remove({std::string(32, 'c')}, [](const Written&) {});
  }
  auto store = SessionStore::open(path);
  ASSERT_TRUE(store) << store.error();
  const auto rows = (*store)->load(200);
  ASSERT_TRUE(rows) << rows.error();
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->front().name, std::string(32, 'b'));
  EXPECT_EQ(rows->front().sealed, "new");
  EXPECT_EQ(rows->front().seen_s, 150);
}

TEST(SessionStore, refuses_a_file_that_is_another_database) {
  const TestFolder folder;
  folder.write("sessions.db",
               "this is no database, and longer than its header would be: one hundred bytes at the "
               "least, so that it is read");
  EXPECT_FALSE(SessionStore::open(folder.file("sessions.db")));
}

}  // namespace
}  // namespace caponier::store
