// A plain listener that shows the way to https and serves nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;

struct Redirect : testing::Test {
  Upstream upstream{answering(answer_text(200, "text/plain", "x"))};
  Gateway gateway{{.contract = kContract,
                   .upstream = upstream.url(),
                   .config = "listeners:\n  - {name: plain, listen: 'http://127.0.0.1:0', redirect: "
                             "'https://api.example.com:8443'}\n",
                   .tls = true}};
  int plain = gateway.port_of("redirect");
};

TEST_F(Redirect, get_and_head_without_a_credential_are_shown_the_way) {
  ASSERT_NE(plain, 0);
  const Message shown = ask(plain, request_text("GET", "/anything/at/all?q=%20"));
  EXPECT_EQ(shown.status(), 308);
  EXPECT_EQ(shown.header("Location"), "https://api.example.com:8443/anything/at/all?q=%20");
  EXPECT_EQ(ask(plain, "HEAD /open HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").status(), 308);
  EXPECT_EQ(gateway.record_of(shown)["listener"], "plain");
  EXPECT_EQ(upstream.connections(), 0U);
}

TEST_F(Redirect, who_sent_a_credential_is_told_that_it_is_burnt) {
  for (const char* field : {"Authorization: Bearer secret-token\r\n", "Cookie: session=secret\r\n"}) {
    const Message refused = ask(plain, request_text("GET", "/open", field));
    EXPECT_EQ(refused.status(), 403);
    EXPECT_THAT(refused.body, HasSubstr("Take it for known to others"));
    EXPECT_EQ(gateway.record_of(refused)["reason"], "credential-exposed");
  }
  EXPECT_EQ(gateway.log().find("secret"), std::string::npos);
  EXPECT_EQ(upstream.connections(), 0U);
}

TEST_F(Redirect, nothing_else_is_served_there) {
  for (const char* method : {"POST", "DELETE", "OPTIONS"}) {
    const Message refused = ask(plain, request_text(method, "/open"));
    EXPECT_EQ(refused.status(), 403) << method;
    EXPECT_EQ(gateway.record_of(refused)["reason"], "https-required");
  }
  EXPECT_EQ(upstream.connections(), 0U);
}

TEST(RedirectSettings, say_where_https_is_spoken_and_stand_at_a_plain_public_listener) {
  struct Case {
    std::string listener;
    std::string says;  // empty: it is good
  };
  for (const Case& c :
       {Case{"listen: 'http://0.0.0.0:80', redirect: 'https://api.example.com'", ""},
        Case{"listen: 'http://0.0.0.0:80'", "redirect: https://HOST"},
        Case{"listen: 'http://0.0.0.0:80', redirect: 'http://api.example.com'", "https is spoken"},
        Case{"listen: 'http://0.0.0.0:80', redirect: 'https://api.example.com/v1'", "https is spoken"},
        Case{"listen: 'http://0.0.0.0:80', redirect: api.example.com", "https is spoken"},
        Case{"listen: 'http://0.0.0.0:80', surface: internal, redirect: 'https://a.example'",
             "public listeners that speak plain HTTP"},
        Case{"listen: '127.0.0.1:0', redirect: 'https://a.example'",
             "public listeners that speak plain HTTP"}}) {
    const TestFolder folder;
    const Finished check = run_caponier(
        {"check", "--contract", folder.write("api.yaml", kContract), "--upstream", "http://127.0.0.1:1",
         "--listen", "http://127.0.0.1:0", "--config",
         folder.write("caponier.yaml",
                      "issuers: [{issuer: i, audiences: [a], jwks_file: k.json}]\nlisteners: [{" +
                          c.listener + "}]\n")});
    EXPECT_EQ(check.status == 2, !c.says.empty()) << c.listener << check.err;
    EXPECT_THAT(check.err, HasSubstr(c.says)) << c.listener;
  }
}

}  // namespace
}  // namespace caponier::e2e
