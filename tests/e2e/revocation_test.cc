// What is revoked ends within a second: for the next request, for streams and WebSockets that are open, and
// after a restart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <string>

#include "e2e/gateway.h"
#include "e2e/upstream.h"
#include "jose/signing_key.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kDocument = R"(openapi: 3.1.0
info: {title: Feeds, version: "1"}
servers: [{url: /}]
security: [{bearer: []}]
paths:
  /thing:
    get:
      operationId: getThing
      responses: {"200": {description: ok, content: {text/plain: {}}}}
  /feed:
    get:
      operationId: openFeed
      security: [{bearer: []}, {key: []}]
      responses: {"101": {description: the feed}}
  /events:
    get:
      operationId: getEvents
      responses: {"200": {description: ok, content: {text/event-stream: {}}}}
components:
  securitySchemes:
    bearer: {type: http, scheme: bearer}
    key: {type: apiKey, in: header, name: X-Api-Key}
)";
constexpr const char* kIssuer = "https://issuer.example";
const std::string kHandshake =
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const std::string kSwitch =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
const std::string kEvents =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    "9\r\ndata: a\n\n\r\n";
// RFC 6455, section 7.4.1: policy violation.
const std::string kPolicyViolation("\x88\x02\x03\xf0", 4);

// Begins a WebSocket or an event stream and says nothing more; other requests it answers.
Script feeds() {
  return [](Peer& peer) {
    while (auto request = peer.read_head()) {
      const bool feed = request->start_line.find("/feed") != std::string::npos;
      const bool events = request->start_line.find("/events") != std::string::npos;
      if (!peer.send(feed ? kSwitch : events ? kEvents : answer_text(200, "text/plain", "x"))) return;
      if (!feed && !events) continue;
      while (peer.reader().more()) {
      }
      return;
    }
  };
}

struct Opened {
  Opened(const Gateway& gateway, const std::string& request)
      : socket(Socket::connect(gateway.port())), reader(socket) {
    (void)socket.send(request);
    answer = reader.read_head().value_or(Message{});
  }
  Socket socket;
  MessageReader reader;
  Message answer;
};

class Revocation : public testing::Test {
 protected:
  std::string token(const std::string& more) const {
    const std::int64_t now_s = std::time(nullptr);
    return key_
        .sign(R"({"iss":")" + std::string(kIssuer) + R"(","aud":"api","iat":)" + std::to_string(now_s - 5) +
              R"(,"exp":)" + std::to_string(now_s + 600) + more + "}")
        .value();
  }
  Options options() const {
    return {.contract = kDocument,
            .upstream = upstream_.url(),
            .config =
                "hosts: [localhost]\nlisteners:\n  - {listen: 'http://127.0.0.1:0'}\n"
                "  - {listen: 'http://127.0.0.1:0', surface: admin}\n"
                "limits: {connections: {failed_authentications_per_address_burst: 100000, "
                "failed_authentications_per_identity_burst: 100000}}\n"
                "issuers:\n  - {issuer: '" +
                std::string(kIssuer) + "', audiences: [api], jwks_file: keys.json, leeway: 0s}\n",
            .dev = false,
            .workers = 2,
            .files = {{"keys.json", key_.public_key_set()}},
            .state_dir = state_};
  }
  [[nodiscard]] Message ask(const Gateway& gateway, const std::string& token) const {
    return gateway.ask(request_text("GET", "/thing", bearer(token)));
  }
  Finished caponier(Words words) const {
    words.insert(words.end(), {"--state-dir", state_});
    Finished done = run_caponier(words);
    EXPECT_EQ(done.status, 0) << done.err;
    return done;
  }
  // Revoked, and told so in the log, while `other` still holds.
  void expect_revoked(Gateway& gateway, const std::string& token, const std::string& other) {
    EXPECT_TRUE(eventually([&] { return ask(gateway, token).status() == 401; }));
    EXPECT_EQ(gateway.record_of(ask(gateway, token))["reason"], "token-revoked");
    EXPECT_EQ(ask(gateway, other).status(), 200);
  }

  Upstream upstream_{feeds()};
  jose::SigningKey key_ = jose::SigningKey::generate().value();
  TestFolder folder_;
  std::string state_ = folder_.file("state");
};

