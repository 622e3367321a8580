// What keeps it from starting is told in a clear line, with the place where there is one, and exit status 2.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "e2e/contract.h"
#include "e2e/gateway.h"
#include "e2e/upstream.h"

namespace caponier::e2e {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class StartErrors : public testing::Test {
 protected:
  // `caponier run` with the usual flags, `words` and --dev.
  Finished start(Words words) {
    Words all = {"run", "--dev", "--upstream", upstream_.url(), "--state-dir", folder_.file("state")};
    const auto has = [&words](const char* name) {
      return std::find(words.begin(), words.end(), name) != words.end();
    };
    if (!has("--listen")) words.insert(words.end(), {"--listen", "127.0.0.1:0"});
    if (!has("--contract")) words.insert(words.end(), {"--contract", folder_.write("api.yaml", kContract)});
    all.insert(all.end(), words.begin(), words.end());
    return run_caponier(all);
  }
  // The first line of it, and that there is not much more.
  static std::string first_line(const Finished& done) {
    EXPECT_EQ(done.status, 2) << done.err;
    EXPECT_LE(std::count(done.err.begin(), done.err.end(), '\n'), 3) << done.err;
    EXPECT_EQ(done.err.find("ready http"), std::string::npos);
    return done.err.substr(0, done.err.find('\n'));
  }
  std::string changed(const std::string& from, const std::string& to) {
    std::string text = kContract;
    text.replace(text.find(from), from.size(), to);
    return folder_.write("changed.yaml", text);
  }
  // A self-signed certificate and its key.
  std::pair<std::string, std::string> certificate(const std::string& name) {
    const std::string chain = folder_.file(name + ".pem");
    const std::string key = folder_.file(name + ".key");
    const Finished made = run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                               "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", chain, "-subj",
                               "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"});
    EXPECT_EQ(made.status, 0) << made.err;
    return {chain, key};
  }
  TestFolder folder_;
  Upstream upstream_{echoing()};
};

TEST_F(StartErrors, a_port_that_is_in_use) {
  EXPECT_THAT(first_line(start({"--listen", "127.0.0.1:" + std::to_string(upstream_.port())})),
              MatchesRegex("caponier: .*" + std::to_string(upstream_.port()) + ".*in use.*"));
}

TEST_F(StartErrors, a_port_that_another_caponier_serves) {
  Gateway other({.contract = kContract, .upstream = upstream_.url(), .workers = 2});
  ASSERT_TRUE(other.ready());
  EXPECT_THAT(first_line(start({"--listen", "http://" + other.host()})), HasSubstr("in use"));
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(other.ask(request_text("GET", "/open")).status(), 200) << "no connection was stolen";
}

TEST_F(StartErrors, a_state_directory_that_another_caponier_uses) {
  Gateway other({.contract = kContract, .upstream = upstream_.url()});
  ASSERT_TRUE(other.ready());
  const Finished done =
      run_caponier({"run", "--dev", "--contract", folder_.write("api.yaml", kContract), "--upstream",
                    upstream_.url(), "--listen", "127.0.0.1:0", "--state-dir", other.state_dir()});
  EXPECT_THAT(first_line(done), HasSubstr("is in use by process " + std::to_string(other.process().pid())));
}

TEST_F(StartErrors, a_state_directory_that_others_can_enter) {
  ASSERT_EQ(mkdir(folder_.file("state").c_str(), 0755), 0);
  ASSERT_EQ(chmod(folder_.file("state").c_str(), 0755), 0);
  EXPECT_THAT(first_line(start({})), HasSubstr("can be entered by others; run: chmod 700"));
}

TEST_F(StartErrors, a_document_that_is_missing) {
  EXPECT_THAT(first_line(start({"--contract", folder_.file("nowhere.yaml")})),
              MatchesRegex(".*nowhere\\.yaml.*No such file.*"));
}

TEST_F(StartErrors, a_document_whose_yaml_is_broken) {
  EXPECT_THAT(
      first_line(start({"--contract", folder_.write("broken.yaml", "openapi: 3.1.0\ninfo: {title: [\n")})),
      MatchesRegex(".*broken\\.yaml:[0-9]+:[0-9]+: error: .*"));
  EXPECT_THAT(
      first_line(start({"--contract", folder_.write("twice.yaml", "openapi: 3.1.0\nopenapi: 3.1.0\n")})),
      MatchesRegex(".*twice\\.yaml:2:1: error: .*"));
  EXPECT_THAT(first_line(start({"--contract", folder_.write("broken.json", "{\"openapi\": \"3.1.0\",}")})),
              MatchesRegex(".*broken\\.json:1:[0-9]+: error: .*"));
}

