#include "cli/sarif.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <string_view>
#include <utility>

#include "cli/cli.h"
#include "cli/object_writer.h"
#include "uri/path.h"

namespace caponier::cli {
namespace {

// 3.27.10.
std::string_view level_of(const Diagnostic& diagnostic) {
  return diagnostic.severity == Severity::kFinding ? "warning" : name(diagnostic.severity);
}

// 3.4.4: a relative file name is a relative reference without dot segments, an absolute one becomes a URL
// (RFC 8089). Everything that a URI gives a meaning is encoded, so that a colon makes no scheme.
std::string uri_of(const std::string& file) {
  std::filesystem::path path = std::filesystem::path(file).lexically_normal();
  std::error_code failed;
  if (*path.begin() == "..") path = std::filesystem::absolute(path, failed).lexically_normal();
  const std::string text = path.string();
  std::string out = text.starts_with('/') ? "file://" : "";
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    uri::append_encoded(out, rest.substr(0, end));
    if (end < rest.size()) out += '/';
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

// 3.11.5 and 3.11.6: braces are doubled, and brackets that would make a link are escaped.
std::string message_of(const Diagnostic& diagnostic) {
  std::string text = diagnostic.message;
  if (!diagnostic.fix.empty()) text += ". Fix: " + diagnostic.fix;
  if (!text.ends_with('.') && !text.ends_with('?')) text += '.';
  const bool links = text.find("](") != std::string::npos;
  std::string out;
  for (const char c : text) {
    if (c == '{' || c == '}') out += c;
    if (links && (c == '[' || c == ']' || c == '\\')) out += '\\';
    out += c;
  }
  return out;
}

class Report {
 public:
  Report(const Diagnostics& diagnostics, ReadSource read) : columns_(std::move(read)) {
    for (const Diagnostic& diagnostic : diagnostics.all()) rules_.emplace(diagnostic.code, 0);
    std::size_t next = 0;
    for (auto& [code, index] : rules_) index = next++;
  }

  void write(int exit_status, const Diagnostics& diagnostics);
  std::string take() { return writer_.take(); }

 private:
  void write_tool();
  void write_result(const Diagnostic& diagnostic);
  void write_location(const Diagnostic& diagnostic);
  void write_place(const Diagnostic& diagnostic);

  ObjectWriter writer_;
  SourceColumns columns_;
  std::map<std::string_view, std::size_t> rules_;  // by code: the place in the list of rules
};

void Report::write_tool() {
  writer_.open("tool", '{');
  writer_.open("driver", '{');
  writer_.text("name", "caponier");
  writer_.text("version", version());
  writer_.open("rules", '[');
  for (const auto& [code, index] : rules_) {
    writer_.open({}, '{');
    writer_.text("id", code);
    writer_.close('}');
  }
  writer_.close(']');
  writer_.close('}');
  writer_.close('}');
}

void Report::write_place(const Diagnostic& diagnostic) {
  writer_.open("physicalLocation", '{');
  writer_.open("artifactLocation", '{');
  writer_.text("uri", uri_of(diagnostic.file));
  writer_.close('}');
  if (diagnostic.position.line > 0) {
    writer_.open("region", '{');
    writer_.number("startLine", diagnostic.position.line);
    if (const auto column = columns_.code_points(diagnostic.file, diagnostic.position))
      writer_.number("startColumn", *column);
    writer_.close('}');
  }
  writer_.close('}');
}

void Report::write_location(const Diagnostic& diagnostic) {
  if (diagnostic.file.empty() && diagnostic.pointer.empty() && diagnostic.operation.empty()) return;
  writer_.open("locations", '[');
  writer_.open({}, '{');
  if (!diagnostic.file.empty()) write_place(diagnostic);
  if (!diagnostic.pointer.empty() || !diagnostic.operation.empty()) {
    writer_.open("logicalLocations", '[');
    for (const std::string_view logical :
         {std::string_view(diagnostic.pointer), std::string_view(diagnostic.operation)}) {
      if (logical.empty()) continue;
      writer_.open({}, '{');
      writer_.text("fullyQualifiedName", logical);
      writer_.close('}');
    }
    writer_.close(']');
  }
  writer_.close('}');
  writer_.close(']');
}

void Report::write_result(const Diagnostic& diagnostic) {
  writer_.line_feed();
  writer_.open({}, '{');
  writer_.text("ruleId", diagnostic.code);
  writer_.number("ruleIndex", rules_.at(diagnostic.code));
  writer_.text("level", level_of(diagnostic));
  writer_.open("message", '{');
  writer_.text("text", message_of(diagnostic));
  writer_.close('}');
  write_location(diagnostic);
  writer_.close('}');
}

void Report::write(int exit_status, const Diagnostics& diagnostics) {
  writer_.open({}, '{');
  writer_.text("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
  writer_.text("version", "2.1.0");
  writer_.open("runs", '[');
  writer_.open({}, '{');
  write_tool();
  writer_.open("invocations", '[');
  writer_.open({}, '{');
  writer_.boolean("executionSuccessful", true);
  writer_.number("exitCode", static_cast<std::size_t>(exit_status));
  writer_.close('}');
  writer_.close(']');
  writer_.text("columnKind", "unicodeCodePoints");
  writer_.open("results", '[');
  for (const Diagnostic& diagnostic : diagnostics.all()) write_result(diagnostic);
  writer_.close(']');
  writer_.close('}');
  writer_.close(']');
  writer_.close('}');
  writer_.line_feed();
}

}  // namespace

std::string to_sarif(int exit_status, const Diagnostics& diagnostics, ReadSource read) {
  Report report(diagnostics, std::move(read));
  report.write(exit_status, diagnostics);
  return report.take();
}

}  // namespace caponier::cli
