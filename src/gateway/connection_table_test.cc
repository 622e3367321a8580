#include "gateway/connection_table.h"

#include <gtest/gtest.h>

namespace caponier::gateway {
namespace {

TEST(ConnectionTable, an_address_has_its_bound_and_one_past_it_is_refused) {
  ConnectionLimits limits;
  limits.per_address_max = 2;
  ConnectionTable table(limits);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(table.enter());
  EXPECT_TRUE(table.name("192.0.2.1"));
  EXPECT_TRUE(table.name("192.0.2.1"));
  EXPECT_FALSE(table.name("192.0.2.1"));
  EXPECT_TRUE(table.name("192.0.2.2"));
  table.leave("192.0.2.1");
  EXPECT_TRUE(table.name("192.0.2.1"));
  EXPECT_EQ(table.total(), 3U);
}

TEST(ConnectionTable, all_together_have_their_bound_and_what_was_refused_is_not_counted) {
  ConnectionLimits limits;
  limits.total_max = 2;
  ConnectionTable table(limits);
  EXPECT_TRUE(table.enter());
  EXPECT_TRUE(table.name("192.0.2.1"));
  EXPECT_TRUE(table.enter());
  EXPECT_FALSE(table.enter());
  EXPECT_EQ(table.total(), 2U);
  table.leave("192.0.2.1");
  table.leave({});
  EXPECT_EQ(table.total(), 0U);
  EXPECT_TRUE(table.enter());
}

}  // namespace
}  // namespace caponier::gateway
