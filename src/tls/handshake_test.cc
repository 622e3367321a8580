#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <string>

#include "tls/context.h"
#include "tls/test_peers.h"

namespace caponier::tls {
namespace {

class HandshakeTest : public Peers {
 public:
  SSL* server_ssl() { return dynamic_cast<TlsStream&>(*server).ssl(); }
  // What the server makes of these bytes, and what it answers.
  std::string answer_to(std::string_view bytes, bool ends, const net::SimFaults& faults = {}) {
    network.set_faults(faults);
    auto ends_of = network.pair();
    server_done = false;
    server_failure = {};
    net::spawn(accept_one(*this, std::move(ends_of.first)));
    net::spawn(send(*ends_of.second, std::string(bytes), "", ends));
    std::string answer = receive_all(*ends_of.second).bytes;
    ends_of.second.reset();
    EXPECT_TRUE(loop.run_until([&] { return server_done; }));
    return answer;
  }
};

TEST_F(HandshakeTest, agrees_on_tls_1_3_with_an_ephemeral_group_and_http_1_1) {
  connect_well();
  EXPECT_EQ(SSL_version(server_ssl()), TLS1_3_VERSION);
  EXPECT_STREQ(SSL_get_cipher_name(server_ssl()), "TLS_AES_128_GCM_SHA256");
  const unsigned char* chosen = nullptr;
  unsigned bytes = 0;
  SSL_get0_alpn_selected(server_ssl(), &chosen, &bytes);
  EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(chosen), bytes), "http/1.1");
}

TEST_F(HandshakeTest, tls_1_2_works_with_modern_suites) {
  SSL_CTX_set_max_proto_version(client_context->get(), TLS1_2_VERSION);
  connect_well();
  EXPECT_STREQ(SSL_get_cipher_name(server_ssl()), "ECDHE-ECDSA-AES128-GCM-SHA256");
}

