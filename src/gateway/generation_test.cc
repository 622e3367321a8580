// What a generation takes over from the one before.
#include "gateway/generation.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace caponier::gateway {
namespace {

plan::Upstream upstream_of(const std::string& name, std::uint16_t port) {
  plan::Upstream upstream;
  upstream.name = name;
  upstream.endpoints = {{"127.0.0.1", port}};
  return upstream;
}

std::unique_ptr<Generation> generation_of(std::vector<plan::Upstream> upstreams) {
  auto plan = std::make_shared<plan::Plan>();
  plan->upstreams = std::move(upstreams);
  return std::make_unique<Generation>(std::move(plan), 1);
}

TEST(Generation, what_is_under_way_at_an_upstream_is_counted_on_by_its_name) {
  const auto before = generation_of({upstream_of("", 1), upstream_of("billing", 2)});
  const auto after = generation_of({upstream_of("", 3), upstream_of("search", 2), upstream_of("billing", 2)});
  inherit(*before, *after);
  EXPECT_EQ(after->upstreams[0].load, before->upstreams[0].load) << "wherever it leads now";
  EXPECT_EQ(after->upstreams[2].load, before->upstreams[1].load);
  EXPECT_NE(after->upstreams[1].load, before->upstreams[1].load);
}

TEST(Generation, an_upstream_is_known_as_long_as_its_endpoints_are_the_same) {
  const auto before = generation_of({upstream_of("", 1), upstream_of("billing", 2), upstream_of("new", 3)});
  before->upstreams[0].known = true;
  before->upstreams[1].known = true;
  const auto after = generation_of({upstream_of("", 1), upstream_of("billing", 9), upstream_of("new", 3)});
  inherit(*before, *after);
  EXPECT_TRUE(after->upstreams[0].known);
  EXPECT_FALSE(after->upstreams[1].known);
  EXPECT_FALSE(after->upstreams[2].known);
}

TEST(Generation, the_same_certificates_are_the_same_context_and_others_are_not) {
  const auto before = generation_of({upstream_of("", 1), upstream_of("plain", 2), upstream_of("late", 3)});
  before->upstreams[0].tls = tls::ClientContext::create("").value();
  const auto after = generation_of({upstream_of("", 1), upstream_of("plain", 2), upstream_of("late", 3)});
  after->upstreams[0].tls = tls::ClientContext::create("").value();
  after->upstreams[2].tls = tls::ClientContext::create("").value();
  const auto late = after->upstreams[2].tls;
  inherit(*before, *after);
  EXPECT_EQ(after->upstreams[0].tls, before->upstreams[0].tls);
  EXPECT_EQ(after->upstreams[1].tls, nullptr);
  EXPECT_EQ(after->upstreams[2].tls, late);
  EXPECT_EQ(cluster_settings(*before, 0), cluster_settings(*after, 0));
}

TEST(Generation, settings_differ_by_whatever_connections_depend_on) {
  const auto one = generation_of({upstream_of("", 1)});
  const auto differs = [&one](auto change) {
    auto plan = std::make_shared<plan::Plan>();
    plan->upstreams = {upstream_of("", 1)};
    change(*plan);
    return !(cluster_settings(*one, 0) == cluster_settings(Generation(std::move(plan), 2), 0));
  };
  EXPECT_FALSE(differs([](plan::Plan& plan) { plan.title = "another"; }));
  EXPECT_FALSE(differs([](plan::Plan& plan) { plan.limits.time.exchange_ms += 1; }));
  EXPECT_TRUE(differs([](plan::Plan& plan) { plan.limits.time.upstream_idle_ms += 1; }));
  EXPECT_TRUE(differs([](plan::Plan& plan) { plan.limits.time.upstream_connect_ms += 1; }));
  EXPECT_TRUE(differs([](plan::Plan& plan) { plan.limits.http.head_bytes_max += 1; }));
  EXPECT_TRUE(differs([](plan::Plan& plan) { plan.upstreams[0].endpoints.push_back({"127.0.0.1", 2}); }));
  EXPECT_TRUE(differs([](plan::Plan& plan) { plan.upstreams[0].rules.health_check.path = "/"; }));
  EXPECT_TRUE(differs([](plan::Plan& plan) { plan.upstreams[0].server_name = "orders.internal"; }));
  EXPECT_TRUE(differs([](plan::Plan& plan) { plan.upstreams[0].spiffe_id = "spiffe://a/b"; }));
  EXPECT_TRUE(differs([](plan::Plan& plan) { plan.upstreams[0].authority = "orders.internal"; }));
}

}  // namespace
}  // namespace caponier::gateway
