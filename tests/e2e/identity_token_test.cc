// What an upstream is told of the caller, signed: that it can be verified by the published keys, that nobody
// else can say it, and that keys come and go without a token that nobody can verify.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <ctime>
#include <filesystem>

#include "base/bytes.h"
#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/h2_peer.h"
#include "e2e/h2_side.h"
#include "e2e/said.h"
#include "e2e/upstream.h"
#include "jose/assertion_key.h"
#include "jose/token.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

constexpr const char* kIssuer = "https://gateway.internal";
constexpr const char* kJwks = "/.well-known/jwks.json";

class IdentityToken : public testing::Test {
 protected:
  [[nodiscard]] Options options(const std::string& upstream = "true", const std::string& token = "",
                                const std::string& more = "") {
    issuer_file_ = folder_.write("keys.json", issuer_.key_set());
    return {.contract = kContract,
            .upstream = "",
            .config = "hosts: [localhost]\nupstream: {url: '" + api_.url() + "', identity_token: " +
                      upstream + "}\nidentity_token: {issuer: '" + kIssuer + "'" + token +
                      "}\nissuers: [{issuer: 'https://issuer.example', audiences: [api], jwks_file: '" +
                      issuer_file_ + "'}]\n" + more,
            .dev = false};
  }
  [[nodiscard]] std::string get(const std::string& fields = "") const {
    return request_text("GET", "/items/1", bearer(issuer_.token("alice", "items:read")) + fields);
  }
  static Message keys(const Gateway& gateway) { return gateway.ask(request_text("GET", kJwks)); }
  // The payload of a token that the published keys verify, and that is of its own type; else why not.
  static std::string verified(const std::string& token, const std::string& key_set,
                              jose::Algorithm algorithm = jose::Algorithm::kES256) {
    const auto set = jose::parse_key_set(key_set, TokenLimits());
    if (!set) return "no keys: " + set.error();
    const auto parsed = jose::parse_signed_text(token, TokenLimits());
    if (!parsed) return "no token: " + token;
    const auto head = base64url_decode(token.substr(0, token.find('.'))).value_or("");
    if (head.find(R"("typ":"caponier-identity+jwt")") == std::string::npos) return "other type: " + head;
    jose::AlgorithmSet algorithms;
    algorithms.add(algorithm);
    const auto* key = set->find(parsed->key_id, algorithm);
    if (key == nullptr) return "unknown key " + parsed->key_id;
    if (jose::verify_signature(*parsed, algorithms, *key)) return "bad signature";
    return parsed->payload;
  }
  // The kid of the token that an upstream gets now.
  std::string signing_id(const Gateway& gateway) {
    EXPECT_EQ(gateway.ask(get()).status(), 200);
    const auto parsed =
        jose::parse_signed_text(api_.requests().back().header("Caponier-Identity"), TokenLimits());
    return parsed ? parsed->key_id : "";
  }

  TestFolder folder_;
  std::string issuer_file_;
  Issuer issuer_{"https://issuer.example"};
  Upstream api_{echoing()};
};

