// Listeners and their surfaces: what exists on which of them, through real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kTwoFaces = R"(openapi: 3.1.0
info: {title: Two faces, version: "1"}
servers: [{url: /}]
security: []
x-caponier: {rate_limit: {per_address: 100000/m}}
paths:
  /shown:
    get:
      operationId: getShown
      x-caponier: {public: {reason: "a test"}}
      responses: {"200": {description: ok, content: {text/plain: {}}}}
    post:
      operationId: clearShown
      x-caponier: {public: {reason: "a test"}, internal: true}
      responses: {"200": {description: ok, content: {text/plain: {}}}}
  /caches:
    get:
      operationId: getCaches
      x-caponier: {public: {reason: "a test"}, internal: true}
      responses: {"200": {description: ok, content: {text/plain: {}}}}
  /{anything}:
    get:
      operationId: getAnything
      x-caponier: {public: {reason: "a test"}}
      parameters: [{name: anything, in: path, required: true, schema: {type: string, maxLength: 20}}]
      responses: {"200": {description: ok, content: {text/plain: {}}}}
)";
constexpr const char* kListeners = R"(listeners:
  - {listen: "http://127.0.0.1:0"}
  - {listen: "http://127.0.0.1:0", surface: internal}
  - {listen: "http://127.0.0.1:0", surface: admin}
)";

struct TwoFaces : testing::Test {
  Upstream upstream{answering(answer_text(200, "text/plain", "x"))};
  Gateway gateway{{.contract = kTwoFaces, .upstream = upstream.url(), .config = kListeners}};
};

TEST_F(TwoFaces, an_internal_operation_does_not_exist_on_a_public_listener) {
  ASSERT_TRUE(gateway.ready());
  const Message hidden = gateway.ask(request_text("GET", "/caches"));
  EXPECT_EQ(hidden.status(), 404) << "and not the wider template either";
  const Message undeclared = gateway.ask(request_text("GET", "/a/b/c"));
  EXPECT_EQ(gateway.record_of(hidden)["reason"], gateway.record_of(undeclared)["reason"]);
  EXPECT_EQ(gateway.ask(request_text("GET", "/other")).status(), 200);
  EXPECT_EQ(upstream.requests().size(), 1U);
}

TEST_F(TwoFaces, an_internal_method_is_not_named_as_allowed_on_a_public_listener) {
  ASSERT_TRUE(gateway.ready());
  const Message refused = gateway.ask(request_text("POST", "/shown"));
  EXPECT_EQ(refused.status(), 405);
  EXPECT_THAT(refused.header("Allow"), HasSubstr("GET"));
  EXPECT_THAT(refused.header("Allow"), Not(HasSubstr("POST")));
}

TEST_F(TwoFaces, an_internal_listener_serves_internal_and_other_operations) {
  const int internal = gateway.port_of("internal");
  ASSERT_NE(internal, 0);
  EXPECT_EQ(ask(internal, request_text("GET", "/caches")).status(), 200);
  EXPECT_EQ(ask(internal, request_text("POST", "/shown")).status(), 200);
  EXPECT_EQ(ask(internal, request_text("GET", "/shown")).status(), 200);
  EXPECT_EQ(gateway.wait_for_records(3).back()["listener"], "internal");
}

TEST_F(TwoFaces, an_admin_listener_serves_no_operation) {
  const int admin = gateway.port_of("admin");
  ASSERT_NE(admin, 0);
  EXPECT_EQ(ask(admin, request_text("GET", "/shown")).status(), 404);
  EXPECT_EQ(ask(gateway.port(), request_text("GET", "/healthz")).status(), 200) << "that is /{anything}";
  EXPECT_EQ(upstream.requests().size(), 1U);
}

TEST(Listeners, the_configuration_can_mark_operations_internal_that_the_document_does_not) {
  const Upstream upstream{answering(answer_text(200, "text/plain", "x"))};
  Gateway gateway(
      {.contract = kTwoFaces,
       .upstream = upstream.url(),
       .config = std::string(kListeners) + "operations: [{operation: getShown, internal: true}]\n"});
  const int internal = gateway.port_of("internal");
  EXPECT_EQ(gateway.ask(request_text("GET", "/shown")).status(), 404);
  EXPECT_EQ(ask(internal, request_text("GET", "/shown")).status(), 200);
}

