// Browsers that log in at an issuer: the real binary, an issuer that answers as the test says, and the
// requests that a browser would make. A real browser and a real authorization server are in tests/peers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/test_folder.h"
#include "e2e/browser.h"

namespace caponier::e2e {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(BrowserLogin, a_page_leads_to_the_issuer_and_back_to_itself) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  Browser browser(gateway);
  const Message sent = browser.open("/orders?page=2");
  EXPECT_EQ(sent.status(), 302);
  EXPECT_EQ(sent.header("location"), "https://localhost/auth/login?return_to=%2Forders%3Fpage%3D2");
  EXPECT_EQ(gateway.record_of(sent)["reason"], "credential-missing");

  const Message begun = browser.open(Browser::path_of(sent.header("location")));
  EXPECT_EQ(begun.status(), 303);
  EXPECT_THAT(begun.header("location"), StartsWith(provider_.url() + "/authorize?"));
  const auto asked = query_of(begun.header("location"));
  EXPECT_EQ(asked.at("response_type"), "code");
  EXPECT_EQ(asked.at("client_id"), "shop");
  EXPECT_EQ(asked.at("redirect_uri"), "https://localhost/auth/callback");
  EXPECT_EQ(asked.at("scope"), "openid orders:write");
  EXPECT_EQ(asked.at("code_challenge_method"), "S256");
  EXPECT_GE(asked.at("state").size(), 43U);
  EXPECT_THAT(browser.set_cookies.back(),
              AllOf(StartsWith("__Host-login-"), HasSubstr("; Secure; HttpOnly; SameSite=Lax")));

  const std::string code = provider_.code_for(begun.header("location"));
  const Message back = browser.open("/auth/callback?state=" + provider_.state() + "&code=" + code);
  EXPECT_EQ(back.status(), 303) << gateway.record_of(back)["detail"];
  EXPECT_EQ(back.header("location"), "https://localhost/orders?page=2");
  EXPECT_EQ(back.header("cache-control"), "no-store");
  EXPECT_EQ(browser.cookies.size(), 1U);
  EXPECT_TRUE(browser.has_session());
  EXPECT_THAT(browser.set_cookies.at(1), HasSubstr("Path=/; Secure; HttpOnly; SameSite=Lax"));

  EXPECT_EQ(browser.open("/orders?page=2").status(), 400);  // undeclared parameter: it is known who calls
  EXPECT_EQ(browser.call("/orders").status(), 200);
  EXPECT_EQ(browser.send("POST", "/orders", kOwnPage).status(), 200);
  const Message seen = api_.requests().back();
  EXPECT_EQ(seen.header("authorization"), "Bearer planted-access-0");
  EXPECT_EQ(seen.header("caponier-subject"), "alice");
  EXPECT_FALSE(seen.has("cookie"));
  const Message who = browser.call("/auth/session");
  EXPECT_EQ(who.status(), 200);
  EXPECT_THAT(who.body, HasSubstr(R"("subject":"alice")"));
  expect_no_secret_in(gateway);
}

TEST_F(BrowserLogin, a_script_gets_401_and_no_redirect) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  Browser browser(gateway);
  for (const char* fields : {"Sec-Fetch-Mode: cors\r\nAccept: */*\r\n", "Accept: application/json\r\n", ""}) {
    const Message refused = browser.send("GET", "/orders", fields);
    EXPECT_EQ(refused.status(), 401);
    EXPECT_FALSE(refused.has("location"));
  }
  EXPECT_EQ(browser.send("GET", "/auth/session", "").status(), 401);
  EXPECT_EQ(browser.send("POST", "/orders", "Accept: text/html\r\n").status(), 401);
}

