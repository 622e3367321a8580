// `caponier token inspect` and `verify` as a person and as a program use them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "base/bytes.h"
#include "e2e/gateway.h"
#include "e2e/process.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t kThen = 1'767'225'600;

struct Token : testing::Test {
  jose::SigningKey key = jose::SigningKey::generate().value();
  TestFolder folder;
  std::string keys = folder.write("keys.json", key.public_key_set());

  [[nodiscard]] std::string token(const std::string& more = {}) const {
    return key
        .sign(R"({"iss":"https://login.example","aud":"orders","sub":"alice","iat":)" +
              std::to_string(kThen) + R"(,"exp":)" + std::to_string(kThen + 600) + more + "}")
        .value();
  }
  [[nodiscard]] Finished verify(const std::string& token, Words more = {}) const {
    Words words = {"token", "verify", "--keys", keys, "--format", "json", "--at", std::to_string(kThen + 5),
                   token};
    words.insert(words.end(), more.begin(), more.end());
    return run_caponier(words);
  }
  // The word for what is wrong.
  [[nodiscard]] std::string reason(const std::string& token, Words more = {}) const {
    const Finished done = verify(token, std::move(more));
    const std::string mark = R"("reason":")";
    const std::size_t at = done.out.find(mark) + mark.size();
    EXPECT_EQ(done.status, done.out.find("\"valid\":true") == std::string::npos ? 1 : 0)
        << done.out << done.err;
    return done.out.substr(at, done.out.find('"', at) - at);
  }
  static std::string header_with(const std::string& members, const std::string& token) {
    return base64url_encode(R"({"alg":"ES256",)" + members + "}") + token.substr(token.find('.'));
  }
};

TEST_F(Token, holds_or_does_not_with_a_word_for_why) {
  EXPECT_EQ(verify(token()).out, "{\"valid\":true,\"reason\":\"\"}\n");
  EXPECT_EQ(reason(token(), {"--issuer", "https://login.example", "--audience", "x", "--audience", "orders"}),
            "");
  EXPECT_EQ(reason(token(), {"--issuer", "https://other.example"}), "wrong-issuer");
  EXPECT_EQ(reason(token(), {"--audience", "invoices"}), "wrong-audience");
  EXPECT_EQ(reason(token(), {"--algorithms", "RS256,PS256"}), "unsupported-algorithm");
  EXPECT_EQ(reason(token(R"(,"nbf":1767225700)")), "not-yet-valid");
  EXPECT_EQ(reason(token(R"(,"exp":"soon")")), "malformed");  // twice the same claim
  EXPECT_EQ(reason(token(), {"--lifetime-max", "5m"}), "too-long-lived");
  std::string forged = token();
  forged[forged.rfind('.') + 5] = forged[forged.rfind('.') + 5] == 'A' ? 'B' : 'A';
  EXPECT_EQ(reason(forged), "bad-signature");
  EXPECT_EQ(reason(header_with(R"("kid":"another")", token())), "unknown-key");
  EXPECT_EQ(reason(header_with(R"("jwk":{"kty":"EC"})", token())), "critical-header");
  EXPECT_EQ(reason(base64url_encode(R"({"alg":"none"})") + ".e30."), "unsupported-algorithm");
}

TEST_F(Token, expiry_is_judged_with_the_leeway) {
  const auto at = [this](std::int64_t second, const std::string& leeway) {
    return run_caponier(
        {"token", "verify", "--keys", keys, "--leeway", leeway, "--at", std::to_string(second), token()});
  };
  EXPECT_EQ(at(kThen + 629, "30s").out, "valid\n");
  const Finished late = at(kThen + 630, "30s");
  EXPECT_EQ(late.out, "not valid: expired: it has expired\n");
  EXPECT_EQ(late.status, 1);
}

TEST_F(Token, only_the_signature_is_judged_where_that_is_asked_for) {
  const std::string text = key.sign("not even JSON").value();
  EXPECT_EQ(reason(text), "malformed");
  EXPECT_EQ(reason(text, {"--signature-only"}), "");
  EXPECT_EQ(reason(text.substr(0, text.size() - 4) + "AAAA", {"--signature-only"}), "bad-signature");
  EXPECT_EQ(reason(header_with(R"("crit":["x"],"x":1)", text), {"--signature-only"}), "critical-header");
}

