// Documents of the OpenAPI project's own schema tests, and ReadMe's examples: what is valid loads, what is
// not is refused with its place.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/test_folder.h"
#include "cli/load_plan.h"
#include "openapi/contract.h"

namespace caponier::openapi {
namespace {

namespace fs = std::filesystem;

fs::path suite() {
  const char* const corpora = std::getenv("CAPONIER_CORPORA");
  return corpora == nullptr ? fs::path() : fs::path(corpora) / "openapi-documents";
}

std::string text_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::string errors_of(const Diagnostics& diagnostics) {
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    if (diagnostic.severity == Severity::kError) out += to_text(diagnostic) + '\n';
  }
  return out;
}

std::vector<fs::path> documents(const fs::path& folder) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string extension = entry.path().extension();
    if (extension == ".yaml" || extension == ".json") out.push_back(entry.path());
  }
  return out;
}

// A fragment that demands a security scheme of a document around it: what an overlay adds.
const std::map<std::string, std::string> kCompleted = {
    {"oai-v3.1/pass/operation-object-example.yaml",
     "overlay: 1.0.0\ninfo: {title: T, version: '1'}\nactions: [{target: $, update: {components: "
     "{securitySchemes: {petstore_auth: {type: http, scheme: bearer}}}}}]\n"}};

std::vector<OverlayText> completion_of(const std::string& name) {
  const auto found = kCompleted.find(name);
  if (found == kCompleted.end()) return {};
  return {{"completion.yaml", found->second}};
}

Diagnostics load(const fs::path& file, const std::string& name) {
  const std::string text = text_of(file);
  Diagnostics diagnostics;
  load_contract({.text = text, .file = file.filename(), .overlays = completion_of(name)}, diagnostics);
  return diagnostics;
}

TEST(OpenApiDocuments, that_are_valid_load) {
  if (suite().empty()) GTEST_SKIP() << "CAPONIER_CORPORA is not set: OpenAPI documents skipped";
  std::size_t judged = 0;
  for (const std::string folder : {"oai-v3.0/pass", "oai-v3.1/pass"}) {
    for (const fs::path& file : documents(suite() / folder)) {
      const Diagnostics diagnostics = load(file, folder + "/" + file.filename().string());
      EXPECT_FALSE(diagnostics.has_errors()) << file << '\n' << errors_of(diagnostics);
      ++judged;
    }
  }
  EXPECT_EQ(judged, 41U);
}

TEST(OpenApiDocuments, that_are_invalid_are_refused_where_they_are) {
  if (suite().empty()) GTEST_SKIP() << "CAPONIER_CORPORA is not set: OpenAPI documents skipped";
  std::size_t judged = 0;
  for (const fs::path& file : documents(suite() / "oai-v3.1/fail")) {
    const Diagnostics diagnostics = load(file, {});
    EXPECT_TRUE(diagnostics.has_errors()) << file;
    for (const Diagnostic& diagnostic : diagnostics.all()) {
      EXPECT_GT(diagnostic.position.line, 0U) << to_text(diagnostic);
      EXPECT_FALSE(diagnostic.file.empty()) << to_text(diagnostic);
    }
    ++judged;
  }
  EXPECT_EQ(judged, 11U);
}

// What fragments leave out and a gateway must know: who may call, and which answers there are.
constexpr const char* kConfiguration =
    "hosts: [api.example]\nissuers: [{issuer: 'https://issuer.example/', audiences: [api]}]\n";
constexpr const char* kPublic = "operations: [{path: '* /**', public: {reason: an example}}]\n";
constexpr const char* kResponses =
    "overlay: 1.0.0\ninfo: {title: T, version: '1'}\nactions: [{target: "
    "\"$.paths.*['get','put','post','delete',"
    "'patch','head','options','trace']\", update: {responses: {default: {description: any}}}}]\n";