TEST_F(Revocation, says_so_where_no_gateway_runs_on_the_directory) {
  const Words words = {"revoke", "subject", "alice", "--json"};
  {
    Gateway gateway(options());
    ASSERT_TRUE(gateway.ready()) << gateway.process().err();
    EXPECT_THAT(caponier(words).err, testing::Not(HasSubstr("no gateway runs")));
    const std::string mistaken = folder_.file("mistaken");
    const Finished done = run_caponier({"revoke", "subject", "alice", "--state-dir", mistaken});
    EXPECT_EQ(done.status, 0);
    EXPECT_THAT(done.err, HasSubstr("no gateway runs on the state directory " + mistaken));
  }
  EXPECT_THAT(caponier(words).err, HasSubstr("no gateway runs on the state directory " + state_));
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(ask(gateway, token(R"(,"sub":"alice")")).status(), 401) << "it holds from the start";
}

TEST_F(Revocation, of_a_token_by_its_id_ends_it_alone_also_after_a_restart) {
  const std::string bad = token(R"(,"sub":"alice","jti":"7")");
  const std::string good = token(R"(,"sub":"alice","jti":"8")");
  {
    Gateway gateway(options());
    ASSERT_TRUE(gateway.ready()) << gateway.process().err();
    ASSERT_EQ(ask(gateway, bad).status(), 200);
    caponier({"revoke", "token", "--jti", "7", "--issuer", kIssuer, "--reason", "lost"});
    expect_revoked(gateway, bad, good);
    EXPECT_THAT(gateway.log(), HasSubstr("\"what\":\"revoked\""));
    EXPECT_EQ(gateway.stop(), 0);
  }
  Gateway again(options());
  ASSERT_TRUE(again.ready()) << again.process().err();
  EXPECT_EQ(ask(again, bad).status(), 401) << "from the first request on";
  EXPECT_THAT(caponier({"revocations", "list", "--json"}).out, HasSubstr("\"value\":\"7\""));
  caponier({"revocations", "remove", "1"});
  EXPECT_TRUE(eventually([&] { return ask(again, bad).status() == 200; }));
}

TEST_F(Revocation, of_a_token_by_itself_keeps_a_digest_alone) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const std::string bad = token(R"(,"sub":"alice","n":"1")");
  const std::string good = token(R"(,"sub":"alice","n":"2")");
  ASSERT_EQ(ask(gateway, bad).status(), 200);
  caponier({"revoke", "token", "--token-file", folder_.write("token", bad + "\n")});
  expect_revoked(gateway, bad, good);
  EXPECT_THAT(caponier({"revocations", "list", "--json"}).out, Not(HasSubstr(bad.substr(0, 40))));
}

TEST_F(Revocation, of_a_subject_ends_the_tokens_that_were_issued_until_then) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const std::string bad = token(R"(,"sub":"alice")");
  ASSERT_EQ(ask(gateway, bad).status(), 200);
  caponier({"revoke", "subject", "alice", "--issuer", kIssuer});
  expect_revoked(gateway, bad, token(R"(,"sub":"bob")"));
  // The clock of the issuer is ours (`leeway: 0s`): as soon as it has moved on, a token is a new one.
  const auto fresh = [this] {
    const std::int64_t now_s = std::time(nullptr);
    return key_
        .sign(R"({"iss":")" + std::string(kIssuer) + R"(","aud":"api","sub":"alice","iat":)" +
              std::to_string(now_s) + R"(,"exp":)" + std::to_string(now_s + 60) + "}")
        .value();
  };
  EXPECT_TRUE(eventually([&] { return ask(gateway, fresh()).status() == 200; }))
      << "who logs in again is welcome";
}

TEST_F(Revocation, of_a_client_and_of_an_issuers_key_end_their_tokens) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const std::string bad = token(R"(,"client_id":"app-1")");
  const std::string good = token(R"(,"client_id":"app-2")");
  ASSERT_EQ(ask(gateway, bad).status(), 200);
  caponier({"revoke", "client", "app-1", "--for", "30d"});
  expect_revoked(gateway, bad, good);
  const std::string set = key_.public_key_set();
  const std::size_t at = set.find("\"kid\":\"") + 7;
  caponier({"revoke", "issuer-key", set.substr(at, set.find('"', at) - at), "--issuer", kIssuer});
  EXPECT_TRUE(eventually([&] { return ask(gateway, good).status() == 401; }));
}

