// What an authorization server says of a token, signed (RFC 9701).
#include <gtest/gtest.h>

#include "jose/test_keys.h"
#include "jose/token.h"

namespace caponier::jose {
namespace {

constexpr std::int64_t kNow = 1'700'000'000;
constexpr IntrospectionRules kRules{"https://i.example", "gateway", 30, 60};

std::string signed_answer(std::string_view payload, std::string_view type = "token-introspection+jwt") {
  const auto key = test::make_ec("P-256");
  return test::make_token(key.get(), "ES256",
                          R"({"alg":"ES256","kid":"k","typ":")" + std::string(type) + "\"}", payload);
}

std::string said_at(std::int64_t iat, std::string_view more = R"("token_introspection":{"active":true})") {
  return R"({"iss":"https://i.example","aud":"gateway","iat":)" + std::to_string(iat) + "," +
         std::string(more) + "}";
}

std::string_view judged(std::string_view payload) {
  const auto answer = parse_introspection(signed_answer(payload), {});
  if (!answer) return name(answer.error());
  const auto said = read_introspection(*answer, kRules, kNow, {});
  return said ? "fine" : name(said.error());
}

TEST(SignedIntrospection, says_what_the_plain_answer_says) {
  const auto answer = parse_introspection(
      signed_answer(said_at(kNow, R"("token_introspection":{"active":true,"sub":"a","exp":1700000100})")),
      {});
  ASSERT_TRUE(answer);
  const auto said = read_introspection(*answer, kRules, kNow, {});
  ASSERT_TRUE(said);
  EXPECT_TRUE(said->active);
  EXPECT_TRUE(said->expires);
  EXPECT_EQ(said->claims.subject(), "a");
}

TEST(SignedIntrospection, is_of_its_own_type_so_that_no_token_can_pass_for_one_nor_the_other_way_round) {
  const std::string payload = said_at(kNow);
  for (const char* type :
       {"token-introspection+jwt", "Token-Introspection+JWT", "application/token-introspection+jwt"}) {
    const std::string text = signed_answer(payload, type);
    EXPECT_TRUE(parse_introspection(text, {}).ok()) << type;
    EXPECT_FALSE(parse_token(text, {}).ok()) << type;
  }
  for (const char* type : {"JWT", "at+jwt", "dpop+jwt", ""})
    EXPECT_FALSE(parse_introspection(signed_answer(payload, type), {}).ok()) << type;
  EXPECT_FALSE(parse_introspection(R"({"active":true})", {}).ok()) << "a plain answer is not signed";
}

TEST(SignedIntrospection, is_for_this_client_of_this_issuer_and_of_now) {
  EXPECT_EQ(judged(said_at(kNow)), "fine");
  EXPECT_EQ(judged(said_at(kNow + 30)), "fine");
  EXPECT_EQ(judged(said_at(kNow + 31)), "not-yet-valid");
  EXPECT_EQ(judged(said_at(kNow - 90)), "fine");
  EXPECT_EQ(judged(said_at(kNow - 91)), "expired");
  const std::string now = std::to_string(kNow);
  const std::string rest = R"(,"token_introspection":{"active":true}})";
  EXPECT_EQ(judged(R"({"iss":"https://evil.example","aud":"gateway","iat":)" + now + rest), "wrong-issuer");
  EXPECT_EQ(judged(R"({"aud":"gateway","iat":)" + now + rest), "wrong-issuer");
  EXPECT_EQ(judged(R"({"iss":"https://i.example","aud":"other","iat":)" + now + rest), "wrong-audience");
  EXPECT_EQ(judged(R"({"iss":"https://i.example","iat":)" + now + rest), "wrong-audience");
  EXPECT_EQ(judged(R"({"iss":"https://i.example","aud":["x","gateway"],"iat":)" + now + rest), "fine");
  EXPECT_EQ(judged(R"({"iss":"https://i.example","aud":"gateway")" + rest), "missing-claim");
}

TEST(SignedIntrospection, holds_an_answer) {
  for (const char* more : {R"("active":true)", R"("token_introspection":true)", R"("token_introspection":{})",
                           R"("token_introspection":{"active":"true"})",
                           R"("token_introspection":{"active":true,"exp":"soon"})"})
    EXPECT_EQ(judged(said_at(kNow, more)), "missing-claim") << more;
}

}  // namespace
}  // namespace caponier::jose
