#include "cli/diagnostics_format.h"

#include <algorithm>

#include "cli/cli.h"
#include "cli/object_writer.h"

namespace caponier::cli {
namespace {

std::size_t count(const Diagnostics& diagnostics, Severity severity) {
  const auto& all = diagnostics.all();
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [severity](const Diagnostic& d) { return d.severity == severity; }));
}

void append(ObjectWriter& writer, const Diagnostic& diagnostic) {
  writer.line_feed();
  writer.open({}, '{');
  writer.text("severity", name(diagnostic.severity));
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

}  // namespace

std::string to_json(const CheckOutcome& outcome, const Diagnostics& diagnostics) {
  ObjectWriter writer;
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

}  // namespace caponier::cli