TEST_F(BrowserLogin, what_another_page_makes_a_browser_send_is_refused) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  Browser browser(gateway);
  ASSERT_EQ(browser.log_in(provider_).status(), 303);
  struct Row {
    const char* method;
    const char* fields;
    int status;
  };
  for (const Row& row :
       {Row{"POST", "Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\n", 403},
        Row{"POST", "Origin: https://other.localhost\r\nSec-Fetch-Site: same-site\r\n", 403},
        Row{"POST", "Origin: null\r\n", 403},
        Row{"POST", "Origin: null\r\nSec-Fetch-Site: cross-site\r\n", 403},
        Row{"POST", "Origin: null\r\nSec-Fetch-Site: same-origin\r\n", 200},
        Row{"GET", "Origin: null\r\n", 403}, Row{"POST", "Sec-Fetch-Site: cross-site\r\n", 403},
        Row{"POST", "", 403}, Row{"POST", "Origin: https://localhost\r\n", 200},
        Row{"POST", "Sec-Fetch-Site: same-origin\r\n", 200},
        Row{"GET", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n", 403},
        Row{"GET", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n",
            403},
        Row{"GET", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n",
            200},
        Row{"GET", "", 200}}) {
    const Message answer = browser.send(row.method, "/orders", row.fields);
    EXPECT_EQ(answer.status(), row.status) << row.method << ' ' << row.fields;
    if (row.status == 403) {
      EXPECT_EQ(gateway.record_of(answer)["reason"], "cross-site-request");
    }
  }
  EXPECT_EQ(browser.send("POST", "/auth/logout", "Origin: https://evil.example\r\n").status(), 403);
  EXPECT_EQ(browser.call("/orders").status(), 200);
}

TEST_F(BrowserLogin, a_login_that_this_browser_did_not_begin_is_refused) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  Browser attacker(gateway);
  const Message begun = attacker.open("/auth/login?return_to=/orders");
  const std::string code = provider_.code_for(begun.header("location"));
  const std::string callback = "/auth/callback?state=" + provider_.state() + "&code=" + code;
  Browser victim(gateway);
  const Message refused = victim.open(callback);
  EXPECT_EQ(refused.status(), 400);
  EXPECT_EQ(gateway.record_of(refused)["reason"], "login-refused");
  EXPECT_FALSE(victim.has_session());
  // Nor with a cookie of another login, under the name of this one.
  (void)victim.open("/auth/login");
  const std::string other = victim.cookies.begin()->second;
  victim.cookies.clear();
  victim.cookies["__Host-login-" + provider_.state().substr(0, 8)] = other;
  EXPECT_EQ(victim.open(callback).status(), 400);
  EXPECT_EQ(attacker.open(callback).status(), 303);
  // Once.
  attacker.cookies.clear();
  EXPECT_EQ(attacker.open(callback).status(), 400);
}

TEST_F(BrowserLogin, answers_that_are_not_the_issuers_are_refused) {
  provider_.metadata = R"(,"authorization_response_iss_parameter_supported":true)";
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  struct Row {
    std::string more, says;
  };
  for (const Row& row : {Row{"", "this issuer's"}, Row{"&iss=https%3A%2F%2Fevil.example", "this issuer's"},
                         Row{"&iss=" + provider_.url() + "&error=access_denied", "did not let"}}) {
    Browser browser(gateway);
    const Message begun = browser.open("/auth/login");
    const std::string code = provider_.code_for(begun.header("location"));
    const Message refused =
        browser.open("/auth/callback?state=" + provider_.state() + "&code=" + code + row.more);
    EXPECT_EQ(refused.status(), 400);
    EXPECT_THAT(gateway.record_of(refused)["detail"], HasSubstr(row.says));
    EXPECT_TRUE(browser.cookies.empty());
  }
  Browser browser(gateway);
  const Message begun = browser.open("/auth/login");
  const std::string code = provider_.code_for(begun.header("location"));
  const std::string good =
      "/auth/callback?state=" + provider_.state() + "&code=" + code + "&iss=" + provider_.url();
  EXPECT_EQ(browser.open(good).status(), 303);
}

TEST_F(BrowserLogin, an_id_token_of_another_login_or_client_is_refused) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  provider_.wrong_nonce = "another";
  Browser browser(gateway);
  Message refused = browser.log_in(provider_);
  EXPECT_EQ(refused.status(), 400);
  EXPECT_THAT(gateway.record_of(refused)["detail"], HasSubstr("another login"));
  provider_.wrong_nonce = "";
  provider_.claims = R"(,"azp":"other")";
  refused = browser.log_in(provider_);
  EXPECT_EQ(refused.status(), 400);
  EXPECT_THAT(gateway.record_of(refused)["detail"], HasSubstr("another client"));
  EXPECT_FALSE(browser.has_session());
}

