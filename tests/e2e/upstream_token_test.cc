// Upstreams that are called by a token of an issuer: the gateway's own, or one for the caller's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
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

constexpr const char* kSecret = "planted-client-secret";

class UpstreamToken : public testing::Test {
 protected:
  UpstreamToken() {
    folder_.write("secret", std::string(kSecret) + "\n");
    std::filesystem::permissions(folder_.file("secret"), std::filesystem::perms::owner_read);
  }
  // `about` is more of the upstream's `token`.
  [[nodiscard]] Options options(const std::string& about = "", const std::string& contract = kContract) {
    return {.contract = contract,
            .upstream = "",
            .config = "hosts: [localhost]\nupstream:\n  url: '" + api_.url() + "'\n  token: {issuer: '" +
                      server_.url() + "'" + about + "}\nissuers:\n  - issuer: '" + server_.url() +
                      "'\n    client: {id: gateway, secret: 'file://" + folder_.file("secret") +
                      "'}\n    audiences: [api]\n    allow_internal_addresses: true\n    jwks_file: '" +
                      folder_.write("keys.json", issuer_.key_set()) + "'\n",
            .dev = false};
  }
  [[nodiscard]] std::string get(const std::string& subject = "alice") const {
    return request_text("GET", "/items/1", bearer(issuer_.token(subject, "items:read")));
  }
  void say(const std::string& answer) {
    const std::lock_guard lock(mutex_);
    answer_ = answer;
  }
  static std::string granted(const std::string& more = R"(,"expires_in":600)") {
    return R"({"access_token":"service-token-N","token_type":"Bearer")" + more + "}";
  }
  // What was sent to the token endpoint.
  std::vector<Message> asked() {
    std::vector<Message> out;
    for (Message& request : server_.requests()) {
      if (request.start_line.starts_with("POST /token ")) out.push_back(std::move(request));
    }
    return out;
  }
  void serve(Peer& peer) {
    while (auto request = peer.read_request()) {
      const std::lock_guard lock(mutex_);
      if (request->start_line.starts_with("GET ")) {
        (void)peer.send(answer_text(200, "application/json",
                                    "{\"issuer\":\"" + server_url_ + "\",\"jwks_uri\":\"" + server_url_ +
                                        "/jwks\",\"token_endpoint\":\"" + server_url_ + "/token\"}"));
        continue;
      }
      std::string answer = answer_;
      if (const std::size_t at = answer.find("-N\""); at != std::string::npos)
        answer.replace(at, 2, "-" + std::to_string(++number_));
      const int status = answer.starts_with("400") ? 400 : 200;
      (void)peer.send(
          answer_text(status, "application/json", status == 400 ? R"({"error":"invalid_grant"})" : answer));
    }
  }

  TestFolder folder_;
  std::mutex mutex_;  // guards these three
  std::string answer_ = granted();
  std::string server_url_;
  int number_ = 0;
  Upstream api_{echoing()};
  Upstream server_{[this](Peer& peer) { serve(peer); }};
  Issuer issuer_{[this] {
    const std::lock_guard lock(mutex_);
    return server_url_ = server_.url();
  }()};
};

TEST_F(UpstreamToken, is_asked_for_once_and_stands_in_the_place_of_the_callers) {
  Gateway gateway(
      options(", scope: ['items:all', 'x'], audience: 'urn:items', resource: 'https://items.internal'"));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(gateway.ask(get()).status(), 200);
  EXPECT_EQ(gateway.ask(request_text("GET", "/open")).status(), 200);
  const auto questions = asked();
  ASSERT_EQ(questions.size(), 1U);
  EXPECT_EQ(
      questions[0].body,
      "grant_type=client_credentials&scope=items%3Aall%20x&audience=urn%3Aitems&resource=https%3A%2F%2Fitems."
      "internal");
  EXPECT_EQ(questions[0].header("Authorization"),
            "Basic " + base64_encode(std::string("gateway:") + kSecret));
  for (const Message& seen : api_.requests())
    EXPECT_EQ(seen.header("Authorization"), "Bearer service-token-1");
  EXPECT_EQ(api_.requests().size(), 6U);
  EXPECT_EQ(api_.requests()[0].header("Caponier-Subject"), "alice");
}