TEST_F(IdentityToken, tells_the_upstream_who_calls_what_and_the_published_keys_verify_it) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const Message answer = gateway.ask(get());
  ASSERT_EQ(answer.status(), 200);
  const Message seen = api_.requests().back();
  const Message published = keys(gateway);
  EXPECT_EQ(published.status(), 200);
  EXPECT_EQ(published.header("Content-Type"), "application/jwk-set+json");
  EXPECT_EQ(published.header("Cache-Control"), "public, max-age=300");
  const std::string claims = verified(seen.header("Caponier-Identity"), published.body);
  const std::string id = answer.header("X-Request-ID");
  EXPECT_THAT(claims, HasSubstr(R"({"iss":"https://gateway.internal","aud":"default","sub":"alice")"
                                R"(,"caller_iss":"https://issuer.example","credential":"token:)"));
  EXPECT_THAT(claims, HasSubstr(R"("scope":"items:read","operation":"getItem","request_id":")" + id +
                                R"(","jti":")" + id + R"(","iat":)"));
  const auto iat = std::stoll(claims.substr(claims.find("\"iat\":") + 6));
  const auto exp = std::stoll(claims.substr(claims.find("\"exp\":") + 6));
  EXPECT_EQ(exp - iat, 60);
  EXPECT_NEAR(static_cast<double>(iat), static_cast<double>(std::time(nullptr)), 5);
  // Beside it, the caller's own token is as it was.
  EXPECT_THAT(seen.header("Authorization"), testing::StartsWith("Bearer ey"));
}

TEST_F(IdentityToken, goes_to_an_upstream_over_http_2_as_well) {
  Said token;
  api_.set_script(speaking_h2([&token](std::uint32_t stream, const H2Request& request) {
    const auto found = request.fields.find("caponier-identity");
    token = found == request.fields.end() ? std::string() : found->second;
    return h2_text(stream, "hello");
  }));
  Gateway gateway(options("true, protocol: http2"));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  ASSERT_EQ(gateway.ask(get("Caponier-Identity: forged\r\n")).status(), 200);
  EXPECT_THAT(verified(token.now(), keys(gateway).body), HasSubstr(R"("sub":"alice")"));
}

TEST_F(IdentityToken, each_request_has_one_of_its_own) {
  Gateway gateway(options("{audience: 'https://items.internal'}", ", lifetime: 10s, algorithm: EdDSA"));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  for (int i = 0; i < 2; ++i) ASSERT_EQ(gateway.ask(get()).status(), 200);
  const auto seen = api_.requests();
  const std::string set = keys(gateway).body;
  const std::string first = verified(seen[0].header("Caponier-Identity"), set, jose::Algorithm::kEdDSA);
  const std::string second = verified(seen[1].header("Caponier-Identity"), set, jose::Algorithm::kEdDSA);
  EXPECT_THAT(first, HasSubstr(R"("aud":"https://items.internal")"));
  EXPECT_THAT(first, HasSubstr(seen[0].header("X-Request-ID")));
  EXPECT_THAT(second, HasSubstr(seen[1].header("X-Request-ID")));
  const auto iat = std::stoll(first.substr(first.find("\"iat\":") + 6));
  EXPECT_EQ(std::stoll(first.substr(first.find("\"exp\":") + 6)) - iat, 10);
}

TEST_F(IdentityToken, does_not_outlive_the_credential_that_it_stands_for) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const std::string token = issuer_.token("alice", "items:read", 20);
  ASSERT_EQ(gateway.ask(request_text("GET", "/items/1", bearer(token))).status(), 200);
  const std::string claims = verified(api_.requests().back().header("Caponier-Identity"), keys(gateway).body);
  const auto exp = std::stoll(claims.substr(claims.find("\"exp\":") + 6));
  EXPECT_LE(exp, std::time(nullptr) + 20);
}

TEST_F(IdentityToken, a_forged_one_never_reaches_the_upstream_in_any_spelling) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const std::string forged =
      "Caponier-Identity: forged\r\ncaponier_identity: forged\r\nCAPONIER-IDENTITY: forged\r\n"
      "Caponier_Identity: forged\r\nConnection: close, Caponier-Identity\r\n";
  ASSERT_EQ(gateway.ask(get(forged)).status(), 200);
  ASSERT_EQ(gateway.ask(request_text("GET", "/open", forged)).status(), 200);
  EXPECT_THAT(api_.received(), Not(HasSubstr("forged")));
  const auto seen = api_.requests();
  EXPECT_THAT(verified(seen[0].header("Caponier-Identity"), keys(gateway).body), HasSubstr("alice"));
  // Nobody vouches for who did not say who they are.
  EXPECT_FALSE(seen[1].has("Caponier-Identity"));
}

TEST_F(IdentityToken, an_upstream_that_is_not_told_gets_none) {
  Gateway gateway(options("false"));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  ASSERT_EQ(gateway.ask(get("Caponier-Identity: forged\r\n")).status(), 200);
  EXPECT_FALSE(api_.requests().back().has("Caponier-Identity"));
}

TEST_F(IdentityToken, what_it_says_is_no_credential_for_the_gateway) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  ASSERT_EQ(gateway.ask(get()).status(), 200);
  const std::string token = api_.requests().back().header("Caponier-Identity");
  const Message answer = gateway.ask(request_text("GET", "/items/1", bearer(token)));
  EXPECT_EQ(answer.status(), 401);
  EXPECT_EQ(gateway.record_of(answer)["reason"], "token-type");
}

TEST_F(IdentityToken, keys_are_published_where_the_configuration_says_and_only_to_be_read) {
  Gateway gateway(options("true", ", published_on: [inside], jwks_path: /keys",
                          "listeners:\n  - {listen: 'http://127.0.0.1:0'}\n"
                          "  - {listen: 'http://127.0.0.1:0', surface: internal, name: inside}\n"));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const int inside = gateway.port_of("internal");
  EXPECT_EQ(gateway.ask(request_text("GET", "/keys")).status(), 404);
  EXPECT_EQ(ask(inside, request_text("GET", kJwks)).status(), 404);
  const Message published = ask(inside, request_text("GET", "/keys"));
  EXPECT_EQ(published.status(), 200);
  EXPECT_THAT(published.body, Not(HasSubstr("\"d\"")));
  const Message posted = ask(inside, request_text("POST", "/keys"));
  EXPECT_EQ(posted.status(), 405);
  EXPECT_EQ(posted.header("Allow"), "GET, HEAD");
  ASSERT_EQ(gateway.ask(get()).status(), 200);
  EXPECT_THAT(verified(api_.requests().back().header("Caponier-Identity"), published.body),
              HasSubstr("alice"));
}