TEST_F(BrowserLogin, pushes_its_request_where_the_issuer_takes_that) {
  provider_.metadata = R"(,"pushed_authorization_request_endpoint":"URL/par")";
  Gateway gateway(options(", parameters: {audience: 'https://api.example'}"));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  Browser browser(gateway);
  const Message begun = browser.open("/auth/login");
  EXPECT_EQ(begun.header("location"),
            provider_.url() + "/authorize?client_id=shop&request_uri=urn%3Arequest%3A0");
  const std::string code = provider_.code_for(begun.header("location"));
  EXPECT_EQ(browser.open("/auth/callback?state=" + provider_.state() + "&code=" + code).status(), 303);
}

TEST_F(BrowserLogin, gives_a_new_name_to_each_session_and_ends_the_one_before) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  Browser browser(gateway);
  // What somebody planted is no session, and does not become one.
  browser.cookies["__Host-shop"] = std::string(43, 'A');
  ASSERT_EQ(browser.log_in(provider_).status(), 303);
  const std::string first = browser.cookies["__Host-shop"];
  EXPECT_NE(first, std::string(43, 'A'));
  const Message begun = browser.open("/auth/login");
  const std::string code = provider_.code_for(begun.header("location"));
  ASSERT_EQ(browser.open("/auth/callback?state=" + provider_.state() + "&code=" + code).status(), 303);
  EXPECT_NE(browser.cookies["__Host-shop"], first);
  EXPECT_EQ(browser.call("/orders").status(), 200);
  Browser thief(gateway);
  thief.cookies["__Host-shop"] = first;
  const Message ended = thief.call("/orders");
  EXPECT_EQ(ended.status(), 401);
  EXPECT_EQ(gateway.record_of(ended)["reason"], "session-ended");
  EXPECT_FALSE(thief.has_session());  // told to forget it
}

TEST_F(BrowserLogin, returns_to_pages_of_its_own_origin_only) {
  Gateway gateway(options(", after_login: /welcome"));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  for (const char* to : {"https://evil.example/", "//evil.example", "/%5Cevil.example", "javascript:alert(1)",
                         "", "/a%0d%0ab"}) {
    Browser browser(gateway);
    const Message begun = browser.open(std::string("/auth/login?return_to=") + to);
    const std::string code = provider_.code_for(begun.header("location"));
    const Message back = browser.open("/auth/callback?state=" + provider_.state() + "&code=" + code);
    EXPECT_EQ(back.header("location"), "https://localhost/welcome") << to;
  }
}

TEST_F(BrowserLogin, fifty_calls_at_once_renew_a_token_once) {
  provider_.access_lasts_s = 5;  // that is renewed ahead of its end, so at once
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  Browser browser(gateway);
  ASSERT_EQ(browser.log_in(provider_).status(), 303);
  provider_.access_lasts_s = 300;
  provider_.slow = true;
  provider_.go = false;
  std::atomic<int> good = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 50; ++i) {
    callers.emplace_back([&gateway, &good, cookie = browser.cookies["__Host-shop"]] {
      const std::string fields = "Cookie: __Host-shop=" + cookie + "\r\n" + kOwnPage;
      if (gateway.ask(request_text("GET", "/orders", fields)).status() == 200) ++good;
    });
  }
  EXPECT_TRUE(eventually([this] { return provider_.refreshes() == 1; }));
  provider_.go = true;
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(good, 50);
  EXPECT_EQ(provider_.refreshes(), 1);
  EXPECT_EQ(api_.requests().back().header("authorization"), "Bearer planted-access-1");
  expect_no_secret_in(gateway);
}

