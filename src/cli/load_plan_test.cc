#include "cli/load_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/test_folder.h"
#include "openapi/overlay.h"

namespace caponier::cli {
namespace {

using testing::HasSubstr;

constexpr const char* kContract =
    "openapi: 3.0.3\n"
    "info: {title: T, version: '1'}\n"
    "servers: [{url: 'https://api.example'}]\n"
    "paths:\n"
    "  /a:\n"
    "    get: {security: [{key: []}], responses: {'200': {description: ok}}}\n"
    "components:\n"
    "  securitySchemes:\n"
    "    key: {type: apiKey, in: header, name: X-Key}\n";
constexpr const char* kPublic =
    "openapi: 3.0.3\n"
    "info: {title: T, version: '1'}\n"
    "servers: [{url: 'https://api.example'}]\n"
    "paths:\n"
    "  /a:\n"
    "    get: {x-caponier: {public: {reason: r}}, responses: {'200': {description: ok}}}\n";

class LoadPlan : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    const std::string path = test_folder_.write(name, text);
    std::filesystem::permissions(path,
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    return path;
  }
  static std::string text(Loaded& loaded) {
    std::string out;
    loaded.diagnostics.sort();
    for (const Diagnostic& diagnostic : loaded.diagnostics.all()) {
      if (diagnostic.severity == Severity::kError) out += to_text(diagnostic) + '\n';
    }
    return out;
  }
  LoadRequest request(const std::string& contract) {
    LoadRequest out;
    out.contract_file = contract;
    out.upstream = "http://127.0.0.1:9000";
    out.listen = "http://127.0.0.1:0";
    return out;
  }

