#include "plan/memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "plan/test_compile.h"

namespace caponier::plan {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kMiB = std::uint64_t{1024} * 1024;

Compiled with_bounds(std::string_view policy, std::string_view config = {}) {
  return compile(
      {document("  /a:\n    post:\n      operationId: postA\n      security: [{bearer: []}]\n"
                "      x-caponier: {" +
                std::string(policy) +
                "}\n      requestBody: {required: true, content: {application/json: {schema: {type: "
                "object, properties: {a: {type: string}}}}}}\n"
                "      responses: {'200': {description: ok, content: {application/json: {schema: "
                "{type: object, properties: {a: {type: string}}}}}}}\n"),
       std::string(kUpstream) + std::string(config)});
}

std::uint64_t bound_of(const Compiled& compiled) {
  return compiled.plan == nullptr ? 0 : compiled.plan->limits.memory.connection_bytes_max;
}

TEST(Memory, of_a_connection_is_enough_for_one_exchange_by_default) {
  EXPECT_EQ(bound_of(with_bounds("")), 8 * kMiB);
}

TEST(Memory, of_a_connection_follows_the_bounds_of_operations) {
  const std::uint64_t with_body = bound_of(with_bounds("body_bytes_max: 16MiB"));
  EXPECT_GT(with_body, 3 * 16 * kMiB);
  const std::uint64_t with_both =
      bound_of(with_bounds("body_bytes_max: 16MiB, response: {mode: strip, bytes_max: 17MiB}"));
  EXPECT_EQ(with_both, with_body + 3 * 16 * kMiB);
}

TEST(Memory, that_is_configured_is_enough_for_every_operation_or_an_error) {
  const std::uint64_t need = bound_of(with_bounds("body_bytes_max: 16MiB"));
  const auto with = [](std::uint64_t bytes) {
    return with_bounds("body_bytes_max: 16MiB",
                       "limits:\n  memory:\n    connection_bytes_max: " + std::to_string(bytes) + "\n");
  };
  EXPECT_EQ(bound_of(with(need)), need);
  const Compiled low = with(need - 1);
  EXPECT_EQ(low.plan, nullptr);
  EXPECT_THAT(low.errors(), HasSubstr("caponier.yaml:4:"));
  EXPECT_THAT(low.errors(), HasSubstr("one exchange of POST /a may need " + std::to_string(need) +
                                      " bytes, more than all of a connection may hold"));
  EXPECT_THAT(low.errors(), HasSubstr("[memory-bound]"));
}

}  // namespace
}  // namespace caponier::plan
