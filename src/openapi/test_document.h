// For tests of this room: documents in few lines, and what was said about them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "openapi/contract.h"

namespace caponier::openapi {

// A complete document, with `paths` (indented by two) and further root members as YAML.
inline std::string document(std::string_view paths, std::string_view rest = "",
                            std::string_view version = "3.1.0") {
  std::string text = "openapi: " + std::string(version) + "\ninfo: {title: Orders, version: '1'}\n";
  text += rest;
  text += "paths:\n";
  text += paths;
  return text;
}

struct Loaded {
  std::unique_ptr<Contract> contract;
  Diagnostics diagnostics;

  // "line:column code" of everything, in order of position.
  [[nodiscard]] std::vector<std::string> places() {
    diagnostics.sort();
    std::vector<std::string> out;
    for (const Diagnostic& d : diagnostics.all()) {
      out.push_back(std::to_string(d.position.line) + ":" + std::to_string(d.position.column) + " " + d.code);
    }
    return out;
  }
  [[nodiscard]] std::string text() const {
    std::string out;
    for (const Diagnostic& d : diagnostics.all()) out += to_text(d) + "\n";
    return out;
  }
  [[nodiscard]] bool says(std::string_view code, std::string_view part) const {
    for (const Diagnostic& d : diagnostics.all()) {
      if (d.code == code && (d.message + " " + d.fix).find(part) != std::string::npos) return true;
    }
    return false;
  }
};

inline Loaded load(std::string_view text) {
  Loaded out;
  out.contract = load_contract(text, "openapi.yaml", out.diagnostics);
  return out;
}

}  // namespace caponier::openapi