TEST_F(StartErrors, an_unknown_policy_member_is_told_with_what_was_meant) {
  const std::string line =
      first_line(start({"--contract", changed("body_bytes_max: 1KiB", "body_byte_max: 1KiB")}));
  EXPECT_THAT(line, MatchesRegex(".*changed\\.yaml:[0-9]+:[0-9]+: error: .*body_byte_max.*"));
  EXPECT_THAT(start({"--contract", folder_.file("changed.yaml")}).err, HasSubstr("body_bytes_max"));
}

TEST_F(StartErrors, a_reference_that_leads_nowhere) {
  const std::string line =
      first_line(start({"--contract", changed("schema: {type: string, maxLength: 64}",
                                              "schema: {$ref: '#/components/schemas/Gone'}")}));
  EXPECT_THAT(line, MatchesRegex(".*changed\\.yaml:[0-9]+:[0-9]+: error: .*"));
}

TEST_F(StartErrors, an_unknown_key_of_the_configuration_is_told_with_what_was_meant) {
  const Finished done = start({"--config", folder_.write("caponier.yaml", "worker: 2\n")});
  EXPECT_THAT(first_line(done), MatchesRegex(".*caponier\\.yaml:1:1: error: .*worker.*"));
  EXPECT_THAT(done.err, HasSubstr("\"workers\""));
  EXPECT_THAT(first_line(start({"--config", folder_.write("broken.yaml", "workers: [2\n")})),
              MatchesRegex(".*broken\\.yaml:[0-9]+:[0-9]+: error: .*"));
  EXPECT_THAT(first_line(start({"--config", folder_.file("nowhere.yaml")})), HasSubstr("nowhere.yaml"));
}

TEST_F(StartErrors, a_certificate_and_a_key_that_do_not_match) {
  const auto [chain, key] = certificate("one");
  const auto [other_chain, other_key] = certificate("two");
  EXPECT_THAT(first_line(start({"--cert", chain, "--key", other_key})), HasSubstr("one.pem"));
  EXPECT_THAT(first_line(start({"--cert", chain, "--key", chain})), HasSubstr("one.pem"));
  EXPECT_THAT(first_line(start({"--cert", chain})), HasSubstr("a certificate and its key go together"));
}

TEST_F(StartErrors, files_that_cannot_be_read) {
  const auto [chain, key] = certificate("one");
  EXPECT_THAT(first_line(start({"--cert", chain, "--key", folder_.file("gone.key")})), HasSubstr("gone.key"));
  EXPECT_THAT(first_line(start({"--cert", chain, "--key", folder_.path()})), HasSubstr(folder_.path()));
}

TEST_F(StartErrors, the_own_certificate_is_served_when_it_fits) {
  const auto [chain, key] = certificate("one");
  Gateway gateway({.contract = kContract,
                   .upstream = upstream_.url(),
                   .tls = true,
                   .flags = {"--cert", chain, "--key", key}});
  ASSERT_TRUE(gateway.ready()) << gateway.process().err();
  EXPECT_EQ(curl({"--cacert", chain, gateway.url() + "/open"}).answer.status(), 200);
}

TEST_F(StartErrors, words_of_the_command_line_that_are_not_known) {
  EXPECT_THAT(first_line(start({"--lissen", "x"})), HasSubstr("did you mean --listen"));
  EXPECT_THAT(first_line(start({"--workers", "many"})), HasSubstr("--workers takes a number"));
  EXPECT_THAT(first_line(run_caponier({"rum"})), HasSubstr("did you mean run"));
  EXPECT_THAT(first_line(start({"--listen", "nonsense"})), HasSubstr("nonsense"));
}

TEST_F(StartErrors, plain_http_beyond_loopback) {
  const TestFolder other;
  const Finished done =
      run_caponier({"run", "--contract", folder_.write("api.yaml", kContract), "--upstream", upstream_.url(),
                    "--listen", "http://0.0.0.0:0", "--state-dir", other.file("state")});
  EXPECT_EQ(done.status, 2);
  EXPECT_THAT(done.err, HasSubstr("plain HTTP is served on loopback only"));
}

TEST_F(StartErrors, help_and_version_are_no_errors) {
  EXPECT_THAT(run_caponier({"--version"}).out, MatchesRegex("caponier [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  for (const char* verb : {"run", "demo", "check", "token", "keys", "explain"}) {
    const Finished help = run_caponier({verb, "--help"});
    EXPECT_EQ(help.status, 0);
    EXPECT_THAT(help.out, HasSubstr("usage: caponier " + std::string(verb)));
  }
}

}  // namespace
}  // namespace caponier::e2e
