// Guessing against the running gateway, from many addresses: who guesses waits, the owner does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/bytes.h"
#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Behind a trusted proxy the test comes from wherever it likes.
constexpr const char* kAnywhere =
    "listeners: [{listen: 'http://127.0.0.1:0', trusted_proxies: [127.0.0.1]}]\n";
constexpr int kBurst = 10;

std::string from(int place) {
  return "X-Forwarded-For: 198.51.100." + std::to_string(place) + "\r\n";
}

struct Guessing : testing::Test {
  Upstream upstream{echoing()};
  Gateway gateway{{.contract = kContract, .upstream = upstream.url(), .config = kAnywhere}};

  [[nodiscard]] Message get(const std::string& token, int place) const {
    return gateway.ask(request_text("GET", "/items/1", bearer(token) + from(place)));
  }
};

TEST_F(Guessing, a_subject_is_defended_against_all_the_world_and_never_locked_out) {
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const std::string good = gateway.token("alice", "items:read");
  std::string forged = good;
  const std::size_t at = forged.rfind('.') + 10;
  forged[at] = forged[at] == 'A' ? 'B' : 'A';
  int place = 0;
  for (int i = 0; i < kBurst; ++i) EXPECT_EQ(get(forged, ++place).status(), 401) << i;
  const Message refused = get(forged, ++place);
  EXPECT_EQ(refused.status(), 429);
  EXPECT_GT(std::atoi(refused.header("Retry-After").c_str()), 0);
  EXPECT_FALSE(refused.has("WWW-Authenticate"));
  EXPECT_THAT(refused.body, Not(HasSubstr("identity"))) << "how it is counted is nobody's business";
  Record record = gateway.record_of(refused);
  EXPECT_EQ(record["reason"], "too-many-failed-authentications-identity");
  EXPECT_THAT(record["detail"], StartsWith("token-bad-signature"));
  EXPECT_THAT(record["attempted"], StartsWith("subject:"));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(get(good, ++place).status(), 200) << i;
  EXPECT_EQ(get(forged, ++place).status(), 429);
  EXPECT_THAT(gateway.log(), Not(HasSubstr(forged.substr(at - 5))));
}

TEST_F(Guessing, an_address_that_guesses_waits_longer_each_time_whatever_it_sends) {
  Gateway impatient({.contract = kContract,
                     .upstream = upstream.url(),
                     .config = std::string(kAnywhere) +
                               "limits: {connections: {failed_authentications_per_address_burst: 3, "
                               "failed_authentications_per_address_per_minute: 20}}\n"});
  ASSERT_TRUE(impatient.ready()) << impatient.process().err();
  const std::string good = impatient.token("alice", "items:read");
  const auto ask = [&](const std::string& token) {
    return impatient.ask(request_text("GET", "/items/1", bearer(token) + from(1)));
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask("guess").status(), 401);
  EXPECT_EQ(ask(good).status(), 429);
  EXPECT_LE(std::atoi(ask(good).header("Retry-After").c_str()), 3);
  // Its time is over soon; the next guess costs twice as much.
  EXPECT_TRUE(eventually([&] { return ask("guess").status() == 401; }));
  const Message refused = ask("guess");
  EXPECT_EQ(refused.status(), 429);
  EXPECT_GT(std::atoi(refused.header("Retry-After").c_str()), 3);
  EXPECT_EQ(impatient.record_of(refused)["reason"], "too-many-failed-authentications");
}

TEST_F(Guessing, check_says_how_often_somebody_may_be_wrong) {
  ASSERT_TRUE(gateway.ready());
  const Finished checked = run_caponier(
      {"check", "--dev", "--contract", gateway.folder().file("api.yaml"), "--upstream", upstream.url()});
  EXPECT_THAT(checked.out, HasSubstr("of an address: 30 failed authentications at once, 30 a minute"));
  EXPECT_THAT(checked.out, HasSubstr("for an identity, wherever from: 10 failed authentications at once"));
}

constexpr const char* kLegacy = R"(openapi: 3.1.0
info: {title: Legacy, version: "1"}
paths:
  /old:
    get:
      operationId: getOld
      security: [{legacy: []}]
      responses: {"200": {description: ok, content: {text/plain: {}, application/json: {}}}}
components:
  securitySchemes:
    legacy: {type: http, scheme: basic}
)";

std::string basic(const std::string& pair) {
  return "Authorization: Basic " + base64_encode(pair) + "\r\n";
}

class Basic : public testing::Test {
 protected:
  Basic() {
    set("pump", "open sesame");
    set("pump two", "pass:with:colons");
  }
  // `caponier passwd`, as a person would type it.
  void set(const std::string& name, const std::string& password, const Words& more = {}) {
    folder_.write("typed", password + "\n");
    Words words = {"passwd", users(), name};
    words.insert(words.end(), more.begin(), more.end());
    const Finished done = run_caponier_with(folder_.file("typed"), words);
    EXPECT_EQ(done.status, 0) << done.err;
  }
  [[nodiscard]] std::string users() const { return folder_.file("users"); }
  [[nodiscard]] Options options(const std::string& more = {}) const {
    return {.contract = kLegacy,
            .upstream = upstream_.url(),
            .config = std::string(kAnywhere) +
                      "security_schemes:\n  legacy:\n    basic: {reason: pumps in the field, users_file: " +
                      users() + "}\n" + more,
            .dev = false};
  }
  static std::string get(const std::string& pair, int place = 1) {
    return request_text("GET", "/old", basic(pair) + from(place));
  }

  TestFolder folder_;
  Upstream upstream_{echoing()};
};

