// What `caponier validate` says of one instance: valid, every error, or why it could not be judged.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "json/document.h"
#include "schema/program.h"

namespace caponier::cli {

struct Judgement {
  std::vector<schema::Violation> violations;
  std::string error;  // it could not be judged; a sentence

  [[nodiscard]] bool valid() const { return violations.empty() && error.empty(); }
  // 0, 1 for invalid, 2 for not judged.
  [[nodiscard]] int status() const { return !error.empty() ? 2 : violations.empty() ? 0 : 1; }
};

// Bounds of what a person or a program on the same machine hands in: wider than those of requests.
JsonLimits instance_limits();

Judgement judge(const schema::Entry& program, json::Value instance);
// "syntax at byte 17": why a text cannot be read.
std::string sentence_of(const json::ReadFailure& failure);

// {"valid": true, "errors": []} or {"error": "..."}, without a line feed. With a file: {"file": "...", ...}.
std::string to_json(const Judgement& judgement, std::optional<std::string_view> file = std::nullopt);
// A line for each error, with the place in `text` that the instance was read from.
std::string to_text(const Judgement& judgement, std::string_view file, json::Value instance);

}  // namespace caponier::cli
