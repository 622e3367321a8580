// Logins where something is odd: guesses, windows without end, an issuer that does not give what it was asked
// for, an issuer and a gateway that do something at the same time.
#include <thread>

#include "e2e/browser.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(BrowserLogin, codes_that_the_issuer_never_made_are_guesses_of_who_began_the_login) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  // A page of another site can make a browser ask for this, without the cookie of any login.
  Browser victim(gateway);
  for (int i = 0; i < 40; ++i)
    ASSERT_EQ(victim.open("/auth/callback?state=a&code=" + std::to_string(i)).status(), 400);
  EXPECT_EQ(provider_.logins(), 0);
  Browser guesser(gateway);
  const Message begun = guesser.open("/auth/login");
  (void)provider_.code_for(begun.header("location"));
  const auto cookies = guesser.cookies;
  int refused = 0;
  Message answer;
  for (; refused < 100; ++refused) {
    guesser.cookies = cookies;
    answer = guesser.open("/auth/callback?state=" + provider_.state() + "&code=" + std::to_string(refused));
    if (answer.status() != 400) break;
  }
  EXPECT_EQ(refused, 30);
  EXPECT_EQ(answer.status(), 429);
  EXPECT_EQ(gateway.record_of(answer)["reason"], "too-many-failed-authentications");
}

// Another site can begin as many logins in a browser as it likes; their cookies must not grow beyond what a
// request holds.
TEST_F(BrowserLogin, logins_without_end_leave_the_browser_with_requests_that_can_be_sent) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  Browser browser(gateway);
  const std::string page = "/" + std::string(990, 'a');
  std::size_t most = 0;
  for (int i = 0; i < 12; ++i) {
    const Message begun = browser.open("/auth/login?return_to=" + page);
    ASSERT_EQ(begun.status(), 303) << i;
    std::size_t bytes = 0;
    for (const auto& [name, value] : browser.cookies) bytes += name.size() + value.size();
    most = std::max(most, bytes);
  }
  EXPECT_GT(most, 2 * page.size()) << "several may be under way";
  EXPECT_LT(most, 8000U);
  const Message begun = browser.open("/auth/login?return_to=" + page);
  const std::string code = provider_.code_for(begun.header("location"));
  const Message back = browser.open("/auth/callback?state=" + provider_.state() + "&code=" + code);
  EXPECT_EQ(back.header("location"), "https://localhost" + page);
}

TEST_F(BrowserLogin, an_issuer_that_does_not_step_up_is_not_asked_without_end) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  Browser browser(gateway);
  ASSERT_EQ(browser.log_in(provider_).status(), 303);
  // Just logged in, but nobody has asked for this yet.
  const Message sent = browser.open("/payment");
  ASSERT_EQ(sent.status(), 302);
  const Message begun = browser.open(Browser::path_of(sent.header("location")));
  const std::string code = provider_.code_for(begun.header("location"));
  ASSERT_EQ(browser.open("/auth/callback?state=" + provider_.state() + "&code=" + code).status(), 303);
  const Message refused = browser.open("/payment");
  EXPECT_EQ(refused.status(), 401);
  EXPECT_FALSE(refused.has("location"));
  EXPECT_THAT(refused.header("www-authenticate"), HasSubstr("insufficient_user_authentication"));
  EXPECT_EQ(browser.open("/orders").status(), 200);
}

TEST_F(BrowserLogin, what_was_renewed_while_the_gateway_stops_is_not_lost) {
  provider_.access_lasts_s = 5;  // that is renewed ahead of its end, so at once
  Options kept = options();
  TestFolder state;
  kept.state_dir = state.file("state");
  kept.workers = 2;
  std::map<std::string, std::string> cookies;
  {
    Gateway gateway(kept);
    ASSERT_TRUE(gateway.ready()) << gateway.process().err();
    Browser browser(gateway);
    ASSERT_EQ(browser.log_in(provider_).status(), 303);
    cookies = browser.cookies;
    provider_.slow = true;
    provider_.go = false;
    Message answer;
    std::thread waiting([&] { answer = browser.call("/orders"); });
    EXPECT_TRUE(eventually([this] { return provider_.refreshes() == 1; }));
    int status = -1;
    std::thread stopping([&] { status = gateway.stop(); });
    EXPECT_TRUE(eventually([&] { return !Socket::connect(gateway.port()).open(); }));
    provider_.access_lasts_s = 300;
    provider_.go = true;
    waiting.join();
    stopping.join();
    EXPECT_EQ(answer.status(), 200);
    EXPECT_EQ(status, 0);
  }
  Gateway gateway(kept);
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  Browser again(gateway);
  again.cookies = cookies;
  EXPECT_EQ(again.call("/orders").status(), 200);
  EXPECT_EQ(provider_.refreshes(), 1);
  EXPECT_EQ(api_.requests().back().header("authorization"), "Bearer planted-access-1");
}

TEST_F(BrowserLogin, a_login_that_was_on_its_way_when_its_user_was_logged_out_does_not_begin) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  provider_.slow = true;
  provider_.go = false;
  provider_.signed_before_s = 5;
  Browser browser(gateway);
  const Message begun = browser.open("/auth/login");
  const std::string code = provider_.code_for(begun.header("location"));
  Message back;
  std::thread waiting(
      [&] { back = browser.open("/auth/callback?state=" + provider_.state() + "&code=" + code); });
  EXPECT_TRUE(eventually([this] { return provider_.logins() == 1; }));
  const std::string logout = provider_.sign(
      R"("aud":"shop","jti":"1","sub":"alice","events":{"http://schemas.openid.net/event/backchannel-logout":{}})",
      0);
  EXPECT_EQ(
      gateway
          .ask(request_text("POST", "/auth/backchannel-logout",
                            "Content-Type: application/x-www-form-urlencoded\r\n", "logout_token=" + logout))
          .status(),
      200);
  provider_.go = true;
  waiting.join();
  EXPECT_EQ(back.status(), 400);
  EXPECT_FALSE(browser.has_session());
  EXPECT_THAT(gateway.record_of(back)["detail"], HasSubstr("logged the user out meanwhile"));
}

TEST_F(BrowserLogin, an_expires_in_that_is_written_as_a_text_counts) {
  provider_.lifetime_text = "\"5\"";
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  Browser browser(gateway);
  ASSERT_EQ(browser.log_in(provider_).status(), 303);
  EXPECT_EQ(browser.call("/orders").status(), 200);
  EXPECT_GE(provider_.refreshes(), 1) << "it is renewed ahead of its end, so at once";
}

}  // namespace
}  // namespace caponier::e2e
