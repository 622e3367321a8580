// Documents of the OpenAPI project's own schema tests, and ReadMe's examples: what is valid loads, what is
// not is refused with its place. A schema's own faults are found when it is compiled, which is not here.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "openapi/contract.h"

namespace caponier::openapi {
namespace {

namespace fs = std::filesystem;

fs::path suite() {
  const char* const corpora = std::getenv("CAPONIER_CORPORA");
  return corpora == nullptr ? fs::path() : fs::path(corpora) / "openapi-documents";
}

Diagnostics load(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  Diagnostics diagnostics;
  load_contract(text, file.filename(), diagnostics);
  return diagnostics;
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

// Valid by the JSON Schema that these suites test, and refused all the same: for what the schema cannot
// express, or for what is not enforced yet.
const std::set<std::string> kStricter = {
    "oai-v3.1/pass/operation-object-example.yaml",  // its path names another parameter than it declares
    "oai-v3.1/pass/security-scheme-object-examples.yaml",  // refers to another document
    "oai-v3.1/pass/style-defaults.yaml",                   // media types that are none
};
// Refused by that schema for a fault within a schema, an example or a link, which loading does not look into.
const std::set<std::string> kLazier = {"oai-v3.1/fail/example-examples.yaml",
                                       "oai-v3.1/fail/invalid_schema_types.yaml",
                                       "oai-v3.1/fail/link-object-no-body.yaml"};

TEST(OpenApiDocuments, of_the_specification_are_judged_as_the_specification_does) {
  if (suite().empty()) GTEST_SKIP() << "CAPONIER_CORPORA is not set: OpenAPI documents skipped";
  std::size_t judged = 0;
  for (const std::string folder : {"oai-v3.0/pass", "oai-v3.1/pass", "oai-v3.1/fail"}) {
    for (const fs::path& file : documents(suite() / folder)) {
      const std::string name = folder + "/" + file.filename().string();
      const bool valid = folder.ends_with("pass");
      const bool loads = valid ? !kStricter.contains(name) : kLazier.contains(name);
      const Diagnostics diagnostics = load(file);
      EXPECT_EQ(!diagnostics.has_errors(), loads) << name << '\n' << errors_of(diagnostics);
      for (const Diagnostic& diagnostic : diagnostics.all()) EXPECT_GT(diagnostic.position.line, 0U) << name;
      ++judged;
    }
  }
  EXPECT_EQ(judged, 52U);
}

TEST(OpenApiDocuments, of_a_later_version_are_refused_by_name) {
  if (suite().empty()) GTEST_SKIP() << "CAPONIER_CORPORA is not set: OpenAPI documents skipped";
  for (const fs::path& file : documents(suite() / "oai-v3.2")) {
    const Diagnostics diagnostics = load(file);
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
    const Diagnostics diagnostics = load(file);
    EXPECT_EQ(diagnostics.has_errors(), faulty.contains(file.stem())) << file << '\n'
                                                                      << errors_of(diagnostics);
    loaded += diagnostics.has_errors() ? 0 : 1;
  }
  EXPECT_GT(loaded, 40U);
}

}  // namespace
}  // namespace caponier::openapi