TEST_F(Token, lines_are_answered_one_by_one) {
  const std::string set = key.public_key_set();
  const auto line = [&](const std::string& token, const std::string& more = {}) {
    return R"({"token":")" + token + R"(","keys":)" + set + R"(,"at":1767225605)" + more + "}\n";
  };
  const std::string lines = line(token()) + "\n" + line(token(), R"(,"audience":["a","orders"])") +
                            line(token(), R"(,"issuer":"https://other.example")") +
                            line(key.sign("[1]").value(), R"(,"signature_only":true)") +
                            line(token(), R"(,"algorithms":["HS256"])") + line(token(), R"(,"keyz":1)") +
                            "no object\n" + R"({"token":")" + token() + R"(","keys":{"keys":[]}})" + "\n";
  const Finished done = run_caponier({"token", "verify", "--batch", folder.write("lines", lines)});
  EXPECT_EQ(done.status, 2);
  std::vector<std::string> answers;
  std::istringstream in(done.out);
  for (std::string answer; std::getline(in, answer);) answers.push_back(answer);
  ASSERT_EQ(answers.size(), 8U) << done.out;
  EXPECT_EQ(answers[0], R"({"valid":true,"reason":""})");
  EXPECT_EQ(answers[1], R"({"valid":true,"reason":""})");
  EXPECT_THAT(answers[2], HasSubstr(R"({"valid":false,"reason":"wrong-issuer")"));
  EXPECT_EQ(answers[3], R"({"valid":true,"reason":""})");
  EXPECT_THAT(answers[4], HasSubstr("HS256 is no algorithm that can be accepted"));
  EXPECT_THAT(answers[5], HasSubstr("did you mean keys?"));
  EXPECT_THAT(answers[6], HasSubstr("a line is an object with token and keys"));
  EXPECT_THAT(answers[7], HasSubstr(R"("reason":"unknown-key")"));
}

TEST_F(Token, keys_come_in_every_form_and_private_halves_are_left_out) {
  const std::string pem = folder.write("key.pem", std::string(key.to_pem().reveal()));
  const Finished refused = run_caponier({"token", "verify", "--keys", pem, token()});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, Not(HasSubstr("BEGIN")));
  const std::string set = key.public_key_set();
  const std::string jwk = set.substr(set.find('[') + 1, set.find(']') - set.find('[') - 1);
  keys = folder.write("one.json", jwk);
  EXPECT_EQ(reason(token()), "");
  keys = folder.write("private.json", jwk.substr(0, jwk.size() - 1) + R"(,"d":"AAAA"})");
  EXPECT_EQ(reason(token()), "");
  keys = folder.write("secret.json", R"({"keys":[{"kty":"oct","k":"c2VjcmV0"},)" + jwk + "]}");
  EXPECT_EQ(reason(token()), "");
  EXPECT_THAT(verify(token()).err, AllOf(HasSubstr("is not used"), Not(HasSubstr("c2VjcmV0"))));
}

TEST_F(Token, keys_come_from_a_url_on_this_machine_and_a_server_that_is_away_is_told) {
  std::string away;
  {
    Upstream server(answering(answer_text(200, "application/json", key.public_key_set())));
    keys = server.url() + "/jwks";
    EXPECT_EQ(reason(token()), "");
    away = keys;
  }
  const Finished gone = run_caponier({"token", "verify", "--keys", away, token()});
  EXPECT_EQ(gone.status, 2);
  EXPECT_THAT(gone.err, HasSubstr(away));
  for (const std::string url : {"http://keys.example/jwks", "http://127.keys.example/jwks"}) {
    const Finished open = run_caponier({"token", "verify", "--keys", url, token()});
    EXPECT_EQ(open.status, 2);
    EXPECT_THAT(open.err, HasSubstr("use https, or a file")) << url;
  }
}

TEST_F(Token, what_is_shown_cannot_be_used_in_its_place) {
  const std::string whole = token();
  const Finished shown =
      run_caponier({"token", "inspect", "--keys", keys, "--at", std::to_string(kThen), whole});
  EXPECT_EQ(shown.status, 0) << shown.out << shown.err;
  EXPECT_THAT(shown.out, AllOf(HasSubstr("\"sub\": \"alice\""), HasSubstr("signature: passes"),
                               HasSubstr("(2026-01-01T00:10:00.000Z)")));
  EXPECT_THAT(shown.out, Not(HasSubstr(whole.substr(whole.rfind('.') + 1))));
  const Finished hostile = run_caponier(
      {"token", "inspect", header_with(R"("jwk":{"kty":"oct","k":"c2VjcmV0"},"jku":"\u001b[2J")", whole)});
  EXPECT_EQ(hostile.status, 1);
  EXPECT_THAT(hostile.out, AllOf(HasSubstr("form: fails"), HasSubstr("\"jwk\": (not shown)"),
                                 Not(HasSubstr("c2VjcmV0")), Not(HasSubstr("\x1b"))));
  for (const std::string bad : {"x", "..", "a.b.c", "....", "e30.e30", "e30.e30.e30"}) {
    EXPECT_EQ(run_caponier({"token", "inspect", bad}).status, 1) << bad;
  }
}

TEST_F(Token, is_read_from_standard_input) {
  const std::string file = folder.write("token", token() + "\r\n");
  const Finished done =
      run({"/bin/sh", "-c",
           std::string(CAPONIER_BINARY) + " token verify --at 1767225605 --keys " + keys + " - < " + file});
  EXPECT_EQ(done.out, "valid\n") << done.err;
  const Finished none = run({"/bin/sh", "-c", std::string(CAPONIER_BINARY) + " token inspect < /dev/null"});
  EXPECT_EQ(none.status, 2);
  EXPECT_THAT(none.err, HasSubstr("there is no token"));
}

TEST_F(Token, wrong_words_are_told) {
  const auto error = [this](Words more) {
    Words words = {"token", "verify", token()};
    words.insert(words.end(), more.begin(), more.end());
    const Finished done = run_caponier(words);
    EXPECT_EQ(done.status, 2) << done.out;
    return done.err;
  };
  EXPECT_THAT(error({}), HasSubstr("--keys is missing"));
  EXPECT_THAT(error({"--keys", folder.file("none")}), HasSubstr("cannot read"));
  EXPECT_THAT(error({"--keys", folder.write("text", "no keys")}), HasSubstr("neither a JWK Set"));
  EXPECT_THAT(error({"--keys", keys, "--at", "noon"}), HasSubstr("seconds since 1970"));
  EXPECT_THAT(error({"--keys", keys, "--algorithms", "none"}), HasSubstr("none is no algorithm"));
  EXPECT_THAT(error({"--keys", keys, "--format", "xml"}), HasSubstr("text or json"));
}

}  // namespace
}  // namespace caponier::e2e
