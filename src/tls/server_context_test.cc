#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tls/test_peers.h"

namespace caponier::tls {
namespace {

using testing::HasSubstr;

ServerIdentity leaf() {
  return {identity().leaf.certificate_pem, Secret(std::string(identity().leaf.key_pem.reveal()))};
}

std::vector<ServerIdentity> leaves(std::size_t count) {
  std::vector<ServerIdentity> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(leaf());
  return out;
}

TEST(ServerContexts, say_which_identity_is_at_fault) {
  const auto twice = ServerContext::create(leaves(2), nullptr);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().identity, 1U);
  EXPECT_THAT(twice.error().sentence, HasSubstr("for localhost as well"));
  EXPECT_FALSE(twice.error().of_clients);

  std::vector<ServerIdentity> unfit = leaves(1);
  unfit.push_back(
      {identity().leaf.certificate_pem, Secret(std::string(identity().authority.key_pem.reveal()))});
  const auto wrong = ServerContext::create(unfit, nullptr);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().identity, 1U);
  EXPECT_FALSE(ServerContext::create({}, nullptr));
}

TEST(ServerContexts, know_the_names_of_their_certificates) {
  const auto made = ServerContext::create(leaves(1), nullptr);
  ASSERT_TRUE(made);
  EXPECT_TRUE((*made)->names().covers("LOCALHOST"));
  EXPECT_FALSE((*made)->names().covers("example.com"));
  EXPECT_EQ((*made)->identities(), 1U);
}

TEST(ServerContexts, say_what_is_wrong_with_the_authorities_of_clients) {
  const std::string& authority = identity().authority.certificate_pem;
  for (const auto& [ca, crl, says] :
       {std::tuple(std::string(), std::string(), "no PEM certificate of an authority"),
        std::tuple(std::string("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
                   std::string(), "certificate authority 1 cannot be read"),
        std::tuple(authority, std::string("nothing"), "no PEM revocation list"),
        std::tuple(authority, std::string("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"),
                   "revocation list 1 cannot be read")}) {
    const ClientAuthentication clients{.required = true, .ca_pem = ca, .crl_pem = crl};
    const auto made = ServerContext::create(leaves(1), &clients);
    ASSERT_FALSE(made) << says;
    EXPECT_TRUE(made.error().of_clients);
    EXPECT_THAT(made.error().sentence, HasSubstr(says));
  }
}

class AskingPeers : public Peers {
 public:
  void ask(bool required) {
    const ClientAuthentication clients{
        .required = required, .ca_pem = identity().authority.certificate_pem, .crl_pem = {}};
    server_context = std::move(*ServerContext::create(leaves(1), &clients));
  }
};

TEST_F(AskingPeers, a_client_without_a_certificate_fails_where_one_is_required) {
  ask(true);
  connect();
  EXPECT_EQ(server, nullptr);
  EXPECT_TRUE(server_failure.client_certificate);
  EXPECT_THAT(server_failure.detail, HasSubstr("did not return a certificate"));
}

TEST_F(AskingPeers, a_client_without_a_certificate_is_nobody_where_it_is_optional) {
  ask(false);
  connect_well();
  const SessionFacts facts = session_facts(*server, *server_context);
  EXPECT_EQ(facts.client, nullptr);
  EXPECT_EQ(facts.identity, 0U);
}

TEST_F(AskingPeers, another_failure_is_not_blamed_on_the_clients_certificate) {
  ask(true);
  name = "example.com";
  connect();
  EXPECT_EQ(server, nullptr);
  EXPECT_FALSE(server_failure.client_certificate) << server_failure.detail;
}

}  // namespace
}  // namespace caponier::tls