TEST_F(BrowserLogin, a_session_whose_token_is_not_renewed_is_over) {
  provider_.access_lasts_s = 1;
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  Browser browser(gateway);
  ASSERT_EQ(browser.log_in(provider_).status(), 303);
  provider_.away = true;
  // Nobody's fault but the issuer's: the session waits for better times.
  EXPECT_TRUE(eventually([&browser] { return browser.call("/orders").status() == 503; }));
  EXPECT_TRUE(browser.has_session());
  provider_.away = false;
  provider_.refuses_refresh = true;
  EXPECT_TRUE(eventually([&browser] { return browser.call("/orders").status() == 401; }));
  EXPECT_FALSE(browser.has_session());
}

TEST_F(BrowserLogin, what_is_granted_no_more_when_a_token_is_renewed_is_gone) {
  provider_.access_lasts_s = 5;
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  Browser browser(gateway);
  ASSERT_EQ(browser.log_in(provider_).status(), 303);
  provider_.access_lasts_s = 300;
  provider_.narrows = true;
  EXPECT_EQ(browser.send("POST", "/orders", kOwnPage).status(), 403);
  EXPECT_EQ(browser.call("/orders").status(), 200);
}

TEST_F(BrowserLogin, the_token_of_a_session_is_exchanged_for_one_of_the_upstreams) {
  Options exchanging = options();
  // Whoever may come without a session has nothing to exchange.
  const std::size_t open_page = exchanging.contract.find("  /welcome:");
  exchanging.contract.erase(open_page, exchanging.contract.find("  /events:") - open_page);
  exchanging.upstream = "";
  exchanging.config += "upstream:\n  url: '" + api_.url() + "'\n  token: {issuer: '" + provider_.url() +
                       "', grant: token_exchange, audience: orders}\n";
  Gateway gateway(exchanging);
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  Browser browser(gateway);
  ASSERT_EQ(browser.log_in(provider_).status(), 303);
  EXPECT_EQ(browser.call("/orders").status(), 200);
  EXPECT_EQ(api_.requests().back().header("authorization"), "Bearer planted-exchange-of-planted-access-0");
  EXPECT_THAT(api_.received(), Not(HasSubstr("Bearer planted-access-0")));
  expect_no_secret_in(gateway);
}

TEST_F(BrowserLogin, an_issuer_that_is_slow_keeps_nobody_else_waiting) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  Browser other(gateway);
  ASSERT_EQ(other.log_in(provider_).status(), 303);
  provider_.slow = true;
  provider_.go = false;
  Browser browser(gateway);
  const Message begun = browser.open("/auth/login");
  const std::string code = provider_.code_for(begun.header("location"));
  Message back;
  std::thread waiting(
      [&] { back = browser.open("/auth/callback?state=" + provider_.state() + "&code=" + code); });
  EXPECT_TRUE(eventually([this] { return provider_.logins() == 2; }));
  EXPECT_EQ(other.call("/orders").status(), 200);
  EXPECT_EQ(other.call("/welcome").status(), 200);
  EXPECT_EQ(other.open("/auth/login").status(), 303);
  provider_.go = true;
  waiting.join();
  EXPECT_EQ(back.status(), 303);
  EXPECT_TRUE(browser.has_session());
}

// A file that may not grow any more is what a full disk looks like to who writes it.
TEST_F(BrowserLogin, a_disk_that_takes_nothing_begins_no_session_and_ends_none) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  Browser before(gateway);
  ASSERT_EQ(before.log_in(provider_).status(), 303);
  const rlimit full{1, RLIM_INFINITY};
  rlimit was{};
  ASSERT_EQ(prlimit(gateway.process().pid(), RLIMIT_FSIZE, &full, &was), 0);
  Browser browser(gateway);
  const Message refused = browser.log_in(provider_);
  EXPECT_EQ(refused.status(), 503);
  EXPECT_FALSE(browser.has_session());
  EXPECT_EQ(before.call("/orders").status(), 200);
  ASSERT_EQ(prlimit(gateway.process().pid(), RLIMIT_FSIZE, &was, nullptr), 0);
  EXPECT_EQ(gateway.record_of(refused)["reason"], "login-unavailable");
  EXPECT_EQ(browser.log_in(provider_).status(), 303);
  EXPECT_EQ(browser.call("/orders").status(), 200);
}

