// TLS to the upstream, with OpenSSL's own server at the other end: whose certificate is accepted, and what we
// show.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2e/contract.h"
#include "e2e/gateway.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;

class UpstreamTls : public testing::Test {
 protected:
  void SetUp() override {
    make_certificate("server", "URI:spiffe://example.org/orders,DNS:orders.internal");
    make_certificate("client", "DNS:gateway.internal");
  }
  // NAME.pem and NAME-key.pem, signed by itself.
  void make_certificate(const std::string& name, const std::string& names) {
    const Finished made =
        run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-keyout", folder_.file(name + "-key.pem"), "-out", folder_.file(name + ".pem"), "-days", "2",
             "-subj", "/CN=" + name, "-addext", "subjectAltName=" + names});
    ASSERT_EQ(made.status, 0) << made.err;
  }
  // The port that the server takes.
  static int port_of(Process& server) {
    std::size_t at = std::string::npos;
    (void)server.read_until([&] {
      at = server.out().find("ACCEPT 127.0.0.1:");
      return at != std::string::npos && server.out().find('\n', at) != std::string::npos;
    });
    return at == std::string::npos ? 0 : std::atoi(server.out().c_str() + at + 17);
  }
  Words server(const Words& more = {}) const {
    Words words = {"openssl",
                   "s_server",
                   "-accept",
                   "127.0.0.1:0",
                   "-www",
                   "-cert",
                   folder_.file("server.pem"),
                   "-key",
                   folder_.file("server-key.pem")};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  // The record of one request through a gateway whose upstream has these keys. OpenSSL's page is not what the
  // document declares: what counts is that it was answered.
  Record ask(int port, const std::string& keys) const {
    Gateway gateway({.contract = kContract,
                     .upstream = "",
                     .config = "upstream: {url: \"https://127.0.0.1:" + std::to_string(port) +
                               "\", ca_file: \"" + folder_.file("server.pem") + "\"" + keys + "}\n"});
    EXPECT_TRUE(gateway.ready()) << gateway.process().err();
    return gateway.record_of(gateway.ask(request_text("GET", "/open")));
  }
  std::string own_certificate() const {
    return ", certificate: \"" + folder_.file("client.pem") + "\", key: \"" + folder_.file("client-key.pem") +
           "\"";
  }
  TestFolder folder_;
};

TEST_F(UpstreamTls, the_name_is_verified) {
  Process peer(server());
  const int port = port_of(peer);
  ASSERT_NE(port, 0);
  EXPECT_EQ(ask(port, ", server_name: orders.internal")["upstream_status"], "200");
  Record other = ask(port, ", server_name: billing.internal");
  EXPECT_EQ(other["upstream_status"], "");
  EXPECT_EQ(other["reason"], "upstream-unreachable");
  EXPECT_THAT(other["detail"], HasSubstr("TLS: "));
  EXPECT_EQ(ask(port, "")["upstream_status"], "") << "the address is no name of the certificate";
}

TEST_F(UpstreamTls, the_spiffe_id_is_verified_instead_of_the_name) {
  Process peer(server());
  const int port = port_of(peer);
  ASSERT_NE(port, 0);
  EXPECT_EQ(ask(port, ", spiffe_id: \"spiffe://example.org/orders\"")["upstream_status"], "200");
  Record other = ask(port, ", server_name: orders.internal, spiffe_id: \"spiffe://example.org/orders2\"");
  EXPECT_EQ(other["upstream_status"], "");
  EXPECT_THAT(other["detail"], HasSubstr("the certificate does not name spiffe://example.org/orders2"));
}

TEST_F(UpstreamTls, our_certificate_is_shown_to_an_upstream_that_asks) {
  Process peer(server({"-Verify", "1", "-CAfile", folder_.file("client.pem"), "-verify_return_error"}));
  const int port = port_of(peer);
  ASSERT_NE(port, 0);
  EXPECT_EQ(ask(port, ", server_name: orders.internal" + own_certificate())["upstream_status"], "200");
  EXPECT_EQ(ask(port, ", server_name: orders.internal")["upstream_status"], "");
}

// The server ends the handshake if nothing that it speaks is offered.
TEST_F(UpstreamTls, what_is_offered_is_what_the_configuration_says) {
  Process peer(server({"-alpn", "h2"}));
  const int port = port_of(peer);
  ASSERT_NE(port, 0);
  EXPECT_THAT(ask(port, ", server_name: orders.internal, protocol: http1")["detail"], HasSubstr("TLS: "));
  // This one chooses HTTP/2 and does not speak it.
  EXPECT_THAT(ask(port, ", server_name: orders.internal, protocol: auto")["detail"], HasSubstr("HTTP/2: "));
}

TEST_F(UpstreamTls, the_ones_that_speak_no_http_2_are_no_upstream_of_http_2) {
  Process peer(server());
  const int port = port_of(peer);
  ASSERT_NE(port, 0);
  EXPECT_EQ(ask(port, ", server_name: orders.internal, protocol: auto")["upstream_status"], "200");
  Record refused = ask(port, ", server_name: orders.internal, protocol: http2");
  EXPECT_EQ(refused["upstream_status"], "");
  EXPECT_THAT(refused["detail"], HasSubstr("does not speak HTTP/2"));
}

TEST_F(UpstreamTls, the_files_of_a_named_upstream_are_watched) {
  make_certificate("stranger", "DNS:gateway.internal");
  const auto show = [this](const std::string& whose) {
    folder_.write("shown.pem", read_file(folder_.file(whose + ".pem")));
    folder_.write("shown-key.pem", read_file(folder_.file(whose + "-key.pem")));
  };
  show("stranger");
  Process peer(server({"-Verify", "1", "-CAfile", folder_.file("client.pem"), "-verify_return_error"}));
  const int port = port_of(peer);
  ASSERT_NE(port, 0);
  Gateway gateway({.contract = kContract,
                   .upstream = "http://127.0.0.1:1",
                   .config = "upstreams:\n  orders: {url: \"https://127.0.0.1:" + std::to_string(port) +
                             "\", ca_file: \"" + folder_.file("server.pem") +
                             "\", server_name: orders.internal, certificate: \"" + folder_.file("shown.pem") +
                             "\", key: \"" + folder_.file("shown-key.pem") +
                             "\"}\noperations:\n  - {operation: getOpen, upstream: orders}\n"});
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const auto upstream_status = [&gateway] {
    return gateway.record_of(gateway.ask(request_text("GET", "/open")))["upstream_status"];
  };
  EXPECT_EQ(upstream_status(), "");
  folder_.write("shown-key.pem", "not a key");
  EXPECT_TRUE(gateway.process().read_until([&] {
    return gateway.process().err().find("caponier.yaml:2:11: error: ") != std::string::npos;
  })) << gateway.process().err();
  show("client");
  EXPECT_TRUE(eventually([&] { return upstream_status() == "200"; }));
}

TEST_F(UpstreamTls, files_that_cannot_be_used_are_an_error_of_check) {
  folder_.write("api.yaml", kContract);
  folder_.write("caponier.yaml",
                "upstream: {url: \"https://127.0.0.1:1\", certificate: client.pem, key: server-key.pem}\n");
  const Finished done = run_caponier(
      {"check", "--dev", "--contract", folder_.file("api.yaml"), "--config", folder_.file("caponier.yaml")});
  EXPECT_EQ(done.status, 2);
  EXPECT_THAT(done.err, HasSubstr("caponier.yaml:1:11: error: "));
  EXPECT_THAT(done.err, HasSubstr("the private key does not belong to the certificate"));
}

}  // namespace
}  // namespace caponier::e2e
