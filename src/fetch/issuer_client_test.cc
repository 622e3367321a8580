// The gateway as a client of an issuer, on a network in memory.
#include "fetch/issuer_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/test_folder.h"
#include "jose/signing_key.h"
#include "net/test_net.h"
#include "plan/test_random.h"
#include "upstream/test_server.h"

namespace caponier::fetch {
namespace {

using testing::HasSubstr;

struct IssuerClients : testing::Test {
  ~IssuerClients() override { net::destroy_spawned(); }
  std::shared_ptr<IssuerClient> client() {
    return std::make_shared<IssuerClient>(network, issuer, TokenLimits(), 5000, random);
  }
  static net::Task<void> ask_metadata(std::shared_ptr<IssuerClient> client, std::vector<std::string>* said) {
    auto metadata = co_await client->metadata();
    said->push_back(metadata ? "metadata" : metadata.error().detail);
  }
  static net::Task<void> post(std::shared_ptr<IssuerClient> client, std::string form, bool* done) {
    auto url = uri::parse_url("http://203.0.114.7/par").value();
    auto answer = co_await client->post(std::move(url), std::move(form));
    *done = answer.ok();
  }

  TestFolder folder;
  plan::CountingRandom random;
  net::SimLoop loop;
  net::SimNetwork network{loop, 1};
  plan::Issuer issuer;
};

TEST_F(IssuerClients, whoever_asks_is_answered_also_when_nothing_can_be_asked) {
  issuer.metadata_url = uri::parse_url("https://203.0.114.7/.well-known/openid-configuration").value();
  issuer.ca_file = folder.file("ca.pem");  // there is none
  const auto own = client();
  std::vector<std::string> said;
  for (std::size_t i = 1; i <= 3; ++i) {
    net::spawn(ask_metadata(own, &said));
    loop.run_for(3000);
    ASSERT_EQ(said.size(), i) << "nobody waits for ever";
    EXPECT_THAT(said.back(), HasSubstr("ca.pem"));
  }
}

TEST_F(IssuerClients, a_client_that_signs_names_itself_once) {
  upstream::TestServer server(network, *net::parse_address("203.0.114.7", 80), upstream::json_answer("{}"));
  server.keeps_connections = true;
  folder.write("key.pem", std::string(jose::SigningKey::generate()->to_pem().reveal()));
  std::filesystem::permissions(folder.file("key.pem"), std::filesystem::perms::owner_read);
  issuer.allow_internal_addresses = true;
  issuer.rules.issuer = "http://203.0.114.7";
  issuer.client.emplace();
  issuer.client->id = "shop";
  issuer.client->private_key = *parse_secret_reference("file://" + folder.file("key.pem"));
  for (const char* form : {"client_id=shop&scope=openid", "scope=openid&client_id=shop", "scope=openid"}) {
    bool done = false;
    net::spawn(post(client(), form, &done));
    loop.run_for(1000);
    ASSERT_TRUE(done) << form;
    const std::string& request = server.requests.back();
    const std::string body = "&" + request.substr(request.find("\r\n\r\n") + 4);
    EXPECT_THAT(body, HasSubstr("&client_assertion="));
    EXPECT_NE(body.find("&client_id=shop"), std::string::npos) << form;
    EXPECT_EQ(body.find("&client_id="), body.rfind("&client_id=")) << form;
  }
}

}  // namespace
}  // namespace caponier::fetch