TEST_F(IdentityToken, keys_are_for_their_owner_alone_and_outlive_a_kill) {
  std::string first;
  const std::string state = folder_.file("state");
  Options same = options();
  same.state_dir = state;
  {
    Gateway gateway(same);
    ASSERT_TRUE(gateway.ready()) << gateway.process().err();
    first = signing_id(gateway);
    gateway.process().signal(SIGKILL);
    gateway.process().wait();
  }
  struct stat status {};
  ASSERT_EQ(stat((state + "/identity-token-keys.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  Gateway gateway(same);
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(signing_id(gateway), first);
}

TEST_F(IdentityToken, a_new_key_is_published_ahead_of_its_use) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const std::string first = signing_id(gateway);
  const Finished rotated = run_caponier({"identity-keys", "rotate", "--state-dir", gateway.state_dir()});
  EXPECT_EQ(rotated.status, 0) << rotated.err;
  EXPECT_THAT(rotated.out, HasSubstr(first));
  EXPECT_THAT(rotated.out, HasSubstr("published, not used yet"));
  const auto count = [&] {
    const auto set = jose::parse_key_set(keys(gateway).body, TokenLimits());
    return set ? set->keys.size() : 0;
  };
  EXPECT_TRUE(eventually([&] { return count() == 2; }));
  EXPECT_EQ(signing_id(gateway), first);
  // One at a time.
  EXPECT_EQ(run_caponier({"identity-keys", "rotate", "--state-dir", gateway.state_dir()}).status, 2);
}

TEST_F(IdentityToken, a_stolen_key_is_replaced_within_a_second_and_published_no_more) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const std::string first = signing_id(gateway);
  EXPECT_EQ(run_caponier({"identity-keys", "rotate", "--at-once", "--state-dir", gateway.state_dir()}).status,
            0);
  EXPECT_TRUE(eventually([&] { return signing_id(gateway) != first; }));
  EXPECT_THAT(keys(gateway).body, Not(HasSubstr(first)));
  EXPECT_THAT(verified(api_.requests().back().header("Caponier-Identity"), keys(gateway).body),
              HasSubstr("alice"));
  EXPECT_TRUE(eventually([&] { return gateway.log().find("\"identity-keys\"") != std::string::npos; }));
}

TEST_F(IdentityToken, a_key_by_reference_signs_and_stays_published_after_its_successor_came) {
  const auto old_key = jose::AssertionKey::generate(jose::Algorithm::kES256);
  const auto new_key = jose::AssertionKey::generate(jose::Algorithm::kEdDSA);
  ASSERT_TRUE(old_key.ok() && new_key.ok());
  const auto reference = [this](const std::string& name, const jose::AssertionKey& key) {
    const std::string file = folder_.write(name, std::string(key.to_pem().reveal()));
    std::filesystem::permissions(file,
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    return "file://" + file;
  };
  const std::string old_place = reference("old.pem", *old_key);
  const std::string new_place = reference("new.pem", *new_key);
  Options before = options("true", ", key: '" + old_place + "', next_key: '" + new_place + "'");
  Gateway gateway(before);
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(signing_id(gateway), old_key->id());
  EXPECT_THAT(keys(gateway).body, HasSubstr(new_key->id()));
  const Options after = options("true", ", key: '" + new_place + "'");
  gateway.folder().write("caponier.yaml", after.config);
  EXPECT_TRUE(eventually([&] { return signing_id(gateway) == new_key->id(); }));
  EXPECT_THAT(keys(gateway).body, HasSubstr(old_key->id()));
  // It is not the gateway's to make.
  EXPECT_EQ(run_caponier({"identity-keys", "rotate", "--state-dir", gateway.state_dir()}).status, 2);
  EXPECT_THAT(read_file(gateway.state_dir() + "/identity-token-keys.json"), Not(HasSubstr("PRIVATE")));
}

TEST_F(IdentityToken, neither_it_nor_its_key_is_in_any_log) {
  Gateway gateway(options());
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const Message answer = gateway.ask(get());
  ASSERT_EQ(answer.status(), 200);
  (void)gateway.record_of(answer);
  gateway.stop();
  const std::string token = api_.requests().back().header("Caponier-Identity");
  const std::string key = read_file(gateway.state_dir() + "/identity-token-keys.json");
  const std::size_t pem = key.find("PRIVATE KEY-----");
  ASSERT_NE(pem, std::string::npos);
  for (const std::string& secret : {token.substr(token.size() - 40), key.substr(pem + 20, 40)}) {
    EXPECT_THAT(gateway.log(), Not(HasSubstr(secret)));
    EXPECT_THAT(gateway.process().err(), Not(HasSubstr(secret)));
  }
}

// A token that only its issuer can read, and one that anybody can.
class PhantomToken : public IdentityToken {
 protected:
  [[nodiscard]] Options options_with(const std::string& authorization) {
    folder_.write("secret", "s3cret\n");
    std::filesystem::permissions(folder_.file("secret"), std::filesystem::perms::owner_read);
    Options out = options("{authorization: " + authorization + "}");
    const std::size_t end = out.config.rfind("}]");
    out.config.insert(end, ", allow_internal_addresses: true, introspection: {url: '" + server_.url() +
                               "/introspect'}, client: {id: gateway, secret: 'file://" +
                               folder_.file("secret") + "'}");
    return out;
  }
  static std::string opaque() { return request_text("GET", "/items/1", bearer("opaque-token")); }

  Upstream server_{answering(
      answer_text(200, "application/json",
                  R"({"active":true,"sub":"bob","aud":"api","scope":"items:read","client_id":"app"})"))};
};

TEST_F(PhantomToken, stands_in_the_place_of_an_opaque_token_and_leaves_others) {
  Gateway gateway(options_with("replace_opaque"));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  for (int i = 0; i < 2; ++i) ASSERT_EQ(gateway.ask(opaque()).status(), 200);  // the second from the cache
  ASSERT_EQ(gateway.ask(get()).status(), 200);
  EXPECT_THAT(api_.received(), Not(HasSubstr("opaque-token")));
  const auto seen = api_.requests();
  for (int i = 0; i < 2; ++i) {
    const std::string header = seen[static_cast<std::size_t>(i)].header("Authorization");
    ASSERT_TRUE(header.starts_with("Bearer "));
    const std::string claims = verified(header.substr(7), keys(gateway).body);
    EXPECT_THAT(claims, HasSubstr(R"("sub":"bob")"));
    EXPECT_THAT(claims, HasSubstr(R"("client_id":"app")"));
  }
  EXPECT_THAT(seen[2].header("Authorization"), Not(HasSubstr(seen[2].header("Caponier-Identity"))));
  EXPECT_THAT(verified(seen[2].header("Caponier-Identity"), keys(gateway).body), HasSubstr("alice"));
}

TEST_F(PhantomToken, stands_in_the_place_of_every_token_where_all_are_replaced) {
  Gateway gateway(options_with("replace"));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const std::string jwt = issuer_.token("alice", "items:read");
  ASSERT_EQ(gateway.ask(request_text("GET", "/items/1", bearer(jwt))).status(), 200);
  ASSERT_EQ(gateway.ask(opaque()).status(), 200);
  EXPECT_THAT(api_.received(), Not(HasSubstr(jwt)));
  EXPECT_THAT(api_.received(), Not(HasSubstr("opaque-token")));
  for (const Message& seen : api_.requests())
    EXPECT_EQ(seen.header("Authorization"), "Bearer " + seen.header("Caponier-Identity"));
}

TEST_F(PhantomToken, an_opaque_token_goes_on_where_it_is_kept) {
  Gateway gateway(options_with("keep"));
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  ASSERT_EQ(gateway.ask(opaque()).status(), 200);
  EXPECT_EQ(api_.requests().back().header("Authorization"), "Bearer opaque-token");
}

TEST_F(IdentityToken, tells_of_the_key_that_called_where_there_is_no_token) {
  Options keyed = options();
  keyed.contract = R"(openapi: 3.1.0
info: {title: Keys, version: "1"}
servers: [{url: /}]
paths:
  /report:
    get:
      operationId: getReport
      security: [{key: []}]
      responses: {"200": {description: ok, content: {text/plain: {}}}}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: X-API-Key}
)";
  Gateway gateway(keyed);
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  std::string key = run_caponier({"keys", "create", "--subject", "reporter", "--scope", "a", "--state-dir",
                                  gateway.state_dir()})
                        .out;
  while (key.ends_with('\n')) key.pop_back();
  const std::string asking = request_text("GET", "/report", "X-API-Key: " + key + "\r\n");
  ASSERT_TRUE(eventually([&] { return gateway.ask(asking).status() == 200; }));
  const Message seen = api_.requests().back();
  EXPECT_THAT(
      verified(seen.header("Caponier-Identity"), keys(gateway).body),
      MatchesRegex(
          R"(.*"sub":"reporter","credential":"key:cap_[0-9A-Za-z]{8}","scope":"a","operation":"getReport".*)"));
  EXPECT_THAT(seen.head, Not(HasSubstr(key)));
}

}  // namespace
}  // namespace caponier::e2e
