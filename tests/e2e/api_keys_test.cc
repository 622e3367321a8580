// API keys from the store: made, rotated, revoked by the command line and the admin surface while the gateway
// runs, in headers, cookies and queries, for some operations and addresses; and never passed on or written
// down.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

constexpr const char* kDocument = R"(openapi: 3.1.0
info: {title: Keys, version: "1"}
servers: [{url: /}]
paths:
  /report:
    get:
      operationId: getReport
      security: [{header: []}]
      responses: {"200": {description: ok, content: {text/plain: {}}}}
    delete:
      operationId: deleteReport
      security: [{header: []}]
      responses: {"200": {description: ok, content: {text/plain: {}}}}
  /cookie:
    get:
      operationId: byCookie
      security: [{cookie: []}]
      parameters: [{name: theme, in: cookie, schema: {type: string, maxLength: 9}}]
      responses: {"200": {description: ok, content: {text/plain: {}}}}
  /query:
    get:
      operationId: byQuery
      security: [{query: []}]
      parameters: [{name: q, in: query, schema: {type: string, maxLength: 9}}]
      responses: {"200": {description: ok, content: {text/plain: {}}}}
components:
  securitySchemes:
    header: {type: apiKey, in: header, name: X-Api-Key}
    cookie: {type: apiKey, in: cookie, name: api_key}
    query: {type: apiKey, in: query, name: key, x-caponier: {allow_in_query: {reason: old devices}}}
)";
constexpr const char* kAdmin =
    "listeners:\n  - {listen: 'http://127.0.0.1:0'}\n"
    "  - {listen: 'http://127.0.0.1:0', surface: admin}\n";

