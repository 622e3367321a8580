// A running gateway: its end, its limits, and its TLS.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <future>
#include <thread>

#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Drain, what_is_under_way_completes_and_nothing_new_begins) {
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  Upstream upstream([released](Peer& peer) {
    if (!peer.read_request()) return;
    released.wait();
    (void)peer.send(answer_text(200, "text/plain", "slow but whole"));
  });
  Gateway gateway({.contract = kContract, .upstream = upstream.url(), .workers = 2});
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const Socket busy = Socket::connect(gateway.port());
  ASSERT_TRUE(busy.send(request_text("GET", "/open")));
  const Socket idle = Socket::connect(gateway.port());
  MessageReader idle_reader(idle);
  ASSERT_TRUE(idle.send(request_text("GET", "/nowhere")));
  ASSERT_TRUE(idle_reader.read_answer());
  ASSERT_TRUE(eventually([&upstream] { return !upstream.requests().empty(); }));

  gateway.process().signal(SIGTERM);
  EXPECT_EQ(idle_reader.read_to_end(), "") << "idle connections end at once";
  EXPECT_TRUE(eventually([&gateway] { return !Socket::connect(gateway.port()).open(); }));
  release.set_value();
  MessageReader reader(busy);
  const auto answer = reader.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status(), 200);
  EXPECT_EQ(answer->body, "slow but whole");
  EXPECT_EQ(reader.read_to_end(), "");
  EXPECT_EQ(gateway.process().wait(), 0);
  EXPECT_EQ(gateway.records().size(), 2U);
  EXPECT_THAT(gateway.log(), HasSubstr("\"what\":\"stop\""));
}

TEST(Drain, what_does_not_end_in_time_is_ended) {
  Upstream upstream([](Peer& peer) {
    while (peer.read_request()) {
    }
  });
  Gateway gateway(
      {.contract = kContract, .upstream = upstream.url(), .config = "timeouts: {drain: 200ms}\n"});
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const Socket busy = Socket::connect(gateway.port());
  ASSERT_TRUE(busy.send(request_text("GET", "/open")));
  ASSERT_TRUE(eventually([&upstream] { return !upstream.requests().empty(); }));
  const auto began = Clock::now();
  EXPECT_EQ(gateway.stop(), 0);
  EXPECT_LT(Clock::now() - began, std::chrono::seconds(10));
  EXPECT_EQ(gateway.records().size(), 1U) << "the record of what was ended is written as well";
}

TEST(Drain, an_interrupt_is_as_good_as_a_termination) {
  Upstream upstream(echoing());
  Gateway gateway({.contract = kContract, .upstream = upstream.url()});
  ASSERT_TRUE(gateway.ready());
  gateway.process().signal(SIGINT);
  EXPECT_EQ(gateway.process().wait(), 0);
}

constexpr const char* kLimited = R"(openapi: 3.1.0
info: {title: Limited, version: "1"}
servers: [{url: /}]
paths:
  /thing:
    get:
      operationId: getThing
      security: []
      x-caponier: {public: {reason: "for everybody"}, rate_limit: {per_address: 50/h}}
      responses: {"200": {description: ok, content: {text/plain: {}}}}
)";

