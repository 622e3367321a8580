#include "upstream/health.h"

#include <gtest/gtest.h>

#include "upstream/retry_budget.h"

namespace caponier::upstream {
namespace {

TEST(Health, an_endpoint_is_ejected_after_its_failures_in_a_row_and_not_one_before) {
  const EjectionRules rules{.failures = 3, .base_ms = 1000, .max_ms = 10'000};
  Health health;
  EXPECT_EQ(health.failed(rules, 0, true), 0);
  EXPECT_EQ(health.failed(rules, 0, true), 0);
  health.succeeded(0);
  EXPECT_EQ(health.failed(rules, 0, true), 0);
  EXPECT_EQ(health.failed(rules, 0, true), 0);
  EXPECT_TRUE(health.available(0));
  EXPECT_EQ(health.failed(rules, 0, true), 1000);
  EXPECT_FALSE(health.available(999));
  EXPECT_TRUE(health.available(1000));
}

TEST(Health, ejections_grow_up_to_their_bound_and_begin_small_again_after_a_good_time) {
  const EjectionRules rules{.failures = 1, .base_ms = 1000, .max_ms = 3000};
  Health health;
  EXPECT_EQ(health.failed(rules, 0, true), 1000);
  EXPECT_EQ(health.failed(rules, 1000, true), 2000);
  EXPECT_EQ(health.failed(rules, 3000, true), 3000);
  EXPECT_EQ(health.failed(rules, 6000, true), 3000);
  health.succeeded(9000 + 2999);
  EXPECT_EQ(health.failed(rules, 12'000, true), 3000) << "not well for long enough";
  health.succeeded(15'000 + 3000);
  EXPECT_EQ(health.failed(rules, 18'001, true), 1000);
}

TEST(Health, back_from_an_ejection_one_failure_is_enough) {
  const EjectionRules rules{.failures = 5, .base_ms = 1000, .max_ms = 8000};
  Health health;
  for (int i = 0; i < 4; ++i) EXPECT_EQ(health.failed(rules, 0, true), 0);
  EXPECT_EQ(health.failed(rules, 0, true), 1000);
  EXPECT_EQ(health.failed(rules, 500, true), 0) << "exchanges that had begun before say nothing new";
  EXPECT_EQ(health.failed(rules, 1000, true), 2000);
}

TEST(Health, the_last_ones_stay_whatever_they_do) {
  const EjectionRules rules{.failures = 1};
  Health health;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(health.failed(rules, 0, false), 0);
  EXPECT_TRUE(health.available(0));
  EXPECT_GT(health.failed(rules, 0, true), 0);
}

TEST(Health, no_failures_means_never) {
  const EjectionRules rules{.failures = 0};
  Health health;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(health.failed(rules, 0, true), 0);
}

TEST(Health, checks_in_a_row_take_out_and_bring_back) {
  const HealthCheckRules rules{.path = "/", .healthy = 2, .unhealthy = 3};
  Health health;
  EXPECT_FALSE(health.checked(rules, false));
  EXPECT_FALSE(health.checked(rules, false));
  EXPECT_FALSE(health.checked(rules, true));
  EXPECT_FALSE(health.checked(rules, false));
  EXPECT_FALSE(health.checked(rules, false));
  EXPECT_TRUE(health.available(0));
  EXPECT_TRUE(health.checked(rules, false));
  EXPECT_FALSE(health.available(0));
  EXPECT_FALSE(health.checked(rules, true));
  EXPECT_TRUE(health.checked(rules, true));
  EXPECT_TRUE(health.available(0));
}

TEST(RetryBudget, gives_its_floor_and_its_share_and_not_one_more) {
  const RetryRules rules{.budget_percent = 20, .budget_min = 2};
  RetryBudget budget;
  for (int i = 0; i < 50; ++i) budget.count_request(1'000'000);
  for (int i = 0; i < 12; ++i) EXPECT_TRUE(budget.take(rules, 1'000'000)) << i;
  EXPECT_FALSE(budget.take(rules, 1'000'000));
  EXPECT_FALSE(budget.take(rules, 1'009'999)) << "still the last ten seconds";
  EXPECT_TRUE(budget.take(rules, 1'010'000));
  EXPECT_TRUE(budget.take(rules, 1'010'000));
  EXPECT_FALSE(budget.take(rules, 1'010'000)) << "the requests are forgotten too";
}

TEST(RetryBudget, of_nothing_gives_nothing) {
  const RetryRules rules{.budget_percent = 0, .budget_min = 0};
  RetryBudget budget;
  for (int i = 0; i < 50; ++i) budget.count_request(5000);
  EXPECT_FALSE(budget.take(rules, 5000));
}

}  // namespace
}  // namespace caponier::upstream