TEST_F(BrowserLogin, an_open_stream_ends_with_its_session) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  api_.set_script([](Peer& peer) {
    while (auto request = peer.read_request()) {
      if (!peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: first\n\n")) return;
    }
  });
  Browser browser(gateway);
  ASSERT_EQ(browser.log_in(provider_).status(), 303);
  const Socket socket = Socket::connect(gateway.port());
  ASSERT_TRUE(socket.send(request_text(
      "GET", "/events", "Cookie: __Host-shop=" + browser.cookies["__Host-shop"] + "\r\n" + kOwnPage)));
  std::string seen;
  while (seen.find("first") == std::string::npos) ASSERT_TRUE(socket.receive(seen));
  ASSERT_EQ(browser.send("POST", "/auth/logout", kOwnPage).status(), 200);
  while (socket.receive(seen)) continue;
  const auto ended = [&gateway] {
    for (const Record& record : gateway.records()) {
      if (record.contains("reason") && record.at("reason") == "session-ended") return true;
    }
    return false;
  };
  EXPECT_TRUE(eventually(ended));
}

TEST_F(BrowserLogin, a_session_of_another_client_is_over_when_the_configuration_names_another) {
  Options kept = options();
  TestFolder state;
  kept.state_dir = state.file("state");
  std::map<std::string, std::string> cookies;
  {
    Gateway gateway(kept);
    ASSERT_TRUE(gateway.ready()) << gateway.process().err();
    Browser browser(gateway);
    ASSERT_EQ(browser.log_in(provider_).status(), 303);
    cookies = browser.cookies;
    EXPECT_EQ(gateway.stop(), 0);
  }
  kept.config.replace(kept.config.find("id: shop"), 8, "id: other");
  Gateway gateway(kept);
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  Browser browser(gateway);
  browser.cookies = cookies;
  EXPECT_EQ(browser.call("/orders").status(), 401);
}

TEST_F(BrowserLogin, step_up_sends_a_page_back_to_the_issuer_and_challenges_a_script) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  Browser browser(gateway);
  ASSERT_EQ(browser.log_in(provider_).status(), 303);
  const Message refused = browser.call("/payment");
  EXPECT_EQ(refused.status(), 401);
  EXPECT_THAT(refused.header("www-authenticate"), HasSubstr("insufficient_user_authentication"));
  const Message sent = browser.open("/payment");
  EXPECT_EQ(sent.status(), 302);
  EXPECT_THAT(sent.header("location"), HasSubstr("&acr_values=gold"));
  const Message begun = browser.open(Browser::path_of(sent.header("location")));
  EXPECT_EQ(query_of(begun.header("location")).at("acr_values"), "gold");
  provider_.claims = R"(,"acr":"gold")";
  const std::string code = provider_.code_for(begun.header("location"));
  const Message back = browser.open("/auth/callback?state=" + provider_.state() + "&code=" + code);
  EXPECT_EQ(back.header("location"), "https://localhost/payment");
  EXPECT_EQ(browser.open("/payment").status(), 200);
}

TEST_F(BrowserLogin, logging_out_ends_the_session_here_and_at_the_issuer) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  Browser browser(gateway);
  ASSERT_EQ(browser.log_in(provider_).status(), 303);
  Browser copy(gateway);
  copy.cookies = browser.cookies;
  const Message out = browser.send(
      "POST", "/auth/logout", std::string(kOwnPage) + "Sec-Fetch-Mode: navigate\r\nAccept: text/html\r\n");
  EXPECT_EQ(out.status(), 303);
  EXPECT_THAT(out.header("location"),
              AllOf(StartsWith(provider_.url() + "/logout?id_token_hint="),
                    HasSubstr("post_logout_redirect_uri=https%3A%2F%2Flocalhost%2F")));
  EXPECT_FALSE(browser.has_session());
  EXPECT_EQ(copy.call("/orders").status(), 401);
  EXPECT_TRUE(eventually([this] {
    for (const Message& request : provider_.server().requests()) {
      if (request.start_line.starts_with("POST /revoke"))
        return request.body.find("planted-refresh") != std::string::npos;
    }
    return false;
  }));
  // A script is told where to go; and whoever has no session is logged out already.
  const Message again = browser.send("POST", "/auth/logout", kOwnPage);
  EXPECT_EQ(again.status(), 200);
  EXPECT_EQ(again.body, "{\"location\":\"https://localhost/\"}\n");
  EXPECT_EQ(browser.open("/auth/logout").status(), 405);
}

