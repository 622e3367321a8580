#include "stages/authenticate/step_up.h"

#include <gtest/gtest.h>

#include "stages/identity_world.h"

namespace caponier::stages {
namespace {

struct StepUp : testing::Test {
  World world{kIdentityContract, identity_config()};
  std::string ask(std::string_view target, const std::string& claims) const {
    return Asked(world, target, bearer(world.token(claims))).answer();
  }
};

TEST_F(StepUp, class_is_one_of_those_demanded) {
  EXPECT_EQ(ask("/class", R"(,"acr":"gold")"), "alice");
  EXPECT_EQ(ask("/class", R"(,"acr":"silver")"), "alice");
  for (const std::string_view claims : {"", R"(,"acr":"bronze")", R"(,"acr":"")", R"(,"acr":"gold silver")"})
    EXPECT_EQ(ask("/class", std::string(claims)), "step-up-needed") << claims;
}

TEST_F(StepUp, a_code_by_telephone_is_no_factor_unless_it_is_asked_for_by_name) {
  for (const auto& [methods, expected] : {
           std::pair(R"(["pwd","mfa","otp"])", "alice"),
           {R"(["hwk"])", "alice"},
           {R"(["mfa"])", "alice"},
           {R"("hwk")", "alice"},
           {R"(["pwd"])", "step-up-needed"},
           {R"([])", "step-up-needed"},
           {R"(["pwd","sms","mfa"])", "step-up-needed"},
           {R"(["pwd","tel","mfa"])", "step-up-needed"},
           {R"(["sms","otp","mfa"])", "alice"},
       }) {
    EXPECT_EQ(ask("/factor", R"(,"amr":)" + std::string(methods)), expected) << methods;
  }
  EXPECT_EQ(ask("/telephone", R"(,"amr":["pwd","sms","mfa"])"), "alice");
  EXPECT_EQ(ask("/telephone", R"(,"amr":["pwd","mfa"])"), "step-up-needed");
}

TEST_F(StepUp, age_is_counted_from_logging_in) {
  for (const auto& [age_s, expected] :
       {std::pair(600, "alice"), {601, "step-up-needed"}, {-60, "alice"}, {-61, "step-up-needed"}}) {
    EXPECT_EQ(ask("/fresh", R"(,"auth_time":)" + std::to_string(kNowS - age_s)), expected) << age_s;
  }
  EXPECT_EQ(ask("/fresh", ""), "step-up-needed");
}

TEST_F(StepUp, challenge_says_what_is_short) {
  Asked by_class(world, "/class", bearer(world.token()));
  EXPECT_EQ(by_class.answer(), "step-up-needed");
  EXPECT_EQ(by_class.challenges,
            "WWW-Authenticate: Bearer realm=\"api\", error=\"insufficient_user_authentication\", "
            "error_description=\"another way of logging in is required\", acr_values=\"gold silver\"\r\n");
  Asked by_age(world, "/fresh", bearer(world.token()));
  EXPECT_EQ(by_age.answer(), "step-up-needed");
  EXPECT_TRUE(by_age.challenges.ends_with(", max_age=\"600\"\r\n")) << by_age.challenges;
  // Who has no token at all is asked for one first.
  Asked nobody(world, "/class", "");
  EXPECT_EQ(nobody.answer(), "credential-missing");
}

// At once, and not when the clock has been set back since: then nobody knows how long ago it was.
TEST_F(StepUp, a_login_that_was_asked_for_it_a_moment_ago_is_not_asked_again) {
  plan::Operation operation;
  operation.step_up.emplace();
  operation.step_up->classes = {"gold", "silver"};
  Request request(world, "GET /v1/class HTTP/1.1\r\n");
  const std::int64_t now_s = request.exchange.now.wall_s();
  struct Row {
    std::string asked;
    std::int64_t age_s;
    bool in_vain;
  };
  for (const Row& row : {Row{"gold silver|", 0, true}, Row{"gold silver|", 30, true},
                         Row{"gold silver|", 31, false}, Row{"gold silver|", -1, false},
                         Row{"gold|", 0, false}, Row{"gold silver|900", 0, false}, Row{"", 0, false}}) {
    auto session = std::make_shared<Session>();
    session->asked = row.asked;
    session->began_s = now_s - row.age_s;
    Principal principal;
    principal.session = session;
    principal.claims = std::make_shared<jose::Claims>();
    const auto denial = check_step_up(request.exchange, operation, principal);
    ASSERT_TRUE(denial);
    EXPECT_EQ(denial->asked_in_vain, row.in_vain) << row.asked << " " << row.age_s;
  }
}

}  // namespace
}  // namespace caponier::stages
