#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/config.h"

namespace caponier::config {
namespace {

using testing::HasSubstr;

Diagnostics problems_of(const std::string& text, std::unique_ptr<Config>& config) {
  Diagnostics diagnostics;
  config = read_config(text, "etc/caponier.yaml", diagnostics);
  return diagnostics;
}

TEST(ReadListeners, everything_that_a_listener_can_say_is_read) {
  std::unique_ptr<Config> config;
  const Diagnostics diagnostics = problems_of(R"(handover: run/handover.sock
listeners:
  - listen: https://[::]:8443
    certificates:
      - {certificate: a.pem, key: /keys/a.key}
      - {certificate: b.pem, key: /keys/b.key}
    client_certificates: {mode: required, ca: ca.pem, crl: ca.crl}
    proxy_protocol: [10.0.0.0/8, 2001:db8::7]
    trusted_proxies: [192.0.2.0/24]
    forwarded_header: forwarded
  - {name: plain, listen: "http://0.0.0.0:80", redirect: "https://API.example.com:443/"}
  - {listen: "https://10.0.0.1:9901", surface: admin, client_certificates: {mode: required, ca: ca.pem}}
)",
                                              config);
  for (const Diagnostic& diagnostic : diagnostics.all()) ADD_FAILURE() << to_text(diagnostic);
  EXPECT_EQ(config->handover_file, "etc/run/handover.sock");
  ASSERT_EQ(config->listeners.size(), 3U);
  const Listener& whole = config->listeners[0];
  ASSERT_EQ(whole.certificates.size(), 2U);
  EXPECT_EQ(whole.certificates[1].certificate_file, "etc/b.pem");
  EXPECT_EQ(whole.certificates[1].key_file, "/keys/b.key");
  EXPECT_EQ(whole.certificates[1].origin.position.line, 6U);
  EXPECT_EQ(whole.client_certificates.mode, ClientCertificateMode::kRequired);
  EXPECT_EQ(whole.client_certificates.ca_file, "etc/ca.pem");
  EXPECT_EQ(whole.client_certificates.crl_file, "etc/ca.crl");
  ASSERT_EQ(whole.rules.proxy_protocol.size(), 2U);
  EXPECT_TRUE(any_contains(whole.rules.proxy_protocol, *parse_ip("10.1.2.3")));
  EXPECT_TRUE(any_contains(whole.rules.trusted_proxies, *parse_ip("192.0.2.200")));
  EXPECT_EQ(whole.rules.forwarded_header, ForwardedHeader::kForwarded);
  EXPECT_EQ(config->listeners[1].rules.redirect, "https://api.example.com");
}

TEST(ReadListeners, what_cannot_be_is_refused_where_it_stands) {
  struct Fault {
    std::string listener;  // '^' stands before what is to blame
    const char* says;
  };
  for (const Fault& fault :
       {Fault{"listen: 'a:1', certificates: ^[]", "from 1 to 1000"},
        Fault{"listen: 'a:1', certificates: [^{key: k}]", "\"certificate\""},
        Fault{"listen: 'a:1', certificates: [{certificate: c, ^kye: k}]", "Did you mean \"key\""},
        Fault{"listen: 'a:1', client_certificates: {mode: required, ca: c, ^clr: d}", "Did you mean \"crl\""},
        Fault{"listen: 'a:1', client_certificates: ^{ca: c}", "\"mode\""},
        Fault{"listen: 'a:1', client_certificates: {mode: ^maybe, ca: c}", "Write optional or required"},
        Fault{"listen: 'a:1', proxy_protocol: ^10.0.0.0/8", "a list"},
        Fault{"listen: 'a:1', proxy_protocol: [^10.0.0.0/33]", "from 0 to 32"},
        Fault{"listen: 'a:1', trusted_proxies: [^7]", "it is no text"},
        Fault{"listen: 'a:1', trusted_proxies: [^'::ffff:0.0.0.0/96']", "everybody"},
        Fault{"listen: 'a:1', forwarded_header: ^forwarded", "means nothing without"},
        Fault{"listen: 'a:1', trusted_proxies: [10.0.0.1], forwarded_header: ^x-real-ip",
              "x-forwarded-for or"},
        Fault{"listen: 'a:1', ^redirect: 'https://b'", "that speak plain HTTP"},
        Fault{"listen: 'http://127.0.0.1:1', redirect: ^'https://b?c'", "https is spoken"},
        Fault{"listen: 'http://127.0.0.1:1', ^client_certificates: {mode: optional, ca: c}",
              "plain HTTP asks"},
        Fault{"listen: ^'10.0.0.1:1', surface: admin, client_certificates: {mode: optional, ca: c}",
              "mode: required"},
        Fault{"listen: '127.0.0.1:1', surface: admin, ^trusted_proxies: [10.0.0.1]",
              "on the admin surface"}}) {
    std::string text = "listeners: [{" + fault.listener + "}]\n";
    const std::size_t blamed = text.find('^');
    text.erase(blamed, 1);
    std::unique_ptr<Config> config;
    const Diagnostics diagnostics = problems_of(text, config);
    ASSERT_GE(diagnostics.all().size(), 1U) << text;
    const std::string said = to_text(diagnostics.all().front());
    EXPECT_EQ(diagnostics.all().front().position.column, blamed + 1) << said;
    EXPECT_THAT(said, HasSubstr(fault.says)) << text;
  }
}

TEST(ReadListeners, a_thousand_ranges_are_read_and_not_one_more) {
  for (const std::size_t count : {1000U, 1001U}) {
    std::string text = "listeners: [{listen: 'a:1', trusted_proxies: [";
    for (std::size_t i = 0; i < count; ++i) {
      text += (i == 0 ? "" : ", ") + std::string("10.0.") + std::to_string(i / 256) + "." +
              std::to_string(i % 256);
    }
    std::unique_ptr<Config> config;
    EXPECT_EQ(problems_of(text + "]}]\n", config).has_errors(), count > 1000) << count;
  }
}

}  // namespace
}  // namespace caponier::config