TEST_F(Basic, a_password_opens_and_stays_with_the_gateway) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(gateway.ask(get("pump:open sesame")).status(), 200);
  EXPECT_EQ(gateway.ask(get("pump two:pass:with:colons")).status(), 200);
  EXPECT_THAT(upstream_.received(), HasSubstr("Caponier-Subject: pump\r\n"));
  EXPECT_THAT(upstream_.received(), Not(HasSubstr("Authorization")));
  for (const char* wrong : {"pump:open sesam", "pump:", "nobody:open sesame", "pump two:open sesame"}) {
    const Message refused = gateway.ask(get(wrong));
    EXPECT_EQ(refused.status(), 401) << wrong;
    EXPECT_EQ(refused.header("WWW-Authenticate"), "Basic realm=\"api\", charset=\"UTF-8\"");
  }
  Record record = gateway.record_of(gateway.ask(get("pump:a secret guess")));
  EXPECT_EQ(record["reason"], "password-wrong");
  EXPECT_THAT(record["attempted"], StartsWith("user:"));
  const std::string all = gateway.log() + gateway.process().err();
  for (const char* secret : {"sesam", "secret guess", "with:colons"}) {
    EXPECT_THAT(all, Not(HasSubstr(secret)));
    EXPECT_THAT(all, Not(HasSubstr(base64_encode(secret))));
  }
}

TEST_F(Basic, guessing_ends_before_it_costs_anything_and_the_owner_comes_in_from_elsewhere) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  for (int i = 0; i < kBurst; ++i)
    EXPECT_EQ(gateway.ask(get("pump:guess" + std::to_string(i), 66)).status(), 401) << i;
  const Message refused = gateway.ask(get("pump:another", 66));
  EXPECT_EQ(refused.status(), 429);
  EXPECT_TRUE(refused.has("Retry-After"));
  EXPECT_THAT(gateway.record_of(refused)["detail"], HasSubstr("nothing was verified"));
  EXPECT_EQ(gateway.ask(get("pump:open sesame", 1)).status(), 200);
  EXPECT_EQ(gateway.ask(get("pump:wrong", 67)).status(), 429) << "too many failed for this user";
  EXPECT_EQ(gateway.ask(get("pump:open sesame", 2)).status(), 200);
}

TEST_F(Basic, users_follow_their_file_with_a_reload) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(gateway.ask(get("pump:open sesame")).status(), 200);
  set("pump", "new words");
  set("pump two", "", {"--remove"});
  gateway.process().signal(SIGHUP);
  EXPECT_TRUE(eventually([&] { return gateway.ask(get("pump:new words", 9)).status() == 200; }));
  EXPECT_EQ(gateway.ask(get("pump:open sesame")).status(), 401) << "what was known is known no more";
  EXPECT_EQ(gateway.ask(get("pump two:pass:with:colons")).status(), 401);
}

TEST_F(Basic, the_file_of_users_stays_whose_it_is_and_nobody_is_lost_when_two_change_it) {
  const std::string link = folder_.file("link");
  std::filesystem::create_symlink(users(), link);
  std::filesystem::permissions(users(), std::filesystem::perms(0640));
  folder_.write("typed", "a long password\n");
  std::vector<std::thread> all;
  for (int i = 0; i < 6; ++i) {
    all.emplace_back([&, name = "user" + std::to_string(i)] {
      const Finished done = run_caponier_with(folder_.file("typed"), {"passwd", link, name});
      EXPECT_EQ(done.status, 0) << done.err;
    });
  }
  for (std::thread& one : all) one.join();
  const std::string text = read_file(users());
  for (int i = 0; i < 6; ++i) EXPECT_THAT(text, HasSubstr("user" + std::to_string(i) + ":$argon2id$"));
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(std::filesystem::status(users()).permissions(), std::filesystem::perms(0640));
  std::filesystem::remove(users());
  const Finished dangling = run_caponier_with(folder_.file("typed"), {"passwd", link, "pump"});
  EXPECT_EQ(dangling.status, 2);
  EXPECT_THAT(dangling.err, HasSubstr("is a link to nothing"));
}

TEST_F(Basic, loads_with_a_reason_alone_and_what_is_wrong_with_users_is_told_with_its_line) {
  Options options = this->options();
  const auto said_without = [&](const std::string& what, const std::string& with) {
    Options other = options;
    other.config.replace(other.config.find(what), what.size(), with);
    Gateway gateway(other);
    EXPECT_FALSE(gateway.ready());
    return gateway.process().err();
  };
  EXPECT_THAT(said_without("reason: pumps in the field, ", ""), HasSubstr("reason"));
  folder_.write("bad", read_file(users()) + "valve:plain-text\n");
  EXPECT_THAT(said_without(users(), folder_.file("bad")),
              HasSubstr("bad:3:1: error: the line does not hold"));
  EXPECT_THAT(said_without(users(), folder_.file("nowhere")), HasSubstr("[unreadable]"));
}

TEST_F(Basic, what_debians_argon2_prints_is_taken_as_it_is) {
  const Finished hash =
      run({"sh", "-c", "printf 'from the tool' | argon2 somesaltsomesalt -id -k 19456 -t 2 -p 1 -e"});
  ASSERT_EQ(hash.status, 0) << hash.err;
  folder_.write("users", "tool:" + hash.out);
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(gateway.ask(get("tool:from the tool")).status(), 200);
  EXPECT_EQ(gateway.ask(get("tool:from the toot")).status(), 401);
}

}  // namespace
}  // namespace caponier::e2e
