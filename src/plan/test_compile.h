// For tests: small documents compiled into Plans, and what was said about them as text.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "plan/plan.h"

namespace caponier::plan {

struct Compiled {
  std::unique_ptr<openapi::Contract> contract;
  std::unique_ptr<config::Config> config;
  std::shared_ptr<const Plan> plan;
  Diagnostics diagnostics;

  // The diagnostics of one severity, sorted, one after the other.
  [[nodiscard]] std::string text(Severity severity) const {
    std::string out;
    for (const Diagnostic& diagnostic : diagnostics.all()) {
      if (diagnostic.severity == severity) out += to_text(diagnostic) + '\n';
    }
    return out;
  }
  [[nodiscard]] std::string errors() const { return text(Severity::kError); }
  [[nodiscard]] std::string findings() const { return text(Severity::kFinding); }
};

inline constexpr std::string_view kUpstream = "upstream: http://127.0.0.1:9000\n";

struct CompileCase {
  std::string contract;
  std::string config = std::string(kUpstream);
  bool dev = false;
  std::map<std::string, std::string> files = {};  // beside the document, by name
  std::map<std::string, std::string> user_files = {};
};

inline Compiled compile(const CompileCase& c) {
  Compiled out;
  out.config = config::read_config(c.config, "caponier.yaml", out.diagnostics);
  out.config->dev = c.dev;
  const auto read_file = [files = c.files](const std::string& path) -> Result<std::string, std::string> {
    const auto found = files.find(path);
    if (found == files.end()) return Err("there is no " + path);
    return found->second;
  };
  out.contract = openapi::load_contract({.text = c.contract, .file = "api.yaml", .read_file = read_file},
                                        out.diagnostics);
  if (out.contract == nullptr) return out;
  CompileInput input;
  input.contract = out.contract.get();
  input.config = out.config.get();
  input.user_files = c.user_files;
  if (c.dev) input.development_issuer = "urn:caponier:dev:test";
  out.plan = compile_plan(input, out.diagnostics);
  out.diagnostics.sort();
  return out;
}

// A document around `paths` (indented by two), with a bearer scheme whose issuer is known and whatever
// follows.
inline std::string document(std::string_view paths, std::string_view schemes = {},
                            std::string_view root = {}) {
  return "openapi: 3.0.3\n"
         "info: {title: Test, version: '1'}\n"
         "servers: [{url: 'https://api.example.com'}]\n" +
         std::string(root) + "paths:\n" + std::string(paths) +
         "components:\n"
         "  securitySchemes:\n"
         "    bearer: {type: http, scheme: bearer, x-caponier: {issuer: 'https://issuer.example', audiences: "
         "[api]}}\n" +
         std::string(schemes);
}

}  // namespace caponier::plan