std::string trimmed(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

class ApiKeyStore : public testing::Test {
 protected:
  // `caponier keys WORDS` on the gateway's state directory; its standard output.
  std::string keys(Words words) const {
    words.insert(words.begin(), "keys");
    words.insert(words.end(), {"--state-dir", gateway_.state_dir()});
    const Finished done = run_caponier(words);
    EXPECT_EQ(done.status, 0) << done.err;
    return trimmed(done.out);
  }
  std::string create(Words more = {}) const {
    Words words = {"create", "--subject", "reporter"};
    words.insert(words.end(), more.begin(), more.end());
    return keys(words);
  }
  static std::string id_of(const std::string& key) { return key.substr(0, 12); }
  [[nodiscard]] Message report(const std::string& key, const std::string& method = "GET") const {
    return gateway_.ask(request_text(method, "/report", "X-Api-Key: " + key + "\r\n"));
  }
  [[nodiscard]] bool becomes(const std::string& key, int status) const {
    return eventually([&] { return report(key).status() == status; });
  }
  std::string reason(const Message& answer) { return gateway_.record_of(answer)["reason"]; }

  Upstream upstream_{answering(answer_text(200, "text/plain", "x"))};
  Gateway gateway_{{.contract = kDocument,
                    .upstream = upstream_.url(),
                    .config = std::string("hosts: [localhost]\n") + kAdmin +
                              "limits: {connections: {failed_authentications_per_address_burst: 100000, "
                              "failed_authentications_per_identity_burst: 100000}}\n",
                    .dev = false}};
};

TEST_F(ApiKeyStore, a_key_is_known_as_soon_as_it_is_made_and_nothing_keeps_its_secret) {
  ASSERT_TRUE(gateway_.ready()) << gateway_.process().err();
  const std::string key = create();
  EXPECT_THAT(key, MatchesRegex("cap_[0-9A-Za-z]{8}_[0-9A-Za-z_-]{43}_[0-9A-Za-z]{6}"));
  EXPECT_TRUE(becomes(key, 200));
  const std::string received = upstream_.received();
  EXPECT_THAT(received, HasSubstr("Caponier-Subject: reporter\r\n"));
  const std::string secret = key.substr(13, 43);
  EXPECT_THAT(received, Not(HasSubstr(secret)));
  EXPECT_TRUE(eventually([&] { return gateway_.log().find("key-created") != std::string::npos; }));
  EXPECT_THAT(gateway_.log(), HasSubstr(id_of(key) + " (command line)"));
  EXPECT_THAT(gateway_.log(), Not(HasSubstr(secret)));
  for (const char* file : {"/identity.db", "/identity.db-wal"})
    EXPECT_THAT(read_file(gateway_.state_dir() + file), Not(HasSubstr(secret))) << file;
}

TEST_F(ApiKeyStore, each_refusal_has_its_reason_in_the_log_and_one_answer_to_the_client) {
  const std::string key = create({"--expires-in", "1h"});
  ASSERT_TRUE(becomes(key, 200));
  std::string mistyped = key;
  mistyped[20] = mistyped[20] == 'x' ? 'y' : 'x';
  EXPECT_EQ(reason(report(mistyped)), "credential-malformed");
  EXPECT_EQ(reason(report("cap_robot001_cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI_0kykaH")),
            "api-key-unknown");
  keys({"expire", id_of(key)});
  EXPECT_TRUE(becomes(key, 401));
  const Message expired = report(key);
  EXPECT_EQ(reason(expired), "api-key-expired");
  keys({"expire", id_of(key), "--in", "never"});
  EXPECT_TRUE(becomes(key, 200));
  keys({"revoke", id_of(key), "--reason", "found in a repository"});
  EXPECT_TRUE(becomes(key, 401));
  const Message revoked = report(key);
  EXPECT_EQ(reason(revoked), "api-key-revoked");
  EXPECT_EQ(revoked.body.substr(0, 60), expired.body.substr(0, 60));
  EXPECT_THAT(keys({"show", id_of(key)}), HasSubstr("found in a repository"));
  EXPECT_THAT(keys({"list", "--state", "revoked", "--json"}), HasSubstr("\"state\":\"revoked\""));
}

TEST_F(ApiKeyStore, a_rotation_leaves_the_secret_before_for_the_overlap_and_without_one_for_no_time) {
  const std::string first = create();
  const std::string second = keys({"rotate", id_of(first)});
  EXPECT_EQ(id_of(second), id_of(first));
  EXPECT_TRUE(becomes(second, 200));
  EXPECT_EQ(report(first).status(), 200);
  const std::string third = keys({"rotate", id_of(first), "--overlap", "0s"});
  EXPECT_TRUE(becomes(third, 200));
  const Message old = report(second);
  EXPECT_EQ(old.status(), 401);
  EXPECT_EQ(reason(old), "api-key-expired");
  EXPECT_EQ(reason(report(first)), "api-key-unknown");
}

TEST_F(ApiKeyStore, a_key_is_for_its_operations_addresses_and_schemes_alone) {
  const std::string reader = create({"--operation", "getReport"});
  ASSERT_TRUE(becomes(reader, 200));
  const Message forbidden = report(reader, "DELETE");
  EXPECT_EQ(forbidden.status(), 403);
  EXPECT_EQ(reason(forbidden), "api-key-wrong-operation");
  const std::string labelled = create({"--operation", "DELETE /report"});
  EXPECT_TRUE(eventually([&] { return report(labelled, "DELETE").status() == 200; }));
  const std::string elsewhere = create({"--address", "192.0.2.0/24", "--address", "2001:db8::/32"});
  EXPECT_TRUE(eventually([&] { return reason(report(elsewhere)) == "api-key-wrong-address"; }));
  const std::string here = create({"--address", "127.0.0.0/8"});
  EXPECT_TRUE(becomes(here, 200));
  const std::string cookie = create({"--scheme", "cookie"});
  const auto by_cookie = [&] {
    return gateway_.ask(request_text("GET", "/cookie", "Cookie: api_key=" + cookie + "\r\n")).status();
  };
  EXPECT_TRUE(eventually([&] { return by_cookie() == 200; }));
  EXPECT_EQ(report(cookie).status(), 401);
}

TEST_F(ApiKeyStore, in_a_cookie_it_is_taken_off_before_the_others_go_on) {
  const std::string key = create();
  ASSERT_TRUE(becomes(key, 200));
  const Message answer = gateway_.ask(
      request_text("GET", "/cookie", "Cookie: other=1; theme=dark; api_key=" + key + "; more=2\r\n"));
  EXPECT_EQ(answer.status(), 200) << answer.body;
  EXPECT_EQ(upstream_.requests().back().header("Cookie"), "theme=dark");
  const Message twice =
      gateway_.ask(request_text("GET", "/cookie", "Cookie: api_key=" + key + "; api_key=" + key + "\r\n"));
  EXPECT_EQ(reason(twice), "credential-repeated");
  EXPECT_EQ(gateway_.ask(request_text("GET", "/cookie")).status(), 401);
}

TEST_F(ApiKeyStore, in_the_query_it_is_stripped_from_what_goes_on_and_from_the_log) {
  const std::string key = create();
  ASSERT_TRUE(becomes(key, 200));
  const auto ask = [&](const std::string& query) {
    return gateway_.ask(request_text("GET", "/query" + query));
  };
  EXPECT_EQ(ask("?q=a&key=" + key).status(), 200);
  EXPECT_EQ(upstream_.requests().back().start_line, "GET /query?q=a HTTP/1.1");
  EXPECT_EQ(ask("?%6bey=" + key).status(), 200);
  EXPECT_EQ(upstream_.requests().back().start_line, "GET /query HTTP/1.1");
  EXPECT_EQ(reason(ask("?key=" + key + "&key=" + key)), "credential-repeated");
  EXPECT_EQ(ask("?q=a").status(), 401);
  const Message undeclared = gateway_.ask(request_text("GET", "/nothing?key=" + key));
  EXPECT_EQ(undeclared.status(), 404);
  (void)gateway_.record_of(undeclared);
  EXPECT_THAT(gateway_.log(), Not(HasSubstr(key.substr(13, 43))));
  EXPECT_THAT(upstream_.received(), Not(HasSubstr(key.substr(13, 43))));
}

TEST_F(ApiKeyStore, last_use_is_written_down) {
  const std::string key = create();
  ASSERT_TRUE(becomes(key, 200));
  EXPECT_EQ(gateway_.stop(), 0);
  EXPECT_THAT(keys({"show", id_of(key), "--json"}), HasSubstr("\"last_used_at\":\"20"));
}

TEST_F(ApiKeyStore, the_admin_surface_manages_keys_for_who_has_its_token) {
  const int admin = gateway_.port_of("admin");
  const std::string token = trimmed(read_file(gateway_.state_dir() + "/admin.token"));
  const auto post = [&](const std::string& path, const std::string& body) {
    return ask(admin, request_text("POST", path, bearer(token), body));
  };
  EXPECT_EQ(ask(admin, request_text("GET", "/keys")).status(), 401);
  EXPECT_EQ(ask(admin, request_text("GET", "/keys", bearer(token + "0"))).status(), 401);
  const Message made = post("/keys", R"({"subject":"robot","scopes":["a"],"expires_in":"1h"})");
  ASSERT_EQ(made.status(), 201) << made.body;
  const std::size_t at = made.body.find("\"key\":\"") + 7;
  const std::string key = made.body.substr(at, 63);
  EXPECT_EQ(report(key).status(), 200) << "what is answered is in force";
  const std::string one = "/keys/" + id_of(key);
  const Message shown = ask(admin, request_text("GET", one, bearer(token)));
  EXPECT_THAT(shown.body, HasSubstr("\"subject\":\"robot\""));
  EXPECT_THAT(shown.body, Not(HasSubstr(key.substr(13))));
  EXPECT_THAT(ask(admin, request_text("GET", "/keys?limit=1", bearer(token))).body, HasSubstr(id_of(key)));
  const Message rotated = post(one + "/rotate", R"({"overlap":"0s"})");
  ASSERT_EQ(rotated.status(), 200) << rotated.body;
  EXPECT_EQ(report(key).status(), 401);
  const std::string fresh = rotated.body.substr(rotated.body.find("\"key\":\"") + 7, 63);
  EXPECT_EQ(report(fresh).status(), 200);
  EXPECT_EQ(post(one + "/expire", R"({"in":"never"})").status(), 200);
  EXPECT_EQ(post(one + "/revoke", R"({"reason":"enough"})").status(), 200);
  EXPECT_EQ(report(fresh).status(), 401);
  EXPECT_TRUE(eventually([&] { return gateway_.log().find("enough (admin)") != std::string::npos; }));
  EXPECT_THAT(gateway_.log(), Not(HasSubstr(fresh.substr(13))));
}

// A file that may not grow any more is what a full disk looks like to who writes it.
TEST_F(ApiKeyStore, a_disk_that_takes_nothing_makes_no_key_and_ends_none) {
  const int admin = gateway_.port_of("admin");
  const std::string token = bearer(trimmed(read_file(gateway_.state_dir() + "/admin.token")));
  const std::string key = create();
  ASSERT_TRUE(becomes(key, 200));
  const rlimit full{1, RLIM_INFINITY};
  rlimit was{};
  ASSERT_EQ(prlimit(gateway_.process().pid(), RLIMIT_FSIZE, &full, &was), 0);
  const auto post = [&](const std::string& path) {
    return ask(admin, request_text("POST", path, token, R"({"subject":"robot"})"));
  };
  EXPECT_EQ(post("/keys").status(), 503);
  EXPECT_EQ(ask(admin, request_text("POST", "/keys/" + id_of(key) + "/revoke", token, "{}")).status(), 503);
  EXPECT_EQ(report(key).status(), 200) << "what was not written down is not in force";
  ASSERT_EQ(prlimit(gateway_.process().pid(), RLIMIT_FSIZE, &was, nullptr), 0);
  EXPECT_EQ(post("/keys").status(), 201);
  EXPECT_EQ(ask(admin, request_text("POST", "/keys/" + id_of(key) + "/revoke", token, "{}")).status(), 200);
  EXPECT_EQ(report(key).status(), 401);
}

TEST_F(ApiKeyStore, where_another_database_lies_in_its_place_the_admin_surface_says_nothing_of_the_old_one) {
  const int admin = gateway_.port_of("admin");
  const std::string token = bearer(trimmed(read_file(gateway_.state_dir() + "/admin.token")));
  const std::string key = create();
  ASSERT_TRUE(becomes(key, 200));
  const std::string database = gateway_.state_dir() + "/identity.db";
  std::filesystem::rename(database, database + ".away");
  const Message refused = ask(admin, request_text("GET", "/keys", token));
  EXPECT_EQ(refused.status(), 503);
  EXPECT_THAT(refused.body, HasSubstr("another file than the one that was opened"));
  EXPECT_EQ(report(key).status(), 200) << "what was known stays in force";
  std::filesystem::rename(database + ".away", database);
  EXPECT_EQ(ask(admin, request_text("GET", "/keys", token)).status(), 200);
}

TEST_F(ApiKeyStore, the_admin_surface_reads_strictly) {
  const int admin = gateway_.port_of("admin");
  const std::string token = bearer(trimmed(read_file(gateway_.state_dir() + "/admin.token")));
  const auto post = [&](const std::string& path, const std::string& body) {
    return ask(admin, request_text("POST", path, token, body)).status();
  };
  EXPECT_EQ(post("/keys", R"({"subject":"a","subject":"b"})"), 400);
  EXPECT_EQ(post("/keys", R"({"subject":"a","scope":["b"]})"), 400);
  EXPECT_EQ(post("/keys", R"({"subject":1})"), 400);
  EXPECT_EQ(post("/keys", R"({"subject":"a","scopes":"b"})"), 400);
  EXPECT_EQ(post("/keys", R"({"subject":"a","expires_in":"0s"})"), 400);
  EXPECT_EQ(post("/keys", R"({"subject":"a","addresses":["10.0.0.1/8"]})"), 400);
  EXPECT_EQ(post("/keys", "[]"), 400);
  EXPECT_EQ(post("/keys", std::string(65'537, ' ')), 413);
  EXPECT_EQ(post("/keys", std::string(65'536 - 15, ' ') + R"({"subject":"a"})"), 201);
  EXPECT_EQ(post("/keys/cap_12345678/rotate", ""), 404);
  EXPECT_EQ(post("/keys/nonsense", ""), 405);
  EXPECT_EQ(post("/keys/cap_12345678/destroy", ""), 404);
  EXPECT_EQ(ask(admin, request_text("POST", "/keys", token + "Origin: http://localhost\r\n", "{}")).status(),
            403);
}

TEST(ApiKeyDocument, check_names_the_key_in_the_query_and_refuses_it_without_a_reason) {
  const TestFolder folder;
  const auto check = [&](const std::string& document) {
    const Finished done = run_caponier({"check", "--dev", "--upstream", "http://127.0.0.1:9", "--contract",
                                        folder.write("api.yaml", document)});
    return done.out + done.err;
  };
  EXPECT_THAT(check(kDocument), HasSubstr("old devices"));
  std::string without = kDocument;
  const std::string word = ", x-caponier: {allow_in_query: {reason: old devices}}";
  without.erase(without.find(word), word.size());
  EXPECT_THAT(check(without), HasSubstr("key-in-query"));
}

TEST(ApiKeyHashKey, comes_by_reference_and_another_one_is_refused) {
  const Upstream upstream{answering(answer_text(200, "text/plain", "x"))};
  const TestFolder folder;
  setenv("CAPONIER_E2E_HASH_KEY", "0123456789abcdef0123456789abcdef", 1);
  const std::string config =
      folder.write("keys.yaml", "api_keys: {hash_key: 'env://CAPONIER_E2E_HASH_KEY'}\nstate_dir: '" +
                                    folder.file("state") + "'\n");
  const Finished made = run_caponier({"keys", "create", "--subject", "a", "--config", config});
  ASSERT_EQ(made.status, 0) << made.err;
  Gateway gateway({.contract = kDocument,
                   .upstream = upstream.url(),
                   .config = "hosts: [localhost]\napi_keys: {hash_key: 'env://CAPONIER_E2E_HASH_KEY'}\n",
                   .dev = false,
                   .state_dir = folder.file("state")});
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  const std::string fields = "X-Api-Key: " + trimmed(made.out) + "\r\n";
  EXPECT_EQ(gateway.ask(request_text("GET", "/report", fields)).status(), 200);
  EXPECT_EQ(gateway.stop(), 0);
  const Finished other =
      run_caponier({"keys", "create", "--subject", "a", "--state-dir", folder.file("state")});
  EXPECT_EQ(other.status, 2);
  EXPECT_THAT(other.err, HasSubstr("are hashed under another key"));
  unsetenv("CAPONIER_E2E_HASH_KEY");
}

TEST(ApiKeyDatabase, that_is_damaged_stops_the_start_with_one_line) {
  const TestFolder folder;
  const std::string state = folder.file("state");
  const Finished made = run_caponier({"keys", "create", "--subject", "a", "--state-dir", state});
  ASSERT_EQ(made.status, 0) << made.err;
  folder.write("state/identity.db", std::string(8192, 'x'));
  const Finished refused =
      run_caponier({"run", "--dev", "--contract", folder.write("api.yaml", kDocument), "--upstream",
                    "http://127.0.0.1:9", "--listen", "127.0.0.1:0", "--state-dir", state});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err,
              HasSubstr("identity.db is no SQLite database; move it away, or put back a copy\n"));
}

}  // namespace
}  // namespace caponier::e2e
