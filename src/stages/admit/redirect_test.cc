#include "stages/admit/redirect.h"

#include <gtest/gtest.h>

#include <string>

#include "stages/test_world.h"

namespace caponier::stages {
namespace {

struct Redirect : testing::Test {
  World world;
  config::ListenerRules rules;
  Redirect() { rules.redirect = "https://api.example.com"; }

  // The Location, or the id of the reason.
  std::string of(const std::string& head) {
    Request request(world, head);
    request.peer.rules = &rules;
    auto verdict = request.judge();
    EXPECT_FALSE(verdict);
    if (const LocalResponse* answer = verdict.answer()) {
      EXPECT_EQ(answer->status, 308);
      return answer->location;
    }
    return std::string(id(verdict.denial()->reason));
  }
};

TEST_F(Redirect, get_and_head_are_shown_the_way_whatever_they_ask_for) {
  EXPECT_EQ(of("GET /v1/public HTTP/1.1\r\n"), "https://api.example.com/v1/public");
  EXPECT_EQ(of("HEAD /undeclared?a=b&c=%2F HTTP/1.1\r\n"), "https://api.example.com/undeclared?a=b&c=%2F");
  EXPECT_EQ(of("GET /? HTTP/1.1\r\n"), "https://api.example.com/?");
  EXPECT_EQ(of("GET //evil.example/ HTTP/1.1\r\n"), "https://api.example.com//evil.example/");
  EXPECT_EQ(of("GET http://api.example.com/x HTTP/1.1\r\n"), "https://api.example.com/x");
}

TEST_F(Redirect, other_methods_are_refused) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
    EXPECT_EQ(of(std::string(method) + " /v1/orders HTTP/1.1\r\n"), "https-required") << method;
  }
}

TEST_F(Redirect, who_sent_a_credential_is_told_that_it_is_burnt) {
  for (const char* sent :
       {"GET / HTTP/1.1\r\nAuthorization: Bearer x\r\n", "GET / HTTP/1.1\r\nauthorization: \r\n",
        "GET / HTTP/1.1\r\nCookie: session=1\r\n", "GET / HTTP/1.1\r\nx-api-key: secret-1\r\n",
        "GET / HTTP/1.1\r\nProxy-Authorization: Basic eDp5\r\n",
        "POST / HTTP/1.1\r\nAuthorization: Basic eDp5\r\n", "GET /?a=b&access_token=x HTTP/1.1\r\n",
        "GET /?Access%5Ftoken=x HTTP/1.1\r\n"}) {
    EXPECT_EQ(of(sent), "credential-exposed") << sent;
  }
}

TEST_F(Redirect, what_only_looks_like_a_credential_is_none) {
  EXPECT_EQ(of("GET /?token=x&xaccess_token=y HTTP/1.1\r\nX-Other-Key: 1\r\n"),
            "https://api.example.com/?token=x&xaccess_token=y");
}

TEST_F(Redirect, a_host_that_is_not_served_is_shown_no_way) {
  Request request(world, "GET / HTTP/1.1\r\n", "evil.example");
  request.peer.rules = &rules;
  auto verdict = request.judge();
  ASSERT_NE(verdict.denial(), nullptr);
  EXPECT_EQ(verdict.denial()->reason, Reason::kHostNotAllowed);
}

TEST(Misdirected, a_host_of_another_certificate_is_refused) {
  std::string any_host(kConfig);
  const std::string hosts = "hosts: [api.example.com, '::1']\n";
  any_host.erase(any_host.find(hosts), hosts.size());
  const World world(kContract, any_host);
  ServerNames names;
  EXPECT_TRUE(names.add("a.example.com", 0));
  EXPECT_TRUE(names.add("*.b.example.com", 1));
  struct Case {
    const char* host;
    std::uint32_t certificate;
    bool served;
  };
  for (const Case& c : {Case{"a.example.com", 0, true}, Case{"a.example.com:8443", 0, true},
                        Case{"x.b.example.com", 0, false}, Case{"x.b.example.com", 1, true},
                        Case{"y.B.example.com:443", 1, true}, Case{"a.example.com", 1, false},
                        Case{"other.example.com", 0, true}, Case{"other.example.com", 1, false},
                        Case{"[::1]:443", 0, true}, Case{"[::1]", 1, false}}) {
    Request request(world, "GET /v1/public HTTP/1.1\r\n", c.host);
    request.peer.server_names = &names;
    request.peer.certificate = c.certificate;
    EXPECT_EQ(request.reason(), c.served ? Reason::kNone : Reason::kMisdirected) << c.host << c.certificate;
  }
}

}  // namespace
}  // namespace caponier::stages
