// What a person is told about a document, a configuration or a start that went wrong: what, where, what to
// do. Collected, never thrown: a load reports all of its problems in one go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace caponier {

// 1-based line and column (in bytes) of a source text; 0 means unknown.
struct SourcePosition {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  friend bool operator==(const SourcePosition&, const SourcePosition&) = default;
};

enum class Severity : std::uint8_t { kError, kFinding, kNote };
// "error", "finding", "note".
std::string_view name(Severity severity);

struct Diagnostic {
  Severity severity = Severity::kError;
  std::string code;  // stable, kebab-case: "unknown-member", "unresolved-ref"
  std::string file;  // as the person named it; empty when no file is to blame
  SourcePosition position;
  std::string pointer;    // JSON pointer into `file`, empty when it has none
  std::string operation;  // "GET /orders/{id}" where one is concerned
  std::string message;    // one sentence: what is wrong
  std::string fix;        // one sentence: what to do; may be empty
};

// "openapi.yaml:12:7: error: message [code] (at /paths/..., GET /orders)\n  fix: ..."
std::string to_text(const Diagnostic& diagnostic);

class Diagnostics {
 public:
  Diagnostic& add(Diagnostic diagnostic);
  [[nodiscard]] bool has_errors() const { return errors_ > 0; }
  [[nodiscard]] std::size_t error_count() const { return errors_; }
  [[nodiscard]] const std::vector<Diagnostic>& all() const { return all_; }
  // By file, position, then message; equal ones once.
  void sort();

 private:
  std::vector<Diagnostic> all_;
  std::size_t errors_ = 0;
};

// The candidate that `name` was most likely meant to be (edit distance at most 2 and under half its length),
// or empty. The view returned is one of `candidates`.
std::string_view did_you_mean(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace caponier
