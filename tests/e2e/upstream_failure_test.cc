// An upstream that is away, slow, dying or lying: each has its answer and its record, and nothing is sent
// twice that must not be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

constexpr const char* kOk = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";
constexpr const char* kJsonType = "Content-Type: application/json\r\n";

class UpstreamFailure : public testing::Test {
 protected:
  // The status and the reason recorded for it.
  static std::pair<int, std::string> outcome(const Gateway& gateway, const std::string& request) {
    const Message answer = gateway.ask(request);
    return {answer.status(), gateway.record_of(answer)["reason"]};
  }
  std::pair<int, std::string> outcome(const std::string& request) { return outcome(gateway_, request); }
  std::string post() { return request_text("POST", "/items", bearer(token_) + kJsonType, R"({"name":"x"})"); }
  Upstream upstream_{answering(kOk)};
  Gateway gateway_{{.contract = kContract, .upstream = upstream_.url()}};
  std::string token_ = gateway_.token("alice", "items:read items:write");
};

using Outcome = std::pair<int, std::string>;

TEST_F(UpstreamFailure, nobody_listens) {
  upstream_.stop();
  EXPECT_EQ(outcome(request_text("GET", "/open")), Outcome(502, "upstream-unreachable"));
}

TEST_F(UpstreamFailure, it_comes_back_and_so_does_the_service) {
  EXPECT_EQ(gateway_.ask(request_text("GET", "/open")).status(), 200);
  upstream_.set_script([](Peer&) {});  // closes at once
  EXPECT_EQ(gateway_.ask(request_text("GET", "/open")).status(), 200)
      << "the pooled connection is still good";
}

TEST_F(UpstreamFailure, answers_that_are_not_strict_http_are_refused) {
  const char* const garbage[] = {
      "garbage\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: 2\n\nok",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX-A: b\r\n folded\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
      "SSH-2.0-OpenSSH_9.2\r\n",
  };
  for (const char* text : garbage) {
    upstream_.set_script([text](Peer& peer) {
      if (peer.read_request()) (void)peer.send(text);
    });
    EXPECT_EQ(outcome(request_text("GET", "/open")).first, 502) << text;
  }
}

TEST_F(UpstreamFailure, interim_answers_stay_here) {
  upstream_.set_script(answering("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + std::string(kOk)));
  const Message answer = gateway_.ask(request_text("GET", "/open"));
  EXPECT_EQ(answer.start_line.substr(0, 12), "HTTP/1.1 200");
  EXPECT_FALSE(answer.has("Link"));
}

TEST_F(UpstreamFailure, bytes_behind_an_answer_are_never_given_to_the_next_caller) {
  upstream_.set_script([](Peer& peer) {
    while (peer.read_request()) {
      if (!peer.send(std::string(kOk) +
                     "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\npoison"))
        return;
    }
  });
  for (int i = 0; i < 5; ++i) EXPECT_EQ(gateway_.ask(request_text("GET", "/open")).body, "ok");
}

TEST_F(UpstreamFailure, a_pooled_connection_is_used_again) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(gateway_.ask(request_text("GET", "/open")).status(), 200);
  EXPECT_EQ(upstream_.connections(), 1U);
}

TEST_F(UpstreamFailure, closed_idle_connections_are_noticed) {
  upstream_.set_script([](Peer& peer) {
    if (peer.read_request()) (void)peer.send(kOk);  // and closes, without saying so before
  });
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(gateway_.ask(request_text("GET", "/open")).status(), 200) << i;
  }
  EXPECT_EQ(upstream_.requests().size(), 5U);
}

TEST_F(UpstreamFailure, a_get_is_sent_once_more_when_a_pooled_connection_dies_under_it) {
  upstream_.set_script([](Peer& peer) {
    if (!peer.read_request() || !peer.send(kOk)) return;
    // The first connection takes a second request and dies.
    if (peer.number() == 0) {
      (void)peer.read_request();
      return;
    }
    while (peer.read_request() && peer.send(kOk)) {
    }
  });
  EXPECT_EQ(gateway_.ask(request_text("GET", "/open")).status(), 200);
  const Message answer = gateway_.ask(request_text("GET", "/open"));
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(gateway_.record_of(answer)["attempts"], "2");
  EXPECT_EQ(upstream_.requests().size(), 3U);
}