TEST_F(BrowserLogin, the_issuer_ends_sessions_by_the_back_channel) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  Browser alice(gateway);
  ASSERT_EQ(alice.log_in(provider_).status(), 303);
  provider_.subject = "bob";
  Browser bob(gateway);
  ASSERT_EQ(bob.log_in(provider_).status(), 303);
  const std::string event = R"("events":{"http://schemas.openid.net/event/backchannel-logout":{}})";
  const auto post = [&](const std::string& token) {
    return gateway.ask(request_text("POST", "/auth/backchannel-logout",
                                    "Content-Type: application/x-www-form-urlencoded\r\n",
                                    "logout_token=" + token));
  };
  for (const std::string& bad :
       {std::string("x"), provider_.sign(R"("aud":"other","jti":"1","sub":"alice",)" + event),
        provider_.sign(R"("aud":"shop","jti":"1","sub":"alice")"),
        provider_.sign(R"("aud":"shop","jti":"1","sub":"alice","nonce":"n",)" + event),
        provider_.sign(R"("aud":"shop","sub":"alice",)" + event),
        provider_.sign(R"("aud":"shop","jti":"1",)" + event), provider_.id_token("n")}) {
    const Message refused = post(bad);
    EXPECT_EQ(refused.status(), 400);
    EXPECT_EQ(gateway.record_of(refused)["reason"], "logout-refused");
  }
  EXPECT_EQ(alice.call("/orders").status(), 200);
  EXPECT_EQ(post(provider_.sign(R"("aud":"shop","jti":"1","sub":"alice",)" + event)).status(), 200);
  EXPECT_EQ(alice.call("/orders").status(), 401);
  EXPECT_EQ(bob.call("/orders").status(), 200);
  EXPECT_EQ(post(provider_.sign(R"("aud":"shop","jti":"2","sid":"s-1",)" + event)).status(), 200);
  EXPECT_EQ(bob.call("/orders").status(), 401);
  // An issuer that says the session's id here and nowhere else means the subject.
  provider_.session = "";
  Browser again(gateway);
  ASSERT_EQ(again.log_in(provider_).status(), 303);
  EXPECT_EQ(post(provider_.sign(R"("aud":"shop","jti":"3","sid":"s-2",)" + event)).status(), 200);
  EXPECT_EQ(again.call("/orders").status(), 200);
  EXPECT_EQ(post(provider_.sign(R"("aud":"shop","jti":"4","sub":"bob","sid":"s-2",)" + event)).status(), 200);
  EXPECT_EQ(again.call("/orders").status(), 401);
  expect_no_secret_in(gateway);
}

TEST_F(BrowserLogin, sessions_outlive_a_restart_and_nothing_of_them_lies_open_on_disk) {
  const Options first = options();
  std::map<std::string, std::string> cookies;
  TestFolder state;
  Options kept = first;
  kept.state_dir = state.file("state");
  {
    Gateway gateway(kept);
    ASSERT_TRUE(gateway.ready()) << gateway.process().err();
    Browser own(gateway);
    ASSERT_EQ(own.log_in(provider_).status(), 303);
    cookies = own.cookies;
    EXPECT_EQ(gateway.stop(), 0);
  }
  for (const auto& entry : std::filesystem::directory_iterator(kept.state_dir)) {
    if (!entry.is_regular_file()) continue;
    const std::string text = read_file(entry.path().string());
    for (const std::string& secret : {std::string("planted-"), std::string("alice"), cookies["__Host-shop"]})
      EXPECT_THAT(text, Not(HasSubstr(secret))) << entry.path();
    EXPECT_EQ(entry.status().permissions() & std::filesystem::perms::others_all,
              std::filesystem::perms::none);
  }
  Gateway gateway(kept);
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  Browser browser(gateway);
  browser.cookies = cookies;
  EXPECT_EQ(browser.call("/orders").status(), 200);
  EXPECT_EQ(api_.requests().back().header("authorization"), "Bearer planted-access-0");
}