TEST_F(UpstreamToken, many_requests_wait_for_one_answer) {
  Options two = options();
  two.workers = 2;
  Gateway gateway(two);
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  constexpr int kRequests = 200;
  std::vector<Socket> sockets;
  {
    // The issuer waits for this lock.
    const std::lock_guard lock(mutex_);
    for (int i = 0; i < kRequests; ++i) {
      sockets.push_back(Socket::connect(gateway.port()));
      ASSERT_TRUE(sockets.back().send(request_text("GET", "/open")));
    }
  }
  for (Socket& socket : sockets) {
    MessageReader reader(socket);
    const auto answer = reader.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status(), 200);
  }
  EXPECT_EQ(asked().size(), 1U);
}

TEST_F(UpstreamToken, is_renewed_before_it_ends_and_nobody_sees_that) {
  say(granted(R"(,"expires_in":4)"));
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const auto next = [&] {
    EXPECT_EQ(gateway.ask(request_text("GET", "/open")).status(), 200);
    return api_.requests().back().header("Authorization") == "Bearer service-token-2";
  };
  EXPECT_TRUE(eventually(next));
}

TEST_F(UpstreamToken, that_is_good_still_is_used_while_its_issuer_is_away) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  ASSERT_EQ(gateway.ask(request_text("GET", "/open")).status(), 200);
  server_.stop();
  EXPECT_EQ(gateway.ask(request_text("GET", "/open")).status(), 200);
}

TEST_F(UpstreamToken, without_one_the_upstream_is_not_called) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  server_.stop();
  const Message answer = gateway.ask(request_text("GET", "/open"));
  EXPECT_EQ(answer.status(), 503);
  EXPECT_EQ(answer.header("Retry-After"), "5");
  EXPECT_EQ(gateway.record_of(answer)["reason"], "upstream-token-unavailable");
  EXPECT_EQ(api_.received(), "");
  EXPECT_TRUE(gateway.process().read_until(
      [&] { return gateway.process().err().find("token for upstream default") != std::string::npos; }));
}

TEST_F(UpstreamToken, what_is_none_goes_nowhere) {
  for (const std::string& answer :
       {std::string("{"), std::string("[]"), std::string("{}"), std::string("400"),
        std::string(R"({"access_token":"a b","token_type":"Bearer"})"),
        std::string(R"({"access_token":"a\r\nX-Evil: 1","token_type":"Bearer"})"),
        std::string(R"({"access_token":"","token_type":"Bearer"})"),
        std::string(R"({"access_token":"a","token_type":"mac"})"), std::string(R"({"access_token":"a"})"),
        granted(R"(,"expires_in":0)"), granted(R"(,"expires_in":"soon")"),
        R"({"token_type":"Bearer","access_token":")" + std::string(100'000, 'a') + "\"}"}) {
    say(answer);
    Gateway gateway(options());
    ASSERT_TRUE(gateway.ready()) << gateway.process().err();
    EXPECT_EQ(gateway.ask(request_text("GET", "/open")).status(), 503) << answer.substr(0, 80);
    // It is not asked for each request again.
    EXPECT_EQ(gateway.ask(request_text("GET", "/open")).status(), 503);
  }
  EXPECT_EQ(asked().size(), 12U);
  EXPECT_EQ(api_.received(), "");
}

