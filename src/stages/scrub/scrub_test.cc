#include "stages/scrub/scrub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stages/test_world.h"

namespace caponier::stages {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// An allowed request on its way upstream.
std::string upstream_head(World& world, std::string_view head, bool tls = true) {
  Request request(world, head);
  request.peer.tls = tls;
  auto verdict = request.judge();
  if (!verdict) {
    ADD_FAILURE() << id(verdict.denial()->reason) << ": " << verdict.denial()->detail;
    return {};
  }
  std::string out;
  EXPECT_TRUE(append_upstream_head(out, request.exchange));
  return out;
}

TEST(UpstreamHead, is_one_canonical_request) {
  World world;
  const std::string token = world.token(R"(,"scope":"orders:read b c%")");
  EXPECT_EQ(upstream_head(world, get("/v1/%6frders?%6cimit=%35&state=on+hold", token,
                                     "Accept: application/json\r\nUser-Agent: me\r\n")),
            "GET /v1/orders?limit=5&state=on%20hold HTTP/1.1\r\n"
            "Host: orders.internal:9000\r\n"
            "Authorization: Bearer " +
                token +
                "\r\n"
                "Accept: application/json\r\n"
                "User-Agent: me\r\n"
                "Forwarded: for=192.0.2.1;host=\"api.example.com\";proto=https\r\n"
                "X-Request-ID: 0123456789abcdef0123456789abcdef\r\n"
                "traceparent: 00-11112222333344445555666677778888-aaaabbbbccccdddd-01\r\n"
                "Caponier-Subject: alice\r\n"
                "Caponier-Issuer: https://login.example/\r\n"
                "Caponier-Scope: orders:read b c%25\r\n");
}

TEST(UpstreamHead, what_a_client_may_not_say_does_not_pass) {
  World world;
  for (const std::string_view header : {
           "Caponier-Subject: root",
           "caponier_subject: root",
           "CAPONIER-SCOPE: admin",
           "Caponier-Anything: x",
           "Client-Cert: :MIIB:",
           "client-cert-chain: :MIIB:",
           "X-Client-Cert: x",
           "X-Client-Verify: SUCCESS",
           "X-Client-DN: CN=root",
           "X-Authenticated-User: root",
           "X-WebAuth-User: root",
           "Forwarded: for=10.0.0.1",
           "X-Forwarded-For: 10.0.0.1",
           "X_Forwarded_For: 10.0.0.1",
           "X-Forwarded-Host: evil.example",
           "X-Forwarded-Proto: http",
           "X-Real-IP: 10.0.0.1",
           "True-Client-IP: 10.0.0.1",
           "X-Original-URL: /admin",
           "X-Rewrite-URL: /admin",
           "X-HTTP-Method-Override: DELETE",
           "X-Request-ID: forged",
           "traceparent: 00-99999999999999999999999999999999-9999999999999999-01",
           "tracestate: vendor=forged",
           "Cookie: session=1",
           "X-API-Key: cap_robot001_cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI_0kykaH",
           "Proxy-Authorization: Basic x",
           "Proxy-Anything: x",
           "Keep-Alive: timeout=5",
           "TE: trailers",
           "Trailer: X",
           "Any_Underscore: x",
           "HTTP2-Settings: x",
           "Connection: X-Hop\r\nX-Hop: x",
           "Connection: close, X-Hop\r\nX-Hop: x",
       }) {
    const std::string out = upstream_head(world, get("/v1/public", {}, std::string(header) + "\r\n"));
    std::size_t headers = 0;
    for (std::size_t at = out.find("\r\n"); at != std::string::npos; at = out.find("\r\n", at + 2)) ++headers;
    const bool identified = header.starts_with("X-API-Key");
    // Request line, Host, Forwarded, X-Request-ID, traceparent; of a key its subject and scopes.
    EXPECT_EQ(headers, identified ? 7U : 5U) << header << "\n" << out;
    EXPECT_THAT(out, Not(HasSubstr("cap_robot001_cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI_0kykaH")));
    EXPECT_THAT(out, Not(HasSubstr("forged")));
  }
}

TEST(UpstreamHead, hop_by_hop_abuse_does_not_take_judged_headers_away) {
  World world;
  const std::string token = world.token(R"(,"scope":"orders:read")");
  const std::string out = upstream_head(
      world, get("/v1/orders", token,
                 "Connection: Authorization, X-Tenant, Accept\r\nX-Tenant: red\r\nAccept: a/b\r\n"));
  EXPECT_THAT(out, HasSubstr("Authorization: Bearer "));
  EXPECT_THAT(out, HasSubstr("X-Tenant: red\r\n"));
  EXPECT_THAT(out, Not(HasSubstr("Accept: a/b")));
  EXPECT_THAT(out, Not(HasSubstr("Connection")));
}

TEST(UpstreamHead, a_declared_header_with_an_underscore_passes) {
  World world;
  const std::string token = world.token(R"(,"scope":"orders:read")");
  EXPECT_THAT(upstream_head(world, get("/v1/orders", token, "X_Old: 7\r\n")), HasSubstr("X_Old: 7\r\n"));
  // Which CGI and its kind would take for it.
  const std::string twin = upstream_head(
      world, get("/v1/orders", token,
                 "X_Old: 7\r\nX-Old: 8\r\nX.Old: 8\r\nX-Older: 9\r\nCaponier.Subject: root\r\n"));
  EXPECT_THAT(twin, HasSubstr("X_Old: 7\r\n"));
  EXPECT_THAT(twin, Not(HasSubstr("X-Old:")));
  EXPECT_THAT(twin, Not(HasSubstr("X.Old:")));
  EXPECT_THAT(twin, Not(HasSubstr("Caponier.Subject")));
  EXPECT_THAT(twin, HasSubstr("X-Older: 9\r\n"));
}

TEST(UpstreamHead, a_subject_cannot_forge_a_header) {
  World world;
  const std::string token = world.token(R"(,"sub":"a\r\nX-Admin: 1","scope":"orders:read")");
  const std::string out = upstream_head(world, get("/v1/orders", token));
  EXPECT_THAT(out, HasSubstr("Caponier-Subject: a%0D%0AX-Admin:%201\r\n"));
}

TEST(UpstreamHead, ipv6_peers_are_quoted) {
  World world;
  Request request(world, get("/v1/public"));
  request.peer.text = "2001:db8::1";
  request.peer.tls = false;
  ASSERT_TRUE(request.judge());
  std::string out;
  ASSERT_TRUE(append_upstream_head(out, request.exchange));
  EXPECT_THAT(out, HasSubstr("Forwarded: for=\"[2001:db8::1]\";host=\"api.example.com\";proto=http\r\n"));
}

TEST(UpstreamHead, there_is_none_for_a_request_that_was_not_allowed) {
  World world;
  Request request(world, get("/v1/orders"));
  ASSERT_FALSE(request.judge());
  std::string out;
  EXPECT_FALSE(append_upstream_head(out, request.exchange));
  EXPECT_EQ(out, "");
}

std::string response_head(World& world, std::string_view request_head, std::vector<http::Header> headers,
                          bool tls = true) {
  for (http::Header& header : headers) header.field = http::parse_field(header.name);
  Request request(world, request_head);
  request.peer.tls = tls;
  EXPECT_TRUE(request.judge());
  http::ResponseHead head;
  head.status = 200;
  head.headers = headers;
  std::string out;
  EXPECT_TRUE(append_response_head(out, request.exchange, head));
  return out;
}

TEST(ResponseHead, says_what_the_upstream_answered_and_nothing_about_the_upstream) {
  World world;
  EXPECT_EQ(response_head(world, get("/v1/public"),
                          {{"Date", "Thu, 01 Jan 1970 00:00:00 GMT"},
                           {"Content-Type", "text/plain"},
                           {"Server", "orders/1.0"},
                           {"X-Powered-By", "PHP"},
                           {"X-AspNet-Version", "4"},
                           {"Via", "1.1 inner"},
                           {"Alt-Svc", "h3=\":9000\""},
                           {"Connection", "X-Inner"},
                           {"X-Inner", "1"},
                           {"Keep-Alive", "timeout=5"},
                           {"Transfer-Encoding", "chunked"},
                           {"Content-Length", "5"},
                           {"Strict-Transport-Security", "max-age=1"},
                           {"X-Content-Type-Options", "sniff"},
                           {"X-Request-ID", "inner"},
                           {"RateLimit", "\"inner\";r=1"},
                           {"X-RateLimit-Limit", "1"},
                           {"Caponier-Subject", "root"},
                           {"X-Order", "kept"},
                           {"Set-Cookie", "a=b"}}),
            "HTTP/1.1 200 OK\r\n"
            "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
            "Content-Type: text/plain\r\n"
            "X-Order: kept\r\n"
            "Set-Cookie: a=b\r\n"
            "X-Content-Type-Options: nosniff\r\n"
            "Referrer-Policy: no-referrer\r\n"
            "X-Frame-Options: DENY\r\n"
            "Strict-Transport-Security: max-age=31536000\r\n"
            "X-Request-ID: 0123456789abcdef0123456789abcdef\r\n");
}

TEST(ResponseHead, answers_to_a_known_caller_are_not_stored_and_tell_the_limit) {
  World world;
  const std::string token = world.token(R"(,"scope":"orders:read")");
  const std::string out = response_head(world, get("/v1/orders", token), {});
  EXPECT_THAT(out, HasSubstr("Cache-Control: no-store\r\n"));
  EXPECT_THAT(out, HasSubstr("Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n"));
  EXPECT_THAT(out,
              HasSubstr("RateLimit: \"per_credential\";r=2;t=20\r\n"
                        "RateLimit-Policy: \"per_credential\";q=3;w=60\r\n"
                        "X-RateLimit-Limit: 3\r\nX-RateLimit-Remaining: 2\r\nX-RateLimit-Reset: 20\r\n"));
  const std::string kept = response_head(world, get("/v1/orders", token),
                                         {{"Cache-Control", "private"}, {"X-Frame-Options", "SAMEORIGIN"}});
  EXPECT_THAT(kept, HasSubstr("Cache-Control: private\r\n"));
  EXPECT_THAT(kept, Not(HasSubstr("no-store")));
  EXPECT_THAT(kept, Not(HasSubstr("DENY")));
}

TEST(ResponseHead, plain_http_gets_no_hsts) {
  World world;
  EXPECT_THAT(response_head(world, get("/v1/public"), {}, false),
              Not(HasSubstr("Strict-Transport-Security")));
}

TEST(ResponseHead, the_upstreams_address_does_not_leave_in_location) {
  World world;
  const auto location = [&world](std::string_view value) {
    const std::string out = response_head(world, get("/v1/public"), {{"Location", value}});
    const std::size_t at = out.find("Location: ") + 10;
    return out.substr(at, out.find("\r\n", at) - at);
  };
  EXPECT_EQ(location("http://orders.internal:9000/v1/orders/7"), "/v1/orders/7");
  EXPECT_EQ(location("HTTP://Orders.Internal:9000"), "/");
  EXPECT_EQ(location("http://orders.internal/v1"), "http://orders.internal/v1");
  EXPECT_EQ(location("http://orders.internal:90001/v1"), "http://orders.internal:90001/v1");
  EXPECT_EQ(location("http://orders.internal.example:9000/"), "http://orders.internal.example:9000/");
  EXPECT_EQ(location("/v1/orders/7"), "/v1/orders/7");
}

TEST(ResponseHead, response_splitting_is_refused) {
  World world;
  Request request(world, get("/v1/public"));
  ASSERT_TRUE(request.judge());
  const std::vector<http::Header> headers = {{"X-A", "b\r\nSet-Cookie: c=d"}};
  http::ResponseHead head;
  head.status = 200;
  head.headers = headers;
  std::string out;
  EXPECT_FALSE(append_response_head(out, request.exchange, head));
}

std::string refusal(World& world, std::string_view request_head) {
  Request request(world, request_head);
  auto verdict = request.judge();
  EXPECT_NE(verdict.denial(), nullptr);
  std::string out;
  if (verdict.denial() == nullptr) return out;
  const std::string body = append_refusal(out, request.exchange, *verdict.denial());
  return out + "\r\n" + body;
}

TEST(Refusal, is_a_problem_with_the_request_id_and_no_private_detail) {
  World world;
  EXPECT_EQ(refusal(world, get("/v1/orders")),
            "HTTP/1.1 401 Unauthorized\r\n"
            "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
            "Content-Type: application/problem+json\r\n"
            "WWW-Authenticate: Bearer realm=\"api\"\r\n"
            "Cache-Control: no-store\r\n"
            "X-Content-Type-Options: nosniff\r\n"
            "Referrer-Policy: no-referrer\r\n"
            "X-Frame-Options: DENY\r\n"
            "Strict-Transport-Security: max-age=31536000\r\n"
            "X-Request-ID: 0123456789abcdef0123456789abcdef\r\n"
            "Content-Length: 205\r\n\r\n"
            "{\"type\":\"about:blank\",\"title\":\"Unauthorized\",\"status\":401,"
            "\"detail\":\"Authentication is required.\","
            "\"instance\":\"urn:uuid:01234567-89ab-cdef-0123-456789abcdef\","
            "\"request_id\":\"0123456789abcdef0123456789abcdef\"}\n");
}

std::string body_of(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

TEST(Refusal, authentication_and_authorization_say_nothing_more_than_the_status) {
  World world;
  const std::string missing = refusal(world, get("/v1/orders"));
  EXPECT_EQ(refusal(world, get("/v1/orders", world.token({}, "https://login.example/", -100))), missing);
  EXPECT_EQ(refusal(world, get("/v1/orders", "nonsense")), missing);
  // Another customer's order and a path that does not exist look the same.
  EXPECT_EQ(body_of(refusal(world, get("/v1/customers/bob/orders/1", world.token()))),
            body_of(refusal(world, get("/v1/nothing"))));
  EXPECT_THAT(refusal(world, get("/v1/orders", world.token())), Not(HasSubstr("orders:read")));
}

TEST(Refusal, a_broken_rule_is_told_by_pointer_and_rule) {
  World world;
  const std::string token = world.token(R"(,"scope":"orders:read")");
  const std::string out = refusal(world, get("/v1/orders?limit=31337", token));
  EXPECT_THAT(out, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(out, HasSubstr("\"pointer\":\"/query/limit\",\"rule\":\"maximum"));
  EXPECT_THAT(out, Not(HasSubstr("31337")));
  EXPECT_THAT(out, Not(HasSubstr("openapi.yaml")));
}

TEST(Refusal, a_refused_method_is_answered_with_those_allowed) {
  World world;
  EXPECT_THAT(refusal(world, "DELETE /v1/orders HTTP/1.1\r\n"), HasSubstr("\r\nAllow: GET, HEAD, POST\r\n"));
}

TEST(Refusal, head_gets_no_body) {
  World world;
  const std::string out = refusal(world, "HEAD /v1/orders HTTP/1.1\r\n");
  EXPECT_TRUE(out.ends_with("\r\n\r\n")) << out;
}

TEST(Refusal, too_many_requests_say_when_to_come_back) {
  World world;
  const std::string token = world.token(R"(,"scope":"orders:read")");
  for (int i = 0; i < 3; ++i) {
    Request request(world, get("/v1/orders", token));
    ASSERT_TRUE(request.judge());
  }
  const std::string out = refusal(world, get("/v1/orders", token));
  EXPECT_THAT(out, StartsWith("HTTP/1.1 429 "));
  EXPECT_THAT(out, HasSubstr("\r\nRetry-After: 2"));
  EXPECT_THAT(out, HasSubstr("\r\nRateLimit: \"per_credential\";r=0;t=60\r\n"));
}

TEST(Refusal, of_a_reason_without_an_answer_never_looks_like_success) {
  World world;
  Request request(world, get("/v1/orders"));
  std::string out;
  (void)append_refusal(out, request.exchange, deny(Reason::kConnectionRefused, "admit"));
  EXPECT_THAT(out, StartsWith("HTTP/1.1 500 "));
}

TEST(Refusal, what_could_not_be_decoded_is_answered_too) {
  std::string out;
  const std::string body =
      append_bare_refusal(out, Reason::kBadRequestSyntax, "0123456789abcdef0123456789abcdef", false);
  EXPECT_THAT(out, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_THAT(out, HasSubstr("\r\nContent-Length: " + std::to_string(body.size()) + "\r\n"));
  EXPECT_THAT(body, HasSubstr("The request is not well-formed HTTP."));
}

TEST(LocalAnswer, without_content_has_no_length) {
  World world;
  Request request(world, get("/v1/orders"));
  std::string out;
  EXPECT_EQ(append_local(out, request.exchange, {}), "");
  EXPECT_THAT(out, StartsWith("HTTP/1.1 204 No Content\r\n"));
  EXPECT_THAT(out, Not(HasSubstr("Content-Length")));
  out.clear();
  EXPECT_EQ(append_local(out, request.exchange, {200, "{}", "application/json"}), "{}");
  EXPECT_TRUE(out.ends_with("Content-Type: application/json\r\nContent-Length: 2\r\n")) << out;
}

}  // namespace
}  // namespace caponier::stages