TEST(RateLimit, is_exact_over_two_workers_and_four_connections) {
  Upstream upstream(answering(answer_text(200, "text/plain", "ok")));
  Gateway gateway({.contract = kLimited, .upstream = upstream.url(), .workers = 2});
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  std::atomic<int> allowed = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      const Socket socket = Socket::connect(gateway.port());
      MessageReader reader(socket);
      for (int k = 0; k < 40; ++k) {
        if (!socket.send(request_text("GET", "/thing"))) return;
        const auto answer = reader.read_answer();
        if (answer && answer->status() == 200) ++allowed;
        if (answer && answer->status() == 429) ++refused;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(allowed, 50);
  EXPECT_EQ(refused, 110);
  EXPECT_EQ(upstream.requests().size(), 50U);
}

TEST(RateLimit, tells_what_is_left_and_when_to_come_back) {
  Upstream upstream(
      answering("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nX-RateLimit-Remaining: "
                "999\r\n\r\nok"));
  Gateway gateway({.contract = kLimited, .upstream = upstream.url()});
  ASSERT_TRUE(gateway.ready());
  const Message first = gateway.ask(request_text("GET", "/thing"));
  EXPECT_EQ(first.header("RateLimit"), "\"per_address\";r=49;t=72") << first.head;
  EXPECT_EQ(first.header("RateLimit-Policy"), "\"per_address\";q=50;w=3600");
  EXPECT_EQ(first.header("X-RateLimit-Limit"), "50");
  EXPECT_EQ(first.header("X-RateLimit-Remaining"), "49") << "the upstream's own does not mix in";
  EXPECT_FALSE(first.has("Retry-After"));
  for (int i = 1; i < 50; ++i) EXPECT_EQ(gateway.ask(request_text("GET", "/thing")).status(), 200);
  const Message refused = gateway.ask(request_text("GET", "/thing"));
  EXPECT_EQ(refused.status(), 429);
  EXPECT_EQ(refused.header("X-RateLimit-Remaining"), "0");
  EXPECT_THAT(refused.header("RateLimit"), HasSubstr(";r=0;"));
  const int wait_s = std::atoi(refused.header("Retry-After").c_str());
  EXPECT_GE(wait_s, 60);
  EXPECT_LE(wait_s, 200) << "the token that comes next, not the whole window";
  Record record = gateway.record_of(refused);
  EXPECT_EQ(record["reason"], "rate-limited");
  EXPECT_THAT(record["where"], HasSubstr("api.yaml:"));
}

TEST(FailedAuthentication, is_counted_per_address_and_stops_guessing) {
  Upstream upstream(echoing());
  Gateway gateway({.contract = kContract,
                   .upstream = upstream.url(),
                   .config = "limits: {connections: {failed_authentications_per_address_burst: 5, "
                             "failed_authentications_per_address_per_minute: 1}}\n"});
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(gateway.ask(request_text("GET", "/items/1", bearer("guess" + std::to_string(i)))).status(),
              401);
  }
  const Message refused = gateway.ask(request_text("GET", "/items/1", bearer("guess")));
  EXPECT_EQ(refused.status(), 429);
  EXPECT_TRUE(refused.has("Retry-After"));
  EXPECT_EQ(gateway.record_of(refused)["reason"], "too-many-failed-authentications");
}

class Tls : public testing::Test {
 protected:
  Upstream upstream_{echoing()};
  Gateway gateway_{{.contract = kContract, .upstream = upstream_.url(), .tls = true}};
  Finished s_client(Words words) {
    words.insert(words.begin(),
                 {"openssl", "s_client", "-connect", gateway_.host(), "-CAfile", gateway_.ca_file()});
    return run(words);
  }
};

TEST_F(Tls, versions_1_2_and_1_3_are_spoken) {
  for (const char* version : {"1.2", "1.3"}) {
    const CurlResult result = curl({"--cacert", gateway_.ca_file(), std::string("--tlsv") + version,
                                    "--tls-max", version, gateway_.url() + "/open"});
    EXPECT_EQ(result.answer.status(), 200) << version;
  }
}

TEST_F(Tls, older_versions_and_weak_suites_are_refused_and_recorded) {
  const std::vector<Words> attempts = {{"-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"},
                                       {"-tls1", "-cipher", "DEFAULT@SECLEVEL=0"},
                                       {"-tls1_2", "-cipher", "AES128-SHA@SECLEVEL=0"},
                                       {"-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA@SECLEVEL=0"}};
  std::size_t records = 0;
  for (const Words& words : attempts) {
    const Finished done = s_client(words);
    EXPECT_NE(done.status, 0) << words.front();
    std::vector<Record> all = gateway_.wait_for_records(++records);
    ASSERT_EQ(all.size(), records);
    EXPECT_EQ(all.back()["type"], "handshake");
    EXPECT_EQ(all.back()["reason"], "handshake-failed");
    EXPECT_NE(all.back()["detail"], "");
  }
}

