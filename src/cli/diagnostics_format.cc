#include "cli/diagnostics_format.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "cli/cli.h"
#include "json/write.h"
#include "uri/path.h"

namespace caponier::cli {
namespace {

std::string_view severity_of(const Diagnostic& diagnostic) {
  switch (diagnostic.severity) {
    case Severity::kError:
      return "error";
    case Severity::kFinding:
      return "finding";
    case Severity::kNote:
      return "note";
  }
  return "error";
}

// SARIF 2.1.0, 3.27.10.
std::string_view level_of(const Diagnostic& diagnostic) {
  const std::string_view severity = severity_of(diagnostic);
  return severity == "finding" ? "warning" : severity;
}

// Objects in the making: `{"a":1,"b":[`.
class Writer {
 public:
  void open(std::string_view name, char bracket) {
    key(name);
    out_ += bracket;
    empty_ = true;
  }
  void close(char bracket) {
    out_ += bracket;
    empty_ = false;
  }
  void text(std::string_view name, std::string_view value) {
    key(name);
    json::append_string(out_, value);
  }
  void text_unless_empty(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
  }
  void number(std::string_view name, std::size_t value) {
    key(name);
    out_ += std::to_string(value);
  }
  void boolean(std::string_view name, bool value) {
    key(name);
    out_ += value ? "true" : "false";
  }
  void line_feed() { out_ += '\n'; }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  // An empty name: an element of an array, or the outermost value.
  void key(std::string_view name) {
    if (!empty_) out_ += ',';
    empty_ = false;
    if (name.empty()) return;
    json::append_string(out_, name);
    out_ += ':';
  }

  std::string out_;
  bool empty_ = true;
};

std::size_t count(const Diagnostics& diagnostics, Severity severity) {
  const auto& all = diagnostics.all();
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [severity](const Diagnostic& d) { return d.severity == severity; }));
}

void append(Writer& writer, const Diagnostic& diagnostic) {
  writer.line_feed();
  writer.open({}, '{');
  writer.text("severity", severity_of(diagnostic));
  writer.text("code", diagnostic.code);
  writer.text_unless_empty("file", diagnostic.file);
  if (diagnostic.position.line > 0) writer.number("line", diagnostic.position.line);
  if (diagnostic.position.column > 0) writer.number("column", diagnostic.position.column);
  writer.text_unless_empty("pointer", diagnostic.pointer);
  writer.text_unless_empty("operation", diagnostic.operation);
  writer.text("message", diagnostic.message);
  writer.text_unless_empty("fix", diagnostic.fix);
  writer.close('}');
}

// A relative file name is a relative reference, an absolute one becomes a URL (RFC 8089).
std::string uri_of(std::string_view file) {
  std::string out = file.starts_with('/') ? "file://" : "";
  while (!file.empty()) {
    const std::size_t end = std::min(file.find('/'), file.size());
    uri::append_encoded(out, file.substr(0, end));
    if (end < file.size()) out += '/';
    file.remove_prefix(std::min(end + 1, file.size()));
  }
  return out;
}

void append_location(Writer& writer, const Diagnostic& diagnostic) {
  writer.open("locations", '[');
  writer.open({}, '{');
  if (!diagnostic.file.empty()) {
    writer.open("physicalLocation", '{');
    writer.open("artifactLocation", '{');
    writer.text("uri", uri_of(diagnostic.file));
    writer.close('}');
    if (diagnostic.position.line > 0) {
      writer.open("region", '{');
      writer.number("startLine", diagnostic.position.line);
      if (diagnostic.position.column > 0) writer.number("startColumn", diagnostic.position.column);
      writer.close('}');
    }
    writer.close('}');
  }
  if (!diagnostic.pointer.empty() || !diagnostic.operation.empty()) {
    writer.open("logicalLocations", '[');
    for (const std::string_view name :
         {std::string_view(diagnostic.pointer), std::string_view(diagnostic.operation)}) {
      if (name.empty()) continue;
      writer.open({}, '{');
      writer.text("fullyQualifiedName", name);
      writer.close('}');
    }
    writer.close(']');
  }
  writer.close('}');
  writer.close(']');
}

void append_result(Writer& writer, const Diagnostic& diagnostic, std::size_t rule) {
  writer.line_feed();
  writer.open({}, '{');
  writer.text("ruleId", diagnostic.code);
  writer.number("ruleIndex", rule);
  writer.text("level", level_of(diagnostic));
  writer.open("message", '{');
  writer.text("text",
              diagnostic.fix.empty() ? diagnostic.message : diagnostic.message + ". Fix: " + diagnostic.fix);
  writer.close('}');
  append_location(writer, diagnostic);
  writer.close('}');
}

}  // namespace

std::string to_json(const CheckOutcome& outcome, const Diagnostics& diagnostics) {
  Writer writer;
  writer.open({}, '{');
  writer.text("caponier", version());
  writer.text_unless_empty("contract", outcome.contract);
  writer.boolean("loads", outcome.loads);
  writer.number("operations", outcome.operations);
  writer.number("not_exposed", outcome.not_exposed);
  writer.number("errors", count(diagnostics, Severity::kError));
  writer.number("findings", count(diagnostics, Severity::kFinding));
  writer.number("notes", count(diagnostics, Severity::kNote));
  writer.open("diagnostics", '[');
  for (const Diagnostic& diagnostic : diagnostics.all()) append(writer, diagnostic);
  writer.close(']');
  writer.close('}');
  writer.line_feed();
  return writer.take();
}

std::string to_sarif(const CheckOutcome& outcome, const Diagnostics& diagnostics) {
  std::map<std::string_view, std::size_t> rules;
  for (const Diagnostic& diagnostic : diagnostics.all()) rules.emplace(diagnostic.code, 0);
  Writer writer;
  writer.open({}, '{');
  writer.text("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
  writer.text("version", "2.1.0");
  writer.open("runs", '[');
  writer.open({}, '{');
  writer.open("tool", '{');
  writer.open("driver", '{');
  writer.text("name", "caponier");
  writer.text("version", version());
  writer.open("rules", '[');
  std::size_t next = 0;
  for (auto& [code, index] : rules) {
    index = next++;
    writer.open({}, '{');
    writer.text("id", code);
    writer.close('}');
  }
  writer.close(']');
  writer.close('}');
  writer.close('}');
  writer.open("invocations", '[');
  writer.open({}, '{');
  writer.boolean("executionSuccessful", true);
  writer.number("exitCode", static_cast<std::size_t>(outcome.exit_status));
  writer.close('}');
  writer.close(']');
  writer.open("results", '[');
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    append_result(writer, diagnostic, rules.at(diagnostic.code));
  }
  writer.close(']');
  writer.close('}');
  writer.close(']');
  writer.close('}');
  writer.line_feed();
  return writer.take();
}

}  // namespace caponier::cli
