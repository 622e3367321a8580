#include "gateway/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "gateway/metrics_text.h"

namespace caponier::gateway {
namespace {

using testing::HasSubstr;
using testing::Not;

plan::Plan plan_of(const std::vector<std::string>& ids) {
  plan::Plan plan;
  for (const std::string& id : ids) plan.operations.emplace_back().id = id;
  return plan;
}

TEST(Metrics, a_latency_at_its_bound_is_in_the_bucket_and_one_past_it_in_the_next) {
  Metrics metrics(8);
  metrics.count(2, 200, kLatencyBoundsUs[0]);
  metrics.count(2, 200, kLatencyBoundsUs[0] + 1);
  metrics.count(2, 200, kLatencyBoundsUs.back());
  metrics.count(2, 200, kLatencyBoundsUs.back() + 1);
  MetricSums sums;
  metrics.add_to(2, sums);
  EXPECT_EQ(sums.by_latency[0], 1U);
  EXPECT_EQ(sums.by_latency[1], 1U);
  EXPECT_EQ(sums.by_latency[kLatencyBoundsUs.size() - 1], 1U);
  EXPECT_EQ(sums.by_latency[kLatencyBoundsUs.size()], 1U);
  EXPECT_EQ(sums.by_class[2], 4U);
}

TEST(Metrics, a_status_that_is_none_has_a_class_of_its_own) {
  Metrics metrics(8);
  metrics.count(2, 0, 1);
  metrics.count(2, 599, 1);
  metrics.count(2, 999, 1);
  MetricSums sums;
  metrics.add_to(2, sums);
  EXPECT_EQ(sums.by_class[0], 1U);
  EXPECT_EQ(sums.by_class[5], 2U);
}

TEST(MetricNames, an_operation_keeps_its_row_whatever_is_loaded_between) {
  MetricNames names(2);
  const auto first = names.rows_of(plan_of({"a", "b"}));
  (void)names.rows_of(plan_of({"c"}));
  const auto again = names.rows_of(plan_of({"b", "a", "d"}));
  EXPECT_EQ(again[0], first[1]);
  EXPECT_EQ(again[1], first[0]);
  EXPECT_NE(again[2], first[0]);
}

TEST(MetricNames, operations_share_one_row_when_the_rows_have_run_out) {
  MetricNames names(1);
  std::vector<std::string> ids;
  for (std::size_t i = Metrics::kFirstRow; i < names.rows_max(); ++i) ids.push_back("o" + std::to_string(i));
  const auto full = names.rows_of(plan_of(ids));
  EXPECT_EQ(full.back(), names.rows_max() - 1);
  const auto over = names.rows_of(plan_of({"late", "later", ids[0]}));
  EXPECT_EQ(over[0], Metrics::kOther);
  EXPECT_EQ(over[1], Metrics::kOther);
  EXPECT_EQ(over[2], full[0]);
  EXPECT_EQ(names.shown().back().operation, "(other)");
}

TEST(MetricsText, workers_are_summed_and_names_cannot_break_a_line) {
  MetricNames names(1);
  const auto rows = names.rows_of(plan_of({"get\"x\"\\\n"}));
  Metrics one(names.rows_max());
  Metrics two(names.rows_max());
  one.count(rows[0], 200, 400);
  two.count(rows[0], 204, 600);
  two.refuse(Metrics::kNoOperation, Reason::kPathUndeclared);
  const std::array<const Metrics*, 2> workers = {&one, &two};
  MetricsView view;
  view.workers = workers;
  view.names = names.shown();
  view.version = "1";
  const std::string text = to_prometheus(view);
  EXPECT_THAT(text, HasSubstr("caponier_requests_total{operation=\"get\\\"x\\\"\\\\ \",code=\"2xx\"} 2\n"));
  EXPECT_THAT(text, HasSubstr(",le=\"0.000500\"} 1\n"));
  EXPECT_THAT(text, HasSubstr(",le=\"+Inf\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("_sum{operation=\"get\\\"x\\\"\\\\ \"} 0.001000\n"));
  EXPECT_THAT(text, HasSubstr("caponier_refusals_total{operation=\"\",reason=\"path-undeclared\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("reason=\"rate-limited\""))) << "what never happened is not told";
}

TEST(MetricsText, an_endpoint_is_told_as_all_workers_together_see_it) {
  MetricsView view;
  view.upstreams = {{"default", 3, 1, 7, 9}, {"billing", 0, 0, 0, 0}};
  view.gauges.resize(2);
  view.gauges[0].endpoints = {{"default", "10.0.0.1:80", true, 2, 4},
                              {"default", "10.0.0.2:80", false, 0, 0}};
  view.gauges[1].endpoints = {{"default", "10.0.0.1:80", true, 1, 1}};
  const std::string text = to_prometheus(view);
  for (const char* line :
       {"caponier_upstream_requests{upstream=\"default\"} 3\n",
        "caponier_upstream_pending_requests{upstream=\"default\"} 1\n",
        "caponier_upstream_ejections_total{upstream=\"default\"} 7\n",
        "caponier_upstream_retries_total{upstream=\"default\"} 9\n",
        "caponier_upstream_requests{upstream=\"billing\"} 0\n",
        "caponier_upstream_endpoint_workers{upstream=\"default\",endpoint=\"10.0.0.1:80\"} 2\n",
        "caponier_upstream_endpoint_workers{upstream=\"default\",endpoint=\"10.0.0.2:80\"} 0\n",
        "caponier_upstream_endpoint_requests{upstream=\"default\",endpoint=\"10.0.0.1:80\"} 3\n",
        "caponier_upstream_idle_connections{upstream=\"default\",endpoint=\"10.0.0.1:80\"} 5\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

}  // namespace
}  // namespace caponier::gateway
