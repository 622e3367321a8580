// What a browser's cookie is worth at a moment: by the session that it names, and by the clock.
#include "stages/authenticate/session.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "stages/authenticate/revoked.h"
#include "stages/authenticate/sessions.h"
#include "stages/identity_world.h"

namespace caponier::stages {
namespace {

constexpr std::string_view kShop = R"(openapi: 3.1.0
info: {title: Shop, version: '1'}
servers: [{url: /v1}]
components:
  securitySchemes:
    staff: {type: apiKey, in: cookie, name: __Host-staff}
    customer: {type: apiKey, in: cookie, name: __Host-customer}
paths:
  /staff: {get: {security: [{staff: []}], responses: {'200': {description: ok}}}}
  /either: {get: {security: [{staff: []}, {customer: []}], responses: {'200': {description: ok}}}}
  /customer: {get: {security: [{customer: []}], responses: {'200': {description: ok}}}}
  /admin: {get: {security: [{staff: [admin]}, {customer: []}], responses: {'200': {description: ok}}}}
  /both: {get: {security: [{staff: [], customer: []}], responses: {'200': {description: ok}}}}
)";
constexpr std::string_view kLogins = R"(contract: openapi.yaml
upstream: {url: 'http://shop.internal:9000'}
hosts: [api.example.com]
issuers:
  - {issuer: 'https://login.example/', audiences: [shop], client: {id: shop, secret: 'env://SECRET'}}
  - {issuer: 'https://people.example/', audiences: [shop], client: {id: shop, secret: 'env://SECRET'}}
security_schemes:
  staff:
    session: {issuer: 'https://login.example/', origin: 'https://api.example.com', path: /staff-login, idle: 10m, lifetime: 1h}
  customer:
    session: {issuer: 'https://people.example/', origin: 'https://api.example.com', path: /customer-login, idle: 10m, lifetime: 1h}
)";
constexpr std::int64_t kIdleS = 600;
constexpr std::int64_t kLifetimeS = 3600;

struct CookieSessions : testing::Test {
  CookieSessions() { world.state.sessions = &sessions; }

  // Begins one and returns its cookie.
  std::string session(const std::string& scheme, std::string_view issuer, const std::string& subject) {
    const std::string secret = base64url_encode(std::string(32, static_cast<char>('a' + ++made)));
    auto one = std::make_shared<Session>();
    one->name = *session_name(secret);
    one->id = "ses_" + std::to_string(made);
    one->scheme = scheme;
    one->ends_s = kNowS + kLifetimeS;
    one->seen_s->store(kNowS);
    auto claims = std::make_shared<jose::Claims>();
    std::string audiences;
    Texts::append(audiences, "shop");
    claims->set(jose::Claims::Text::kIssuer, issuer);
    claims->set(jose::Claims::Text::kSubject, subject);
    claims->set(jose::Claims::Text::kAudiences, audiences);
    one->claims = std::move(claims);
    EXPECT_TRUE(sessions.put(one));
    last = one;
    return "__Host-" + scheme + "=" + secret;
  }
  std::string ask(std::string_view target, const std::string& cookies, std::int64_t at_s = kNowS) const {
    Asked asked(world, target, "Cookie: " + cookies + "\r\nSec-Fetch-Site: same-origin\r\n");
    asked.request.exchange.now = {at_s * 1000, 1'000'000'000};
    return asked.answer();
  }

  World world{kShop, kLogins};
  Sessions sessions{10};
  std::shared_ptr<Session> last;
  int made = 0;
};

TEST_F(CookieSessions, live_while_they_are_used_and_not_for_ever) {
  const std::string cookie = session("staff", "https://login.example/", "alice");
  EXPECT_EQ(ask("/staff", cookie), "alice");
  EXPECT_EQ(ask("/staff", cookie, kNowS + kIdleS), "alice");
  // Which was its last use.
  EXPECT_EQ(ask("/staff", cookie, kNowS + 2 * kIdleS), "alice");
  EXPECT_EQ(ask("/staff", cookie, kNowS + 3 * kIdleS + 1), "session-ended");
  last->seen_s->store(kNowS + kLifetimeS - 1);
  EXPECT_EQ(ask("/staff", cookie, kNowS + kLifetimeS - 1), "alice");
  EXPECT_EQ(ask("/staff", cookie, kNowS + kLifetimeS), "session-ended");
}

TEST_F(CookieSessions, of_several_schemes_are_told_apart) {
  const std::string staff = session("staff", "https://login.example/", "alice");
  const std::string customer = session("customer", "https://people.example/", "bob");
  EXPECT_EQ(ask("/staff", staff), "alice");
  EXPECT_EQ(ask("/staff", customer), "credential-missing");
  EXPECT_EQ(ask("/either", customer), "bob");
  EXPECT_EQ(ask("/either", customer + "; " + staff), "alice");
  // Whom nothing demands names nobody, wherever it stands.
  EXPECT_EQ(ask("/customer", staff + "; " + customer), "bob");
  EXPECT_EQ(ask("/customer", customer + "; " + staff), "bob");
  EXPECT_EQ(ask("/admin", staff + "; " + customer), "bob");
  EXPECT_EQ(ask("/both", staff), "credential-missing");
  EXPECT_EQ(ask("/both", staff + "; " + customer), "alice");
  // Whoever came in by both stays for as long as both live.
  Asked both(world, "/both", "Cookie: " + staff + "; " + customer + "\r\nSec-Fetch-Site: same-origin\r\n");
  EXPECT_EQ(both.answer(), "alice");
  EXPECT_EQ(revoked_since(both.principal, *world.source->get(), kNowS, &sessions), std::nullopt);
  sessions.remove(last->name);
  EXPECT_EQ(revoked_since(both.principal, *world.source->get(), kNowS, &sessions), Reason::kSessionEnded);
  EXPECT_TRUE(sessions.put(last));
  // The secret of one under the other's name is nobody's.
  const std::string secret = customer.substr(customer.find('=') + 1);
  EXPECT_EQ(ask("/staff", "__Host-staff=" + secret), "session-ended");
}

TEST_F(CookieSessions, that_are_none_name_nobody) {
  const std::string good = session("staff", "https://login.example/", "alice");
  const std::string secret = good.substr(good.find('=') + 1);
  for (const std::string& cookie :
       {std::string("__Host-staff="), "__Host-staff=" + secret.substr(1), good + "A",
        "__Host-staff=\"" + secret + "\"", "__Host-staff=" + std::string(42, 'A') + "=",
        "__Host-staff=" + std::string(43, 'A'), "__Host-staff==" + secret}) {
    EXPECT_EQ(ask("/staff", cookie), "session-ended") << cookie;
  }
  EXPECT_EQ(ask("/staff", "__host-staff=" + secret), "credential-missing");
  EXPECT_EQ(ask("/staff", good + "; " + good), "credential-repeated");
  EXPECT_EQ(ask("/staff", "a=b;  " + good + " ;c"), "alice");
}

}  // namespace
}  // namespace caponier::stages
