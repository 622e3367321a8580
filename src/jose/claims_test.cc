#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jose/token.h"

namespace caponier::jose {
namespace {

using testing::ElementsAre;

Result<Claims, TokenError> read(const std::string& payload) {
  UnverifiedToken token{};
  token.payload = payload;
  return read_claims(token, {});
}

std::string error_of(const std::string& payload) {
  const auto claims = read(payload);
  return claims ? "" : std::string(name(claims.error()));
}

TEST(Claims, the_claims_of_an_access_token_are_read) {
  const auto claims = read(
      R"({"iss":"https://i","sub":"alice","client_id":"app","azp":"other","aud":["a","b"],"scope":"x  y ","scp":["z"],
          "exp":2000,"nbf":900.9,"iat":1e3,"jti":"id-1","tenant":"t-1","level":3,"ratio":1.50,"admin":false,
          "groups":["g"],"address":{"a":1},"nothing":null})");
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->issuer(), "https://i");
  EXPECT_EQ(claims->subject(), "alice");
  EXPECT_EQ(claims->client_id(), "app");
  EXPECT_THAT(claims->audiences(), ElementsAre("a", "b"));
  EXPECT_EQ(claims->scopes(), "x y z");
  EXPECT_EQ(claims->expires_at_s, 2000);
  EXPECT_EQ(claims->not_before_s, 900);
  EXPECT_EQ(claims->issued_at_s, 1000);
  EXPECT_EQ(claims->text("sub"), "alice");
  EXPECT_EQ(claims->text("iss"), "https://i");
  EXPECT_EQ(claims->text("client_id"), "app");
  EXPECT_EQ(claims->text("azp"), "other");
  EXPECT_EQ(claims->text("jti"), "id-1");
  EXPECT_EQ(claims->text("tenant"), "t-1");
  EXPECT_EQ(claims->text("level"), "3");
  EXPECT_EQ(claims->text("ratio"), "1.50");
  EXPECT_EQ(claims->text("admin"), "false");
  for (const char* absent : {"groups", "address", "nothing", "aud", "other", ""}) {
    EXPECT_EQ(claims->text(absent), std::nullopt) << absent;
  }
  EXPECT_TRUE(claims->has_scope("z"));
  EXPECT_FALSE(claims->has_scope("x y"));
  EXPECT_TRUE(claims->has_audience("b"));
  EXPECT_FALSE(claims->has_audience("A"));
}

TEST(Claims, other_spellings_of_lists_are_read) {
  const auto claims = read(R"({"exp":1,"aud":"only","scp":"a b","azp":"app"})");
  ASSERT_TRUE(claims);
  EXPECT_THAT(claims->audiences(), ElementsAre("only"));
  EXPECT_EQ(claims->text("aud"), "only");
  EXPECT_EQ(claims->scopes(), "a b");
  EXPECT_EQ(claims->client_id(), "app");
}

TEST(Claims, a_token_that_never_expires_or_whose_claims_have_the_wrong_type_is_refused) {
  for (const char* payload :
       {"{}", R"({"exp":"2000"})", R"({"exp":null})", R"({"exp":true})", R"({"exp":1e300})",
        R"({"exp":9007199254740993})", R"({"exp":1,"nbf":"1"})", R"({"exp":1,"iat":[]})",
        R"({"exp":1,"sub":7})", R"({"exp":1,"aud":7})", R"({"exp":1,"aud":["a",7]})",
        R"({"exp":1,"scope":["a"]})", R"({"exp":1,"scp":[1]})", R"({"exp":1,"scp":{}})",
        R"({"exp":1,"jti":1})", R"({"exp":1,"client_id":1})", R"({"exp":1,"azp":{}})",
        R"({"exp":1,"iss":null})"}) {
    EXPECT_EQ(error_of(payload), "missing-claim") << payload;
  }
  EXPECT_EQ(error_of("[]"), "malformed");
}

TEST(Claims, other_claims_are_bounded_in_count_and_size) {
  std::string payload = R"({"exp":1)";
  for (int i = 0; i < 33; ++i) payload += ",\"c" + std::to_string(i) + "\":1";
  const auto many = read(payload + "}");
  ASSERT_TRUE(many);
  EXPECT_EQ(many->others().size(), 2 * 32U);
  EXPECT_TRUE(many->text("c31"));
  EXPECT_FALSE(many->text("c32"));
  const auto sized =
      read(R"({"exp":1,"a":")" + std::string(1024, 'a') + R"(","b":")" + std::string(1025, 'b') + "\"}");
  ASSERT_TRUE(sized);
  // What a session is ended by is among them, wherever it stands.
  std::string crowd = R"({"exp":1)";
  for (int i = 0; i < 33; ++i) crowd += ",\"c" + std::to_string(i) + "\":1";
  EXPECT_EQ(read(crowd + ",\"sid\":\"s\"}")->text("sid"), "s");
  EXPECT_TRUE(sized->text("a"));
  EXPECT_FALSE(sized->text("b"));
}

struct TimeCase {
  const char* what;
  std::int64_t expires;
  std::int64_t not_before;
  std::int64_t issued;
  const char* error;
};

