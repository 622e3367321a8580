#include "fetch/issuer_metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace caponier::fetch {
namespace {

using testing::HasSubstr;

constexpr std::string_view kIssuer = "https://issuer.example";

TEST(Discovery, the_place_of_the_keys_is_read) {
  const auto metadata =
      read_metadata(R"({"issuer":"https://issuer.example","jwks_uri":"https://keys.example/k?v=1",)"
                    R"("response_types_supported":["code"]})",
                    kIssuer, false, {});
  ASSERT_TRUE(metadata) << metadata.error();
  EXPECT_EQ(metadata->at(Endpoint::kKeys)->text(), "https://keys.example/k?v=1");
  EXPECT_FALSE(metadata->at(Endpoint::kToken));
  EXPECT_FALSE(metadata->names_itself);
}

TEST(Discovery, clients_with_a_certificate_have_endpoints_of_their_own_where_the_issuer_says_so) {
  const auto metadata = read_metadata(
      R"({"issuer":"https://issuer.example","token_endpoint":"https://a.example/t",)"
      R"("revocation_endpoint":"https://a.example/r","authorization_response_iss_parameter_supported":true,)"
      R"("mtls_endpoint_aliases":{"token_endpoint":"https://b.example/t"}})",
      kIssuer, false, {});
  ASSERT_TRUE(metadata) << metadata.error();
  EXPECT_EQ(metadata->at(Endpoint::kToken)->text(), "https://a.example/t");
  EXPECT_EQ(metadata->at(Endpoint::kToken, true)->text(), "https://b.example/t");
  EXPECT_EQ(metadata->at(Endpoint::kRevocation, true)->text(), "https://a.example/r");
  EXPECT_TRUE(metadata->names_itself);
}

TEST(Discovery, what_is_not_a_document_of_this_issuer_is_refused) {
  struct Row {
    std::string text, says;
  };
  const std::string good = R"("jwks_uri":"https://keys.example/k")";
  for (const Row& row : {
           Row{"", "not a JSON object"},
           Row{"[]", "not a JSON object"},
           Row{R"({"issuer":"https://issuer.example")", "not a JSON object"},
           Row{"{" + good + "}", "another issuer"},
           Row{R"({"issuer":["https://issuer.example"],)" + good + "}", "another issuer"},
           Row{R"({"issuer":"https://issuer.example/",)" + good + "}", "another issuer"},
           Row{R"({"issuer":"https://ISSUER.example",)" + good + "}", "another issuer"},
           Row{R"({"issuer":"http://issuer.example",)" + good + "}", "another issuer"},
           Row{R"({"issuer":"https://issuer.example.evil.example",)" + good + "}", "another issuer"},
           Row{R"({"issuer":"https://evil.example","issuer":"https://issuer.example",)" + good + "}",
               "not a JSON object"},
           Row{R"({"issuer":"https://issuer.example","jwks_uri":7})", "jwks_uri is not a text"},
           Row{R"({"issuer":"https://issuer.example","token_endpoint":"http://a.example/"})",
               "token_endpoint is not https"},
           Row{R"({"issuer":"https://issuer.example","mtls_endpoint_aliases":{"token_endpoint":"t"}})",
               "token_endpoint: "},
           Row{R"({"issuer":"https://issuer.example","jwks_uri":"keys"})", "jwks_uri: "},
           Row{R"({"issuer":"https://issuer.example","jwks_uri":"file:///etc/passwd"})", "jwks_uri: "},
           Row{R"({"issuer":"https://issuer.example","jwks_uri":"http://issuer.example/k"})", "not https"},
       }) {
    const auto url = read_metadata(row.text, kIssuer, false, {});
    ASSERT_FALSE(url) << row.text;
    EXPECT_THAT(url.error(), HasSubstr(row.says)) << row.text;
  }
}

TEST(Discovery, plain_http_is_taken_where_it_is_said) {
  EXPECT_TRUE(read_metadata(R"({"issuer":"https://issuer.example","jwks_uri":"http://10.0.0.1/k"})", kIssuer,
                            true, {}));
}

TEST(Discovery, a_document_at_its_bound_is_read_and_one_byte_more_is_not) {
  const std::string text = R"({"issuer":"https://issuer.example","jwks_uri":"https://keys.example/k"})";
  TokenLimits limits;
  limits.key_set_bytes_max = static_cast<std::uint32_t>(text.size());
  EXPECT_TRUE(read_metadata(text, kIssuer, false, limits));
  limits.key_set_bytes_max -= 1;
  EXPECT_FALSE(read_metadata(text, kIssuer, false, limits));
}

}  // namespace
}  // namespace caponier::fetch