TEST_F(UpstreamFailure, a_get_is_not_sent_a_third_time) {
  upstream_.set_script([](Peer& peer) {
    if (peer.number() == 0 && peer.read_request() && peer.send(kOk)) (void)peer.read_request();
    if (peer.number() > 0) (void)peer.read_request();
  });
  EXPECT_EQ(gateway_.ask(request_text("GET", "/open")).status(), 200);
  EXPECT_EQ(outcome(request_text("GET", "/open")), Outcome(502, "upstream-closed"));
  EXPECT_EQ(upstream_.requests().size(), 3U);
}

TEST_F(UpstreamFailure, a_fresh_connection_that_dies_is_not_tried_again) {
  upstream_.set_script([](Peer& peer) { (void)peer.read_request(); });
  EXPECT_EQ(outcome(request_text("GET", "/open")), Outcome(502, "upstream-closed"));
  EXPECT_EQ(upstream_.requests().size(), 1U);
}

TEST_F(UpstreamFailure, a_post_is_never_sent_twice) {
  upstream_.set_script([](Peer& peer) {
    if (peer.read_request() && peer.send(kOk)) (void)peer.read_request();
  });
  EXPECT_EQ(gateway_.ask(post()).status(), 200);
  EXPECT_EQ(outcome(post()), Outcome(502, "upstream-closed"));
  EXPECT_EQ(upstream_.requests().size(), 2U);
}

TEST_F(UpstreamFailure, an_answer_that_has_begun_is_never_tried_again) {
  upstream_.set_script([](Peer& peer) {
    if (!peer.read_request() || !peer.send(kOk)) return;
    if (peer.read_request()) (void)peer.send("HTTP/1.1 20");
  });
  EXPECT_EQ(gateway_.ask(request_text("GET", "/open")).status(), 200);
  EXPECT_EQ(outcome(request_text("GET", "/open")), Outcome(502, "upstream-closed"));
  EXPECT_EQ(upstream_.requests().size(), 2U);
}

class SlowUpstream : public UpstreamFailure {
 protected:
  Gateway hurried_{{.contract = kContract,
                    .upstream = upstream_.url(),
                    .config = "timeouts: {upstream_first_byte: 250ms}\n"}};
};

TEST_F(SlowUpstream, no_answer_in_time_is_told_as_such) {
  upstream_.set_script([](Peer& peer) {
    while (peer.read_request()) {
    }
  });
  EXPECT_EQ(outcome(hurried_, request_text("GET", "/open")), Outcome(504, "upstream-timeout"));
  EXPECT_EQ(upstream_.requests().size(), 1U) << "slow is not dead";
}

TEST_F(SlowUpstream, a_head_that_drips_in_is_bounded_in_time_as_a_whole) {
  upstream_.set_script([](Peer& peer) {
    if (!peer.read_request()) return;
    std::string ignored;
    for (const char c : std::string(400, 'x')) {
      if (!peer.send({&c, 1})) return;
      (void)peer.socket().receive(ignored, std::chrono::milliseconds(20));
    }
  });
  const int status = outcome(hurried_, request_text("GET", "/open")).first;
  EXPECT_TRUE(status == 504 || status == 502) << status;
}

TEST_F(UpstreamFailure, an_early_answer_to_an_upload_is_passed_on) {
  upstream_.set_script([](Peer& peer) {
    if (peer.read_head())
      (void)peer.send(
          "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 5\r\n\r\nearly");
    // Lets the answer arrive before the end that follows.
    std::string ignored;
    while (peer.socket().receive(ignored, std::chrono::milliseconds(300))) {
    }
  });
  const Message answer = gateway_.ask(
      request_text("POST", "/bytes", "Content-Type: application/octet-stream\r\nContent-Length: 100000\r\n") +
      std::string(1000, 'x'));
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.body, "early");
}

}  // namespace
}  // namespace caponier::e2e