class SmallConfiguration {
 public:
  cli::Loaded load(const fs::path& file, const std::string& name, bool has_operations) {
    cli::LoadRequest request;
    request.contract_file = file;
    request.upstream = "http://127.0.0.1:9000";
    request.listen = "http://127.0.0.1:0";
    request.config_file =
        folder_.write("caponier.yaml", std::string(kConfiguration) + (has_operations ? kPublic : ""));
    for (const OverlayText& overlay : completion_of(name)) {
      request.overlay_files.push_back(folder_.write(overlay.file, overlay.text));
    }
    request.overlay_files.push_back(folder_.write("responses.yaml", kResponses));
    return cli::load(request);
  }

 private:
  TestFolder folder_;
};

TEST(OpenApiDocuments, that_are_valid_can_be_served_with_a_small_configuration) {
  if (suite().empty()) GTEST_SKIP() << "CAPONIER_CORPORA is not set: OpenAPI documents skipped";
  // A form with an object for a field, and nothing that says how it is written; XML, which passes unjudged
  // only where somebody says so.
  const std::set<std::string> unserved = {"oai-v3.1/pass/media-type-examples.yaml",
                                          "oai-v3.1/pass/request-body-examples.yaml"};
  SmallConfiguration configuration;
  std::size_t served = 0;
  std::size_t empty = 0;
  for (const std::string folder : {"oai-v3.0/pass", "oai-v3.1/pass"}) {
    for (const fs::path& file : documents(suite() / folder)) {
      const std::string name = folder + "/" + file.filename().string();
      Diagnostics ignored;
      const auto contract = load_contract(text_of(file), file.filename(), ignored);
      const bool has_operations = contract != nullptr && !contract->operations.empty();
      const cli::Loaded loaded = configuration.load(file, name, has_operations);
      if (!has_operations) {
        ++empty;
        EXPECT_NE(errors_of(loaded.diagnostics).find("[nothing-to-serve]"), std::string::npos) << name;
        EXPECT_EQ(loaded.diagnostics.error_count(), 1U) << name << '\n' << errors_of(loaded.diagnostics);
      } else {
        served += loaded.plan != nullptr ? 1 : 0;
        EXPECT_EQ(loaded.plan == nullptr, unserved.contains(name)) << name << '\n'
                                                                   << errors_of(loaded.diagnostics);
      }
    }
  }
  std::printf("%zu served, %zu without operations, %zu refused\n", served, empty, unserved.size());
  EXPECT_EQ(served + empty + unserved.size(), 41U);
}

TEST(OpenApiDocuments, of_a_later_version_are_refused_by_name) {
  if (suite().empty()) GTEST_SKIP() << "CAPONIER_CORPORA is not set: OpenAPI documents skipped";
  for (const fs::path& file : documents(suite() / "oai-v3.2")) {
    const Diagnostics diagnostics = load(file, {});
    EXPECT_EQ(diagnostics.error_count(), 1U) << file;
    EXPECT_EQ(diagnostics.all().at(0).code, "unsupported-version") << file;
  }
}

TEST(OpenApiDocuments, of_readme_load_but_for_the_faulty_ones) {
  if (suite().empty()) GTEST_SKIP() << "CAPONIER_CORPORA is not set: OpenAPI documents skipped";
  // A list of types for one, a parameter named twice in a path, a scheme that is not defined, no response.
  const std::set<std::string> faulty = {"response-examples", "parameters-common", "response-http-behavior",
                                        "post"};
  std::size_t loaded = 0;
  for (const fs::path& file : documents(suite() / "readme-oas-examples")) {
    const Diagnostics diagnostics = load(file, {});
    EXPECT_EQ(diagnostics.has_errors(), faulty.contains(file.stem())) << file << '\n'
                                                                      << errors_of(diagnostics);
    loaded += diagnostics.has_errors() ? 0 : 1;
  }
  EXPECT_GT(loaded, 40U);
}

}  // namespace
}  // namespace caponier::openapi