  TestFolder test_folder_;
  std::string folder_ = test_folder_.path();
};

TEST_F(LoadPlan, needs_no_configuration_file) {
  Loaded loaded = load(request(write("api.yaml", kPublic)));
  ASSERT_NE(loaded.plan, nullptr) << text(loaded);
  EXPECT_EQ(loaded.config->listeners.at(0).listen, "http://127.0.0.1:0");
  EXPECT_EQ(loaded.plan->upstreams[0].url.port, 9000);
}

TEST_F(LoadPlan, the_command_line_wins_over_the_configuration) {
  write("api.yaml", kPublic);
  const std::string config = write("caponier.yaml",
                                   "contract: api.yaml\nupstream: http://127.0.0.1:1\nworkers: 3\n"
                                   "listeners: [{name: one, listen: '127.0.0.1:1', certificate: c, key: k}, "
                                   "{name: two, listen: 'http://127.0.0.1:2'}]\n");
  LoadRequest by_file;
  by_file.config_file = config;
  Loaded loaded = load(by_file);
  ASSERT_NE(loaded.plan, nullptr) << text(loaded);
  EXPECT_EQ(loaded.plan->upstreams[0].url.port, 1);
  EXPECT_EQ(loaded.config->listeners.size(), 2U);
  EXPECT_EQ(loaded.config->workers, 3U);

  by_file.upstream = "http://127.0.0.1:7";
  by_file.listen = "http://127.0.0.1:8";
  by_file.workers = 2;
  by_file.state_dir = "state";
  loaded = load(by_file);
  ASSERT_NE(loaded.plan, nullptr) << text(loaded);
  EXPECT_EQ(loaded.plan->upstreams[0].url.port, 7);
  ASSERT_EQ(loaded.config->listeners.size(), 1U);
  EXPECT_EQ(loaded.config->listeners[0].listen, "http://127.0.0.1:8");
  EXPECT_EQ(loaded.config->workers, 2U);
  EXPECT_EQ(loaded.config->state_dir, "state");
}

TEST_F(LoadPlan, a_plain_upstream_of_the_command_line_does_not_leave_what_the_configuration_verifies) {
  LoadRequest one = request(write("c.yaml", kPublic));
  one.config_file =
      write("caponier.yaml", "upstream: {url: 'https://orders', server_name: orders.internal}\n");
  Loaded loaded = load(one);
  EXPECT_THAT(text(loaded), HasSubstr("[upstream-not-https]"));
  one.upstream = "https://127.0.0.1:9000";
  Loaded secured = load(one);
  EXPECT_EQ(text(secured), "");
}

TEST_F(LoadPlan, files_that_cannot_be_read_are_one_clear_line) {
  LoadRequest nothing;
  nothing.upstream = "http://127.0.0.1:9000";
  nothing.listen = "http://127.0.0.1:0";
  Loaded loaded = load(nothing);
  EXPECT_THAT(text(loaded), HasSubstr("error: no OpenAPI document is named [contract-missing]"));
  loaded = load(request(folder_ + "/none.yaml"));
  EXPECT_EQ(text(loaded),
            "error: cannot read " + folder_ + "/none.yaml: No such file or directory [unreadable]\n");
  loaded = load(request(folder_));
  EXPECT_EQ(text(loaded), "error: cannot read " + folder_ + ": Is a directory [unreadable]\n");
  LoadRequest config = request(write("api.yaml", kPublic));
  config.config_file = folder_ + "/none.yaml";
  loaded = load(config);
  EXPECT_EQ(loaded.plan, nullptr);
  EXPECT_EQ(text(loaded),
            "error: cannot read " + folder_ + "/none.yaml: No such file or directory [unreadable]\n");
  LoadRequest named;
  named.listen = "http://127.0.0.1:0";
  named.config_file = write("caponier.yaml", "contract: gone.yaml\nupstream: http://127.0.0.1:9\n");
  loaded = load(named);
  EXPECT_THAT(text(loaded), HasSubstr("caponier.yaml:1:11: error: cannot read "));
}

TEST_F(LoadPlan, references_lead_to_files_in_the_documents_folder_and_not_out_of_it) {
  const auto contract_with = [](const std::string& reference) {
    std::string text = kPublic;
    text.replace(text.find("{description: ok}"), 17, "{$ref: '" + reference + "'}");
    return text;
  };
  std::filesystem::create_directories(folder_ + "/api/parts");
  write("outside.yaml", "description: secret\n");
  write("api/parts/ok.yaml", "description: ok\n");
  std::filesystem::create_symlink("../../outside.yaml", folder_ + "/api/parts/link.yaml");
  std::filesystem::create_directory_symlink("..", folder_ + "/api/up");
  std::filesystem::create_symlink("ok.yaml", folder_ + "/api/parts/inner.yaml");
  std::filesystem::create_symlink("/dev/zero", folder_ + "/api/parts/zero.yaml");
  ASSERT_EQ(mkfifo((folder_ + "/api/parts/pipe.yaml").c_str(), 0600), 0);
  std::filesystem::create_directory_symlink(folder_ + "/api", folder_ + "/linked");
  for (const char* const reference : {"parts/ok.yaml", "parts/inner.yaml"}) {
    Loaded loaded = load(request(write("api/openapi.yaml", contract_with(reference))));
    EXPECT_NE(loaded.plan, nullptr) << text(loaded);
    loaded = load(request(folder_ + "/linked/openapi.yaml"));
    EXPECT_NE(loaded.plan, nullptr) << text(loaded);
  }
  const std::pair<const char*, const char*> refused[] = {
      {"parts/link.yaml", "is a link that leads out of"},
      {"up/outside.yaml", "is a link that leads out of"},
      {"../outside.yaml", "[outside-ref]"},
      {"parts/zero.yaml", "is a link that leads out of"},
      {"parts/pipe.yaml", "is not a file"},
      {"parts", "is not a file"},
      {"parts/none.yaml", "there is no file parts/none.yaml"}};
  for (const auto& [reference, says] : refused) {
    Loaded loaded = load(request(write("api/openapi.yaml", contract_with(reference))));
    EXPECT_EQ(loaded.plan, nullptr) << reference;
    EXPECT_THAT(text(loaded), HasSubstr(says));
    EXPECT_THAT(text(loaded), HasSubstr("api/openapi.yaml:6:"));
    EXPECT_THAT(text(loaded), testing::Not(HasSubstr("secret")));
  }
}

TEST_F(LoadPlan, overlays_of_the_configuration_come_before_those_of_the_command_line) {
  const auto overlay = [this](const std::string& name, const std::string& title) {
    return write(
        name, "overlay: 1.0.0\ninfo: {title: O, version: '1'}\nactions: [{target: $.info, update: {title: " +
                  title + "}}]\n");
  };
  LoadRequest both = request(write("api.yaml", kPublic));
  overlay("one.yaml", "One");
  both.config_file = write("caponier.yaml", "overlays: [one.yaml]\n");
  EXPECT_EQ(load(both).contract->title, "One");
  both.overlay_files = {overlay("two.yaml", "Two")};
  Loaded loaded = load(both);
  ASSERT_NE(loaded.plan, nullptr) << text(loaded);
  EXPECT_EQ(loaded.contract->title, "Two");
  both.overlay_files.assign(openapi::kOverlaysMax - 1, both.overlay_files[0]);
  EXPECT_NE(load(both).plan, nullptr);
  both.overlay_files.assign(openapi::kOverlaysMax, both.overlay_files[0]);
  loaded = load(both);
  EXPECT_THAT(text(loaded), HasSubstr("[too-many-overlays]"));
  both.overlay_files.clear();
  both.config_file = write("caponier.yaml", "overlays: [gone.yaml]\n");
  loaded = load(both);
  EXPECT_THAT(text(loaded), HasSubstr("caponier.yaml:1:12: error: cannot read "));
}

TEST_F(LoadPlan, a_configuration_that_is_broken_is_told_alone) {
  LoadRequest broken = request(write("api.yaml", "openapi: ["));
  broken.config_file = write("caponier.yaml", "upstream: [\n");
  Loaded loaded = load(broken);
  EXPECT_EQ(loaded.plan, nullptr);
  EXPECT_EQ(loaded.diagnostics.error_count(), 1U) << text(loaded);
  EXPECT_THAT(text(loaded), HasSubstr("caponier.yaml:"));
}

TEST_F(LoadPlan, listeners_are_judged_before_they_are_opened) {
  struct Case {
    const char* listen;
    const char* certificate;
    const char* key;
    bool dev;
    const char* code;
  };
  const Case cases[] = {
      {"127.0.0.1:8443", "", "", true, ""},
      {"https://[::1]:8443", "", "", true, ""},
      {"0.0.0.0:8443", "", "", true, "[dev-listener]"},
      {"http://192.0.2.1:80", "", "", true, "[dev-listener]"},
      {"0.0.0.0:8443", "c", "k", false, ""},
      {"0.0.0.0:8443", "", "", false, "[certificate-missing]"},
      {"0.0.0.0:8443", "c", "", false, "[bad-certificate]"},
      {"0.0.0.0:8443", "", "k", false, "[bad-certificate]"},
      {"http://0.0.0.0:80", "", "", false, "[plain-http]"},
      {"http://127.0.0.1:80", "", "", false, ""},
      {"nowhere", "", "", false, "[bad-listener]"},
  };
  const std::string contract = write("api.yaml", kPublic);
  for (const Case& c : cases) {
    LoadRequest one = request(contract);
    one.listen = c.listen;
    one.certificate = c.certificate;
    one.key = c.key;
    one.dev = c.dev;
    one.development_issuer = "urn:dev";
    Loaded loaded = load(one);
    EXPECT_THAT(text(loaded), HasSubstr(c.code)) << c.listen;
    EXPECT_EQ(loaded.plan == nullptr, *c.code != '\0') << c.listen << text(loaded);
  }
}

TEST_F(LoadPlan, the_development_issuer_is_not_accepted_without_dev) {
  std::string bearer = kContract;
  bearer.replace(bearer.find("{type: apiKey, in: header, name: X-Key}"), 39, "{type: http, scheme: bearer}");
  LoadRequest one = request(write("api.yaml", bearer));
  one.development_issuer = "urn:dev";
  EXPECT_EQ(load(one).plan, nullptr);
  one.dev = true;
  const Loaded loaded = load(one);
  ASSERT_NE(loaded.plan, nullptr);
  EXPECT_EQ(loaded.plan->issuers[0].rules.issuer, "urn:dev");
}

}  // namespace
}  // namespace caponier::cli
