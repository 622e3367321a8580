#include "stages/authenticate/client_certificate.h"

#include <gtest/gtest.h>

#include "stages/identity_world.h"

namespace caponier::stages {
namespace {

const std::string kDigest(64, 'a');

struct ClientCertificate : testing::Test {
  World world{kIdentityContract, identity_config()};
};

TEST_F(ClientCertificate, names_its_holder) {
  Asked uri(world, "/service", "", certificate("spiffe://example.org/orders", kDigest));
  EXPECT_EQ(uri.answer(), "spiffe://example.org/orders");
  EXPECT_EQ(uri.principal.credential, "certificate:aaaaaaaaaaaaaaaa");
  EXPECT_FALSE(uri.principal.anonymous);
  Asked dns(world, "/service", "", certificate("", kDigest));
  EXPECT_EQ(dns.answer(), "orders.internal");
  EXPECT_NE(dns.principal.credential_hash, uri.principal.credential_hash);
}

TEST_F(ClientCertificate, counts_only_if_its_name_is_allowed) {
  for (const auto& [uri, expected] : {
           std::pair("spiffe://partner.example/a", "spiffe://partner.example/a"),
           {"spiffe://one.example/a", "spiffe://one.example/a"},
           {"spiffe://one.example/ab", "client-certificate-not-allowed"},
           {"spiffe://partner.example.evil/a", "client-certificate-not-allowed"},
           {"spiffe://partner.exampl", "client-certificate-not-allowed"},
           {"", "client-certificate-not-allowed"},
       }) {
    EXPECT_EQ(Asked(world, "/partner", "", certificate(uri, kDigest)).answer(), expected) << uri;
  }
}

TEST_F(ClientCertificate, that_is_not_there_is_a_missing_credential) {
  Asked asked(world, "/service", "");
  EXPECT_EQ(asked.answer(), "credential-missing");
  EXPECT_EQ(asked.challenges, "");
}

TEST_F(ClientCertificate, and_a_token_are_both_needed_where_both_are_demanded) {
  const auto client = certificate("spiffe://example.org/orders", kDigest);
  const std::string token = world.token();
  EXPECT_EQ(Asked(world, "/both", "", client).answer(), "credential-missing");
  EXPECT_EQ(Asked(world, "/both", bearer(token)).answer(), "credential-missing");
  EXPECT_EQ(Asked(world, "/both", bearer(token), client).answer(), "alice");
}

// Who is let in by a certificate is called by it, whatever else the request brings along.
TEST_F(ClientCertificate, names_the_caller_where_it_is_what_lets_the_caller_in) {
  const auto client = certificate("spiffe://example.org/orders", kDigest);
  const std::string token = world.token();
  Asked alone(world, "/service", bearer(token), client);
  EXPECT_EQ(alone.answer(), "spiffe://example.org/orders");
  EXPECT_EQ(alone.principal.claims, nullptr);
  // The token lacks the scope of its alternative: the certificate's holds.
  EXPECT_EQ(Asked(world, "/choice", bearer(token), client).answer(), "spiffe://example.org/orders");
  EXPECT_EQ(Asked(world, "/choice", bearer(world.token(R"(,"scope":"transfer")")), client).answer(), "alice");
  // Without a certificate it is said who lacks the scope.
  EXPECT_EQ(Asked(world, "/choice", bearer(token)).answer(), "alice");
  // And what is presented must be valid all the same.
  EXPECT_EQ(
      Asked(world, "/service", bearer(world.token({}, "https://login.example/", -100)), client).answer(),
      "token-expired");
}

}  // namespace
}  // namespace caponier::stages
