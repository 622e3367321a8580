// The upstream sees one canonical request, with exactly the fields that the gateway vouches for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

std::vector<std::string> names_of(const Message& message) {
  std::vector<std::string> names;
  for (const auto& field : message.headers) names.push_back(field.first);
  return names;
}

class CanonicalRequest : public testing::Test {
 protected:
  Message seen_for(const Gateway& gateway, const std::string& request) {
    answer_ = gateway.ask(request);
    const auto all = upstream_.requests();
    EXPECT_EQ(answer_.status(), 200) << answer_.body;
    return all.empty() ? Message{} : all.back();
  }
  Upstream upstream_{echoing()};
  Message answer_;
};

TEST_F(CanonicalRequest, identity_and_origin_come_from_the_gateway_alone) {
  Gateway gateway({.contract = kContract, .upstream = upstream_.url()});
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const std::string token = gateway.token("alice", "items:read items:write");
  const std::string forged =
      "Accept: text/plain\r\n"
      "X-Own: kept\r\n"
      "X-Secret-Step: dropped, because Connection lists it\r\n"
      "Connection: keep-alive, X-Secret-Step\r\n"
      "Caponier-Subject: admin\r\n"
      "Caponier_Subject: admin\r\n"
      "caponier-scope: everything\r\n"
      "X-Forwarded-For: 10.9.9.9\r\n"
      "X_Forwarded_For: 10.9.9.9\r\n"
      "X-Forwarded-Host: evil.example\r\n"
      "X-Real-IP: 10.9.9.9\r\n"
      "Forwarded: for=10.9.9.9\r\n"
      "X-Request-ID: mine\r\n"
      "traceparent: 00-11111111111111111111111111111111-2222222222222222-01\r\n"
      "tracestate: a=b\r\n"
      "X-HTTP-Method-Override: DELETE\r\n"
      "X-Original-URL: /admin\r\n"
      "Keep-Alive: timeout=5\r\n"
      "TE: trailers\r\n"
      "Proxy-Authorization: Basic eA==\r\n"
      "Proxy-Connection: keep-alive\r\n"
      "Cookie: session=abc\r\n";
  const Message seen = seen_for(gateway, request_text("GET", "/items/7", forged + bearer(token)));

  EXPECT_EQ(seen.start_line, "GET /items/7 HTTP/1.1");
  EXPECT_THAT(names_of(seen), testing::UnorderedElementsAre(
                                  "Host", "Accept", "X-Own", "Authorization", "Forwarded", "X-Request-ID",
                                  "traceparent", "Caponier-Subject", "Caponier-Issuer", "Caponier-Scope"))
      << seen.head;
  EXPECT_EQ(seen.header("Host"), "127.0.0.1:" + std::to_string(upstream_.port()));
  EXPECT_EQ(seen.header("Authorization"), "Bearer " + token) << "the backend can verify again";
  EXPECT_EQ(seen.header("Forwarded"), "for=127.0.0.1;host=\"localhost\";proto=http");
  EXPECT_EQ(seen.header("Caponier-Subject"), "alice");
  EXPECT_THAT(seen.header("Caponier-Issuer"), testing::StartsWith("urn:caponier:dev:"));
  EXPECT_EQ(seen.header("Caponier-Scope"), "items:read items:write");
  EXPECT_THAT(seen.header("X-Request-ID"), MatchesRegex("[0-9a-f]{32}"));
  EXPECT_EQ(seen.header("X-Request-ID"), answer_.header("X-Request-ID"));
  EXPECT_THAT(seen.header("traceparent"), MatchesRegex("00-[0-9a-f]{32}-[0-9a-f]{16}-01"));
  EXPECT_THAT(seen.header("traceparent"), Not(HasSubstr("1111111111")));

  Record record = gateway.record_of(answer_);
  EXPECT_EQ(record["client_trace_id"], "11111111111111111111111111111111") << "recorded, not continued";
  EXPECT_THAT(seen.header("traceparent"), HasSubstr(record["trace_id"]));
}

TEST_F(CanonicalRequest, an_anonymous_caller_has_no_identity_fields) {
  Gateway gateway({.contract = kContract, .upstream = upstream_.url()});
  ASSERT_TRUE(gateway.ready());
  const Message seen =
      seen_for(gateway, request_text("GET", "/open", "Caponier-Subject: admin\r\nCaponier-Issuer: x\r\n"));
  EXPECT_THAT(names_of(seen),
              testing::UnorderedElementsAre("Host", "Forwarded", "X-Request-ID", "traceparent"))
      << seen.head;
}

TEST_F(CanonicalRequest, chunked_and_fixed_bodies_leave_in_one_framing) {
  Gateway gateway({.contract = kContract, .upstream = upstream_.url()});
  ASSERT_TRUE(gateway.ready());
  const std::string fields =
      bearer(gateway.token("alice", "items:write")) + "Content-Type: application/json\r\n";
  const Message seen =
      seen_for(gateway, request_text("POST", "/items", fields + "Transfer-Encoding: chunked\r\n") +
                            "5\r\n{\"nam\r\n8\r\ne\": \"x\"}\r\n0\r\nX-Trailer: dropped\r\n\r\n");
  EXPECT_EQ(seen.body, R"({"name": "x"})");
  EXPECT_EQ(seen.header("Content-Length"), "13");
  EXPECT_FALSE(seen.has("Transfer-Encoding"));
  EXPECT_THAT(upstream_.received(), Not(HasSubstr("Trailer")));
}