// To [::1]; one answer's status line.
std::string ask_ipv6(int port, const std::string& request) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(static_cast<std::uint16_t>(port));
  address.sin6_addr = in6addr_loopback;
  const Socket socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(socket.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return "unreachable";
  std::string answer;
  if (!socket.send(request)) return "unsent";
  while (answer.find("\r\n") == std::string::npos && socket.receive(answer)) {
  }
  return answer.substr(0, answer.find("\r\n"));
}

TEST(Listeners, a_listener_can_have_an_ipv6_address) {
  const Socket probe(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  if (bind(probe.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    GTEST_SKIP() << "this machine has no IPv6 loopback";
  }
  const Upstream upstream{answering(answer_text(200, "text/plain", "x"))};
  Gateway gateway({.contract = kTwoFaces,
                   .upstream = upstream.url(),
                   .config = "listeners: [{listen: 'http://[::1]:0', surface: internal}]\n"});
  const int port = gateway.port_of("internal");
  ASSERT_NE(port, 0);
  EXPECT_EQ(ask_ipv6(port, request_text("GET", "/caches")), "HTTP/1.1 200 OK");
  EXPECT_EQ(gateway.wait_for_records(1).back()["peer"], "::1");
}

TEST(Listeners, what_may_not_be_reached_is_refused_at_load_with_its_place) {
  struct Case {
    std::string listener;
    std::string says;
  };
  for (const Case& c : {Case{"listen: 'http://0.0.0.0:80'", "caponier.yaml:1:22"},
                        Case{"listen: 'https://0.0.0.0:9901', surface: admin, certificate: c, key: k",
                             "whoever reaches the admin surface"},
                        Case{"listen: '127.0.0.1:0', surface: admn", "Did you mean \"admin\"?"},
                        Case{"listen: '127.0.0.1:0', sufrace: admin", "surface"}}) {
    const TestFolder folder;
    const Finished check = run_caponier(
        {"check", "--contract", folder.write("api.yaml", kTwoFaces), "--upstream", "http://127.0.0.1:1",
         "--config", folder.write("caponier.yaml", "listeners: [{" + c.listener + "}]\n")});
    EXPECT_EQ(check.status, 2) << c.listener;
    EXPECT_THAT(check.err, HasSubstr(c.says)) << c.listener;
  }
}

TEST(Listeners, check_shows_what_is_internal_and_that_no_listener_serves_it) {
  const TestFolder folder;
  const std::string contract = folder.write("api.yaml", kTwoFaces);
  const std::string alone = folder.write("alone.yaml", "listeners: [{listen: 'http://127.0.0.1:0'}]\n");
  const std::string both = folder.write("both.yaml", kListeners);
  const Finished dead =
      run_caponier({"check", "--contract", contract, "--upstream", "http://127.0.0.1:1", "--config", alone});
  EXPECT_THAT(dead.out, HasSubstr("GET /caches (internal)"));
  EXPECT_THAT(dead.out, HasSubstr("internal-unserved"));
  const Finished served =
      run_caponier({"check", "--contract", contract, "--upstream", "http://127.0.0.1:1", "--config", both});
  EXPECT_THAT(served.out, Not(HasSubstr("internal-unserved")));
}

TEST(Listeners, check_shows_whom_each_of_them_believes) {
  const TestFolder folder;
  const Finished check = run_caponier(
      {"check", "--contract", folder.write("api.yaml", kTwoFaces), "--upstream", "http://127.0.0.1:1",
       "--config",
       folder.write(
           "caponier.yaml",
           "listeners:\n  - {listen: 'http://127.0.0.1:0', proxy_protocol: [127.0.0.1, 2001:db8::/32], "
           "trusted_proxies: [10.0.0.0/8]}\n  - {listen: 'http://0.0.0.0:80', name: plain, redirect: "
           "'https://a.example'}\n")});
  EXPECT_NE(check.status, 2) << check.err;
  EXPECT_THAT(check.out,
              HasSubstr("public: http://127.0.0.1:0, public, PROXY header of 127.0.0.1/32, 2001:db8::/32, "
                        "X-Forwarded-For of 10.0.0.0/8\n"));
  EXPECT_THAT(check.out, HasSubstr("plain: http://0.0.0.0:80, public, redirects to https://a.example\n"));
}

TEST(Listeners, match_tells_what_an_internal_listener_would_say) {
  const TestFolder folder;
  const std::string contract = folder.write("api.yaml", kTwoFaces);
  EXPECT_EQ(run_caponier({"match", "GET", "/caches", "--contract", contract}).status, 1);
  EXPECT_EQ(run_caponier({"match", "GET", "/caches", "--contract", contract, "--internal"}).status, 0);
}

}  // namespace
}  // namespace caponier::e2e
