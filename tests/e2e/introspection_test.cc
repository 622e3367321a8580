// Tokens that only their issuer can read: it is asked once, and what it says is what holds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "base/bytes.h"
#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kSecret = "s3cret:with/odd chars";
constexpr const char* kSecretEncoded = "s3cret%3Awith%2Fodd%20chars";

class Introspection : public testing::Test {
 protected:
  [[nodiscard]] Options options(const std::string& more = "") const {
    folder_.write("secret", std::string(kSecret) + "\n");
    std::filesystem::permissions(folder_.file("secret"), std::filesystem::perms::owner_read);
    return {.contract = kContract,
            .upstream = api_url_,
            .config =
                "hosts: [localhost]\nissuers:\n  - issuer: https://issuer.example\n    audiences: [api]\n"
                "    allow_internal_addresses: true\n    client: {id: gateway, secret: 'file://" +
                folder_.file("secret") + "'}\n    introspection:\n      url: " + server_url_ +
                "/introspect\n" + more,
            .dev = false};
  }
  // What the issuer says of a token.
  void say(const std::string& token, const std::string& json) {
    const std::lock_guard lock(mutex_);
    said_[token] = json;
  }
  static std::string active(const std::string& more) {
    return R"({"active":true,"sub":"alice","aud":"api","scope":"items:read")" + more + "}";
  }
  static std::string get(const std::string& token) { return request_text("GET", "/items/1", bearer(token)); }
  std::size_t asked() { return server_.requests().size(); }

  TestFolder folder_;
  std::mutex mutex_;
  std::map<std::string, std::string> said_;
  Upstream api_{echoing()};
  Upstream server_{[this](Peer& peer) {
    while (auto request = peer.read_request()) {
      const std::lock_guard lock(mutex_);
      std::string token = request->body.substr(0, request->body.find('&'));
      const auto found = said_.find(token.substr(token.find('=') + 1));
      const std::string answer = found == said_.end() ? R"({"active":false})" : found->second;
      (void)peer.send(answer == "500" ? answer_text(500, "text/plain", "no")
                                      : answer_text(200, "application/json", answer));
    }
  }};
  std::string api_url_ = api_.url();
  std::string server_url_ = server_.url();
};

TEST_F(Introspection, an_active_token_is_asked_about_once_and_its_scopes_hold) {
  say("opaque-1", active(""));
  say("opaque-2", active(R"(,"scope2":1)"));
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(gateway.ask(get("opaque-1")).status(), 200);
  ASSERT_EQ(asked(), 1U);
  const Message question = server_.requests()[0];
  EXPECT_EQ(question.start_line, "POST /introspect HTTP/1.1");
  EXPECT_EQ(question.body, "token=opaque-1&token_type_hint=access_token");
  EXPECT_EQ(question.header("Authorization"),
            "Basic " + base64_encode(std::string("gateway:") + kSecretEncoded));
  EXPECT_THAT(api_.received(), HasSubstr("Caponier-Subject: alice\r\n"));
  EXPECT_THAT(api_.received(), HasSubstr("Caponier-Issuer: https://issuer.example\r\n"));
  const Message denied = gateway.ask(request_text(
      "POST", "/items", bearer("opaque-2") + "Content-Type: application/json\r\n", R"({"name":"a"})"));
  EXPECT_EQ(denied.status(), 403);
  EXPECT_EQ(gateway.record_of(denied)["reason"], "scope-missing");
}

TEST_F(Introspection, an_inactive_token_is_refused_and_remembered) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  for (int i = 0; i < 3; ++i) {
    const Message answer = gateway.ask(get("nobody-knows"));
    EXPECT_EQ(answer.status(), 401);
    EXPECT_EQ(answer.header("WWW-Authenticate"), "Bearer realm=\"api\"");
    EXPECT_EQ(gateway.record_of(answer)["reason"], "token-inactive");
  }
  EXPECT_EQ(asked(), 1U);
  EXPECT_EQ(api_.received(), "");
}