TEST_F(CanonicalRequest, path_and_query_leave_in_one_spelling) {
  Gateway gateway({.contract = kContract, .upstream = upstream_.url()});
  ASSERT_TRUE(gateway.ready());
  EXPECT_EQ(seen_for(gateway, request_text("GET", "/%6Fpen?q=%61b%20c")).start_line,
            "GET /open?q=ab%20c HTTP/1.1");
}

TEST_F(CanonicalRequest, ambiguous_paths_reach_nobody) {
  Gateway gateway({.contract = kContract, .upstream = upstream_.url()});
  ASSERT_TRUE(gateway.ready());
  for (const char* path :
       {"/items/../open", "/items/%2e%2e/open", "//open", "/items/a%2Fb", "/open/.", "/items/a%00b",
        "/items/%zz", "/items/a%5Cb", "/items/a%252Fb", "/open;x=1/../items/1"}) {
    const Message answer = gateway.ask(request_text("GET", path));
    EXPECT_GE(answer.status(), 400) << path;
    EXPECT_LT(answer.status(), 500) << path;
  }
  EXPECT_EQ(upstream_.received(), "");
}

class ApiKeys : public CanonicalRequest {
 protected:
  static constexpr const char* kDocument = R"(openapi: 3.1.0
info: {title: Keys, version: "1"}
servers: [{url: /}]
security: [{key: []}]
paths:
  /report:
    get:
      operationId: getReport
      responses: {"200": {description: ok, content: {text/plain: {}}}}
components: {securitySchemes: {key: {type: apiKey, in: header, name: X-Api-Key}}}
)";
  std::string create(const std::string& lifetime) {
    const Finished made = run_caponier(
        {"keys", "create", "--state-dir", state(), "--subject", "reporter", "--expires-in", lifetime});
    EXPECT_EQ(made.status, 0) << made.err;
    EXPECT_THAT(made.out, testing::StartsWith("cap_"));
    return made.out.substr(0, made.out.find('\n'));
  }
  [[nodiscard]] std::string state() const { return folder_.file("state"); }
  TestFolder folder_;
};

TEST_F(ApiKeys, are_accepted_refused_expired_and_never_passed_on) {
  const std::string key = create("1h");
  const std::string short_lived = create("1s");
  const auto until = Clock::now() + std::chrono::milliseconds(2100);
  Gateway gateway({.contract = kDocument,
                   .upstream = upstream_.url(),
                   .config = "hosts: [localhost]\n",
                   .dev = false,
                   .state_dir = state()});
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();

  const Message seen = seen_for(gateway, request_text("GET", "/report", "X-Api-Key: " + key + "\r\n"));
  EXPECT_THAT(names_of(seen), testing::UnorderedElementsAre("Host", "Forwarded", "X-Request-ID",
                                                            "traceparent", "Caponier-Subject"))
      << seen.head;
  EXPECT_EQ(seen.header("Caponier-Subject"), "reporter");
  EXPECT_THAT(gateway.record_of(answer_)["credential"], MatchesRegex("key:cap_.{8}"));

  std::string wrong = key;
  wrong[20] = wrong[20] == 'x' ? 'y' : 'x';
  struct Case {
    std::string fields;
    const char* reason;
  };
  ASSERT_TRUE(eventually([until] { return Clock::now() > until; }));
  const Case cases[] = {{"", "credential-missing"},
                        {"X-Api-Key: " + wrong + "\r\n", ""},
                        {"X-Api-Key: nonsense\r\n", ""},
                        {"X-Api-Key: " + key + "\r\nX-Api-Key: " + key + "\r\n", "credential-repeated"},
                        {"X-Api-Key: " + short_lived + "\r\n", "api-key-expired"}};
  for (const Case& c : cases) {
    const Message refused = gateway.ask(request_text("GET", "/report", c.fields));
    EXPECT_EQ(refused.status(), 401) << c.fields;
    if (*c.reason != '\0') {
      EXPECT_EQ(gateway.record_of(refused)["reason"], c.reason);
    }
  }
  EXPECT_EQ(upstream_.requests().size(), 1U);
  EXPECT_THAT(gateway.log(), Not(HasSubstr(key.substr(13, 20))));
}

TEST_F(CanonicalRequest, a_default_is_for_the_api_to_apply_and_is_not_sent) {
  std::string contract = kContract;
  const std::string schema = "{type: string, maxLength: 200}";
  contract.replace(contract.find(schema), schema.size(), "{type: string, maxLength: 200, default: all}");
  Gateway gateway({.contract = contract, .upstream = upstream_.url()});
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_THAT(seen_for(gateway, request_text("GET", "/open")).start_line, "GET /open HTTP/1.1");
  EXPECT_THAT(seen_for(gateway, request_text("GET", "/open?q=all")).start_line, "GET /open?q=all HTTP/1.1");
}

}  // namespace
}  // namespace caponier::e2e