TEST(CheckClaims, times_hold_at_their_bound_and_break_one_second_past_it) {
  constexpr std::int64_t kNow = 1'000'000;
  TokenRules rules;
  rules.issuer = "i";
  rules.leeway_s = 30;
  rules.lifetime_max_s = 3600;
  const TimeCase cases[] = {
      {"fresh", kNow + 60, 0, kNow, ""},
      {"expired within the leeway", kNow - 29, 0, kNow - 100, ""},
      {"expired by the leeway", kNow - 30, 0, kNow - 100, "expired"},
      {"expired long ago", -5, 0, 0, "expired"},
      {"valid from within the leeway", kNow + 60, kNow + 30, 0, ""},
      {"valid from past the leeway", kNow + 60, kNow + 31, 0, "not-yet-valid"},
      {"issued within the leeway", kNow + 60, 0, kNow + 30, ""},
      {"issued in the future", kNow + 60, 0, kNow + 31, "not-yet-valid"},
      {"as long-lived as allowed", kNow + 3500, 0, kNow - 100, ""},
      {"a second longer-lived", kNow + 3501, 0, kNow - 100, "too-long-lived"},
      {"without iat, as long as allowed", kNow + 3600, 0, 0, ""},
      {"without iat, a second longer", kNow + 3601, 0, 0, "too-long-lived"},
      {"furthest times that are read", 1LL << 53, 0, -(1LL << 53), "too-long-lived"},
  };
  for (const TimeCase& each : cases) {
    Claims claims;
    claims.set(Claims::Text::kIssuer, "i");
    claims.expires_at_s = each.expires;
    claims.not_before_s = each.not_before;
    claims.issued_at_s = each.issued;
    const auto error = check_claims(claims, rules, kNow);
    EXPECT_EQ(error ? name(*error) : "", each.error) << each.what;
  }
}

TEST(Claims, who_acts_for_the_subject_is_kept_by_name_to_the_fourth) {
  const auto actor = [](const std::string& act) {
    const auto claims = read(R"({"exp":1,"act":)" + act + "}");
    return claims ? std::string(claims->actor()) : std::string(name(claims.error()));
  };
  EXPECT_EQ(read(R"({"exp":1})")->actor(), "");
  EXPECT_EQ(actor(R"({"sub":"a","extra":{"x":1},"iss":"i"})"), R"({"iss":"i","sub":"a"})");
  EXPECT_EQ(actor(R"({"client_id":"a\"b","act":{"sub":"c"}})"), R"({"client_id":"a\"b","act":{"sub":"c"}})");
  EXPECT_EQ(actor(R"({"sub":"1","act":{"sub":"2","act":{"sub":"3","act":{"sub":"4","act":{"sub":"5"}}}}})"),
            R"({"sub":"1","act":{"sub":"2","act":{"sub":"3","act":{"sub":"4"}}}})");
  for (const char* bad : {R"("a")", "[]", "null", "{}", R"({"sub":7})", R"({"sub":"a","act":[]})"})
    EXPECT_EQ(actor(bad), name(TokenError::kMissingClaim)) << bad;
}

TEST(CheckClaims, only_the_issuer_of_the_rules_is_accepted) {
  Claims claims;
  claims.expires_at_s = 2000;
  claims.set(Claims::Text::kIssuer, "https://i.example");
  TokenRules rules;
  rules.issuer = "https://i.example";
  EXPECT_EQ(check_claims(claims, rules, 1000), std::nullopt);
  for (const char* issuer : {"", "https://i.example/", "https://I.example", "https://i.exampl"}) {
    rules.issuer = issuer;
    EXPECT_EQ(check_claims(claims, rules, 1000), TokenError::kWrongIssuer) << issuer;
  }
  claims.set(Claims::Text::kIssuer, "");
  rules.issuer.clear();
  EXPECT_EQ(check_claims(claims, rules, 1000), TokenError::kWrongIssuer);
}

TEST(CheckAudience, one_of_several_suffices_and_none_is_refused) {
  Claims claims;
  const auto set = [&claims](std::initializer_list<std::string_view> audiences) {
    std::string packed;
    for (const std::string_view audience : audiences) Texts::append(packed, audience);
    claims.set(Claims::Text::kAudiences, packed);
  };
  set({"b", "c"});
  const std::vector<std::string> wanted = {"a", "b"};
  EXPECT_EQ(check_audience(claims, wanted), std::nullopt);
  EXPECT_EQ(check_audience(claims, {}), std::nullopt);
  set({"c"});
  EXPECT_EQ(check_audience(claims, wanted), TokenError::kWrongAudience);
  set({});
  EXPECT_EQ(check_audience(claims, wanted), TokenError::kWrongAudience);
}

// What is said again takes the place of what was said: claims that are changed for years do not grow.
TEST(Claims, a_text_that_is_set_again_leaves_the_others_as_they_are) {
  using Text = Claims::Text;
  Claims claims;
  claims.set(Text::kSubject, "alice");
  claims.set(Text::kScopes, "a b c");
  claims.set(Text::kClientId, "app");
  for (const std::string& scopes : {std::string(300, 'x'), std::string(), std::string("b")}) {
    claims.set(Text::kScopes, scopes);
    EXPECT_EQ(claims.subject(), "alice");
    EXPECT_EQ(claims.scopes(), scopes);
    EXPECT_EQ(claims.client_id(), "app");
  }
  claims.set(Text::kSubject, "");
  EXPECT_EQ(claims.subject(), "");
  EXPECT_EQ(claims.scopes(), "b");
  EXPECT_EQ(claims.client_id(), "app");
}

}  // namespace
}  // namespace caponier::jose