TEST_F(Revocation, closes_a_websocket_and_an_event_stream_that_are_open) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const std::string alice = bearer(token(R"(,"sub":"alice")"));
  const std::string bob = bearer(token(R"(,"sub":"bob")"));
  Opened feed(gateway, request_text("GET", "/feed", alice + kHandshake));
  Opened other(gateway, request_text("GET", "/feed", bob + kHandshake));
  Opened events(gateway, request_text("GET", "/events", alice));
  ASSERT_EQ(feed.answer.status(), 101) << feed.answer.head;
  ASSERT_EQ(other.answer.status(), 101) << other.answer.head;
  ASSERT_EQ(events.answer.status(), 200) << events.answer.head;
  const auto before = Clock::now();
  caponier({"revoke", "subject", "alice"});
  EXPECT_EQ(feed.reader.read_to_end(), kPolicyViolation);
  EXPECT_THAT(events.reader.read_to_end(), Not(HasSubstr("\r\n0\r\n"))) << "it is broken off, and not ended";
  EXPECT_LT(Clock::now() - before, std::chrono::seconds(kSanitized ? 20 : 5));
  EXPECT_EQ(gateway.record_of(feed.answer)["reason"], "token-revoked");
  EXPECT_EQ(gateway.record_of(events.answer)["reason"], "token-revoked");
  caponier({"revoke", "subject", "bob"});
  EXPECT_EQ(other.reader.read_to_end(), kPolicyViolation);
}

TEST_F(Revocation, of_an_api_key_closes_its_websocket) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  std::string key = caponier({"keys", "create", "--subject", "robot"}).out;
  while (key.ends_with('\n')) key.pop_back();
  const std::string request = request_text("GET", "/feed", "X-Api-Key: " + key + "\r\n" + kHandshake);
  EXPECT_TRUE(eventually([&] { return Opened(gateway, request).answer.status() == 101; }));
  Opened feed(gateway, request);
  ASSERT_EQ(feed.answer.status(), 101) << feed.answer.head;
  caponier({"revoke", "key", key.substr(0, 12)});
  EXPECT_EQ(feed.reader.read_to_end(), kPolicyViolation);
  EXPECT_EQ(gateway.record_of(feed.answer)["reason"], "api-key-revoked");
}

TEST_F(Revocation, an_api_key_that_is_told_to_expire_soon_takes_its_websocket_along) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  std::string key = caponier({"keys", "create", "--subject", "robot"}).out;
  while (key.ends_with('\n')) key.pop_back();
  const std::string request = request_text("GET", "/feed", "X-Api-Key: " + key + "\r\n" + kHandshake);
  EXPECT_TRUE(eventually([&] { return Opened(gateway, request).answer.status() == 101; }));
  Opened feed(gateway, request);
  ASSERT_EQ(feed.answer.status(), 101) << feed.answer.head;
  caponier({"keys", "expire", key.substr(0, 12), "--in", "2s"});
  EXPECT_EQ(feed.reader.read_to_end(), kPolicyViolation);
  EXPECT_EQ(gateway.record_of(feed.answer)["reason"], "api-key-expired");
}

TEST_F(Revocation, is_asked_for_at_the_admin_surface_and_in_force_when_it_is_answered) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const int admin = gateway.port_of("admin");
  std::string secret = read_file(state_ + "/admin.token");
  while (secret.ends_with('\n')) secret.pop_back();
  const auto post = [&](const std::string& path, const std::string& body) {
    return e2e::ask(admin, request_text("POST", path, bearer(secret), body));
  };
  const std::string bad = token(R"(,"sub":"alice")");
  ASSERT_EQ(ask(gateway, bad).status(), 200);
  const Message made = post("/revocations", R"({"kind":"token","token":")" + bad + R"(","reason":"lost"})");
  ASSERT_EQ(made.status(), 201) << made.body;
  EXPECT_EQ(ask(gateway, bad).status(), 401);
  EXPECT_THAT(e2e::ask(admin, request_text("GET", "/revocations", bearer(secret))).body,
              HasSubstr("\"reason\":\"lost\""));
  EXPECT_EQ(post("/revocations/1/remove", "").status(), 200);
  EXPECT_EQ(ask(gateway, bad).status(), 200);
  EXPECT_EQ(post("/revocations", R"({"kind":"subject"})").status(), 400);
  // Whose it is, the token says; a revocation that says another issuer would never be found.
  EXPECT_EQ(post("/revocations", R"({"kind":"token","issuer":"x","token":")" + bad + "\"}").status(), 400);
  EXPECT_EQ(post("/revocations", R"({"kind":"token-id","value":"7"})").status(), 400) << "whose?";
  EXPECT_EQ(post("/revocations", R"({"kind":"everything","value":"7"})").status(), 400);
  EXPECT_EQ(post("/revocations", R"({"kind":"subject","value":"a","for":"never"})").status(), 400);
  EXPECT_EQ(e2e::ask(admin, request_text("POST", "/revocations", {}, "{}")).status(), 401);
}

}  // namespace
}  // namespace caponier::e2e
