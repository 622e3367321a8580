// Who guesses waits, by where they are and by whom they claim to be; who knows does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "event/record.h"
#include "plan/key_format.h"
#include "stages/finish/record.h"
#include "stages/test_world.h"

namespace caponier::stages {
namespace {

using testing::HasSubstr;
using testing::Not;

// Of another address each time, so that it is never the address that waits.
struct Elsewhere : Request {
  Elsewhere(const World& at, std::string_view head, std::uint32_t place) : Request(at, head) {
    for (std::size_t i = 0; i < 4; ++i) peer.address[15 - i] = static_cast<std::uint8_t>(place >> (8 * i));
    peer.text = "192.0.2.1 and " + std::to_string(place);
    peer.address_hash = place + 1;
  }
};

std::string forged(const World& world, std::string_view claims) {
  std::string token = world.token(claims);
  const std::size_t at = token.rfind('.') + 10;
  token[at] = token[at] == 'A' ? 'B' : 'A';
  return token;
}

std::string with_key(std::string_view key) {
  return get("/v1/orders", {}, "X-API-Key: " + std::string(key) + "\r\n");
}

std::uint32_t burst_of(const World& world) {
  return world.plan->limits.connections.failed_authentications_per_identity_burst;
}

constexpr std::string_view kReader = R"(,"scope":"orders:read")";
constexpr std::string_view kRightKey = "cap_robot001_cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI_0kykaH";

TEST(Guessing, a_subject_that_is_attempted_from_everywhere_is_told_to_wait_longer_each_time) {
  World world;
  const std::string head = get("/v1/orders", forged(world, kReader));
  std::uint32_t place = 0;
  for (std::uint32_t i = 0; i < burst_of(world); ++i) {
    Elsewhere guess(world, head, ++place);
    ASSERT_EQ(id(guess.reason()), "token-bad-signature") << i;
  }
  std::int64_t now_us = 1'000'000'000;
  std::int64_t before_s = 0;
  for (int i = 0; i < 6; ++i) {
    Elsewhere guess(world, head, ++place);
    guess.exchange.now.steady_us = now_us;
    auto refused = guess.judge();
    ASSERT_NE(refused.denial(), nullptr);
    EXPECT_EQ(id(refused.denial()->reason), "too-many-failed-authentications-identity");
    EXPECT_THAT(refused.denial()->detail, HasSubstr("token-bad-signature"));
    EXPECT_EQ(refused.denial()->challenges, "");
    const std::int64_t wait_s = refused.denial()->retry_after_s;
    EXPECT_EQ(wait_s, before_s == 0 ? 6 : 2 * before_s);
    before_s = wait_s;
    now_us += wait_s * 1'000'000;
    // What failed meanwhile is forgiven at its own pace; the next wait begins when that is used up again.
    for (bool waits = false; !waits;) {
      Elsewhere again(world, head, ++place);
      again.exchange.now.steady_us = now_us;
      ASSERT_EQ(id(again.reason()), "token-bad-signature");
      waits = world.state.failed_identities->wait_us(again.judge().denial()->attempted, now_us) > 0;
    }
  }
}

TEST(Guessing, the_victims_own_credential_passes_all_the_while) {
  World world;
  for (std::uint32_t place = 1; place < 10 * burst_of(world); ++place) {
    Elsewhere guess(world, get("/v1/orders", forged(world, kReader)), place);
    ASSERT_FALSE(guess.judge());
    if (place % 30 != 0) continue;
    Elsewhere victim(world, get("/v1/orders", world.token(kReader)), 100'000 + place);
    ASSERT_TRUE(victim.judge()) << place;
  }
}

TEST(Guessing, an_api_keys_id_is_counted_whatever_its_secret_is) {
  World world;
  for (std::uint32_t i = 0; i < 2 * burst_of(world); ++i) {
    const Secret key = plan::make_key("cap_robot001", std::string(32, static_cast<char>(i + 1)));
    Elsewhere guess(world, with_key(key.reveal()), i + 1);
    auto denied = guess.judge();
    ASSERT_NE(denied.denial(), nullptr);
    const bool waits = i >= burst_of(world);
    EXPECT_EQ(id(denied.denial()->reason),
              waits ? "too-many-failed-authentications-identity" : "api-key-unknown")
        << i;
    EXPECT_EQ(denied.denial()->attempted_name, "key:cap_robot001");
  }
  Elsewhere owner(world, with_key(kRightKey), 1000);
  EXPECT_TRUE(owner.judge());
  const Secret other = plan::make_key("cap_robot777", std::string(32, 'x'));
  Elsewhere guess(world, with_key(other.reveal()), 1001);
  EXPECT_EQ(id(guess.reason()), "api-key-unknown") << "another identity";
}

// Signed well, and refused: not yet valid.
constexpr std::string_view kLater = ",\"nbf\":1700001000";

TEST(Guessing, a_refused_token_is_counted_for_its_subject_and_nobody_elses) {
  World world;
  const std::string early = world.token(std::string(kReader) + std::string(kLater));
  for (std::uint32_t i = 0; i < burst_of(world); ++i) {
    Elsewhere one(world, get("/v1/orders", early), i + 1);
    ASSERT_EQ(id(one.reason()), "token-not-yet-valid");
  }
  Elsewhere late(world, get("/v1/orders", early), 1000);
  EXPECT_EQ(id(late.reason()), "too-many-failed-authentications-identity");
  const std::string bobs = world.token(R"(,"sub":"bob","scope":"orders:read")" + std::string(kLater));
  Elsewhere bob(world, get("/v1/orders", bobs), 1001);
  EXPECT_EQ(id(bob.reason()), "token-not-yet-valid");
  // The same name at another issuer is somebody else.
  const std::string partners =
      world.token(std::string(kReader) + std::string(kLater), "https://partner.example/");
  Elsewhere partner(world, get("/v1/partners", partners), 1002);
  EXPECT_EQ(id(partner.reason()), "token-not-yet-valid");
}

// A page that is still open goes on asking: that must not keep out everybody behind its address.
TEST(Guessing, an_expired_token_guesses_nothing) {
  World world;
  const std::string old = world.token(kReader, "https://login.example/", -300);
  for (std::uint32_t i = 0; i < 5 * burst_of(world); ++i) {
    Elsewhere late(world, get("/v1/orders", old), 1);
    ASSERT_EQ(id(late.reason()), "token-expired") << i;
  }
  Elsewhere good(world, get("/v1/orders", world.token(kReader)), 1);
  EXPECT_TRUE(good.judge());
}

TEST(Guessing, what_names_nobody_is_counted_by_address_alone) {
  World world;
  for (std::uint32_t i = 0; i < 3 * burst_of(world); ++i) {
    Elsewhere guess(world, get("/v1/orders", "no-token-at-all"), i + 1);
    auto denied = guess.judge();
    ASSERT_NE(denied.denial(), nullptr);
    EXPECT_EQ(id(denied.denial()->reason), "credential-malformed");
    EXPECT_EQ(denied.denial()->attempted, 0U);
    EXPECT_EQ(denied.denial()->attempted_name, "");
  }
}

TEST(Guessing, a_flood_of_invented_subjects_neither_grows_nor_frees_anybody) {
  World world;
  const std::string alices = get("/v1/orders", forged(world, kReader));
  for (std::uint32_t i = 0; i < burst_of(world); ++i) (void)Elsewhere(world, alices, i + 1).reason();
  std::uint32_t place = 20'000;
  for (std::uint32_t i = 0; i < 3000; ++i) {
    const std::string subject = R"(,"sub":"invented-)" + std::to_string(i) + R"(")";
    const std::string token = world.token(subject, "https://login.example/", -300);
    (void)Elsewhere(world, get("/v1/orders", token), 10'000 + i % 200).reason();
  }
  Elsewhere guess(world, alices, ++place);
  EXPECT_EQ(id(guess.reason()), "too-many-failed-authentications-identity");
  Elsewhere victim(world, get("/v1/orders", world.token(kReader)), ++place);
  EXPECT_TRUE(victim.judge());
}

TEST(Guessing, the_record_names_the_attempted_identity_and_nothing_of_the_credential) {
  World world;
  Request request(world, get("/v1/orders", forged(world, R"(,"sub":"carol@example.com")")));
  auto denied = request.judge();
  ASSERT_NE(denied.denial(), nullptr);
  Outcome outcome;
  outcome.denial = denied.denial();
  outcome.status = 401;
  std::string line;
  event::append(line, make_record(request.exchange, outcome, world.state.digest_key));
  EXPECT_THAT(line, HasSubstr(R"("attempted":"subject:)"));
  EXPECT_THAT(line, Not(HasSubstr("carol")));
}

}  // namespace
}  // namespace caponier::stages