TEST_F(Introspection, what_the_issuer_says_is_judged_like_a_token) {
  say("expired", active(R"(,"exp":1)"));
  say("foreign", R"({"active":true,"sub":"a","aud":"other","scope":"items:read"})");
  say("no-audience", R"({"active":true,"sub":"a","scope":"items:read"})");
  say("other-issuer", active(R"(,"iss":"https://evil.example")"));
  say("bound", active(R"(,"cnf":{"jkt":"abc"})"));
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  for (const auto& [token, reason] : {std::pair("expired", "token-expired"),
                                      {"foreign", "token-wrong-audience"},
                                      {"no-audience", "token-wrong-audience"},
                                      {"other-issuer", "token-wrong-issuer"},
                                      {"bound", "token-of-another-sender"}}) {
    const Message answer = gateway.ask(get(token));
    EXPECT_EQ(answer.status(), 401) << token;
    EXPECT_EQ(gateway.record_of(answer)["reason"], reason) << token;
  }
  EXPECT_EQ(api_.received(), "");
}

TEST_F(Introspection, a_refresh_token_that_the_issuer_knows_is_none_for_the_api) {
  say("refresh", active(R"(,"token_type":"refresh_token")"));
  say("offline", active(R"(,"typ":"Offline")"));
  say("id", active(R"(,"token_use":"id_token")"));
  say("access", active(R"(,"token_type":"bearer","token_use":"access_token","typ":"Bearer")"));
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  for (const char* token : {"refresh", "offline", "id"}) {
    const Message answer = gateway.ask(get(token));
    EXPECT_EQ(answer.status(), 401) << token;
    EXPECT_EQ(gateway.record_of(answer)["reason"], "token-inactive") << token;
  }
  EXPECT_EQ(api_.received(), "");
  EXPECT_EQ(gateway.ask(get("access")).status(), 200);
}

TEST_F(Introspection, an_issuer_that_does_not_say_lets_nobody_in) {
  for (const std::string answer :
       {"500", "{", "[]", R"({"active":"true"})", R"({"active":true,"exp":"soon"})"})
    say("token-" + std::to_string(answer.size()), answer);
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  for (const std::string token : {"token-3", "token-1", "token-2", "token-17", "token-28"}) {
    const Message answer = gateway.ask(get(token));
    EXPECT_EQ(answer.status(), 503) << token;
    EXPECT_EQ(answer.header("Retry-After"), "5");
    EXPECT_EQ(gateway.record_of(answer)["reason"], "introspection-unavailable") << token;
  }
  say("good", active(""));
  EXPECT_EQ(gateway.ask(get("good")).status(), 200);
  server_.stop();
  EXPECT_EQ(gateway.ask(get("another")).status(), 503);
  // What is known stays known for a while.
  EXPECT_EQ(gateway.ask(get("good")).status(), 200);
  EXPECT_TRUE(gateway.process().read_until(
      [&gateway] { return gateway.process().err().find("introspection: ") != std::string::npos; }));
}

TEST_F(Introspection, one_connection_serves_for_many_questions) {
  for (int i = 0; i < 10; ++i) say("opaque-" + std::to_string(i), active(""));
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(gateway.ask(get("opaque-" + std::to_string(i))).status(), 200);
  EXPECT_EQ(asked(), 10U);
  EXPECT_EQ(server_.connections(), 1U);
}

TEST_F(Introspection, many_requests_with_one_token_ask_once) {
  say("busy", active(""));
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  std::vector<Socket> sockets;
  {
    // The issuer waits for this lock.
    const std::lock_guard lock(mutex_);
    for (int i = 0; i < 20; ++i) {
      sockets.push_back(Socket::connect(gateway.port()));
      ASSERT_TRUE(sockets.back().send(get("busy")));
    }
  }
  for (Socket& socket : sockets) {
    MessageReader reader(socket);
    const auto answer = reader.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status(), 200);
  }
  EXPECT_EQ(asked(), 1U);
}

TEST_F(Introspection, neither_token_nor_secret_is_in_the_log) {
  say("very-secret-token", active(""));
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(gateway.ask(get("very-secret-token")).status(), 200);
  EXPECT_EQ(gateway.ask(get("other-secret-token")).status(), 401);
  server_.stop();
  EXPECT_EQ(gateway.ask(get("third-secret-token")).status(), 503);
  (void)gateway.wait_for_records(3);
  gateway.stop();
  for (const std::string_view secret : {"secret-token", "s3cret", "odd"}) {
    EXPECT_THAT(gateway.log(), Not(HasSubstr(secret)));
    EXPECT_THAT(gateway.process().err(), Not(HasSubstr(secret)));
  }
}

TEST_F(Introspection, a_secret_that_is_written_down_does_not_load) {
  Options literal = options();
  const std::size_t at = literal.config.find("'file://");
  literal.config.replace(at, literal.config.find('}', at) - at, "hunter2hunter2");
  Gateway gateway(literal);
  EXPECT_FALSE(gateway.ready());
  EXPECT_THAT(gateway.process().err(), HasSubstr("[literal-secret]"));
  EXPECT_THAT(gateway.process().err(), Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace caponier::e2e