TEST_F(Tls, the_local_certificate_is_good_for_loopback_names_only) {
  const std::string port = std::to_string(gateway_.port());
  EXPECT_EQ(curl({"--cacert", gateway_.ca_file(), "https://localhost:" + port + "/open"}).answer.status(),
            200);
  EXPECT_EQ(curl({"https://localhost:" + port + "/open"}).exit_status, 60) << "no trust without being told";
  EXPECT_EQ(curl({"--cacert", gateway_.ca_file(), "--resolve", "api.example.com:" + port + ":127.0.0.1",
                  "https://api.example.com:" + port + "/open"})
                .exit_status,
            60);
}

TEST_F(Tls, plain_http_gets_a_text_that_says_so_and_a_record) {
  const Message answer = gateway_.ask(request_text("GET", "/open"));
  EXPECT_EQ(answer.status(), 400);
  EXPECT_THAT(answer.body, HasSubstr("use https://"));
  std::vector<Record> records = gateway_.wait_for_records(1);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0]["type"], "handshake");
  EXPECT_EQ(records[0]["reason"], "plain-http-refused");
  EXPECT_EQ(upstream_.received(), "");
}

TEST_F(Tls, connections_are_kept_and_large_bodies_come_whole) {
  const std::string body(3'000'000, 'x');
  const std::string file = gateway_.folder().write("body", body);
  const CurlResult result =
      curl({"--cacert", gateway_.ca_file(), "-H", "Content-Type: application/octet-stream", "-H",
            "Expect:", "--data-binary", "@" + file, gateway_.url() + "/bytes"});
  EXPECT_EQ(result.answer.status(), 200);
  EXPECT_TRUE(result.answer.body == body);
  const Finished twice =
      run({"curl", "-sS", "-o", "/dev/null", "-o", "/dev/null", "-w", "%{num_connects}\n", "--cacert",
           gateway_.ca_file(), gateway_.url() + "/open", gateway_.url() + "/open"});
  EXPECT_EQ(twice.out, "1\n0\n");
}

// Reads to the end and tells how much that was.
void count_body(Peer& peer) {
  const auto head = peer.read_head();
  if (!head) return;
  const std::size_t bytes = std::strtoul(head->header("Content-Length").c_str(), nullptr, 10);
  MessageReader& reader = peer.reader();
  std::size_t read = 0;
  while (read < bytes && (!reader.buffer().empty() || reader.more()))
    read += std::exchange(reader.buffer(), {}).size();
  (void)peer.send(answer_text(200, "application/octet-stream", std::to_string(read)));
}

// What lies decrypted and unread must not make the loop ask for it more often than it can be taken.
TEST_F(Tls, an_upload_that_comes_faster_than_it_goes_on_is_taken_in_constant_memory) {
  upstream_.set_script(count_body);
  constexpr std::size_t kBytes = std::size_t{64} * 1024 * 1024;
  const std::string file = gateway_.folder().write("body", std::string(kBytes, 'x'));
  const std::size_t before_kib = peak_kib(gateway_.process().pid());
  const CurlResult result =
      curl({"--cacert", gateway_.ca_file(), "-H", "Content-Type: application/octet-stream", "-H",
            "Expect:", "--data-binary", "@" + file, gateway_.url() + "/bytes"});
  EXPECT_EQ(result.answer.status(), 200);
  EXPECT_EQ(result.answer.body, std::to_string(kBytes));
  EXPECT_TRUE(kSanitized || peak_kib(gateway_.process().pid()) < before_kib + 4096U);
}

}  // namespace
}  // namespace caponier::e2e