TEST_F(UpstreamToken, for_a_callers_token_is_that_callers_alone) {
  Options exchanging = options(", grant: token_exchange, audience: items",
                               R"(openapi: 3.1.0
info: {title: Items, version: "1"}
servers: [{url: /}]
paths:
  /items/{id}:
    get:
      operationId: getItem
      security: [{bearer: ["items:read"]}]
      parameters: [{name: id, in: path, required: true, schema: {type: string, maxLength: 64}}]
      responses: {"200": {description: ok, content: {application/json: {}, text/plain: {}}}}
components:
  securitySchemes:
    bearer: {type: http, scheme: bearer}
)");
  Gateway gateway(exchanging);
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const std::string alice = issuer_.token("alice", "items:read");
  const std::string bob = issuer_.token("bob", "items:read");
  for (const std::string& token : {alice, bob, alice, bob, alice})
    EXPECT_EQ(gateway.ask(request_text("GET", "/items/1", bearer(token))).status(), 200);
  const auto questions = asked();
  ASSERT_EQ(questions.size(), 2U);
  EXPECT_THAT(
      questions[0].body,
      HasSubstr("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&audience=items"));
  EXPECT_THAT(questions[0].body,
              HasSubstr("subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token"));
  EXPECT_TRUE(questions[0].body.ends_with("&subject_token=" + alice)) << questions[0].body;
  EXPECT_TRUE(questions[1].body.ends_with("&subject_token=" + bob)) << questions[1].body;
  EXPECT_THAT(api_.received(), Not(HasSubstr(alice)));
  EXPECT_THAT(api_.received(), Not(HasSubstr(bob)));
  std::string order;
  for (const Message& seen : api_.requests()) order += seen.header("Authorization").back();
  EXPECT_EQ(order, "12121");
}

TEST_F(UpstreamToken, one_caller_whose_token_is_not_exchanged_stops_no_other) {
  say("400");
  Gateway gateway(options(", grant: token_exchange", R"(openapi: 3.1.0
info: {title: Items, version: "1"}
servers: [{url: /}]
paths:
  /items:
    get:
      operationId: list
      security: [{bearer: []}]
      responses: {"200": {description: ok, content: {application/json: {}, text/plain: {}}}}
components:
  securitySchemes:
    bearer: {type: http, scheme: bearer}
)"));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const auto list = [&](const std::string& subject) {
    return gateway.ask(request_text("GET", "/items", bearer(issuer_.token(subject, "a")))).status();
  };
  EXPECT_EQ(list("mallory"), 503);
  say(granted());
  EXPECT_EQ(list("alice"), 200);
}

TEST_F(UpstreamToken, that_cannot_be_had_does_not_load) {
  const auto says = [&](Options wrong, const std::string& code) {
    Gateway gateway(wrong);
    EXPECT_FALSE(gateway.ready());
    EXPECT_THAT(gateway.process().err(), HasSubstr(code));
    EXPECT_THAT(gateway.process().err(), HasSubstr("caponier.yaml:"));
  };
  // Some operations of the document can be called by anybody.
  says(options(", grant: token_exchange"), "[nothing-to-exchange]");
  says(options(", grant: token_exchnge"), "Did you mean \"token_exchange\"?");
  Options other = options();
  other.config.replace(other.config.find("token: {issuer: '") + 17, 4, "nope");
  says(other, "[unknown-issuer]");
  Options no_client = options();
  const std::size_t at = no_client.config.find("    client:");
  no_client.config.erase(at, no_client.config.find('\n', at) + 1 - at);
  says(no_client, "[issuer-without-client]");
  Options both = options();
  both.config.insert(both.config.find("  token:"), "  identity_token: {authorization: replace}\n");
  both.config += "identity_token: {issuer: 'https://gateway.internal'}\n";
  says(both, "[two-tokens]");
}

TEST_F(UpstreamToken, and_the_secret_that_it_costs_are_in_no_log) {
  Options with_admin = options();
  with_admin.config +=
      "listeners: [{listen: 'http://127.0.0.1:0'}, {listen: 'http://127.0.0.1:0', surface: admin}]\n";
  Gateway gateway(with_admin);
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(gateway.ask(get()).status(), 200);
  const std::string metrics = ask(gateway.port_of("admin"), request_text("GET", "/metrics")).body;
  EXPECT_THAT(metrics, HasSubstr("caponier_upstream_token_requests_total{upstream=\"default\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("caponier_upstream_token_failures_total{upstream=\"default\"} 0\n"));
  (void)gateway.wait_for_records(1);
  gateway.stop();
  for (const std::string_view secret : {"service-token", kSecret}) {
    EXPECT_THAT(gateway.log(), Not(HasSubstr(secret)));
    EXPECT_THAT(gateway.process().err(), Not(HasSubstr(secret)));
    EXPECT_THAT(metrics, Not(HasSubstr(secret)));
  }
}

}  // namespace
}  // namespace caponier::e2e