TEST_F(BrowserLogin, a_session_is_revoked_by_its_id_or_subject_within_a_second) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  for (const bool by_id : {true, false}) {
    Browser browser(gateway);
    ASSERT_EQ(browser.log_in(provider_).status(), 303);
    ASSERT_EQ(browser.call("/orders").status(), 200);
    const std::string body = browser.call("/auth/session").body;
    const std::string id = body.substr(body.find("ses_"), 20);
    const Words words = by_id ? Words{"revoke", "session", id, "--state-dir", gateway.state_dir()}
                              : Words{"revoke", "subject", "alice", "--state-dir", gateway.state_dir()};
    const Finished revoked = run_caponier(words);
    EXPECT_EQ(revoked.status, 0) << revoked.err;
    EXPECT_TRUE(eventually([&browser] { return browser.call("/orders").status() == 401; }));
    EXPECT_FALSE(browser.has_session());
  }
}

TEST_F(BrowserLogin, a_session_that_is_over_does_not_keep_a_browser_from_public_pages) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  Browser browser(gateway);
  browser.cookies["__Host-shop"] = std::string(43, 'A');
  const Message sent = browser.open("/welcome");
  EXPECT_EQ(sent.status(), 302);
  EXPECT_EQ(sent.header("location"), "/welcome");
  EXPECT_FALSE(browser.has_session());
  EXPECT_EQ(browser.open("/welcome").status(), 200);
}

TEST_F(BrowserLogin, a_clients_own_token_never_goes_along_with_a_session) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  Browser browser(gateway);
  ASSERT_EQ(browser.log_in(provider_).status(), 303);
  (void)browser.send("GET", "/orders", std::string(kOwnPage) + "Authorization: Bearer forged\r\n");
  for (const Message& request : api_.requests())
    EXPECT_THAT(request.header("authorization"), Not(HasSubstr("forged")));
}

TEST_F(BrowserLogin, what_is_missing_or_cannot_be_is_an_error_at_load) {
  struct Row {
    const char* what;
    const char* instead;
    const char* says;
  };
  const std::string good = options().config;
  for (const Row& row :
       {Row{"origin: 'https://localhost'", "origin: 'http://localhost'", "by https"},
        Row{"origin: 'https://localhost'", "origin: 'https://localhost/app'", "without a path"},
        Row{"origin: 'https://localhost', ", "", "origin"},
        Row{"scopes: ['orders:write']", "path: /orders/..", "is not a path"},
        Row{"scopes: ['orders:write']", "parameters: {state: x}", "said by the gateway itself"},
        Row{"scopes: ['orders:write']", "lifetime: 31d", "lifetime"},
        Row{"client: {", "# client: {", "no client"}}) {
    Options bad = options();
    const std::size_t at = bad.config.find(row.what);
    ASSERT_NE(at, std::string::npos) << row.what;
    bad.config.replace(at, std::string_view(row.what).size(), row.instead);
    Gateway gateway(bad);
    EXPECT_FALSE(gateway.ready()) << row.instead;
    EXPECT_THAT(gateway.process().err(), HasSubstr(row.says)) << row.instead;
  }
  Options taken = options();
  taken.config.replace(taken.config.find("scopes: ['orders:write']"), 24, "path: /taken");
  taken.contract +=
      "  /taken/login:\n    get: {security: [{browser: []}], responses: {\"200\": {description: ok}}}\n";
  Gateway gateway(taken);
  EXPECT_FALSE(gateway.ready());
  EXPECT_THAT(gateway.process().err(), HasSubstr("login-path-taken"));
}

}  // namespace
}  // namespace caponier::e2e