TEST_F(HandshakeTest, old_versions_and_suites_are_refused_with_a_reason) {
  const struct {
    const char* what;
    int version_min;
    int version_max;
    const char* suites;
    const char* detail;
  } cases[] = {
      {"TLS 1.1", TLS1_VERSION, TLS1_1_VERSION, "ALL:@SECLEVEL=0", "unsupported protocol"},
      {"TLS 1.0", TLS1_VERSION, TLS1_VERSION, "ALL:@SECLEVEL=0", "unsupported protocol"},
      {"CBC", TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256", "no shared cipher"},
      {"static RSA", TLS1_2_VERSION, TLS1_2_VERSION, "AES128-GCM-SHA256", "no shared cipher"},
  };
  for (const auto& c : cases) {
    server_done = client_done = false;
    SSL_CTX_set_cipher_list(client_context->get(), c.suites);
    SSL_CTX_set_min_proto_version(client_context->get(), c.version_min);
    SSL_CTX_set_max_proto_version(client_context->get(), c.version_max);
    connect();
    EXPECT_FALSE(server) << c.what;
    EXPECT_FALSE(client) << c.what;
    EXPECT_EQ(server_failure.detail, c.detail) << c.what;
    EXPECT_FALSE(server_failure.plain_http);
  }
}

TEST_F(HandshakeTest, a_client_of_another_protocol_is_refused) {
  constexpr unsigned char kH3[] = {2, 'h', '3'};
  SSL_CTX_set_alpn_protos(client_context->get(), kH3, sizeof kH3);
  connect();
  EXPECT_FALSE(server);
  EXPECT_EQ(server_failure.detail, "no application protocol");
}

TEST_F(HandshakeTest, http_2_is_agreed_on_wherever_a_client_offers_it) {
  constexpr unsigned char kBoth[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1', 2, 'h', '2'};
  SSL_CTX_set_alpn_protos(client_context->get(), kBoth, sizeof kBoth);
  connect_well();
  EXPECT_EQ(server->protocol(), "h2");
  EXPECT_EQ(client->protocol(), "h2");
}

TEST_F(HandshakeTest, a_client_that_offers_ours_among_others_or_none_is_served) {
  constexpr unsigned char kBoth[] = {2, 'h', '3', 8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  SSL_CTX_set_alpn_protos(client_context->get(), kBoth, sizeof kBoth);
  connect_well();
  EXPECT_EQ(server->protocol(), "http/1.1");
  SSL_CTX_set_alpn_protos(client_context->get(), nullptr, 0);
  server_done = client_done = false;
  connect_well();
  EXPECT_EQ(server->protocol(), "");
}

TEST_F(HandshakeTest, sessions_resume_by_ticket) {
  connect_well();
  // The ticket comes after the handshake.
  server->try_write("x", "");
  receive(*client);
  SSL_SESSION* session = SSL_get1_session(dynamic_cast<TlsStream&>(*client).ssl());
  ASSERT_TRUE(SSL_SESSION_is_resumable(session));
  auto ends = network.pair();
  auto again = TlsStream::create(std::move(ends.second), *client_context->get(), SSL_set_connect_state);
  SSL_set_session(again->ssl(), session);
  SSL_SESSION_free(session);
  server_done = false;
  net::spawn(accept_one(*this, std::move(ends.first)));
  ASSERT_TRUE(
      loop.run_until([&] { return again->handshake() == TlsStream::Handshake::kDone && server_done; }));
  EXPECT_EQ(SSL_session_reused(again->ssl()), 1);
}

TEST_F(HandshakeTest, only_the_names_of_the_certificate_are_accepted) {
  const struct {
    const char* name;
    bool good;
  } cases[] = {{"localhost", true},    {"LOCALHOST", true}, {"localhost.", true},  {"127.0.0.1", true},
               {"::1", true},          {"[::1]", true},     {"127.0.0.2", false},  {"a.localhost", false},
               {"example.com", false}, {"::2", false},      {"2130706433", false}, {"", false}};
  for (const auto& c : cases) {
    server_done = client_done = false;
    name = c.name;
    connect();
    EXPECT_EQ(client != nullptr, c.good) << c.name;
    if (!c.good && name.size() > 1) {
      EXPECT_TRUE(client_failure.detail.starts_with("certificate verify failed: ")) << client_failure.detail;
      EXPECT_TRUE(client_failure.detail.ends_with(" mismatch")) << client_failure.detail;
    }
    client.reset();
    server.reset();
  }
}

TEST_F(HandshakeTest, another_authority_is_refused) {
  const auto other = create_local_ca(std::time(nullptr));
  client_context = std::move(*ClientContext::create(other->certificate_pem));
  connect();
  EXPECT_FALSE(client);
  EXPECT_TRUE(client_failure.detail.starts_with("certificate verify failed: ")) << client_failure.detail;
  EXPECT_FALSE(server);
  client_context = std::move(*ClientContext::create({}));
  server_done = client_done = false;
  connect();
  EXPECT_FALSE(client);
}

TEST_F(HandshakeTest, an_expired_certificate_is_refused_by_the_client) {
  const std::int64_t then_s = std::time(nullptr) - 8 * 24 * 3600;
  const auto leaf =
      issue_local_leaf(identity().authority.certificate_pem, identity().authority.key_pem.reveal(), then_s);
  server_context = std::move(*ServerContext::create(leaf->certificate_pem, leaf->key_pem.reveal()));
  connect();
  EXPECT_EQ(client_failure.detail, "certificate verify failed: certificate has expired");
}

TEST_F(HandshakeTest, plain_http_gets_a_plain_answer) {
  for (const std::string request :
       {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "DELETE /x HTTP/1.1\r\n\r\n", "POST /x HTTP/1.1\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}) {
    for (const bool bytewise : {false, true}) {
      const std::string answer = answer_to(request, false, {.byte_by_byte = bytewise});
      EXPECT_TRUE(server_failure.plain_http) << request;
      EXPECT_EQ(server_failure.detail, "plain HTTP on a TLS port");
      ASSERT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
      EXPECT_NE(answer.find("\r\nConnection: close\r\n"), answer.npos);
      const auto body = answer.substr(answer.find("\r\n\r\n") + 4);
      EXPECT_NE(answer.find("Content-Length: " + std::to_string(body.size()) + "\r\n"), answer.npos);
    }
  }
}

TEST_F(HandshakeTest, what_is_neither_gets_no_plain_answer) {
  for (const std::string_view bytes :
       {std::string_view("SSH-2.0-x\r\n"), std::string_view("\0\1\2\3\4\5\6\7", 8),
        std::string_view("GETAWAY NOW"), std::string_view("get / http/1.1")}) {
    const std::string answer = answer_to(bytes, false);
    EXPECT_FALSE(server_failure.plain_http) << bytes;
    EXPECT_EQ(answer.find("HTTP"), answer.npos);
    EXPECT_FALSE(server_failure.detail.empty());
  }
}

TEST_F(HandshakeTest, a_peer_that_leaves_is_named_so) {
  answer_to("", true);
  EXPECT_EQ(server_failure.detail, "the peer closed the connection");
  answer_to(std::string_view("\x16\x03\x01\x02\x00\x01", 6), true);
  EXPECT_EQ(server_failure.detail, "unexpected eof while reading");
}

TEST_F(HandshakeTest, a_silent_peer_times_out_at_the_deadline) {
  auto ends = network.pair();
  const std::int64_t begin_ms = loop.now_ms();
  net::spawn(accept_one(*this, std::move(ends.first)));
  ASSERT_TRUE(loop.run_until([&] { return server_done; }));
  EXPECT_TRUE(server_failure.timed_out);
  EXPECT_EQ(server_failure.detail, "timed out");
  EXPECT_EQ(loop.now_ms() - begin_ms, 10'000);
}

TEST_F(HandshakeTest, survives_whatever_the_network_does) {
  int good = 0;
  int bad = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    net::SimNetwork other(
        loop, seed,
        {.fragment_reads = true, .fragment_writes = true, .delay_ms_max = 900, .reset_ppm = 10'000});
    auto ends = other.pair();
    server_done = client_done = false;
    net::spawn(accept_one(*this, std::move(ends.first)));
    net::spawn(connect_one(*this, std::move(ends.second)));
    ASSERT_TRUE(loop.run_until([&] { return server_done && client_done; })) << seed;
    good += server && client;
    bad += !server && !client;
    server.reset();
    client.reset();
  }
  EXPECT_GT(good, 0);
  EXPECT_GT(bad, 0);
}

TEST(ServerContext, says_what_is_wrong_with_its_files) {
  const Identity& one = identity();
  const std::string chain = one.leaf.certificate_pem + one.authority.certificate_pem;
  EXPECT_TRUE(ServerContext::create(chain, one.leaf.key_pem.reveal()).ok());
  const struct {
    std::string chain;
    std::string key;
    const char* error;
  } cases[] = {
      {"", std::string(one.leaf.key_pem.reveal()), "there is no PEM certificate in the certificate chain"},
      {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
       std::string(one.leaf.key_pem.reveal()), "certificate 1 of the certificate chain cannot be read"},
      {one.leaf.certificate_pem + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
       std::string(one.leaf.key_pem.reveal()), "certificate 2 of the certificate chain cannot be read"},
      {chain, "", "there is no PEM private key (without a passphrase)"},
      {chain, std::string(one.authority.key_pem.reveal()),
       "the private key does not belong to the certificate"},
  };
  for (const auto& c : cases) {
    const auto made = ServerContext::create(c.chain, c.key);
    ASSERT_FALSE(made.ok()) << c.error;
    EXPECT_EQ(made.error(), c.error);
  }
}

TEST(ClientContext, without_a_certificate_authority_there_is_none) {
  EXPECT_FALSE(ClientContext::create("nothing").ok());
  EXPECT_TRUE(ClientContext::create("").ok());
}

}  // namespace
}  // namespace caponier::tls
