// What a client sends in confidence is found nowhere afterwards, and what it sends in malice cannot write the
// log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kJsonType = "Content-Type: application/json\r\n";

// Planted where secrets travel; each distinctive.
const std::vector<std::string> kPlanted = {"PlantedCookieValue8261", "PlantedApiKey5520",
                                           "PlantedBodyField7713",   "PlantedPassword9034",
                                           "PlantedQuery3381",       "PlantedBasic4417",
                                           "PlantedToken6652",       "PlantedPath1190aaaaaaaaaaaaaaaaaaaa"};

class Secrets : public testing::Test {
 protected:
  // Everything that the gateway wrote, to whatever.
  std::string everything_written() {
    gateway_.process().read_available();
    std::string all = gateway_.process().out() + gateway_.process().err();
    for (const auto& entry : std::filesystem::recursive_directory_iterator(gateway_.folder().path())) {
      if (entry.is_regular_file()) all += read_file(entry.path().string());
    }
    return all;
  }
  Upstream upstream_{answering(answer_text(200, "text/plain", "ok"))};
  Gateway gateway_{{.contract = kContract, .upstream = upstream_.url()}};
};

TEST_F(Secrets, planted_across_every_kind_of_answer_are_found_nowhere) {
  const std::string token = gateway_.token("alice", "items:read items:write");
  const std::string weak = gateway_.token("alice", "other");
  const std::string extras =
      "Cookie: session=PlantedCookieValue8261\r\nX-Api-Key: PlantedApiKey5520\r\nX-Custom: "
      "PlantedApiKey5520\r\n";
  const std::string good_body = R"({"name":"PlantedBodyField7713"})";
  const std::string bad_body = R"({"name":"PlantedBodyField7713","password":"PlantedPassword9034"})";
  const std::string secret_path = "/nowhere/PlantedPath1190aaaaaaaaaaaaaaaaaaaa";
  const std::string json = extras + kJsonType;
  struct Case {
    std::string request;
    int status;
  };
  const Case cases[] = {
      {request_text("POST", "/items", bearer(token) + json, good_body), 200},
      {request_text("GET", "/items/1", bearer(token) + extras), 200},
      {request_text("GET", "/open?q=PlantedQuery3381", extras), 200},
      {request_text("GET", "/open?token=PlantedQuery3381", extras), 400},
      {request_text("GET", "/open?q=PlantedQuery3381%", extras), 400},
      {request_text("GET", "/items/1", extras), 401},
      {request_text("GET", "/items/1", bearer("PlantedToken6652") + extras), 401},
      {request_text("GET", "/items/1", bearer(token.substr(0, token.size() - 8) + "AAAAAAAA") + extras), 401},
      {request_text("GET", "/items/1", "Authorization: Basic PlantedBasic4417\r\n"), 401},
      {request_text("GET", "/items/1", bearer(weak) + extras), 403},
      {request_text("PUT", "/items/PlantedPath1190aaaaaaaaaaaaaaaaaaaa", bearer(token) + extras), 404},
      {request_text("GET", secret_path + "?k=PlantedQuery3381", bearer(token) + extras), 404},
      {request_text("DELETE", "/items/1", bearer(token) + extras), 405},
      {request_text("POST", "/items", bearer(token) + json, bad_body), 400},
      {request_text("POST", "/items", bearer(token) + json, R"({"PlantedBodyField7713":1})"), 400},
      {request_text("POST", "/items", bearer(token) + json, "{PlantedBodyField7713"), 400},
      {request_text("POST", "/items", bearer(token) + json,
                    R"({"name":")" + std::string(2000, 'x') + "PlantedBodyField7713\"}"),
       413},
      {request_text("POST", "/items", bearer(token) + extras + "Content-Type: text/PlantedBodyField7713\r\n",
                    good_body),
       415},
      {request_text("GET", "/open", bearer(token) + extras + "Bad Field PlantedApiKey5520: x\r\n"), 400},
      {request_text("GET", "/open",
                    bearer(token) + extras + "X-Long: PlantedApiKey5520" + std::string(20'000, 'x') + "\r\n"),
       431},
      {request_text("GET", "/open", extras + "Expect: PlantedApiKey5520\r\n"), 417},
      {request_text("GET", "/items/../PlantedPath1190aaaaaaaaaaaaaaaaaaaa", extras), 400},
      {"GET /open HTTP/1.1\r\nHost: PlantedApiKey5520.example\r\n\r\n", 421},
      {request_text("GET", "/items/1", bearer(token) + bearer("PlantedToken6652")), 401},
  };
  std::size_t count = 0;
  for (const Case& c : cases) {
    EXPECT_EQ(gateway_.ask(c.request).status(), c.status) << c.request.substr(0, 300);
    ++count;
  }
  upstream_.set_script(answering(answer_text(500, "text/plain", "PlantedBodyField7713")));
  upstream_.stop();
  EXPECT_EQ(gateway_.ask(request_text("GET", "/items/1", bearer(token) + extras)).status(), 502);
  EXPECT_EQ(gateway_.wait_for_records(count + 1).size(), count + 1);
  EXPECT_EQ(gateway_.stop(), 0);

  const std::string written = everything_written();
  ASSERT_THAT(written, HasSubstr("\"reason\":\"credential-missing\"")) << "the log itself was looked at";
  for (const std::string& secret : kPlanted) EXPECT_THAT(written, Not(HasSubstr(secret))) << secret;
  for (const std::string& whole : {token, weak}) {
    // Not the whole, not the signature, not the claims.
    const std::size_t claims = whole.find('.') + 1;
    const std::size_t signature = whole.rfind('.') + 1;
    EXPECT_EQ(written.find(whole.substr(signature, 40)), std::string::npos);
    EXPECT_EQ(written.find(whole.substr(claims, signature - claims - 1)), std::string::npos);
  }
}

TEST_F(Secrets, answers_say_nothing_of_what_was_sent_or_of_the_inside) {
  const std::string token = gateway_.token("alice", "other");
  const std::string requests[] = {
      request_text("GET", "/items/1", bearer("PlantedToken6652")),
      request_text("GET", "/items/1", bearer(token)),
      request_text("GET", "/nowhere/PlantedPath1190aaaaaaaaaaaaaaaaaaaa"),
      request_text("GET", "/open?token=PlantedQuery3381"),
  };
  for (const std::string& request : requests) {
    const Message answer = gateway_.ask(request);
    const std::string all = answer.head + answer.body;
    for (const std::string& secret : kPlanted) EXPECT_THAT(all, Not(HasSubstr(secret)));
    for (const char* inside : {"api.yaml", "items:read", "caponier", "Caponier", "signature"})
      EXPECT_THAT(all, Not(HasSubstr(inside)));
    EXPECT_THAT(answer.body, HasSubstr("\"request_id\":\"" + answer.header("X-Request-ID") + "\""));
  }
}

TEST_F(Secrets, client_text_forges_neither_a_line_nor_a_terminal_escape) {
  const std::string forged =
      R"("}{"time":"2020-01-01T00:00:00.000Z","type":"exchange","status":200,"subject":"admin")";
  const std::string agents[] = {
      forged,
      "a\\n" + forged,
      "\xc2\x9b"
      "31m red",                     // a C1 control as UTF-8
      "\xe2\x80\xa8 separator",      // U+2028
      "\xe2\x80\xae right to left",  // a bidirectional override
      "\xff\xfe not UTF-8",
      std::string(3000, 'x'),
  };
  std::size_t count = 0;
  for (const std::string& agent : agents) {
    const Message answer = gateway_.ask(request_text("GET", "/open", "User-Agent: " + agent + "\r\n"));
    EXPECT_TRUE(answer.status() == 200 || answer.status() == 400) << answer.status();
    ++count;
  }
  const std::string paths[] = {"/x%0d%0a{\"type\":\"exchange\"}",
                               "/x%1b[31mred",
                               "/x%0a%0a",
                               "/\"},{\"",
                               "/x%c2%9b31m",
                               "/x%E2%80%AEabc"};
  for (const std::string& path : paths) {
    EXPECT_GE(gateway_.ask(request_text("GET", path)).status(), 400) << path;
    ++count;
  }
  // Raw control characters do not even make a request.
  for (const char* raw : {"GET /open HTTP/1.1\r\nHost: localhost\r\nUser-Agent: a\x1b[31m\r\n\r\n",
                          "GET /\x1b[31m HTTP/1.1\r\nHost: localhost\r\n\r\n"}) {
    EXPECT_EQ(gateway_.ask(raw).status(), 400);
    ++count;
  }
  EXPECT_EQ(gateway_.wait_for_records(count).size(), count);
  EXPECT_EQ(gateway_.stop(), 0);

  std::istringstream lines(gateway_.log());
  std::size_t found = 0;
  for (std::string line; std::getline(lines, line);) {
    auto record = parse_record(line);
    ASSERT_TRUE(record) << line;
    found += (*record)["type"] == "lifecycle" ? 0 : 1;
    EXPECT_NE((*record)["subject"], "admin") << line;
    EXPECT_LT(line.size(), 4096U);
    for (const char c : line) {
      EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) << line;
    }
    for (const char* hidden : {"\xc2\x9b", "\xe2\x80\xa8", "\xe2\x80\xae", "\xff"})
      EXPECT_THAT(line, Not(HasSubstr(hidden)));
  }
  EXPECT_EQ(found, count) << "exactly one line each";
}

}  // namespace
}  // namespace caponier::e2e
