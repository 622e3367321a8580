#include "plan/responses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/test_compile.h"

namespace caponier::plan {
namespace {

using testing::HasSubstr;

Compiled with(std::string_view method, std::string_view responses, std::string_view more = {}) {
  return compile({document("  /a:\n    " + std::string(method) + ":\n      security: [{bearer: []}]\n" +
                           std::string(more) + "      responses: {" + std::string(responses) + "}\n")});
}

TEST(Responses, a_get_that_declares_101_is_a_websocket) {
  const Compiled feed = with("get", "'101': {description: feed}");
  ASSERT_NE(feed.plan, nullptr) << feed.errors();
  EXPECT_TRUE(feed.plan->operations.at(0).websocket);
  for (const char* other :
       {"'200': {description: ok}", "1XX: {description: x}", "default: {description: x}"}) {
    const Compiled plain = with("get", other);
    ASSERT_NE(plain.plan, nullptr) << plain.errors();
    EXPECT_FALSE(plain.plan->operations.at(0).websocket) << other;
  }
}

TEST(Responses, a_101_that_cannot_be_served_is_an_error_with_its_place) {
  const Compiled posted = with("post", "'101': {description: feed}");
  EXPECT_EQ(posted.plan, nullptr);
  EXPECT_THAT(posted.errors(), HasSubstr("api.yaml:8:"));
  EXPECT_THAT(posted.errors(), HasSubstr("opened by GET alone"));
  const Compiled with_content = with("get", "'101': {description: feed, content: {text/plain: {}}}");
  EXPECT_EQ(with_content.plan, nullptr);
  EXPECT_THAT(with_content.errors(), HasSubstr("101 has no body"));
  const Compiled with_body =
      with("get", "'101': {description: feed}",
           "      requestBody: {content: {application/json: {schema: {type: string}}}}\n");
  EXPECT_EQ(with_body.plan, nullptr);
  EXPECT_THAT(with_body.errors(), HasSubstr("a WebSocket handshake has no body"));
}

}  // namespace
}  // namespace caponier::plan
